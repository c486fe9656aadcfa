"""A page, read once: front matter, Jinja calls, headings and visible text, each with its place."""

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import yaml

from labreport.contract.strict_yaml import BadYamlError, DeepYamlError, compose
from labreport.report.pages.headings import Heading, read_headings
from labreport.report.pages.tags import SourceCall, Tag, read_calls, read_tags
from labreport.report.pages.visible import BareMarkdown, masked, without_jinja
from labreport.report.problems import FaultError, Problem, similar
from labreport.report.source.cite import EMULATED, EXPECTED, FrontMatter, lab_of
from labreport.report.yaml_file import as_written

PAGE_SUFFIXES = (".md", ".markdown", ".mdown", ".mkdn", ".mkd")
"""How the names of the files end that mkdocs makes pages of."""

KEY_FINDINGS = "Key findings"
"""The heading of the list with which the summary of a lab begins."""

_LINE_END = re.compile(r"\r\n|\r|\n")
_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*\n", re.DOTALL)
_KEY = re.compile(r" {0,3}([A-Za-z0-9_-]+):[ \t]*(.*)")
_THEME_KEYS: Mapping[str, tuple[tuple[type, ...], str]] = {
    "title": ((str,), "write it in quotes"),
    "hide": ((list, str), "write a list: [toc]"),
    "icon": ((str,), "name an icon of the theme"),
    "search": ((dict,), "write a mapping: {exclude: true}"),
    "template": ((str,), "name a template of the theme"),
}
_OUR_KEYS = frozenset({EMULATED, EXPECTED})


class FrontMatterError(FaultError):
    """A key of a page's front matter that the report cannot use; `key` is its name."""

    def __init__(self, key: str, what: str, remedy: str) -> None:
        super().__init__(what, remedy)
        self.key = key


@dataclass(frozen=True)
class PageMeta:
    """The front matter of a page as mkdocs reads it, and where it ends.

    `wrong` is what is wrong with it as a whole, and `line` where. `lines` has the line of each key. Lines are
    those of the page, 1-based.
    """

    values: Mapping[str, object]
    end: int = 0
    wrong: str = ""
    line: int = 1
    lines: Mapping[str, int] = field(default_factory=dict)

    @property
    def unusable(self) -> Mapping[str, str]:
        """The keys at whose values mkdocs or its theme would fail, with what to write instead."""
        return {
            key: remedy
            for key, (kinds, remedy) in _THEME_KEYS.items()
            if key in self.values and not isinstance(self.values[key], kinds)
        }


