"""What a series of runs says: medians, ratios of pairs, how many failed. A failed run is in no median."""

import re
from collections.abc import Sequence

from labreport.report.facts.converters.lines import NotThere, Unreadable, count_of, shown
from labreport.report.series.series import Series, SeriesError, middle, read_series
from labreport.report.series.statistics import percentile
from labreport.report.values.quantity import Quantity

_ASKED = re.compile(
    r"(?P<what>runs|failed|pairs|median|low|high|p[0-9]{1,2}) of (?P<name>.+?)(?: / (?P<base>.+))?", re.ASCII
)


def what_runs_say(text: str, argument: str) -> Quantity:
    r"""Return what is asked of a series: `WHAT of NAME`, or of its pairs' ratios, `WHAT of NAME / NAME`.

    WHAT is `median`, `low` or `high` (the ends of its exact interval), `p95` and the like; for one name also
    `runs` and `failed`, for two `pairs`.

    >>> head = "run,order,runtime,seconds,exit_status\n"
    >>> text = head + "1,1,runc,0.40,0\n1,2,kata,1.20,0\n2,1,kata,120.0,124\n2,2,runc,0.50,0\n"
    >>> str(what_runs_say(text, "median of runc")), str(what_runs_say(text, "failed of kata"))
    ('0.45 s', '1')
    >>> str(what_runs_say(text, "median of kata / runc")), str(what_runs_say(text, "pairs of kata / runc"))
    ('3.0', '1')
    """
    asked = _ASKED.fullmatch(argument)
    if asked is None:
        raise NotThere(f"{argument!r} is nothing that a series says: write `median of NAME`")
    try:
        found = read_series(text)
        if asked["base"] is None:
            return _of_one(found, asked["what"], asked["name"])
        return _of_two(found, asked["what"], asked["name"], asked["base"])
    except SeriesError as error:
        raise Unreadable(f"no {argument}: {shown(str(error))}") from error


def _of_one(found: Series, what: str, name: str) -> Quantity:
    counts = {"runs": len(found.of(name)), "failed": len(found.of(name)) - len(found.answered(name))}
    if what in counts:
        return count_of(str(counts[what]))
    if what == "pairs":
        raise NotThere("pairs are of two: write `pairs of NAME / NAME`")
    return _value(found.seconds(name), what)


def _of_two(found: Series, what: str, name: str, base: str) -> Quantity:
    if what in {"runs", "failed"}:
        raise NotThere(f"{what} are of one: leave out `/ {base}`")
    ratios = found.ratios(name, base)
    return count_of(str(len(ratios))) if what == "pairs" else _value(ratios, what)


def _value(values: Sequence[Quantity], what: str) -> Quantity:
    """Return a median, an end of its interval, or a percentile."""
    found = middle(values)
    if what.startswith("p"):
        exact = percentile([one.exact for one in values], int(what[1:]))
        return next(one for one in values if one.exact == exact)
    end = {"median": found.median, "low": found.low, "high": found.high}[what]
    if end is None:
        raise NotThere(f"{found.count} are too few for an interval: six are needed")
    return end
