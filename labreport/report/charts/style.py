"""How a chart looks, and how it becomes SVG: all colours are the page's, one picture fits every theme."""

import hashlib
import re
from dataclasses import dataclass
from html import escape
from typing import Any

import altair as alt
import vl_convert

from labreport.report.tables.table import Table

INK = "currentColor"
COLOURS = [f"var(--ev-colour-{number})" for number in range(1, 8)]
ALARM = "var(--ev-alarm)"
FONT = "sans-serif"
WIDTH = 560
PADDING = {"left": 24, "right": 48, "top": 4, "bottom": 4}
"""The page's font may be wider than the one that the picture was measured with."""

EMULATED = "Emulated: these are not the times of real hardware"

_SIZE = re.compile(r' width="([0-9.]+)" height="([0-9.]+)"')
_ROLES = re.compile(r' (?:role|aria-[a-z]+)="[^"]*"')
"""What Vega says of each mark: the picture is one thing, described as a whole."""


def colours(count: int) -> list[str]:
    """Return so many colours; after seven they begin again, and the order in the picture tells."""
    return [COLOURS[number % len(COLOURS)] for number in range(count)]


@dataclass(frozen=True)
class Drawing:
    """A chart before it is drawn: what it shows in words, its values as a table, and how it is drawn."""

    title: str
    description: str
    table: Table
    chart: Any


@dataclass(frozen=True)
class Picture:
    """A chart as SVG, whose title and description are in it, and its values as a table."""

    title: str
    description: str
    table: Table
    svg: str


def to_picture(drawing: Drawing, *, emulated: bool) -> Picture:
    """Return a drawing as SVG; one of an emulated host says so in the picture."""
    chart = drawing.chart.properties(title=_mark()) if emulated else drawing.chart
    spec = _styled(chart).to_dict(validate=False)
    svg = _own(vl_convert.vegalite_to_svg(spec), drawing.title, drawing.description)
    return Picture(drawing.title, drawing.description, drawing.table, svg)


def _mark() -> alt.TitleParams:
    return alt.TitleParams(text=EMULATED, color=ALARM, anchor="start", fontSize=12, offset=8)


def _styled(chart: Any) -> Any:
    text = {"labelColor": INK, "titleColor": INK, "labelFont": FONT, "titleFont": FONT}
    lines = {"domainColor": INK, "tickColor": INK, "gridColor": INK, "gridOpacity": 0.15}
    sizes = {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"}
    return (
        chart.configure(background="transparent", font=FONT, aria=False, padding=PADDING)
        .configure_axis(**text, **lines, **sizes)
        .configure_legend(**text, labelFontSize=12, titleFontSize=12, symbolStrokeColor=INK)
        .configure_header(**text, labelFontSize=12)
        .configure_title(font=FONT, color=INK)
        .configure_text(font=FONT, color=INK, fontSize=12)
        .configure_view(stroke=None)
    )


def _own(svg: str, title: str, description: str) -> str:
    """Return the SVG with its words in it, as wide as its place, its ids unlike another picture's."""
    mark = hashlib.sha256(f"{title}{description}{svg}".encode()).hexdigest()[:12]
    svg = re.sub(r'(id="|url\(#)(?=[A-Za-z])', rf"\1ev-{mark}-", _ROLES.sub("", svg))
    head, end, rest = svg.partition(">")
    if not end or not _SIZE.search(head):
        raise ValueError("vl-convert wrote no SVG of a size")
    named = f' role="img" aria-labelledby="ev-{mark}-title" aria-describedby="ev-{mark}-desc"'
    head = _SIZE.sub(r' style="max-width: \1px"', head, count=1) + named
    words = f'<title id="ev-{mark}-title">{escape(title)}</title>'
    words += f'<desc id="ev-{mark}-desc">{escape(description)}</desc>'
    return f"{head}>{words}{rest}"
