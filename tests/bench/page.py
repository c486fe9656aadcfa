"""The table of results in manual/reference/performance.md."""

from collections.abc import Mapping
from datetime import UTC, datetime

from labreport.capture.host import this_host

BEGIN, END = "<!-- measured: scripts/bench --page -->", "<!-- end of what was measured -->"
HEAD = ("benchmark", "ratio", "bound", "ours, s", "rival, s", "pairs", "against")
CELLS = ("ratio", "bound", "seconds", "seconds_against", "pairs", "against")


def with_results(page: str, results: Mapping[str, Mapping[str, object]]) -> str:
    """Return the page with these results, this machine and today's date in place of the old ones."""
    before, begin, rest = page.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} and {END}: put them where the table goes")
    rows = [
        HEAD,
        ("---",) * len(HEAD),
        *((name, *(str(one[key]) for key in CELLS)) for name, one in results.items()),
    ]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"{before}{begin}\n{_machine()}\n\n{table}\n{end}{after}"


def _machine() -> str:
    host = this_host()
    what = f"{host.cpu}, {host.cores} cores, {host.memory_mib} MiB, {host.distribution}, kernel {host.kernel}"
    return f"On {datetime.now(UTC):%Y-%m-%d}, in one run, on a host of class {host.host_class}: {what}."
