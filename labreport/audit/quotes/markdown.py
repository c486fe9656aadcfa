"""Read a report's Markdown: its quoted blocks, and the text around them, in the order of the report."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from markdown_it.token import Token

from labreport.audit.inputs.text import Line, fold
from labreport.report.pages.markdown import parse_report


class QuoteKind(StrEnum):
    """What a quoted block is in the source of a report."""

    FENCE = "fence"
    INDENTED = "indented code"
    HTML = "HTML"
    COMMENT = "HTML comment"


class TextKind(StrEnum):
    """What a stretch of text is in the source of a report."""

    HEADING = "heading"
    SENTENCE = "sentence"
    BULLET = "bullet"
    ROW = "row of a table"


@dataclass(frozen=True)
class TextElement:
    """A stretch of text with its markup, from `line` to `last`. A table's row has `cells` and a `head`.

    `near` are the paths of the evidence files that it names, or that the text above it in its section names.
    """

    kind: TextKind
    text: str
    line: int
    last: int
    cells: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    near: frozenset[str] = frozenset()


@dataclass(frozen=True)
class QuoteElement:
    """A quoted block. `line` and `last` are its lines, marks included; `body` has those between the marks."""

    kind: QuoteKind
    line: int
    last: int
    info: str
    body: tuple[Line, ...]
    closed: bool = True

    @property
    def seen(self) -> list[Line]:
        """The lines of the body that are not blank."""
        return [line for line in self.body if line.folded]


Element = TextElement | QuoteElement
_PRE = re.compile(r"<pre\b[^>]*>(.*?)(?:</pre>|\Z)", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_MARK = re.compile(r" {0,3}(`{3,}|~{3,})([^`\n]*)")
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&amp;": "&"}


def read_report(lines: list[Line]) -> list[Element]:
    """Return the quoted blocks and the stretches of text of a report, in order."""
    elements: list[Element] = []
    items = 0
    head: tuple[str, ...] = ()
    before = ""
    for token in parse_report("".join(f"{line.text}\n" for line in lines)):
        items += {"list_item_open": 1, "list_item_close": -1}.get(token.type, 0)
        if token.type == "thead_open":
            head = ()
        if token.type != "inline":
            elements += _quotes(token)
        elif before in {"th_open", "td_open"}:
            _add_cell(elements, token, head)
            head = (*head, token.content.strip()) if before == "th_open" else head
        elif token.map and token.content.strip():
            kind = TextKind.BULLET if items else TextKind.SENTENCE
            kind = TextKind.HEADING if before == "heading_open" else kind
            elements.append(TextElement(kind, token.content, token.map[0] + 1, token.map[1]))
        before = token.type
    return elements


def _add_cell(elements: list[Element], token: Token, head: tuple[str, ...]) -> None:
    """Add a cell to the row of a table that it is in, or begin a row."""
    if not token.map:
        return
    line, cell = token.map[0] + 1, token.content.strip()
    if (
        elements
        and isinstance(row := elements[-1], TextElement)
        and row.kind is TextKind.ROW
        and row.line == line
    ):
        elements[-1] = TextElement(
            TextKind.ROW, f"{row.text} | {cell}", line, line, (*row.cells, cell), row.head
        )
    else:
        elements.append(TextElement(TextKind.ROW, cell, line, line, (cell,), head))


def _quotes(token: Token) -> Iterator[QuoteElement]:
    if not token.map:
        return
    first, after = token.map
    match token.type:
        case "fence":
            body = _body(token.content, first + 2)
            closed = after - first == len(body) + 2
            yield QuoteElement(QuoteKind.FENCE, first + 1, after, token.info.strip(), body, closed)
        case "code_block":
            body = _body(token.content, first + 1)
            yield QuoteElement(QuoteKind.INDENTED, first + 1, first + len(body), "", body)
        case "html_block":
            yield from _in_html(token.content, first + 1)


def _body(content: str, first: int) -> tuple[Line, ...]:
    """Return the lines of a block that begin at the line `first` of the report."""
    texts = content.split("\n")[:-1] if content else []
    return tuple(Line(first + number, text, fold(text), "\n") for number, text in enumerate(texts))


def _in_html(content: str, first: int) -> Iterator[QuoteElement]:
    """Yield the fences and the `<pre>` elements in a block of HTML, and the fences in its comments."""
    for comment in _COMMENT.finditer(content):
        line = first + content.count("\n", 0, comment.start())
        for quote in _fences(comment[0], line):
            yield QuoteElement(
                QuoteKind.COMMENT, quote.line, quote.last, quote.info, quote.body, quote.closed
            )
    bare = _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), content)
    for pre in _PRE.finditer(bare):
        line = first + bare.count("\n", 0, pre.start(1))
        text = _TAG.sub("", pre[1]).removeprefix("\n")
        line += pre[1].startswith("\n")
        for entity, char in _ENTITIES.items():
            text = text.replace(entity, char)
        if text.strip():
            body = _body(text.rstrip("\n") + "\n", line)
            yield QuoteElement(QuoteKind.HTML, line, line + len(body) - 1, "", body)
    yield from _fences(_PRE.sub(lambda found: "\n" * found[0].count("\n"), bare), first)


def _fences(text: str, first: int) -> Iterator[QuoteElement]:
    """Yield what a reader takes for fences in text that is no Markdown."""
    mark, start, info = "", 0, ""
    rows = text.split("\n")
    for number, row in enumerate(rows):
        found = _MARK.match(row)
        if not mark and found:
            mark, start, info = found[1], number, found[2].strip()
        elif mark and found and found[1].startswith(mark) and not found[2].strip():
            body = _body("".join(f"{one}\n" for one in rows[start + 1 : number]), first + start + 1)
            yield QuoteElement(QuoteKind.HTML, first + start, first + number, info, body)
            mark = ""
    if mark:
        body = _body("".join(f"{one}\n" for one in rows[start + 1 :]), first + start + 1)
        yield QuoteElement(QuoteKind.HTML, first + start, first + len(rows) - 1, info, body, closed=False)
