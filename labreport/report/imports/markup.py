"""Markup in a line of somebody else's report that would act in a page is made text."""

import re
from collections.abc import Iterator

from labreport.report.imports import DecisionKind
from labreport.report.pages.markdown import InlineMarkup, read_spans
from labreport.report.pages.slots import is_in

SHOWN = 60
"""The characters of a line that a decision shows."""

LONGEST = 20_000
"""A longer line is no prose: everything in it that begins markup is made text, without parsing it."""

_FORM = (
    "b|blockquote|br|code|dd|del|details|div|dl|dt|em|h[1-6]|hr|i|ins|kbd|li|ol|p|pre|s|samp|small|strong|sub"
    "|summary|sup|table|tbody|td|th|thead|tr|u|ul"
)
_ALLOWED = re.compile(rf"</?(?:{_FORM})(?: open)? ?/?>", re.IGNORECASE)
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_ACTIVE = re.compile(
    r"<(?=/?(?:base|embed|form|frame|iframe|link|math|meta|object|script|style|svg|template|title)\b)"
    r"|<(?=[^<>]*\bon[a-z]+\s*=)",
    re.IGNORECASE,
)
_AUTOLINK = re.compile(r"<(?:https?://[^<>\s]*|[^<>\s@/:]+@[^<>\s@/:]+)>")
_ATTRIBUTES = re.compile(r"\{(?=[^{}=]*=[^{}]*\})")
_DEFINITION = re.compile(r"( {0,3})\[(?=[^\]]+\]:[ \t]*(\S+))")
_TARGET = re.compile(r"(?<!\\)\]\(\s{0,9}<?")
_REACHES_OUT = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)


class Harmless:
    """A line of Markdown without what would act in a page. `notes` say what was changed.

    A line of code keeps everything but HTML that acts: parsers differ in what they take for code.
    """

    def __init__(self, line: str, *, is_code: bool = False) -> None:
        self.notes: list[tuple[DecisionKind, str]] = []
        self.text = line
        if len(line) > LONGEST:
            self.text = line.replace("<", "&lt;").replace("[", "\\[").replace("{", "\\{")
            self.notes.append(
                (DecisionKind.HTML, f"a line of {len(line)} characters: its markup is text now")
            )
            return
        if is_code:
            self.text = self._html(line, is_code=True)
            return
        if "[" in line:
            self.text = self._links(self._definition(self.text))
        if "<" in line:
            self.text = self._html(self.text)
        if "{" in line:
            self.text = self._attributes(self.text)

    @staticmethod
    def title(text: str) -> str:
        """Return the text of a heading without anything that would act."""
        return Harmless(text).text

    def _definition(self, line: str) -> str:
        """Return a line in which the definition of a link that leads nowhere is text."""
        found = _DEFINITION.match(line)
        if not found or _leads_out(found[2].strip("<>")):
            return line
        self._note_link(found[2])
        return f"{found[1]}\\{line[len(found[1]) :]}"

    def _links(self, line: str) -> str:
        """Return a line in which each link that leads nowhere is its words, and such an image its source."""
        parts, end = [], 0
        for span in _outermost(read_spans(line, ("escape", "backticks", "image", "link"))):
            if span.rule not in {"image", "link"}:
                continue
            target = line[span.label_end + 2 : span.end - 1].strip().strip("<>")
            if _leads_out(target):
                continue
            self._note_link(target)
            label = line[span.label : span.label_end]
            is_image = span.rule == "image"
            parts += [
                line[end : span.start],
                f"\\!\\[{label}\\]({target})" if is_image else self._links(label),
            ]
            end = span.end
        return self._targets("".join([*parts, line[end:]]))

    def _targets(self, line: str) -> str:
        """Return a line in which no other parser finds a link to what is no page: CommonMark has a list."""
        code = _code_spans(line)
        parts, end = [], 0
        for found in _TARGET.finditer(line):
            at = found.start()
            if _leads_out(line[found.end() :]) or is_in(code, at):
                continue
            self._note_link(line[found.end() : found.end() + SHOWN])
            parts += [line[end:at], "\\"]
            end = at
        return "".join([*parts, line[end:]])

    def _note_link(self, target: str) -> None:
        self.notes.append((DecisionKind.LINK, f"leads to nothing in this site, and is text now: {target}"))

    def _html(self, line: str, *, is_code: bool = False) -> str:
        """Return a line whose HTML is form only; tags with attributes are text."""
        code = _code_spans(line)
        parts, end = [], 0
        for found in _TAG.finditer(line):
            at = found.start()
            in_code = is_code or is_in(code, at)
            is_active = _ACTIVE.match(line, at)
            if (in_code and not is_active) or _ALLOWED.match(line, at) or _AUTOLINK.match(line, at):
                continue
            parts += [line[end:at], "&lt;"]
            end = at + 1
            self.notes.append((DecisionKind.HTML, f"is text now: {line[at : at + SHOWN]}"))
        return "".join([*parts, line[end:]])

    def _attributes(self, line: str) -> str:
        """Return a line in which no braces give attributes to an element."""
        code = _code_spans(line)
        parts, end = [], 0
        for found in _ATTRIBUTES.finditer(line):
            at = found.start()
            if is_in(code, at) or line[at - 1 : at] in {"{", "\\", "$"}:
                continue
            parts += [line[end:at], "\\{"]
            end = at + 1
        return "".join([*parts, line[end:]])


def _code_spans(line: str) -> list[tuple[int, int]]:
    spans = read_spans(line, ("escape", "backticks"))
    return [(span.start, span.end) for span in spans if span.rule == "backticks"]


def _outermost(spans: list[InlineMarkup]) -> Iterator[InlineMarkup]:
    """Yield the spans that are in no other one, in order."""
    end = 0
    for span in sorted(spans, key=lambda one: (one.start, -one.end)):
        if span.start >= end:
            yield span
            end = span.end


def _leads_out(target: str) -> bool:
    return bool(_REACHES_OUT.match(target))
