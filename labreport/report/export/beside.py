"""The files that belong beside a Markdown report: what no Markdown can hold."""

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import quote

from labreport.report.pages.labels import Label

COLOURS = {
    "--ev-colour-1": "#0072b2",
    "--ev-colour-2": "#d55e00",
    "--ev-colour-3": "#009e73",
    "--ev-colour-4": "#cc79a7",
    "--ev-colour-5": "#56b4e9",
    "--ev-colour-6": "#e69f00",
    "--ev-colour-7": "#f0e442",
    "--ev-alarm": "#b00020",
}
"""The colours of a light page, as figures.css has them: a file of its own has no page."""
INK, PAPER = "#202020", "#ffffff"
_VARIABLE = re.compile(r"var\((--ev-[a-z0-9-]+)\)")
_UNSAFE = re.compile(r"[^A-Za-z0-9]+")
_SIZE = re.compile(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"')


@dataclass(frozen=True)
class FilesBeside:
    """Files in a folder beside the report, by their path from the report; none without a `folder`."""

    folder: str = ""
    files: dict[str, bytes] = field(default_factory=dict)

    def put(self, path: str, data: bytes) -> str:
        """Keep a file; return the link to it, empty if the report has no place beside it.

        >>> FilesBeside("report-files").put("lab12/a b.png", b"")
        'report-files/lab12/a%20b.png'
        """
        if not self.folder:
            return ""
        self.files[f"{self.folder}/{path}"] = data
        return quote(f"{self.folder}/{path}")


def put_chart(beside: FilesBeside, svg: str, page: str, label: Label | None) -> str:
    """Keep the chart of a page as a file; return the link to it, empty if the report has no place beside it.

    It is called after its page and its name: `task-4-starts.svg`.
    """
    parts = (PurePosixPath(page).stem, (label.name or str(label).lower()) if label else "chart")
    base = "-".join(_UNSAFE.sub("-", part).strip("-") for part in parts)
    names = (f"{base}.svg", *(f"{base}-{number}.svg" for number in range(2, len(beside.files) + 3)))
    free = next(name for name in names if f"{beside.folder}/{name}" not in beside.files)
    return beside.put(free, standalone(svg).encode())


def standalone(svg: str) -> str:
    """Return the SVG of a page as one that needs no page: with colours of its own, on white."""
    coloured = _VARIABLE.sub(lambda found: COLOURS[found[1]], svg)
    head, _, body = coloured.partition(">")
    found = _SIZE.search(head)
    size = f' width="{found[1]}" height="{found[2]}"' if found else ""
    head = re.sub(r' style="[^"]*"', "", head, count=1)
    paper = f'<rect width="100%" height="100%" fill="{PAPER}"/>'
    described = re.search(r"</desc>", body)
    at = described.end() if described else 0
    return f'{head}{size} color="{INK}">{body[:at]}{paper}{body[at:]}\n'
