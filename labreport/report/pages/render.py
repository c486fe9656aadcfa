"""A page rendered with the macros and without a site generator: what the export and the check stand on."""

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from jinja2 import FileSystemLoader

from labreport.report.pages.flatten import fences
from labreport.report.pages.macros import MACROS
from labreport.report.pages.template import PageEnvironment
from labreport.report.problems import Problem

if TYPE_CHECKING:  # a build renders pages, too: those whose numbers it is asked for
    from labreport.site.build import Build

FRONT_MATTER = re.compile(r"---[ \t]*\r?\n(.*?\n)??(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)+", re.DOTALL)
"""The front matter of a page, its YAML as the first group, and the blank lines behind it."""


def render(build: "Build", path: Path) -> str:
    """Return a page rendered with the macros, front matter dropped; slots stand where blocks will be.

    A page that is no text is a problem of the build, and empty.
    """
    name = path.relative_to(build.docs).as_posix()
    try:
        source = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        build.add(Problem("", "not UTF-8", "save it as UTF-8", name, 1))
        return ""
    text, meta = source, {}
    if found := FRONT_MATTER.match(source):
        text = source[found.end() :]
        meta = _meta(build, name, found[1] or "")
    build.begin(name, "", meta, source.count("\n") - text.count("\n"))
    macros = {macro: partial(build.call, macro) for macro in MACROS}
    environment = PageEnvironment(build.broken, macros, FileSystemLoader(build.docs))
    rendered = environment.from_string(text).render()
    _report_misplaced(build, rendered)
    build.check_emulated()
    return rendered


def _meta(build: "Build", name: str, text: str) -> dict[str, object]:
    try:
        meta = yaml.safe_load(text)
    except yaml.YAMLError:
        build.add(Problem("front matter", "it is no YAML", "mend it", name, 1))
        return {}
    return meta if isinstance(meta, dict) else {}


def _report_misplaced(build: "Build", rendered: str) -> None:
    """Note each slot in a code fence, and each value in a heading, as a build of the site would."""
    for line, fenced in fences(rendered.split("\n")):
        numbers = build.slots.inline_numbers(line) if fenced or line.startswith("#") else []
        for number in [*(build.slots.numbers(line) if fenced else []), *numbers]:
            build.misplaced(number)