@dataclass(frozen=True)
class PageSource:
    """A page of docs/: its path there, and its text as it is on disk, with its own line ends."""

    path: str
    raw: str
    problems: tuple[Problem, ...] = ()
    """What is wrong with the page as a file."""

    @property
    def file(self) -> str:
        """The page's path from the project's root."""
        return f"docs/{self.path}"

    @cached_property
    def lab(self) -> str:
        """The lab that the page belongs to; empty outside docs/labs/LAB/."""
        return lab_of(self.path)

    @cached_property
    def text(self) -> str:
        """The text as mkdocs reads it: every line end is LF, and there is no byte order mark."""
        return _LINE_END.sub("\n", self.raw.removeprefix("\ufeff"))

    @cached_property
    def meta(self) -> PageMeta:
        """What mkdocs takes for the page's front matter."""
        return read_meta(self.text)

    @property
    def begin(self) -> int:
        """Where the text after the front matter begins."""
        return self.meta.end

    @property
    def markdown(self) -> str:
        """The text after the front matter."""
        return self.text[self.begin :]

    @cached_property
    def tags(self) -> list[Tag]:
        """Jinja's tags, in order."""
        return read_tags(self.text, self.begin)

    @cached_property
    def calls(self) -> list[SourceCall]:
        """The calls of macros whose values are literals, in order."""
        return read_calls(self.tags)

    @property
    def claims(self) -> list[SourceCall]:
        """The claims among the calls."""
        return [call for call in self.calls if call.name == "claim"]

    @cached_property
    def bare(self) -> BareMarkdown:
        """The page's Markdown without Jinja."""
        return without_jinja(self.text, self.begin, self.tags)

    @cached_property
    def masked(self) -> str:
        """The text that a reader sees, the rest masked: as long as `text`."""
        return masked(len(self.text), self.begin, self.bare)

    @cached_property
    def headings(self) -> list[Heading]:
        """The headings, in order."""
        return read_headings(self.bare, lambda offset: self.place(offset)[0])

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer("\n", self.text))]

    def place(self, offset: int) -> tuple[int, int]:
        """Return the line and the column of an offset in the text, both 1-based."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def raw_offset(self, offset: int) -> int:
        """Return the offset in `raw` of an offset in `text`: for edits of the file."""
        line, column = self.place(offset)
        starts = [self.raw.startswith("\ufeff"), *(found.end() for found in _LINE_END.finditer(self.raw))]
        return starts[line - 1] + column - 1

    def call_near(self, line: int, reference: str) -> SourceCall | None:
        """Return the call that a build names so, the nearest to `line`; None if its values are computed."""
        alike = [call for call in self.calls if f"{reference} ".startswith(f"{call.reference} ")]
        return min(alike, key=lambda call: abs(self.place(call.paren)[0] - line), default=None)


def read_front_matter(values: Mapping[str, object]) -> FrontMatter:
    """Return what front matter says to the report; raise FrontMatterError for a wrong or misspelled one."""
    accepts = values.get(EMULATED, False)
    if not isinstance(accepts, bool):
        what = f"{EMULATED} is {as_written(accepts)}"
        raise FrontMatterError(EMULATED, what, f"write `{EMULATED}: true`, or leave it out")
    gaps = values.get(EXPECTED) or []
    if not isinstance(gaps, list) or not all(isinstance(path, str) for path in gaps):
        path = gaps if isinstance(gaps, str) else "kata/test1.txt"
        what = f"{EXPECTED} is {as_written(gaps)}, not a list of paths"
        raise FrontMatterError(EXPECTED, what, f"write `{EXPECTED}: [{path}]`")
    for key in values:
        if key not in _OUR_KEYS and (meant_key := similar(str(key), _OUR_KEYS)):
            raise FrontMatterError(str(key), f"there is no key {key}", f"is {meant_key} meant?")
    return FrontMatter(frozenset(gaps), accepts)


def read_page(path: str, data: bytes) -> PageSource:
    """Return the page at `path` below docs/ with the bytes `data`; what is not UTF-8 is a problem of it."""
    try:
        return PageSource(path, data.decode())
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = Problem("", "not UTF-8", "save it as UTF-8", path, line)
        return PageSource(path, data.decode(errors="replace"), (problem,))


def read_meta(text: str) -> PageMeta:
    """Return the front matter of a page: YAML between marks, or lines `key: value` at its top.

    As in mkdocs (mkdocs/utils/meta.py), YAML that is no mapping is left where it is, as text of the page.
    """
    found = _FRONT_MATTER.match(text)
    if found is None:
        return _read_keys(text)
    end = _skip_line_ends(text, found.end())
    bad, line, lines = "", 1, dict[str, int]()
    try:
        node = compose(found[1])
        if isinstance(node, yaml.MappingNode):
            lines = {str(key.value): key.start_mark.line + 2 for key, _value in node.value}
    except DeepYamlError as error:
        return PageMeta({}, end, wrong=error.what, line=error.line + 1)
    except BadYamlError as error:  # text that ends too early is wrong in its last line
        bad, line = error.what, min(error.line, found[1].count("\n")) + 1
    try:
        values = yaml.safe_load(found[1])
    except (yaml.YAMLError, ValueError, RecursionError):
        return PageMeta({}, wrong=bad or "not YAML", line=line)
    if not isinstance(values, dict):
        return PageMeta({}, wrong="no keys with values", line=2)
    return PageMeta({}, end, wrong=bad, line=line) if bad else PageMeta(values, end, lines=lines)


def _read_keys(text: str) -> PageMeta:
    """Return the front matter in MultiMarkdown's form: it ends at the first line that is none."""
    values: dict[str, object] = {}
    lines: dict[str, int] = {}
    key, end = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        if found := _KEY.match(line):
            key = found[1].lower()
            lines.setdefault(key, number)
            values[key] = f"{values[key]} {found[2].strip()}" if key in values else found[2].strip()
        elif key and line.strip() and line.startswith(("    ", "\t")):
            values[key] = f"{values[key]} {line.strip()}"
        else:
            end += (len(line) + 1) * (not line.strip())
            break
        end += len(line) + 1
    return PageMeta(values, _skip_line_ends(text, min(end, len(text))), lines=lines)


def _skip_line_ends(text: str, end: int) -> int:
    """Return where the text after `end` begins: mkdocs drops the empty lines in front of it."""
    return end + len(text[end:]) - len(text[end:].lstrip("\n"))
