"""Columns of CSV, the JSON of hyperfine, and the statistics of a series of runs."""

import csv
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce

from labreport.report.facts.converters.lines import NotThere, Unreadable, checked, count_of, excerpt
from labreport.report.series import Series, SeriesError, median_estimate, read_series
from labreport.report.series.statistics import percentile
from labreport.report.strict_json import refuse_constant
from labreport.report.values import Quantity, decimal

_EXIT_STATUS = "exit_status"


@dataclass(frozen=True)
class SeriesQuery:
    """A column, and the values that the other columns of a row must have."""

    column: str
    where: dict[str, str]

    def matches(self, row: Mapping[str, object]) -> bool:
        """Return whether a row has these values."""
        return all(row.get(name) == value for name, value in self.where.items())

    @property
    def conditions(self) -> str:
        """The conditions as facts.yml has them; empty if there are none."""
        return ", ".join(f"{name}={value}" for name, value in self.where.items())


def parse_query(argument: str) -> SeriesQuery:
    """Return the query in `COLUMN` or `COLUMN where NAME=VALUE, NAME=VALUE`."""
    column, _, conditions = f" {argument}".partition(" where ")
    pairs = (condition.partition("=") for condition in conditions.split(", ") if condition)
    return SeriesQuery(column.strip(), {name.strip(): value.strip() for name, _, value in pairs})


def column(text: str, argument: str) -> Quantity | tuple[Quantity, ...]:
    r"""Return a column of CSV or TSV as plain numbers; `where NAME=VALUE` selects rows.

    The number of a single row is one value, those of several rows are a series.

    >>> startup = "runtime,run,seconds\nrunc,1,0.412\nkata,1,1.620\nrunc,2,0.409\n"
    >>> [str(one) for one in column(startup, "seconds where runtime=runc")]
    ['0.412', '0.409']
    >>> str(column("tool\tlevel\tbytes\ngzip\t6\t71201\nxz\t6\t60312\n", "bytes where tool=gzip, level=6"))
    '71201'
    """
    found = _column(_table(text), argument)
    return found if len(found) > 1 else found[0]


def total(text: str, argument: str) -> Quantity:
    r"""Return the sum of a CSV column; `where NAME=VALUE` selects rows.

    >>> memory = "runtime,process,pss_kib\nrunc,shim,10240\nrunc,sleep,512\nkata,shim,92160\n"
    >>> str(total(memory, "pss_kib where runtime=runc"))
    '10752'
    """
    return reduce(Quantity.__add__, _column_without_runs(text, argument))


def median(text: str, argument: str) -> Quantity:
    r"""Return the median of a CSV column; `where NAME=VALUE` selects rows.

    >>> phases = "run,phase,seconds\n1,boot,5.81\n1,end,1.20\n2,boot,5.79\n3,boot,6.02\n"
    >>> str(median(phases, "seconds where phase=boot"))
    '5.81'
    """
    return median_estimate(_column_without_runs(text, argument)).median


def _column_without_runs(text: str, argument: str) -> tuple[Quantity, ...]:
    """Return a column; raise Unreadable for a series of runs, because some of them may have failed."""
    table = _table(text)
    if table and _EXIT_STATUS in table[0]:
        raise Unreadable("a series of runs, of which some may have failed", "read it with `series`")
    return _column(table, argument)


def _column(table: list[list[str]], argument: str) -> tuple[Quantity, ...]:
    query = parse_query(argument)
    names = table[0] if table else []
    for name in (query.column, *query.where):
        if name not in names:
            raise NotThere(f"no column {name!r} in {excerpt(','.join(names))}")
    if len(set(names)) < len(names):
        raise Unreadable(f"two columns of one name: {excerpt(','.join(names))}")
    for row in table[1:]:
        if len(row) != len(names):
            raise Unreadable(f"{len(row)} cells under {len(names)} names: {excerpt(','.join(row))}")
    named = (dict(zip(names, row, strict=True)) for row in table[1:])
    selected = [row for row in named if query.matches(row)]
    if not selected:
        raise NotThere(f"no row for {argument!r}")
    if query.column != _EXIT_STATUS and any(row.get(_EXIT_STATUS, "0") != "0" for row in selected):
        raise Unreadable("a run failed: its exit_status is not 0", "leave it out, or read it with `series`")
    return tuple(_number(row[query.column], query.column) for row in selected)


def _table(text: str) -> list[list[str]]:
    """Return the rows of CSV, whose cells a comma, a tab or a semicolon separates; blank lines are none."""
    head = text.lstrip().partition("\n")[0]
    separator = next((one for one in "\t;" if one in head and "," not in head), ",")
    try:
        return [row for row in csv.reader(text.splitlines(), delimiter=separator, strict=True) if row]
    except csv.Error as error:
        raise Unreadable(f"not CSV: {excerpt(text)}: {error}") from error


def _number(cell: str, name: str) -> Quantity:
    return checked(cell, f"number under {name!r}", lambda: Quantity(decimal(cell.strip()), ""))


