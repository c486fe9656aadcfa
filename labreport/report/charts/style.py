"""The look of a chart, and its SVG. All colours are the page's, so that one picture fits every theme."""

import hashlib
import re
from dataclasses import dataclass
from html import escape
from typing import Any

import altair as alt
import vl_convert

from labreport.report.tables import Table

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
"""The roles that Vega gives each mark. The picture is described as a whole instead."""


def colours(count: int) -> list[str]:
    """Return `count` colours; after seven they repeat."""
    return [COLOURS[number % len(COLOURS)] for number in range(count)]


@dataclass(frozen=True)
class Drawing:
    """A chart before it is drawn: title, description, values as a table, and the altair chart."""

    title: str
    description: str
    table: Table
    chart: Any


@dataclass(frozen=True)
class Picture:
    """A chart as SVG, with its title and description in it, and its values as a table."""

    title: str
    description: str
    table: Table
    svg: str


def to_picture(drawing: Drawing, *, emulated: bool) -> Picture:
    """Return a drawing as SVG; the picture of an emulated host says so in its title."""
    chart = drawing.chart.properties(title=_emulated_title()) if emulated else drawing.chart
    spec = _styled(chart).to_dict(validate=False)
    svg = _described(vl_convert.vegalite_to_svg(spec), drawing.title, drawing.description)
    return Picture(drawing.title, drawing.description, drawing.table, svg)


def _emulated_title() -> alt.TitleParams:
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
