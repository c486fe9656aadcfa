"""Bars, lines and points of any columns: each value where it belongs, and what would mislead is refused."""

import re
from decimal import Decimal
from fractions import Fraction
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labreport.report.charts import PLOTS, SAMPLES, draw_plot
from labreport.report.charts.categories import MOST_BARS
from labreport.report.charts.plane import MOST_GROUPS, MOST_POINTS
from labreport.report.charts.points import Plot, PlotRequest, Point, plot_of
from labreport.report.charts.style import EMULATED, NARROW, WIDE, Picture
from labreport.report.charts.values import written
from labreport.report.figures import charts as known
from labreport.report.problems import FaultError
from labreport.report.rows.read import read_rows
from labreport.report.values import Quantity

SIZES = (
    "tool,level,bytes,low,high\n"
    "gzip,1,8201334,8100000,8300000\ngzip,6,7120134,7000000,7200000\n"
    "xz,1,6701334,6600000,6800000\nxz,6,5120134,5000000,5200000\n"
)
ASKED = {
    "bars": PlotRequest("tool", ("bytes",), by="level", interval=("low", "high"), unit="MB"),
    "lines": PlotRequest("level", ("bytes",), by="tool", interval=("low", "high")),
    "scatter": PlotRequest("level", ("bytes",), by="tool"),
}


def plot(text: str, asked: PlotRequest, kind: str = "bars") -> Plot:
    """Return the plot of a CSV."""
    return plot_of(read_rows("size/sizes.csv", text), asked, kind)


def picture(kind: str, text: str = SIZES, asked: PlotRequest | None = None) -> Picture:
    """Return the picture of a CSV."""
    return draw_plot(kind, plot(text, asked or ASKED[kind], kind), emulated=False)


def words_of(svg: str) -> str:
    """Return the texts that a picture shows."""
    return " ".join(re.findall(r">([^<>]+)</t(?:ext|span)>", svg))


def test_the_names_of_the_kinds_are_those_that_are_drawn() -> None:
    """The macro knows the kinds without importing what draws them."""
    assert tuple(SAMPLES) == known.SAMPLES
    assert tuple(PLOTS) == known.PLOTS


@pytest.mark.slow
@pytest.mark.parametrize("kind", PLOTS)
def test_a_picture_is_the_pages_own(kind: str) -> None:
    """It has the page's colours, fetches nothing, fits its canvas, and is well-formed XML."""
    shown = picture(kind)
    for svg, canvas in ((shown.svgs.wide, WIDE), (shown.svgs.narrow, NARROW)):
        ET.fromstring(svg)  # noqa: S314 - drawn by us
        assert not re.search(r"#[0-9a-fA-F]{3,8}\b(?!-)", re.sub(r"url\(#[^)]*\)", "", svg))
        assert not re.search(r"<script|<image|<style|@import|[^:]href=|\son\w+=", svg)
        assert f">{shown.title}</title>" in svg
        width = re.search(r"max-width: ([0-9.]+)px", svg)
        assert width
        assert 0.85 * canvas.width < float(width[1]) < 1.1 * canvas.width
        assert {float(size) for size in re.findall(r'font-size="([0-9.]+)px"', svg)} == {canvas.text}
    assert EMULATED not in shown.svgs.wide
    marked = draw_plot(kind, plot(SIZES, ASKED[kind], kind), emulated=True)
    assert EMULATED in marked.svgs.wide
    assert "Emulated:" in words_of(marked.svgs.narrow)


@pytest.mark.slow
def test_values_are_named_with_their_unit() -> None:
    """Each bar has its value, the axes have the columns' names, and the table has all digits."""
    shown = picture("bars")
    assert "1: 8.201 MB" in words_of(shown.svgs.wide)
    assert "MB" in words_of(shown.svgs.wide)
    assert shown.title == "size (MB), by tool and level"
    assert [cell.text for cell in shown.table.rows[0]] == [
        *("gzip", "1", "8.201334 MB", "8.100000 MB", "8.300000 MB"),
    ]
    assert "gzip, 1: 8.201 MB (8.100 MB to 8.300 MB)" in shown.description
    assert shown.description.endswith("The line across a value is from low to high.")


def lengths(svg: str) -> list[float]:
    """Return the lengths of the bars, in pixels."""
    group = "".join(re.findall(r'class="mark-rect role-mark[^"]*"[^>]*>(.*?)</g>', svg))
    return [float(one) for one in re.findall(r"h(-?[0-9.]+)v", group)]