def hyperfine(text: str, argument: str) -> Quantity | tuple[Quantity, ...]:
    r"""Return a field of hyperfine's JSON in seconds (`mean`, `median`, `min`, `max`), or all `times`.

    `where command=…` selects one of several results, as `where NAME=VALUE` does by a parameter. A failed
    run makes all values unreadable.

    >>> exported = '{"results": [{"command": "true", "median": 0.00094, "times": [0.00097, 0.00094]}]}'
    >>> str(hyperfine(exported, "median")), [str(one) for one in hyperfine(exported, "times")]
    ('0.00094 s', ['0.00097 s', '0.00094 s'])
    >>> two = [{"parameters": {"level": "1"}, "mean": 0.2}, {"parameters": {"level": "9"}, "mean": 1.75}]
    >>> str(hyperfine(json.dumps({"results": two}), "mean where level=9"))
    '1.75 s'
    """
    query = parse_query(argument)
    result = _hyperfine_result(text, query)
    codes = result.get("exit_codes", [])
    codes = codes if isinstance(codes, list) else [codes]
    if any(code != 0 for code in codes):
        shown = ", ".join("none" if code is None else str(code) for code in codes)
        raise Unreadable(f"a run failed: hyperfine's exit codes are {excerpt(shown)}")
    value = result.get(query.column)
    if value is None:
        raise NotThere(f"no {query.column!r} in hyperfine's result")
    if isinstance(value, list):
        return tuple(_seconds(one, query.column) for one in value)
    return _seconds(value, query.column)


def _hyperfine_result(text: str, query: SeriesQuery) -> dict[str, object]:
    """Return the only result that the query selects."""
    try:
        exported = json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"not JSON of hyperfine: {excerpt(text)}") from error
    results = exported.get("results") if isinstance(exported, dict) else None
    if not isinstance(results, list) or not all(isinstance(one, dict) for one in results):
        raise Unreadable(f"no results of hyperfine: {excerpt(text)}")
    selected: list[dict[str, object]] = [one for one in results if query.matches(_with_parameters(one))]
    if not selected:
        raise NotThere(f"no result of hyperfine for {query.conditions}" if query.where else "no result")
    if len(selected) > 1:
        what = f"{len(selected)} results of hyperfine"
        raise Unreadable(what, "say which: `median where command=…`, or by a parameter: `where level=9`")
    return selected[0]


def _with_parameters(result: dict[str, object]) -> dict[str, object]:
    """Return a result with the parameters of its command beside its own fields."""
    parameters = result.get("parameters")
    return {**(parameters if isinstance(parameters, dict) else {}), **result}


def _seconds(value: object, name: str) -> Quantity:
    if not isinstance(value, Decimal):
        raise Unreadable(f"{name!r} of hyperfine is not a number: {excerpt(str(value))}")
    return checked(str(value), name, lambda: Quantity(value, "s"))


_STATISTIC = re.compile(
    r"(?P<what>runs|failed|pairs|median|low|high|p[0-9]{1,2}) of (?P<name>.+?)(?: / (?P<base>.+))?", re.ASCII
)


def series_statistic(text: str, argument: str) -> Quantity:
    r"""Return a statistic of a series: `WHAT of NAME`, or `WHAT of NAME / NAME` for the ratios of its pairs.

    WHAT is `median`, `low` or `high` (the ends of its exact interval), or `p95` and the like. For one name it
    can be `runs` or `failed`, for two names `pairs`. Failed runs are in no median.

    >>> head = "run,order,runtime,seconds,exit_status\n"
    >>> text = head + "1,1,runc,0.40,0\n1,2,kata,1.20,0\n2,1,kata,120.0,124\n2,2,runc,0.50,0\n"
    >>> str(series_statistic(text, "median of runc")), str(series_statistic(text, "failed of kata"))
    ('0.45 s', '1')
    >>> [str(series_statistic(text, f"{what} of kata / runc")) for what in ("median", "pairs")]
    ['3.0', '1']
    """
    query = _STATISTIC.fullmatch(argument)
    if query is None:
        raise NotThere(f"{argument!r} is not a statistic of a series", "write `median of NAME`")
    try:
        series = read_series(text)
        if query["base"] is None:
            return _of_one(series, query["what"], query["name"])
        return _of_pairs(series, query["what"], query["name"], query["base"])
    except SeriesError as error:
        raise Unreadable(f"no {argument}: {excerpt(error.what)}", error.remedy) from error


def _of_one(series: Series, what: str, name: str) -> Quantity:
    counts = {"runs": len(series.of(name)), "failed": len(series.of(name)) - len(series.answered(name))}
    if what in counts:
        return count_of(counts[what])
    if what == "pairs":
        raise NotThere("pairs need two names", "write `pairs of NAME / NAME`")
    return _statistic(series.seconds(name), what)


def _of_pairs(series: Series, what: str, name: str, base: str) -> Quantity:
    if what in {"runs", "failed"}:
        raise NotThere(f"{what} are of one name", f"leave out `/ {base}`")
    ratios = series.ratios(name, base)
    return count_of(len(ratios)) if what == "pairs" else _statistic(ratios, what)


def _statistic(values: Sequence[Quantity], what: str) -> Quantity:
    """Return a median, an end of its interval, or a percentile."""
    estimate = median_estimate(values)
    if what.startswith("p"):
        exact = percentile([value.exact for value in values], int(what[1:]))
        return next(value for value in values if value.exact == exact)
    value = {"median": estimate.median, "low": estimate.low, "high": estimate.high}[what]
    if value is None:
        raise NotThere(f"{estimate.count} are too few for an interval, which needs six")
    return value
