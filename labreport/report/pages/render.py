"""A page rendered with the macros and without a site generator: what the export and the check stand on."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import FileSystemLoader

from labreport.report.pages.flatten import fences
from labreport.report.pages.macros import MACROS
from labreport.report.pages.source import read_page
from labreport.report.pages.template import PageEnvironment
from labreport.report.problems import Problem

if TYPE_CHECKING:  # a build renders pages, too: those whose numbers it is asked for
    from labreport.site.build import Build


def render(build: "Build", path: Path) -> str:
    """Return a page rendered with the macros, front matter dropped; slots stand where blocks will be.

    A page that is no text is a problem of the build, and empty.
    """
    page = read_page(path.relative_to(build.docs).as_posix(), path.read_bytes())
    for problem in page.problems:
        build.add(problem)
    if page.meta.wrong:
        build.add(Problem("front matter", page.meta.wrong, "mend it", page.path, 1))
    before = page.text.count("\n") - page.markdown.count("\n")
    build.begin(page.path, "", page.meta.values, before)
    macros = {macro: partial(build.call, macro) for macro in MACROS}
    environment = PageEnvironment(build.broken, macros, FileSystemLoader(build.docs))
    rendered = environment.from_string(page.markdown).render()
    _report_misplaced(build, rendered)
    build.check_emulated()
    return rendered


def _report_misplaced(build: "Build", rendered: str) -> None:
    """Note each slot in a code fence, and each value in a heading, as a build of the site would."""
    for line, fenced in fences(rendered.split("\n")):
        numbers = build.slots.inline_numbers(line) if fenced or line.startswith("#") else []
        for number in [*(build.slots.numbers(line) if fenced else []), *numbers]:
            build.misplaced(number)
