"""A page as Python-Markdown renders it, with the extensions of mkdocs.yml: anchors and links."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import markdown
import yaml
from pathspec.gitignore import GitIgnoreSpec

from labreport.site.defaults import EXCLUDED, EXTENSIONS

_BUILT_IN = ("toc", "tables", "fenced_code")
"""What mkdocs itself takes, whatever mkdocs.yml says."""
_HIDDEN = (".*", "/templates/")
_LINKS = {
    "a": "href",
    "img": "src",
    "source": "src",
    "script": "src",
    "link": "href",
    "iframe": "src",
    "video": "src",
}


@dataclass(frozen=True)
class Settings:
    """What mkdocs.yml says of pages: the Markdown extensions, and which files of docs/ are left out."""

    extensions: Mapping[str, Mapping[str, Any]]
    excluded: GitIgnoreSpec


@dataclass
class Rendered:
    """The ids of a page, and its links as they are written, in order."""

    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)


class _Loader(yaml.SafeLoader):
    """Reads mkdocs.yml, whose tags (`!!python/name:…`, `!ENV`) say nothing that is needed here."""


_Loader.add_multi_constructor("", lambda _loader, _suffix, _node: None)


def read_settings(mkdocs_yml: Path) -> Settings:
    """Return what a mkdocs.yml says of pages; one that cannot be read is mkdocs' to complain of."""
    try:
        read = yaml.load(mkdocs_yml.read_text(encoding="utf-8"), _Loader)  # noqa: S506 # it is a SafeLoader
    except (OSError, yaml.YAMLError):
        read = None
    config = read if isinstance(read, dict) else {}
    extensions: dict[str, Mapping[str, Any]] = {**{name: {} for name in _BUILT_IN}, **EXTENSIONS}
    for one in config.get("markdown_extensions") or ():
        extensions |= (
            {one: {}} if isinstance(one, str) else {name: given or {} for name, given in one.items()}
        )
    excluded = str(config.get("exclude_docs") or "").splitlines()
    return Settings(extensions, GitIgnoreSpec.from_lines([*_HIDDEN, *EXCLUDED, *excluded]))


def rendered(text: str, settings: Settings) -> Rendered:
    """Return the anchors and links of a page's Markdown."""
    names, configs = list(settings.extensions), {name: dict(one) for name, one in settings.extensions.items()}
    html = markdown.markdown(text, extensions=names, extension_configs=configs)
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found = Rendered()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.found.anchors |= {given[key] or "" for key in ("id", "name") if key in given}
        link = given.get(_LINKS.get(tag, ""))
        if link and given.get("class") != "headerlink":
            self.found.links.append(link)
