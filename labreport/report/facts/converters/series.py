"""Series."""

import csv
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NoReturn

from labreport.report.facts.converters.lines import NotThere, Unreadable, checked, count_of, shown
from labreport.report.series.series import Series, SeriesError, median_estimate, read_series
from labreport.report.series.statistics import percentile
from labreport.report.values.quantity import Quantity, decimal


@dataclass(frozen=True)
class SeriesQuery:
    """What is asked of a table: a column, and the rows whose other columns are as given."""

    column: str
    where: dict[str, str]

    def takes(self, row: Mapping[str, object]) -> bool:
        """Return whether a row is one of those asked for."""
        return all(row.get(name) == value for name, value in self.where.items())


def _query(argument: str) -> SeriesQuery:
    """Return `COLUMN` or `COLUMN where NAME=VALUE, NAME=VALUE` taken apart."""
    column, _, conditions = argument.partition(" where ")
    pairs = (one.partition("=") for one in conditions.split(", ") if one)
    return SeriesQuery(column.strip(), {name.strip(): value.strip() for name, _, value in pairs})


def column(text: str, argument: str) -> tuple[Quantity, ...]:
    r"""Return a CSV column as plain numbers; `where NAME=VALUE` takes only those rows.

    >>> startup = "runtime,run,seconds\nrunc,1,0.412\nkata,1,1.620\nrunc,2,0.409\n"
    >>> [str(one) for one in column(startup, "seconds where runtime=runc")]
    ['0.412', '0.409']
    """
    return _column(_rows(text), argument)


def total(text: str, argument: str) -> Quantity:
    r"""Return the sum of a CSV column; `where NAME=VALUE` takes only those rows.

    >>> memory = "runtime,process,pss_kib\nrunc,shim,10240\nrunc,sleep,512\nkata,shim,92160\n"
    >>> str(total(memory, "pss_kib where runtime=runc"))
    '10752'
    """
    first, *rest = _no_runs(text, argument)
    for one in rest:
        first += one
    return first


def median(text: str, argument: str) -> Quantity:
    r"""Return the median of a CSV column; `where NAME=VALUE` takes only those rows.

    >>> phases = "run,phase,seconds\n1,boot,5.81\n1,end,1.20\n2,boot,5.79\n3,boot,6.02\n"
    >>> str(median(phases, "seconds where phase=boot"))
    '5.81'
    """
    return median_estimate(_no_runs(text, argument)).median


def _no_runs(text: str, argument: str) -> tuple[Quantity, ...]:
    """Return a column; raise Unreadable for a series of runs, of which some may have failed."""
    rows = _rows(text)
    found = _column(rows, argument)
    if "exit_status" in rows[0]:
        raise Unreadable("a series of runs, some of which may have failed: read it with `series`")
    return found


def _column(rows: list[list[str]], argument: str) -> tuple[Quantity, ...]:
    wanted = _query(argument)
    names = rows[0] if rows else []
    for name in (wanted.column, *wanted.where):
        if name not in names:
            raise NotThere(f"no column {name!r} in {shown(','.join(names)) or 'an empty text'}")
    for row in rows[1:]:
        if len(row) != len(names):
            raise Unreadable(f"{len(row)} cells under {len(names)} names: {shown(','.join(row))}")
    found = [row for row in (dict(zip(names, row, strict=True)) for row in rows[1:]) if wanted.takes(row)]
    if not found:
        raise NotThere(f"no row for {argument!r}")
    return tuple(_number(row[wanted.column], wanted.column) for row in found)


def _rows(text: str) -> list[list[str]]:
    try:
        return [row for row in csv.reader(text.splitlines(), strict=True) if row]
    except csv.Error as error:
        raise Unreadable(f"no CSV: {shown(text.strip())}: {error}") from error


def _number(cell: str, name: str) -> Quantity:
    return checked(cell, f"number under {name!r}", lambda: Quantity(decimal(cell), ""))


def hyperfine(text: str, argument: str) -> Quantity | tuple[Quantity, ...]:
    r"""Return a field of hyperfine's JSON in seconds (`mean`, `median`, `min`, `max`), or all `times`.

    Of several results the one `where command=…`. A run that failed makes no value of any.

    >>> exported = '{"results": [{"command": "true", "median": 0.00094, "times": [0.00097, 0.00094]}]}'
    >>> str(hyperfine(exported, "median")), [str(one) for one in hyperfine(exported, "times")]
    ('0.00094 s', ['0.00097 s', '0.00094 s'])
    """
    wanted = _query(argument)
    result = _result(text, wanted)
    codes = result.get("exit_codes", [])
    if not isinstance(codes, list) or any(codes):
        raise Unreadable(f"a run failed: hyperfine's exit codes are {shown(str(codes))}")
    value = result.get(wanted.column)
    if value is None:
        raise NotThere(f"no {wanted.column!r} in hyperfine's result")
    if isinstance(value, list):
        return tuple(_seconds(one, wanted.column) for one in value)
    return _seconds(value, wanted.column)


def _result(text: str, wanted: SeriesQuery) -> dict[str, object]:
    """Return the one result that is asked for; raise NotThere or Unreadable."""
    try:
        exported = json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"no JSON of hyperfine: {shown(text.strip())}") from error
    results = exported.get("results") if isinstance(exported, dict) else None
    if not isinstance(results, list) or not all(isinstance(one, dict) for one in results):
        raise Unreadable(f"no results of hyperfine: {shown(text.strip())}")
    found: list[dict[str, object]] = [one for one in results if wanted.takes(one)]
    if not found:
        raise NotThere(f"no result of hyperfine for {wanted.where}" if wanted.where else "no result")
    if len(found) > 1:
        raise Unreadable(f"{len(found)} results of hyperfine: say which, as in `median where command=…`")
    return found[0]


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def _seconds(value: object, name: str) -> Quantity:
    if not isinstance(value, Decimal):
        raise Unreadable(f"{name!r} of hyperfine is no number: {shown(str(value))}")
    return checked(str(value), name, lambda: Quantity(value, "s"))


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
    found = median_estimate(values)
    if what.startswith("p"):
        exact = percentile([one.exact for one in values], int(what[1:]))
        return next(one for one in values if one.exact == exact)
    end = {"median": found.median, "low": found.low, "high": found.high}[what]
    if end is None:
        raise NotThere(f"{found.count} are too few for an interval: six are needed")
    return end