@pytest.mark.slow
@settings(max_examples=6, deadline=None)
@given(st.lists(st.decimals(1, 10**6, places=2), min_size=1, max_size=6))
def test_a_bar_is_as_long_as_its_value(values: list[Decimal]) -> None:
    """Lengths from the zero baseline are in proportion to the values."""
    text = "name,ms\n" + "".join(f"n{at},{value}\n" for at, value in enumerate(values))
    shown = draw_plot("bars", plot(text, PlotRequest("name", ("ms",))), emulated=False)
    scale = WIDE.inner / (1.05 * float(max(values)))
    assert lengths(shown.svgs.wide) == pytest.approx([float(value) * scale for value in values], abs=0.6)


def test_several_rows_are_their_median_with_its_interval() -> None:
    """Six rows have an interval, five have none; scatter shows every row."""
    rows = [f"gzip,6,{seconds}\n" for seconds in ("1.0", "1.1", "1.2", "1.3", "1.4", "9.0")]
    text = f"tool,level,seconds\n{''.join(rows)}"
    asked = PlotRequest("level", ("seconds",), by="tool")
    for kind in ("bars", "lines"):
        (point,) = plot(text, asked, kind).points
        assert (point.y.exact, point.count) == (Fraction(5, 4), 6)
        assert (str(point.low), str(point.high)) == ("1.0 s", "9.0 s")
    (few,) = plot(text.rpartition("gzip")[0], asked, "bars").points
    assert (few.low, few.count) == (None, 5)
    assert len(plot(text, asked, "scatter").points) == 6
    assert (
        "the median of its rows" in draw_plot("lines", plot(text, asked, "lines"), emulated=False).description
    )


def test_several_columns_are_groups() -> None:
    """Columns of one unit share an axis; others are refused, whatever unit the page states."""
    text = "rate_per_minute,passed,refused,seconds\n6,3,0,1.5\n10,5,1,1.5\n"
    shown = plot(text, PlotRequest("rate_per_minute", ("passed", "refused")), "lines")
    assert shown.names == ("passed", "refused")
    assert (shown.x, shown.y) == ("rate per minute", "passed, refused")
    for unit in (None, "ms"):
        with pytest.raises(FaultError, match="one axis has one unit"):
            plot(text, PlotRequest("rate_per_minute", ("passed", "seconds"), unit=unit), "lines")


def test_the_ends_of_an_interval_have_the_unit_of_their_value() -> None:
    """A column without a unit has that of the value's column; one with another unit is converted."""
    text = "tool,seconds,low,high_ms\ngzip,1.5,1.4,1600\n"
    (point,) = plot(text, PlotRequest("tool", ("seconds",), interval=("low", "high_ms"), unit="ms")).points
    assert [end.exact for end in point.ends] == [1500, 1400, 1600]


@pytest.mark.parametrize(
    ("kind", "asked", "words"),
    [
        ("bars", PlotRequest("tool", ("bytes",), zero=False), "bars begin at zero"),
        ("bars", PlotRequest("tool", ("bytes",), log="y"), "bars have no logarithmic axis"),
        ("bars", PlotRequest("tool", ("bytes",), log="x"), "categories of bars have no logarithmic axis"),
        ("lines", PlotRequest("zero", ("bytes",), log="x"), "a logarithmic axis has no 0"),
        ("scatter", PlotRequest("bytes", ("minus",), log="y"), "a logarithmic axis has no -1"),
        ("lines", PlotRequest("tool", ("bytes",)), "line 2, column 'tool': 'gzip' is no number"),
        ("bars", PlotRequest("tool", ("word",)), "line 2, column 'word': 'n/a' is no number"),
        ("bars", PlotRequest("tool", ("nothing",)), "no column 'nothing'"),
        ("bars", PlotRequest("nothing", ("bytes",)), "no column 'nothing'"),
        ("bars", PlotRequest("tool", ("bytes",), by="nothing"), "no column 'nothing'"),
        ("bars", PlotRequest("tool", ("bytes",), interval=("high", "low")), "8 B is not between 9 B and 7 B"),
        ("bars", PlotRequest("same", ("bytes",), interval=("low", "high")), "has 2 rows for 'a'"),
        ("bars", PlotRequest("tool", ("bytes",), unit="s"), "cannot be given in s"),
        ("bars", PlotRequest("tool", ("huge",)), "is too large for an axis"),
        ("bars", PlotRequest("tool", ("tiny",)), "is too small for an axis"),
    ],
)
def test_what_would_mislead_is_refused(kind: str, asked: PlotRequest, words: str) -> None:
    """The problem says what is wrong, and its remedy what to write."""
    text = (
        "tool,bytes,low,high,zero,minus,word,same,huge,tiny\n"
        f"gzip,8,7,9,0,-1,n/a,a,{'9' * 20},0.{'0' * 20}1\nxz,8,7,9,0,-1,n/a,a,1,1\n"
    )
    with pytest.raises(FaultError, match=re.escape(words)) as raised:
        plot(text, asked, kind)
    assert raised.value.remedy


