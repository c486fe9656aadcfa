"""What of a page's source is text that a reader sees: everything else is masked, place by place.

A masked text is as long as its source, so a place in one is the same place in the other. Whoever reads it
takes what is invisible out first.
"""

import html
import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from labreport.report.pages.flatten import fences
from labreport.report.pages.tags import TEXT, Tag, TagKind

INVISIBLE, INLINE_CODE, FENCE, BOUND, FACT, COMPUTED = (chr(code) for code in range(0xE000, 0xE006))
"""What stands for what: markup that leaves no trace, code, a code block, what text does not cross, a macro's
value, and what Jinja works out. They are of Unicode's private area; a page's own such characters are masked.
"""

_SHOWN_ARGUMENTS = ("title", "caption", "description", "alt", "label")
_SHOWN = re.compile(rf"\b(?:{'|'.join(_SHOWN_ARGUMENTS)})\s*=\s*({TEXT.pattern})", re.DOTALL)
_SHOWN_ATTRIBUTE = re.compile(
    r"""\b(?:alt|title|aria-label|summary)\s*=\s*("[^"]*"|'[^']*')""", re.IGNORECASE
)

_CODE_SPAN = re.compile(r"(?<![\\`])(`+)(?!`)((?:(?!\n\s*\n).)+?)(?<!`)\1(?!`)", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_CODE_ELEMENT = re.compile(r"<(pre|code|kbd|samp|script|style)\b[^>]*>.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_AUTOLINK = re.compile(r"<[a-z][a-z0-9+.-]*:[^>\s]*>|\b[a-z][a-z0-9+.-]*://[^\s<>)\"']+", re.IGNORECASE)
_ELEMENT = re.compile(r"""</?([a-z][a-z0-9-]*)(?:\s(?:"[^"]*"|'[^']*'|[^"'<>])*)?/?>""", re.IGNORECASE)
_BLOCKS = re.compile(
    r"p|div|br|hr|h[1-6]|[uod]l|li|d[td]|t(?:able|head|body|foot|r|d|h)|caption|details|summary"
    r"|figure|figcaption|section|article|blockquote|text|img|video|audio|svg|iframe",
    re.IGNORECASE,
)
"""Elements that text does not run through; `<b>` and the like leave no trace."""
_TARGET = re.compile(r"(?<=\])\((?:<[^>\n]*>|[^\s()\"']*(?:\([^\s()]*\)[^\s()\"']*)*)")
_DEFINITION = re.compile(r"^ {0,3}\[[^\]\n]+\]:[ \t]*(?:<[^>\n]*>|\S+)", re.MULTILINE)
_FOOTNOTE = re.compile(r"^ {0,3}\[\^[^\]\n]+\]:", re.MULTILINE)
_ABBREVIATION = re.compile(r"^ {0,3}\*\[[^\]\n]+\]:", re.MULTILINE)
_ATTRIBUTES = re.compile(r"\{:?(?=[^}\n]*(?:[#.:][a-zA-Z]|=))[^{}\n]*\}")
_BLOCK_MARK = re.compile(r"^[ \t>]*(?:#{1,6}|[-*+]|[0-9]+[.)]|!!!|\?\?\?\+?|===[!+]?)(?=[ \t])", re.MULTILINE)
_QUOTE_MARK = re.compile(r"^[ \t]*>[ \t>]*", re.MULTILINE)
_HEADING_END = re.compile(r"^[ \t>]*#{1,6}[ \t][^\n]*(\n)", re.MULTILINE)
_BLANK_LINE = re.compile(r"\n[ \t\r>]*(?=\n)")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_ESCAPE = re.compile(r"\\(?=[!-/:-@\[-`{-~])")
_EMPHASIS = re.compile(r"\*+|~~|==|\^\^|(?<!\w)_+|_+(?!\w)")
_MARKER = re.compile(r"[ \t]*(?:[-*+]|[0-9]+[.)]|!!!|\?\?\?\+?|===[!+]?|:)[ \t]|[ \t]*\[\^[^\]]+\]:")


def masked(source: str, begin: int, found: list[Tag]) -> str:
    """Return the masked text of a page whose front matter ends at `begin` and whose tags are `found`."""
    text = re.sub("[\ue000-\uf8ff]", BOUND, source)
    text = re.sub("[^\n]", BOUND, text[:begin]) + _without_tags(text, found)[begin:]
    text = _without_blocks(text)
    text = _CODE_SPAN.sub(lambda one: INLINE_CODE * len(one[0]), text)
    text = _COMMENT.sub(lambda one: INVISIBLE * len(one[0]), text)
    text = _CODE_ELEMENT.sub(_code_element, text)
    text = _AUTOLINK.sub(lambda one: BOUND * len(one[0]), text)
    text = _ELEMENT.sub(_element, text)
    for mark in (_FOOTNOTE, _ABBREVIATION, _DEFINITION, _TARGET):
        text = mark.sub(lambda one: BOUND * len(one[0]), text)
    text = _ATTRIBUTES.sub(lambda one: _keeping(one[0], _SHOWN_ATTRIBUTE, BOUND), text)
    text = _HEADING_END.sub(lambda one: one[0][:-1] + BOUND, text)
    text = _BLOCK_MARK.sub(lambda one: BOUND * len(one[0]), text)
    text = _QUOTE_MARK.sub(lambda one: INVISIBLE * len(one[0]), text)
    text = _ENTITY.sub(_entity, text)
    text = text.replace("\\|", INVISIBLE + BOUND)
    text = _ESCAPE.sub(INVISIBLE, text)
    text = _EMPHASIS.sub(lambda one: INVISIBLE * len(one[0]), text)
    return _BLANK_LINE.sub(lambda one: BOUND * len(one[0]), text)


@dataclass(frozen=True)
class Visible:
    """A masked text without what leaves no trace."""

    masked: str

    @cached_property
    def text(self) -> str:
        """What is left of it."""
        return self.masked.replace(INVISIBLE, "")

    @cached_property
    def _left_out(self) -> list[tuple[int, int]]:
        """Where something was left out, as a place in `text`, and how much until there."""
        total, found = 0, []
        for run in re.finditer(f"{INVISIBLE}+", self.masked):
            found.append((run.start() - total, total + len(run[0])))
            total += len(run[0])
        return found

    def place(self, at: int) -> int:
        """Return the place in the masked text, and in its source, of a place in `text`."""
        number = bisect_right(self._left_out, at, key=lambda one: one[0])
        return at + (self._left_out[number - 1][1] if number else 0)


def only(source: str, text: str, kind: str) -> str:
    """Return the source where its masked `text` is `kind`, and a bound everywhere else."""
    return "".join(char if mark == kind else BOUND for char, mark in zip(source, text, strict=True))


def _without_tags(text: str, found: list[Tag]) -> str:
    parts, end = [], 0
    for tag in found:
        parts += [text[end : tag.start], _tag(tag)]
        end = tag.end
    return "".join([*parts, text[end:]])


def _tag(tag: Tag) -> str:
    """Return what stands for a tag: the texts in it that a page shows are kept."""
    whole = tag.end - tag.start
    if tag.kind is TagKind.RAW:
        return _around(tag, tag.text, INVISIBLE)
    if tag.macro in {"fact", "claim"}:
        return (FACT if tag.kind is TagKind.EXPRESSION else INVISIBLE) * whole
    if tag.macro:
        return _around(tag, _keeping(tag.text, _SHOWN, BOUND), BOUND)
    if tag.kind is TagKind.EXPRESSION:
        return _computed(tag)
    kept = _keeping(tag.text, TEXT, BOUND) if tag.kind is TagKind.STATEMENT else ""
    return _around(tag, kept, INVISIBLE) if kept.strip(BOUND) else INVISIBLE * whole


def _computed(tag: Tag) -> str:
    """Return what stands for an expression of a page's own: a number that is in it is one that was typed."""
    if re.search(r"\d", tag.text):
        return _around(tag, re.sub(r"[\"'~]", INVISIBLE, tag.text), BOUND)
    return COMPUTED + INVISIBLE * (tag.end - tag.start - 1)


def _around(tag: Tag, text: str, mark: str) -> str:
    """Return `text` for what is in a tag, and marks for what is around that."""
    before = tag.inside - tag.start
    return mark * before + text + mark * (tag.end - tag.inside - len(text))


def _keeping(text: str, kept: re.Pattern[str], mask: str) -> str:
    """Return `mask` for each character of `text` but for what stands between the quotes of `kept`."""
    chars = [mask] * len(text)
    for found in kept.finditer(text):
        start, end = found.span(found.lastindex or 0)
        chars[start + 1 : end - 1] = text[start + 1 : end - 1]
    return "".join(chars)


def _without_blocks(text: str) -> str:
    """Return `text` with its code fences, and code that is indented, masked."""
    lines = []
    indented = _Indented()
    for line, fenced in fences(text.split("\n")):
        code = fenced or indented.is_code(line)
        lines.append(re.sub("[^\n]", FENCE, line) if code else line)
    return "\n".join(lines)


class _Indented:
    """Tells which lines are code because they are indented: what a list or an admonition holds is not."""

    def __init__(self) -> None:
        self._levels = [0]
        self._may_begin = True

    def is_code(self, line: str) -> bool:
        """Return whether the next line is code."""
        if not line.strip():
            self._may_begin = True
            return False
        indent = len(line) - len(line.lstrip(" "))
        while indent < self._levels[-1]:
            self._levels.pop()
        if indent >= self._levels[-1] + 4 and self._may_begin:
            return True
        self._may_begin = False
        if _MARKER.match(line):
            self._levels.append(indent - indent % 4 + 4)
        return False


def _code_element(found: re.Match[str]) -> str:
    kind = {"pre": FENCE, "script": BOUND, "style": BOUND}.get(found[1].lower(), INLINE_CODE)
    return kind * len(found[0])


def _element(found: re.Match[str]) -> str:
    mask = BOUND if _BLOCKS.fullmatch(found[1]) else INVISIBLE
    kept = _keeping(found[0], _SHOWN_ATTRIBUTE, BOUND)
    return kept if kept.strip(BOUND) else mask * len(found[0])


def _entity(found: re.Match[str]) -> str:
    char = html.unescape(found[0])
    return char + INVISIBLE * (len(found[0]) - 1) if len(char) == 1 else found[0]
