"""Extract the visible text of a page; mask markup, code and macro calls.

A masked text is as long as its page, so an offset in one is the same offset in the other. Whoever reads it
takes the invisible characters out first.
"""

import html
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from markdown_it.token import Token

from labreport.report.pages.markdown import HTML_RULES, INLINE_RULES, parse_blocks, read_spans
from labreport.report.pages.tags import Tag, TagKind

INVISIBLE, INLINE_CODE, FENCE, BOUND, FACT, COMPUTED, _ESCAPED = map(chr, range(0xE000, 0xE007))
"""Marks: markup without a trace, code in a line, a code block, a bound that text does not cross, the value of
a macro, and a value that Jinja computes. They are private characters; those of a page are masked. The last
one keeps the place of an escaped character, which is no markup, until the text is masked."""

_QUOTED = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""", re.DOTALL)
_SHOWN_ARGUMENT = re.compile(rf"\b(?:title|caption|description|alt|label)\s*=\s*{_QUOTED.pattern}", re.DOTALL)
_SHOWN_ATTRIBUTE = re.compile(
    r"""\b(?:alt|title|aria-label|summary)\s*=\s*("[^"]*"|'[^']*')""", re.IGNORECASE
)
_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s<>)\"']+", re.IGNORECASE)
_DEFINITION = re.compile(r"^ {0,3}\[[^\]\n]+\]:[ \t]*(?:<[^>\n]*>|\S+)", re.MULTILINE)
_ABBREVIATION = re.compile(r"^ {0,3}\*\[[^\]\n]+\]:", re.MULTILINE)
_LIST = r"\{:?(?=[^{}\n]*(?:[#.:][a-zA-Z]|=))[^{}\n]*\}"
_ATTRIBUTES = re.compile(rf"(?<![ \t\w]){_LIST}|{_LIST}(?=[ \t]*(?:#+[ \t]*)?(?:$|\|))", re.MULTILINE)
"""Attributes, which stand directly behind an element or at the end of a line; other braces are text."""
_PAIRS = r"\*+|~~|==|\^\^"
_EMPHASIS = re.compile(rf"(?:{_PAIRS}|(?<!\w)_+)(?=\S)|(?<=\S)(?:{_PAIRS}|_+(?!\w))")
_TAG_NAME = re.compile(r"</?([a-z][a-z0-9-]*)", re.IGNORECASE)
_BLOCK_ELEMENTS = frozenset(
    "p div br hr h1 h2 h3 h4 h5 h6 ul ol dl li dd dt table thead tbody tfoot tr td th caption details summary"  # noqa: SIM905 # read as a list
    " figure figcaption section article blockquote text img video audio svg iframe".split()
)
"""Elements that text does not run through; `<b>` and the like leave no trace."""
_CODE_ELEMENTS = {
    "pre": FENCE,
    **dict.fromkeys(("code", "kbd", "samp"), INLINE_CODE),
    **dict.fromkeys(("script", "style"), BOUND),
}


@dataclass(frozen=True)
class BareMarkdown:
    """The Markdown of a page without its Jinja: tags are gone, or stand there as marks.

    `offsets` says where each character is in the page, `tokens` are the blocks.
    """

    text: str
    offsets: Sequence[int]
    tokens: Sequence[Token]

    def lines(self, token: Token) -> tuple[int, int]:
        """Return where the lines of a token begin and end, as offsets in the page."""
        starts, (first, after) = self._starts, token.map or (0, 1)
        end = starts[after] - 1 if after < len(starts) else len(self.text)
        return self.offsets[starts[first]], self.offsets[end - 1] + 1

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer("\n", self.text))]


def without_jinja(text: str, begin: int, tags: Sequence[Tag]) -> BareMarkdown:
    """Return the Markdown of a page whose front matter ends at `begin`. Its only line end is LF."""
    source = re.sub("[\ue000-\uf8ff]", BOUND, text)
    parts, end = [INVISIBLE * begin], begin
    for tag in tags:
        parts += [source[end : tag.start], _tag(source, tag)]
        end = tag.end
    whole = "".join([*parts, source[end:]])
    offsets = [offset for offset, char in enumerate(whole) if char != INVISIBLE]
    bare = "".join(whole[offset] for offset in offsets)
    return BareMarkdown(bare, offsets, parse_blocks(bare))


def masked(length: int, begin: int, bare: BareMarkdown) -> str:
    """Return the masked text of a page of so many characters, whose front matter ends at `begin`."""
    marks = [BOUND] * begin + [INVISIBLE] * (length - begin)
    for offset, mark in zip(bare.offsets, _mask_markdown(bare), strict=True):
        marks[offset] = mark
    return "".join(marks)