def test_more_than_can_be_read_is_refused() -> None:
    """Bars, points and groups have a largest number."""
    bars = "a,b\n" + "".join(f"n{at},1\n" for at in range(MOST_BARS + 1))
    points = "a,b\n" + "".join(f"{at},{at}\n" for at in range(MOST_POINTS + 1))
    groups = "a,b,c\n" + "".join(f"1,1,g{at}\n" for at in range(MOST_GROUPS + 1))
    for kind, text, by, words in (
        ("bars", bars, None, f"at most {MOST_BARS} can be read"),
        ("scatter", points, None, f"at most {MOST_POINTS} are drawn"),
        ("lines", groups, "c", f"at most {MOST_GROUPS} can be told apart"),
    ):
        with pytest.raises(FaultError, match=words):
            draw_plot(kind, plot(text, PlotRequest("a", ("b",), by=by), kind), emulated=False)


@settings(max_examples=4, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=30)), min_size=1, max_size=12))
def test_hostile_text_is_text(names: list[tuple[str, str]]) -> None:
    """Whatever a cell contains, the picture is well-formed, and has no element that we did not draw."""
    points = tuple(Point(name, group, Quantity(Decimal(2), "s")) for name, group in names)
    shown = draw_plot("bars", Plot(points, "x", "y", "z"), emulated=False)
    tags = {one.tag.rpartition("}")[2] for one in ET.fromstring(shown.svgs.wide).iter()}  # noqa: S314 - drawn by us
    assert tags <= {"svg", "title", "desc", "g", "path", "text", "tspan", "line", "defs", "clipPath", "rect"}


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("kind", PLOTS)
def test_markup_in_names_is_escaped(kind: str) -> None:
    """A column, a category and a group with markup are shown as they are."""
    text = SIZES.replace("tool", "<b>tool").replace("gzip", "<script>alert(1)</script>")
    asked = ASKED[kind]
    by = "<b>tool" if asked.by == "tool" else asked.by
    x = "<b>tool" if asked.x == "tool" else asked.x
    shown = picture(kind, text, PlotRequest(x, asked.y, by=by))
    assert "<script" not in shown.svgs.wide + shown.svgs.narrow
    assert "&lt;script" in shown.svgs.wide
    assert "<b>" not in shown.svgs.wide


@pytest.mark.slow
def test_an_axis_begins_where_the_page_says() -> None:
    """A line chart begins at zero, and with zero=false near its smallest value."""
    asked = PlotRequest("level", ("bytes",), by="tool", unit="MB")
    ticks = words_of(picture("lines", SIZES, asked).svgs.wide).split()
    assert "0" in ticks
    near = words_of(
        picture("lines", SIZES, PlotRequest("level", ("bytes",), by="tool", unit="MB", zero=False)).svgs.wide
    )
    assert "0" not in near.split()
    assert "6" in near.split()


def test_axes_have_no_grouped_digits() -> None:
    """The numbers of an axis are written like those of the evidence."""
    shown = picture("lines", SIZES, PlotRequest("level", ("bytes",), by="tool"))
    assert "8000000" in words_of(shown.svgs.wide)
    assert not re.search(r"\d,\d{3}", words_of(shown.svgs.wide))


@pytest.mark.slow
def test_few_values_are_written_at_their_points() -> None:
    """One line of few points has values; many points and several lines have none."""
    single = SIZES.partition("xz")[0]
    asked = PlotRequest("level", ("bytes",))
    assert "8201334 B" in words_of(picture("lines", single, asked).svgs.wide)
    many = "level,bytes\n" + "".join(f"{at},{at * at}\n" for at in range(40))
    assert " B" not in words_of(picture("lines", many, asked).svgs.wide)
    assert " B" not in words_of(picture("lines").svgs.wide)


@given(st.fractions(Fraction(1, 10**6), 10**9))
def test_a_written_value_has_four_digits(exact: Fraction) -> None:
    """It differs from the value by less than a thousandth, and a whole number not at all."""
    value = Quantity(Decimal(exact.numerator) / Decimal(exact.denominator), "s")
    shown = Fraction(written(value).removesuffix(" s"))
    assert abs(shown - value.exact) <= value.exact / Fraction(1000)
