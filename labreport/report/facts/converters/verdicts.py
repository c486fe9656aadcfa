"""The judgement that a collector wrote below the output of a probe or an escape."""

import re

from labreport.report.facts.converters.lines import NotThere, Unreadable

_JUDGEMENT = re.compile(r"=> (\S.*)")


def verdict(text: str, arm: str = "") -> str:
    r"""Return the words after the only `=>`, of one arm (from `--- arm` to the next) or of the whole text.

    >>> verdict("--- runc\n6.12\n=> the host's\n--- kata\n6.1\n=> its own\n", "kata")
    'its own'
    >>> verdict("started-1\n=> did not reach the host\n")
    'did not reach the host'
    """
    lines = text.split("\n")
    if arm:
        lines = _lines_of_arm(lines, arm)
    found = [match[1] for line in lines if (match := _JUDGEMENT.fullmatch(line))]
    place = f" of {arm!r}" if arm else ""
    if not found:
        raise NotThere(f"no verdict{place}")
    if len(found) > 1:
        raise Unreadable(f"{len(found)} verdicts{place}", "name fewer lines")
    return found[0]


def _lines_of_arm(lines: list[str], arm: str) -> list[str]:
    """Return the lines of an arm; raise Unreadable if it answers twice."""
    starts = [number for number, line in enumerate(lines, 1) if line == f"--- {arm}"]
    if len(starts) > 1:
        raise Unreadable(f"{arm!r} answers {len(starts)} times", "name fewer lines")
    rest = lines[starts[0] :] if starts else []
    ends = [number for number, line in enumerate(rest) if line.startswith(("--- ", "=== "))]
    return rest[: ends[0]] if ends else rest
