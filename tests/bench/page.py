"""The tables of results in manual/reference/performance.md."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from labreport.capture.host import this_host
from labreport.report.source.evidence_set import processor_words

BEGIN, END = "<!-- measured: scripts/bench --page -->", "<!-- end of what was measured -->"
HEAD = ("benchmark", "ratio", "bound", "ours, s", "rival, s", "pairs", "against")
CELLS = ("ratio", "bound", "seconds", "seconds_against", "pairs", "against")


def with_results(page: str, results: Mapping[str, Mapping[str, object]]) -> str:
    """Return the page with these results, this machine and today's date in place of the old ones."""
    rows = ((name, *(str(one[key]) for key in CELLS)) for name, one in results.items())
    return with_table(page, (BEGIN, END), table(HEAD, rows))


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table in Markdown."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows))


def with_table(page: str, marks: tuple[str, str], shown: str) -> str:
    """Return the page with a table, this machine and today's date in place of what is between two marks."""
    before, begin, rest = page.partition(marks[0])
    _old, end, after = rest.partition(marks[1])
    if not begin or not end:
        raise ValueError(f"the page has no {marks[0]} and {marks[1]}: put them where the table goes")
    return f"{before}{begin}\n{machine()}\n\n{shown}\n{end}{after}"


def machine() -> str:
    """Return today's date and what this machine is, in a sentence."""
    host = this_host()
    what = f"{processor_words(host)}, {host.memory_mib} MiB, {host.distribution}, kernel {host.kernel}"
    return f"On {datetime.now(UTC):%Y-%m-%d}, in one run, on a host of class {host.host_class}: {what}."
