"""Everything that the checks look at, read and rendered once: the pages, what they show, and the evidence."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from labreport.report.pages.render import render
from labreport.report.pages.source import PageSource, read_page
from labreport.report.pages.verdicts import Made
from labreport.site.build import Build


@dataclass(frozen=True)
class Survey:
    """A project's pages, in order, their text as the macros leave it, and what they show."""

    root: Path
    build: Build
    pages: tuple[PageSource, ...]
    texts: Mapping[str, str]

    @property
    def made(self) -> Sequence[Made]:
        """Every call of every page, in order."""
        return self.build.made

    def of_lab(self, lab: str) -> tuple[PageSource, ...]:
        """Return the pages of a lab."""
        return tuple(page for page in self.pages if page.lab == lab)


def survey(root: Path) -> Survey:
    """Return what the project `root` has; what a build would fail on is among the build's problems."""
    build = Build(root, root / "docs")
    build.check_evidence()
    pages, texts = [], {}
    for path in sorted(build.docs.rglob("*.md")):
        text = render(build, path)
        build.slots.forget()
        with suppress(UnicodeDecodeError):  # which the build has said
            page = read_page(build.docs, path)
            pages.append(page)
            texts[page.path] = text
    return Survey(root, build, tuple(pages), texts)
