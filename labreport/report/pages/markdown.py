"""Parse Markdown: blocks with their lines, and the spans of markup in a text. The parser is markdown-it.

A report that is handed in is CommonMark with tables. Pages follow the rules of Python-Markdown and its
extensions. In tabs, admonitions, definitions and footnotes, blocks are indented by four. A fence that is not
closed is text.
"""

import re
import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, fence
from markdown_it.rules_inline import StateInline, autolink, backtick, entity, escape, html_inline, image, link
from markdown_it.token import Token

CONTAINER = "container"
"""The kind of the tokens around what a tab, an admonition, a definition or a footnote holds."""
_TITLED = re.compile(r"(?:===[!+]?|!!!|\?\?\?\+?)[ \t]+(?=\S)")
_TEXT = re.compile(r":[ \t]{1,3}(?=\S)|\[\^[^\]\s]+\]:[ \t]*(?=\S)")
_INDENT = 4
_RULES: dict[str, Callable[[StateInline, bool], bool]] = {
    "escape": escape,
    "backticks": backtick,
    "link": link,
    "image": image,
    "autolink": autolink,
    "html_inline": html_inline,
    "entity": entity,
}
INLINE_RULES = tuple(_RULES)
"""The rules of markdown-it that find the markup in a text."""
HTML_RULES = ("html_inline", "entity")
"""Those that find the markup in a block of HTML."""


@dataclass(frozen=True)
class Fence:
    """A code fence. `first` and `last` are its lines, 1-based, its marks included."""

    first: int
    last: int
    info: str
    body: str


@dataclass(frozen=True)
class InlineMarkup:
    """Markup that a rule finds in a text, from `start` to `end`. A link has its label from `label` on."""

    rule: str
    start: int
    end: int
    label: int = 0
    label_end: int = 0


@cache
def _block_parser(*, page: bool, containers: bool = False) -> MarkdownIt:
    """Return the parser of blocks: of a page's Markdown, or of CommonMark with tables and `containers`.

    Inline markup is left alone: each `inline` token has the source of its text.
    """
    markdown = MarkdownIt("commonmark", {"maxNesting": 100}).enable("table")
    markdown.core.ruler.disable(["inline", "text_join"])
    markdown.block.ruler.disable("reference")
    if page:
        markdown.block.ruler.at("fence", _closed_fence, {"alt": ["paragraph", "blockquote", "list"]})
    if page or containers:
        markdown.block.ruler.before(
            "list", CONTAINER, _container, {"alt": ["paragraph", "blockquote", "list"]}
        )
    return markdown


def parse_blocks(text: str, *, page: bool = True) -> list[Token]:
    """Return the block tokens of a Markdown text. `map` of a token has its lines: 0-based, end excluded."""
    return _block_parser(page=page).parse(text)


def parse_report(text: str) -> list[Token]:
    """Return the block tokens of a report that was handed in: CommonMark with tables, and tabs of pages."""
    return _block_parser(page=False, containers=True).parse(text)


def read_fences(text: str, *, page: bool = True) -> Iterator[Fence]:
    """Yield the code fences of a Markdown text."""
    for token in parse_blocks(text, page=page):
        if token.type == "fence" and token.map:
            yield Fence(token.map[0] + 1, token.map[1], token.info.strip(), token.content)


def _closed_fence(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 # its signature
    """Parse a fence as markdown-it does, unless nothing closes it."""
    count, line = len(state.tokens), state.line
    if not fence(state, start, end, False):  # noqa: FBT003 # its signature
        return False
    token = state.tokens[-1]
    last = state.src[state.bMarks[state.line - 1] : state.eMarks[state.line - 1]].strip()
    closed = state.line - 1 > start and last.startswith(token.markup) and not last.strip(token.markup[0])
    if silent or not closed:
        del state.tokens[count:]
        state.line = line
    return closed


def _container(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 # likewise
    """Parse a tab, an admonition, a definition or a footnote, and the blocks that it holds."""
    if state.is_code_block(start):
        return False
    begin = state.bMarks[start] + state.tShift[start]
    line = state.src[begin : state.eMarks[start]]
    titled, text = _TITLED.match(line), _TEXT.match(line)
    if not titled and not text:
        return False
    if silent:
        return True
    inner = state.sCount[start] + _INDENT
    after = start + 1
    while after < end and (state.isEmpty(after) or state.sCount[after] >= inner):
        after += 1
    opened = state.push(f"{CONTAINER}_open", "div", 1)
    opened.map = [start, after]
    if titled:
        title = state.push("inline", "", 0)
        title.content, title.map, title.children = line[titled.end() :].rstrip(), [start, start + 1], []
        opened.info = line[: titled.end()].strip()
        _parse_inner(state, start + 1, after, inner)
    elif text:
        outer = state.bMarks[start], state.tShift[start], state.sCount[start]
        state.bMarks[start], state.tShift[start], state.sCount[start] = begin + text.end(), 0, inner
        _parse_inner(state, start, after, inner)
        state.bMarks[start], state.tShift[start], state.sCount[start] = outer
    state.push(f"{CONTAINER}_close", "div", -1)
    state.line = after
    return True


def _parse_inner(state: StateBlock, start: int, end: int, indent: int) -> None:
    """Parse the lines of a container, which are indented by `indent`."""
    outer = state.blkIndent, state.lineMax, state.parentType
    state.blkIndent, state.lineMax, state.parentType = indent, end, "root"
    if start < end:
        state.md.block.tokenize(state, start, end)
    state.blkIndent, state.lineMax, state.parentType = outer


def read_spans(text: str, rules: Sequence[str] = INLINE_RULES) -> list[InlineMarkup]:
    """Return the markup that `rules` find in the text of a block; what is in a link comes before the link."""
    spans: list[InlineMarkup] = []
    _span_parser(tuple(rules)).inline.parse(text, _span_parser(tuple(rules)), {"spans": spans}, [])
    return spans


@cache
def _span_parser(rules: tuple[str, ...]) -> MarkdownIt:
    markdown = MarkdownIt("zero", {"html": True, "maxNesting": 100}).enable(list(rules))
    for name in rules:
        markdown.inline.ruler.at(name, _noting(name, _RULES[name]))
    return markdown


def _noting(name: str, rule: Callable[[StateInline, bool], bool]) -> Callable[[StateInline, bool], bool]:
    """Return `rule`, which then also notes the span that it finds."""

    def note(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 # a rule's signature
        spans: list[InlineMarkup] = state.env["spans"]
        start, tokens, count = state.pos, len(state.tokens), len(spans)
        if not rule(state, silent):
            return False
        if not silent and len(state.tokens) > tokens:  # an unpaired backtick is text
            label = label_end = 0
            if name in {"link", "image"}:
                label = start + (2 if name == "image" else 1)
                label_end = state.md.helpers.parseLinkLabel(state, label - 1)
            if name == "image":
                del spans[count:]  # of its alternative text, which was parsed on its own
            if name != "escape" or state.src[start + 1] in string.punctuation:
                spans.append(InlineMarkup(name, start, state.pos, label, label_end))
        return True

    return note
