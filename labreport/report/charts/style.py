"""The look of a chart, and its SVG. All colours are the page's, so that one picture fits every theme."""

import hashlib
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any, NamedTuple

from labreport.report.charts.lazy import alt, vl_convert
from labreport.report.problems import one_line
from labreport.report.tables import Table

INK = "currentColor"
COLOURS = [f"var(--ev-colour-{number})" for number in range(1, 8)]
ALARM = "var(--ev-alarm)"
FONT = "sans-serif"
PADDING = {"left": 10, "right": 16, "top": 4, "bottom": 4}
CHARACTER = 0.6
"""The width of a character on average, as a share of its height. The page's font may be wider than ours."""

HEADROOM = 1.05
"""The end of an axis, as a share of the largest value."""

EMULATED = "Emulated: these are not the times of real hardware"

_SIZE = re.compile(r' width="([0-9.]+)" height="([0-9.]+)"')
_DIGITS = re.compile(r"(\d\.\d\d)\d+")
"""A hundredth of a pixel is enough."""
_ROLES = re.compile(r' (?:role|aria-[a-z]+)="[^"]*"')
"""The roles that Vega gives each mark. The picture is described as a whole instead."""


def colours(count: int) -> list[str]:
    """Return `count` colours; after seven they repeat."""
    return [COLOURS[number % len(COLOURS)] for number in range(count)]


def chart_of(values: Iterable[Mapping[str, Any]]) -> Any:
    """Return an altair chart of values, which has no mark yet."""
    return alt.Chart(alt.InlineData(values=list(values)))


@dataclass(frozen=True)
class Canvas:
    """What a chart is drawn for: the width of the whole picture and the height of its text, in pixels."""

    name: str
    width: int
    text: int
    ticks: int
    """About how many values an axis names."""
    format: str = ".12~r"
    """How d3 writes the numbers of an axis: without groups, powers and zeros at the end."""

    @property
    def inner(self) -> int:
        """The width between the paddings."""
        return self.width - PADDING["left"] - PADDING["right"]

    def width_of(self, text: str) -> float:
        """Return about how wide a text is."""
        return CHARACTER * self.text * len(text)

    def lines_of(self, text: str) -> list[str]:
        """Return a text in lines that fit."""
        return textwrap.wrap(text, max(int(self.inner / (CHARACTER * self.text)), 1))


WIDE = Canvas("wide", 620, 12, 8)
NARROW = Canvas("narrow", 320, 13, 5)
"""For a column that is too narrow for the wide picture, as on a phone. figures.css selects one of both."""


@dataclass(frozen=True)
class Drawing:
    """A chart before it is drawn: title, description, values as a table, the altair chart for a canvas."""

    title: str
    description: str
    table: Table
    chart: Callable[[Canvas], Any]


class Svgs(NamedTuple):
    """A chart as SVG for a wide and for a narrow page, each with title and description in it."""

    wide: str
    narrow: str


@dataclass(frozen=True)
class Picture:
    """A chart with its values as a table. `draw` draws it, or takes it from the cache."""

    title: str
    description: str
    table: Table
    draw: Callable[[], Svgs]

    @cached_property
    def svgs(self) -> Svgs:
        """The chart as SVG."""
        return self.draw()


def svgs_of(drawing: Drawing, *, emulated: bool) -> Svgs:
    """Return a drawing as SVG; the picture of an emulated host says so in its title."""
    return Svgs(*(_svg(drawing, canvas, emulated=emulated) for canvas in (WIDE, NARROW)))


def _svg(drawing: Drawing, canvas: Canvas, *, emulated: bool) -> str:
    chart = drawing.chart(canvas)
    if emulated:
        title = alt.TitleParams(canvas.lines_of(EMULATED), color=ALARM, anchor="start", offset=8)
        chart = chart.properties(title=title)
    spec = _printable(_styled(chart, canvas).to_dict(validate=False))
    svg = vl_convert.vegalite_to_svg(spec).replace('class="marks"', f'class="ev-{canvas.name}"', 1)
    rounded = re.sub("<[^>]*>", lambda tag: _DIGITS.sub(r"\1", tag[0]), svg)
    return _described(rounded, one_line(drawing.title), one_line(drawing.description))


def _printable(spec: Any) -> Any:
    """Return a specification whose texts have no control characters: an SVG file cannot hold them."""
    match spec:
        case str():
            return one_line(spec)
        case dict():
            return {key: _printable(value) for key, value in spec.items()}
        case list():
            return [_printable(value) for value in spec]
    return spec


def _styled(chart: Any, canvas: Canvas) -> Any:
    text = {"labelColor": INK, "titleColor": INK, "labelFont": FONT, "titleFont": FONT}
    lines = {"domainColor": INK, "tickColor": INK, "gridColor": INK, "gridOpacity": 0.15}
    sizes = {"labelFontSize": canvas.text, "titleFontSize": canvas.text, "titleFontWeight": "normal"}
    apart = {"labelOverlap": "greedy", "labelSeparation": 8, "tickCount": canvas.ticks}
    return (
        chart.configure(background="transparent", font=FONT, aria=False, padding=PADDING)
        .configure_axis(**text, **lines, **sizes, **apart)
        .configure_legend(**text, labelFontSize=canvas.text, titleFontSize=canvas.text, symbolStrokeColor=INK)
        .configure_title(font=FONT, color=INK, fontSize=canvas.text)
        .configure_text(font=FONT, color=INK, fontSize=canvas.text)
        .configure_view(stroke=None)
    )


def _described(svg: str, title: str, description: str) -> str:
    """Return the SVG with title and description, scalable, and with ids that no other picture has."""
    digest = hashlib.sha256(f"{title}{description}{svg}".encode()).hexdigest()[:12]
    svg = re.sub(r'(id="|url\(#)(?=[A-Za-z])', rf"\1ev-{digest}-", _ROLES.sub("", svg))
    head, end, body = svg.partition(">")
    if not end or not _SIZE.search(head):
        raise ValueError("vl-convert returned SVG without a size")
    names = f' role="img" aria-labelledby="ev-{digest}-title" aria-describedby="ev-{digest}-desc"'
    head = _SIZE.sub(r' style="max-width: \1px"', head, count=1) + names
    words = f'<title id="ev-{digest}-title">{escape(title)}</title>'
    words += f'<desc id="ev-{digest}-desc">{escape(description)}</desc>'
    return f"{head}>{words}{body}"
