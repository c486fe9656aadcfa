"""Where a page stands in the results of a search: the report before the manual, and no lists of files.

A page can say otherwise in its front matter: `search: {boost: 2}` or `search: {exclude: true}`.
"""

import re
from pathlib import PurePosixPath
from typing import Any

from labreport.report.pages.macros import commands, index
from labreport.report.pages.render import RenderedPage
from labreport.report.pages.source import KEY_FINDINGS
from labreport.site.html.environment import LateHtml
from labreport.site.navigation import INDEX, TASK

LISTS = {index.__name__, commands.__name__}
"""Macros that repeat what other pages have: the names of all files, and all commands."""

SUMMARY, OF_A_TASK, OF_A_LAB = 16, 8, 4
"""How much more the summary of a lab, a page of a task, and another page of a lab count than the manual."""

_HEADING = re.compile(f"(<h[1-6](?: [^>]*)?>{KEY_FINDINGS})(?=<)")
_CONCLUSIONS = " and conclusions"


def search_settings(page: RenderedPage) -> dict[str, Any]:
    """Return what the front matter of a page would have under `search`."""
    blocks = {result.call.name for result in page.calls}
    if blocks and blocks <= LISTS:
        return {"exclude": True}
    if not page.source.lab:
        return {}
    name = PurePosixPath(page.source.path).name
    if INDEX.fullmatch(name):
        return {"boost": SUMMARY}
    return {"boost": OF_A_TASK if TASK.match(name) else OF_A_LAB}


def with_conclusions(page: RenderedPage, html: str, late: LateHtml) -> str:
    """Return the HTML of a page; the key findings of a lab are also found as conclusions.

    The word is in the index of the search alone; `late` takes it out when the page is written.
    """
    if not page.source.lab:
        return html
    return _HEADING.sub(lambda heading: heading[1] + late.put_late("", _CONCLUSIONS), html)