@dataclass(frozen=True)
class Visible:
    """A masked text without the characters that are invisible."""

    masked: str

    @cached_property
    def text(self) -> str:
        """The visible characters and the other marks."""
        return self.masked.replace(INVISIBLE, "")

    @cached_property
    def _left_out(self) -> list[tuple[int, int]]:
        """Where characters were left out: the offset in `text`, and how many until there."""
        total, found = 0, []
        for run in re.finditer(f"{INVISIBLE}+", self.masked):
            found.append((run.start() - total, total + len(run[0])))
            total += len(run[0])
        return found

    def place(self, at: int) -> int:
        """Return the offset in the masked text, and so in the page, of an offset in `text`."""
        number = bisect_right(self._left_out, at, key=lambda run: run[0])
        return at + (self._left_out[number - 1][1] if number else 0)


def only(text: str, marks: str, kind: str) -> str:
    """Return `text` where its masked text `marks` is `kind`, and a bound everywhere else."""
    return "".join(char if mark == kind else BOUND for char, mark in zip(text, marks, strict=True))


def _tag(text: str, tag: Tag) -> str:
    """Return the marks of a tag, as many as it has characters. Quoted text that a page shows is kept."""
    inside = text[tag.inside : tag.inside_end]
    if tag.kind is TagKind.RAW:
        return _around(tag, inside, INVISIBLE)
    if tag.macro in {"fact", "claim"}:
        return (FACT if tag.kind is TagKind.EXPRESSION else INVISIBLE) * (tag.end - tag.start)
    if tag.macro:
        return _around(tag, _keep(inside, _SHOWN_ARGUMENT), BOUND)
    if tag.kind is TagKind.EXPRESSION:
        if re.search(r"\d", inside):  # a number in it was typed
            return _around(tag, re.sub(r"[\"'~]", INVISIBLE, inside), BOUND)
        return COMPUTED + INVISIBLE * (tag.end - tag.start - 1)
    kept = _keep(inside, _QUOTED) if tag.kind is TagKind.STATEMENT else ""
    return _around(tag, kept if kept.strip(BOUND) else INVISIBLE * len(inside), INVISIBLE)


def _around(tag: Tag, inside: str, mark: str) -> str:
    """Return `inside` for what is in a tag, with `mark` for its delimiters."""
    return mark * (tag.inside - tag.start) + inside + mark * (tag.end - tag.inside_end)


def _keep(text: str, pattern: re.Pattern[str]) -> str:
    """Return a bound for each character of `text`, except what is between the quotes that `pattern` finds."""
    chars = [BOUND] * len(text)
    for found in pattern.finditer(text):
        start, end = found.span(1)
        chars[start + 1 : end - 1] = text[start + 1 : end - 1]
    return "".join(chars)


def _mask_markdown(bare: BareMarkdown) -> str:
    """Return the masked text of Markdown without Jinja."""
    canvas = _Canvas(bare.text)
    in_table = False
    for token in bare.tokens:
        if token.type in {"fence", "code_block"}:
            canvas.paint(*canvas.lines(token), FENCE)
        elif token.type == "table_open":
            in_table = True
            canvas.show(*canvas.lines(token))  # the check of numbers reads its columns
        elif token.type == "table_close":
            in_table = False
        elif token.type == "html_block":
            _paint_inline(canvas, token.content.removesuffix("\n"), canvas.offsets(token), HTML_RULES)
        elif token.type == "inline" and token.content:
            offsets = canvas.offsets(token, cell=in_table)
            _paint_inline(canvas, token.content, offsets, INLINE_RULES)
            if in_table:
                canvas.split_at_pipes(offsets)
            else:
                canvas.end_block(offsets[-1])
    marks = "".join(canvas.marks)
    for pattern in (_ABBREVIATION, _DEFINITION, _ADDRESS):
        marks = pattern.sub(lambda found: BOUND * len(found[0]), marks)
    marks = _ATTRIBUTES.sub(lambda found: _keep(found[0], _SHOWN_ATTRIBUTE), marks)
    marks = _EMPHASIS.sub(lambda found: INVISIBLE * len(found[0]), marks)
    return "".join(char if mark == _ESCAPED else mark for mark, char in zip(marks, bare.text, strict=True))


