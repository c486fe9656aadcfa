"""A chart of facts: each value is an expression, with a name of its own."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labreport.report.facts.claims import InlineValue, inline_value
from labreport.report.facts.expressions.calculate import is_time, not_comparable
from labreport.report.facts.facts import FACTS_FILE
from labreport.report.facts.readings import Readings
from labreport.report.figures.charts import PLOTS, SAMPLES, ChartArguments, takes_no
from labreport.report.problems import FaultError
from labreport.report.rows import quoted
from labreport.report.rows.columns import axis_name, checked_unit
from labreport.report.source.cite import LABS, Block, Gap, Page, cite
from labreport.report.source.evidence import Evidence
from labreport.report.source.slices import SliceRequest
from labreport.report.tables import Figure
from labreport.report.values import Quantity, UnitError, decimal

if TYPE_CHECKING:
    from labreport.report.charts.points import Plot, Point

MOST_FACTS = 64
INTERVAL = 3
"""A value with the two ends of its interval."""
_EXAMPLE = 'facts={"gzip -6": "gzip.6.bytes", "xz -6": "xz.6.bytes"}'


@dataclass(frozen=True)
class _Named:
    """A value of a chart: its name, its group, and its expression, or that with the ends of its interval."""

    name: str
    group: str
    expressions: tuple[str, ...]


def facts_figure(
    evidence: Evidence, page: Page, facts: object, readings: Readings, given: ChartArguments
) -> Figure | Gap:
    """Return the chart of facts, or the gap of one that was not captured; raise FaultError."""
    kind = given.checked_kind()
    if kind in SAMPLES:
        what = f"a chart of kind {kind} shows the samples of a file, not facts"
        raise FaultError(what, f"use one of: {', '.join(PLOTS)}")
    takes_no(f"{kind} of facts", given, ("interval", "where", "at"))
    named = list(_named(facts))
    values = [[inline_value(readings, page, text, None, None) for text in one.expressions] for one in named]
    flat = [value for several in values for value in several]
    used = list(dict.fromkeys(name for value in flat for name in value.result.names))
    blocks: dict[str, Block] = {}
    for name in used:
        home = Page(f"{LABS}/{readings.facts.lab}/{FACTS_FILE}", page.front_matter)
        block = cite(evidence, home, SliceRequest(readings.facts.facts[name].file))
        if isinstance(block, Gap):
            return block
        blocks.setdefault(block.path, block)
    if not blocks:
        raise FaultError("the chart shows no fact", _EXAMPLE)
    _check_comparable(flat)
    plot = _plot(named, [[_quantity(value) for value in several] for several in values], kind, given)
    from labreport.report.charts import draw_plot  # noqa: PLC0415 - most builds have no chart

    first, *more = blocks.values()
    emulated = any(block.emulated for block in blocks.values())
    picture = draw_plot(kind, plot, emulated=emulated, project=evidence.root.parent)
    drawn = (picture.table, lambda: picture.svgs, tuple(more), frozenset(used), readings.facts.lab)
    return Figure(first, picture.title, (picture.description,), *drawn)


def _named(facts: object) -> Iterator[_Named]:
    """Yield each value that a page names; raise FaultError for another form."""
    if isinstance(facts, str):
        facts = [facts]
    if isinstance(facts, list | tuple):
        facts = {text: text for text in facts if isinstance(text, str)} if _are_texts(facts) else None
    if not isinstance(facts, Mapping) or not facts or len(facts) > MOST_FACTS:
        raise FaultError("facts is no list and no mapping of expressions", f"write {_EXAMPLE}")
    for name, value in facts.items():
        groups = value if isinstance(value, Mapping) else {"": value}
        for group, texts in groups.items():
            expressions = (texts,) if isinstance(texts, str) else texts
            if not isinstance(expressions, list | tuple) or not _are_texts(expressions):
                raise FaultError(
                    f"facts has {quoted(str(texts))} at {quoted(str(name))}", f"write {_EXAMPLE}"
                )
            if len(expressions) not in {1, INTERVAL}:
                what = f"{quoted(str(name))} has {len(expressions)} values"
                raise FaultError(what, 'give one, or three: ["median", "low", "high"]')
            yield _Named(str(name), str(group), tuple(expressions))


def _are_texts(values: Sequence[object]) -> bool:
    return all(isinstance(value, str) and value.strip() for value in values)


def _quantity(value: InlineValue) -> Quantity:
    """Return the number of a value; raise FaultError if it has none."""
    if not value.publishable or value.result.value is None:
        state = value.result.state
        raise FaultError(f"{value.result.text}: {state}: {value.reason}", "correct it, or capture it again")
    if not isinstance(value.result.value, Quantity):
        raise FaultError(f"{value.result.text} is a text", "name facts that are numbers")
    return value.result.value


def _check_comparable(values: Sequence[InlineValue]) -> None:
    """Raise FaultError for values that no expression could combine, by the same rule."""
    used = {name: fact for value in values for name, fact in value.result.facts.items()}
    has_times = any(is_time(fact.value) or fact.is_ratio_of_times for fact in used.values())
    if words := not_comparable(used, has_times=has_times):
        hosts = "several hosts" if len({fact.host for fact in used.values()}) > 1 else "an unknown host"
        raise FaultError(f"values of {hosts}: {words}", "compare values of one host")


def _plot(
    named: Sequence[_Named], values: Sequence[Sequence[Quantity]], kind: str, given: ChartArguments
) -> "Plot":
    """Return the points of a chart; raise FaultError for values without a common unit."""
    from labreport.report.charts.points import Plot, checked_plot  # noqa: PLC0415 - most builds have no chart

    axes = {"x": given.x, "y": given.y, "by": given.by}
    if wrong := next((name for name, value in axes.items() if not isinstance(value, str | None)), None):
        raise FaultError(f"{wrong} is {axes[wrong]!r}", f'it names an axis of facts: {wrong}="size"')
    unit = checked_unit(given.unit)
    unit = values[0][0].unit if unit is None else unit
    points = tuple(_point(one, several, kind, unit) for one, several in zip(named, values, strict=True))
    has_groups = any(point.group for point in points)
    y = axis_name(str(given.y or ""), unit)
    told = (
        "The line across a value is its interval." if any(point.low is not None for point in points) else ""
    )
    groups = str(given.by or "group") if has_groups else ""
    plot = Plot(points, str(given.x or ""), y, groups, told, str(given.log), bool(given.zero))
    return checked_plot(plot, kind)


def _point(one: _Named, values: Sequence[Quantity], kind: str, unit: str) -> "Point":
    from labreport.report.charts.points import Point, with_interval  # noqa: PLC0415 - likewise

    try:
        value, *ends = (value.to(unit) for value in values)
    except (UnitError, OverflowError) as error:
        raise FaultError(f"{one.name}: {error}", "show values of one kind, or state unit=") from error
    try:
        x = one.name if kind == "bars" else Quantity(decimal(one.name), "")
    except (ValueError, ArithmeticError) as error:
        what = f"{quoted(one.name)} is no number, and {kind} need one on each axis"
        raise FaultError(what, 'name the values by numbers, or use kind="bars"') from error
    return with_interval(Point(x, one.group, value), ends, one.name)
