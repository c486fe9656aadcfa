"""What a collector made of an arm's answer to a probe, or of an escape that was tried."""

import re

from labreport.report.facts.converters.lines import NotThere, Unreadable

_VERDICT = re.compile(r"=> (\S.*)")


def verdict(text: str, arm: str = "") -> str:
    r"""Return the words behind the one `=>`: of an arm, from `--- arm` to the next, or of the whole text.

    >>> verdict("--- runc\n6.12\n=> the host's\n--- kata\n6.1\n=> its own\n", "kata")
    'its own'
    >>> verdict("started-1\n=> did not reach the host\n")
    'did not reach the host'
    """
    lines = text.split("\n")
    if arm:
        lines = _of_arm(lines, arm)
    found = [match[1] for line in lines if (match := _VERDICT.fullmatch(line))]
    where = f" of {arm!r}" if arm else ""
    if not found:
        raise NotThere(f"no verdict{where}")
    if len(found) > 1:
        raise Unreadable(f"{len(found)} verdicts{where}: name fewer lines")
    return found[0]


def _of_arm(lines: list[str], arm: str) -> list[str]:
    """Return the lines of an arm; raise Unreadable where it answers twice."""
    starts = [number for number, line in enumerate(lines, 1) if line == f"--- {arm}"]
    if len(starts) > 1:
        raise Unreadable(f"{arm!r} answers {len(starts)} times: name fewer lines")
    kept = lines[starts[0] :] if starts else []
    ends = [number for number, line in enumerate(kept) if line.startswith(("--- ", "=== "))]
    return kept[: ends[0]] if ends else kept