class _Canvas:
    """The marks of a text: bounds and line ends at first, then painted block by block."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.marks = [char if char == "\n" else BOUND for char in text]
        self._starts = [0, *(found.end() for found in re.finditer("\n", text)), len(text) + 1]
        self._cell_ends: dict[int, int] = {}

    def lines(self, token: Token) -> tuple[int, int]:
        """Return where the lines of a token begin and end."""
        first, after = token.map or (0, 1)
        return self._starts[first], self._starts[after] - 1

    def show(self, start: int, end: int) -> None:
        """Put the characters from `start` to `end` themselves."""
        self.marks[start:end] = self.text[start:end]

    def paint(self, start: int, end: int, mark: str) -> None:
        """Put `mark` for each character from `start` to `end`, except line ends."""
        for offset in range(start, end):
            if self.text[offset] != "\n":
                self.marks[offset] = mark

    def show_entity(self, start: int, end: int) -> None:
        """Put the character that an entity stands for."""
        char = html.unescape(self.text[start:end])
        if len(char) == 1:
            self.marks[start:end] = [char, *INVISIBLE * (end - start - 1)]

    def split_at_pipes(self, offsets: Sequence[int]) -> None:
        """Put a bound for each pipe in the text of a table's cell: it ends no cell."""
        for offset in offsets:
            if self.text[offset] == "|":
                self.marks[offset] = BOUND

    def end_block(self, last: int) -> None:
        """Mark the first line end at or after `last`, the last character of a block, as a bound."""
        after = self.text.find("\n", last)
        if after >= 0:
            self.marks[after] = BOUND

    def offsets(self, token: Token, *, cell: bool = False) -> list[int]:
        """Return where each character of a token's content is in the text.

        A line of the content stands in its line of the text, behind indentation and markers. Cells of a table
        follow each other in one line.
        """
        found: list[int] = []
        for number, line in enumerate(token.content.removesuffix("\n").split("\n"), (token.map or [0])[0]):
            start, end = self._starts[number], self._starts[number + 1] - 1
            if not cell and self.text.endswith(line, start, end):
                at = end - len(line)
            else:
                first = self._cell_ends.get(number, start)
                at = self.text.find(line, first, end)
                if at < 0:
                    at = max(self.text.find(line.strip(), first, end), start)
            for char in line:
                while at < end - 1 and self.text[at] != char:  # a backslash before a pipe; a tab for blanks
                    at += 1
                found.append(min(at, len(self.text) - 1))
                at += 1
            self._cell_ends[number] = min(at, end)
            found.append(min(end, len(self.text) - 1))
        return found[:-1]


def _paint_inline(canvas: _Canvas, content: str, offsets: Sequence[int], rules: Sequence[str]) -> None:
    """Paint the text of a block: what is shown, its code, and the markup that `rules` find."""
    for offset in range(offsets[0], offsets[-1] + 1):
        canvas.marks[offset] = INVISIBLE
    for offset in offsets:
        canvas.show(offset, offset + 1)
    ends = [*offsets, offsets[-1] + 1]
    elements = _Elements(canvas)
    for span in read_spans(content, rules):
        start, end = ends[span.start], ends[span.end]
        match span.rule:
            case "backticks":
                canvas.paint(start, end, INLINE_CODE)
            case "autolink":
                canvas.paint(start, end, BOUND)
            case "link" | "image":
                label, label_end = ends[span.label], ends[span.label_end]
                canvas.paint(start, label, INVISIBLE)
                canvas.marks[label_end:end] = _keep(canvas.text[label_end:end], _QUOTED)
            case "escape":
                canvas.marks[start], canvas.marks[ends[span.start + 1]] = INVISIBLE, _ESCAPED
            case "entity":
                canvas.show_entity(start, end)
            case _:
                elements.paint(start, end)


class _Elements:
    """Paints the tags of HTML elements, and the code between some of them."""

    def __init__(self, canvas: _Canvas) -> None:
        self._canvas = canvas
        self._code: tuple[str, int] | None = None

    def paint(self, start: int, end: int) -> None:
        """Paint the tag or comment from `start` to `end`; texts that a reader sees are kept."""
        tag = self._canvas.text[start:end]
        found = _TAG_NAME.match(tag)
        name = found[1].lower() if found else ""
        kept = _keep(tag, _SHOWN_ATTRIBUTE)
        if kept.strip(BOUND):
            self._canvas.marks[start:end] = kept
        else:
            self._canvas.paint(start, end, BOUND if name in _BLOCK_ELEMENTS else INVISIBLE)
        if self._code is None and name in _CODE_ELEMENTS and not tag.startswith("</"):
            self._code = name, start
        elif self._code and self._code[0] == name and tag.startswith("</"):
            self._canvas.paint(self._code[1], end, _CODE_ELEMENTS[name])
            self._code = None
