"""Plain Markdown: of what a macro shows, and of a page without what only the site's Markdown knows.

Everything from evidence and records is hostile here, too: text is escaped, and a fence is longer than any run
of its own character in what it holds.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from markdown.extensions.attr_list import AttrListTreeprocessor, get_attrs_and_remainder
from markdown_it import MarkdownIt

from labreport.report.images import EvidenceImage
from labreport.report.pages.context import Shown
from labreport.report.pages.markdown import CONTAINER, parse_blocks, read_spans
from labreport.report.problems import Problem, one_line
from labreport.report.source.cite import Block, Gap
from labreport.report.source.difference import Difference, unified
from labreport.report.tables import Cell, Figure, Table
from labreport.report.tables.runs import CommandRuns

_NUMBERED = re.compile(r"((?:Lab|Task) [0-9]+)\s*[:.—–-]\s*")  # noqa: RUF001 # any dash that an author may write
_TITLE = re.compile(r'(\s*)(?:===[!+]?|!!!|\?\?\?\+?)\s*([\w -]*?)\s*(?:"([^"]*)")?\s*')
_CLOSING_MARKS = re.compile(r"[ \t]+#+$")
_GITHUB = re.compile(r"~~|\$.*\$|#$")
"""What GitHub takes for markup, or ends a heading."""
_ADDRESS = re.compile(r"<?[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|!~&$])")


def words(text: str) -> str:
    """Return `text` as one line that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\1", one_line(text))


def heading_words(text: str) -> str:
    r"""Return the text of a heading as Markdown that shows it: as it is, unless that has markup.

    >>> print(heading_words("Kata & runc: 5 * {{ x }}"), heading_words("5 *of* 3"), sep=", ")
    Kata & runc: 5 * {{ x }}, 5 \*of\* 3
    """
    spans = MarkdownIt("commonmark").parseInline(text)[0].children or []
    is_shown = [(span.type, span.content) for span in spans] == [("text", text)]
    return text if is_shown and not _GITHUB.search(text) else words(text)


def code(text: str) -> str:
    """Return `text` as one line in a code span."""
    text = one_line(text)
    ticks = "`" * (_longest("`", text) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def _longest(char: str, text: str) -> int:
    return max(map(len, re.findall(f"{char}+", text)), default=0)


def fence(info: str, body: str) -> str:
    """Return `body` in a fence, which gives its last line an LF if it has none."""
    char = "~" if "`" in info else "`"
    marks = char * max(3, _longest(char, body) + 1)
    end = "" if body.endswith("\n") or not body else "\n"
    return f"{marks}{info}\n{body}{end}{marks}"


def markdown_of(shown: Shown, prefix: str) -> str:  # noqa: PLR0911 # one a kind
    """Return the Markdown of what a call shows on lines of its own; `prefix` stands before paths."""
    match shown:
        case Block():
            return block_markdown(shown, prefix)
        case Gap():
            return gap_markdown(shown)
        case Problem():
            return problem_markdown(shown)
        case Table():
            return table_markdown(shown)
        case Figure():
            return figure_markdown(shown)
        case Difference():
            return fence("diff", unified(shown))
        case tuple():
            return runs_markdown(shown)
    raise TypeError(f"{type(shown).__name__} does not stand on lines of its own")


def block_reference(block: Block, prefix: str) -> str:
    """Return the info string of a block's fence: `start:end:path`."""
    return f"{block.slice.range}:{prefix}{block.content.path}"


def block_markdown(block: Block, prefix: str) -> str:
    """Return a block as a fence that names its lines; one that is not text is described in words."""
    text = block.slice.text
    notes = "".join(f"> {words(note)}\n\n" for note in block.notes)
    if text is None:
        path, size = code(f"{prefix}{block.content.path}"), len(block.slice.data)
        said = f"lines {block.slice.range} are no text: {size} bytes, sha256 {block.slice.sha256}"
        return f"{notes}> {path}: {said}"
    return notes + fence(block_reference(block, prefix), text)


def image_markdown(shown: EvidenceImage, prefix: str, link: str) -> str:
    """Return an image that `link` leads to, or its alternative text alone, above what its file is."""
    block = shown.block
    path, size = code(f"{prefix}{block.content.path}"), len(block.content.data)
    notes = "".join(f"> {words(note)}\n\n" for note in block.notes)
    picture = f"![{words(shown.alt)}]({link})" if link else f"Image: {words(shown.alt)}"
    return f"{notes}{picture}\n\n> {path}: {shown.image.form}, {size} bytes, sha256 {block.content.sha256}"


def gap_markdown(gap: Gap) -> str:
    """Return a gap in words."""
    why = f"Not captured: {code(gap.path)}. Why: {words(gap.reason)}."
    command = f": {code(gap.command)}" if gap.command else ""
    return f"> {why} What to do: {words(gap.remedy)}{command}"


def problem_markdown(problem: Problem) -> str:
    """Return what is wrong with a call or a page, in words."""
    parts = (problem.reference, problem.what, problem.remedy)
    return f"> Problem: {': '.join(words(part) for part in parts if part)}"


def runs_markdown(runs: Iterable[CommandRuns]) -> str:
    """Return commands as they were run."""
    return "\n\n".join(part for one in runs for part in _run_parts(one))


def _run_parts(runs: CommandRuns) -> Iterable[str]:
    if runs.title:
        yield f"**{words(runs.title)}**"
    if runs.note:
        yield words(runs.note)
    for one in runs.commands:
        yield fence("sh", one.line)
        yield words(f"{one.how}; {one.cut}" if one.cut else one.how)


def table_markdown(table: Table) -> str:
    """Return a table; links within the site are left out, as the report stands alone."""
    rules = ["---:" if column in table.right else "---" for column in range(len(table.head))]
    rows = [[words(name) for name in table.head], rules]
    rows += [[_cell(cell) for cell in row] for row in table.rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cell(cell: Cell) -> str:
    is_code = cell.code and cell.text and "|" not in cell.text
    text = code(cell.text) if is_code else words(cell.text)
    return f"[{text}](<{cell.address}>)" if cell.address else text


def figure_markdown(figure: Figure, picture: str = "", *, is_short: bool = False) -> str:
    """Return a comparison, a table, or the values of a picture, as a table and sentences.

    `picture` is the link to the file of a picture. If that is there, a short form leaves its values out.
    """
    notes = [f"> {words(note)}" for block in figure.blocks for note in block.notes]
    image = [f"![{words(figure.title)}]({picture})"] if picture else []
    head = f"{words(figure.title)}. {words(figure.host_sentence)}"
    values = [] if picture and is_short else [table_markdown(figure.table)]
    told = "\n".join(f"- {words(one)}" for one in figure.sentences)
    paths = ", ".join(code(block.path) for block in figure.blocks)
    return "\n\n".join([*notes, *image, head, *values, *([told] if told else []), f"From {paths}."])


@dataclass(frozen=True)
class PlainLine:
    """A line of plain Markdown: whether it is code, and whether it is in what can hold no block of lines.

    `level` is that of a heading in its page; 0 for other lines.
    """

    text: str
    is_code: bool = False
    holds_no_block: bool = False
    level: int = 0


def dash(title: str) -> str:
    """Return the text of a heading as reports have it: `Task 1: x` becomes `Task 1 — x`."""
    return _NUMBERED.sub(r"\1 — ", title)


class _Shape:
    """What each line of a page's Markdown is part of. Lines are 0-based."""

    def __init__(self, markdown: str) -> None:
        self.lines = markdown.split("\n")
        self.code: set[int] = set()
        self.titles: set[int] = set()
        self.holds_no_block: set[int] = set()
        self.depth = [0] * len(self.lines)
        self.headings: dict[int, tuple[int, int]] = {}
        """The first line of each heading, with its level and the line after it."""
        for token in parse_blocks(markdown):
            first, after = token.map or (0, 0)
            if token.type in {"fence", "code_block"}:
                self.code |= set(range(first, after))
            elif token.type == f"{CONTAINER}_open" and token.info:
                self.titles.add(first)
                for number in range(first + 1, after):
                    self.depth[number] += 1
            elif token.type in {"table_open", "blockquote_open", f"{CONTAINER}_open"}:
                self.holds_no_block |= set(range(first, after))
            elif token.type == "heading_open":
                self.headings[first] = int(token.tag[1:]), after


def plain_lines(markdown: str, shift: int) -> Iterator[PlainLine]:
    """Yield the lines of a page without what only the site's Markdown knows.

    Headings go `shift` levels down, tabs and admonitions become a bold line and their text, links to other
    pages become their words. Code stays as it is.
    """
    shape = _Shape(markdown)
    number = 0
    while number < len(shape.lines):
        line = shape.lines[number].removeprefix("    " * shape.depth[number])
        level, after = shape.headings.get(number, (0, number + 1))
        if number in shape.code:
            yield PlainLine(line, is_code=True)
        elif number in shape.titles:
            yield PlainLine(_bold_title(line))
        elif level:
            yield PlainLine(_heading(line, min(level + shift, 6)), level=level)
        else:
            yield PlainLine(_without_page_links(line), holds_no_block=number in shape.holds_no_block)
        number = after


def _bold_title(line: str) -> str:
    """Return the title of a tab or an admonition as a bold line."""
    found = _TITLE.fullmatch(line)
    return f"{found[1]}**{found[3] or found[2].capitalize()}**" if found else line


def _heading(line: str, level: int) -> str:
    """Return a heading of a level, without its id."""
    indent = line[: len(line) - len(line.lstrip())]
    text = _without_attributes(_CLOSING_MARKS.sub("", line.strip().lstrip("#").strip()))
    return f"{indent}{'#' * level} {dash(text)}"


def _without_attributes(heading: str) -> str:
    """Return a heading without the attributes at its end. Braces that are escaped, or in code, are text."""
    marks = heading
    for span in read_spans(heading, ("escape", "backticks")):
        marks = f"{marks[: span.start]}{'x' * (span.end - span.start)}{marks[span.end :]}"
    found = AttrListTreeprocessor.HEADER_RE.search(marks)
    if found is None or get_attrs_and_remainder(found[1])[1]:
        return heading
    return heading[: found.start()]


def _without_page_links(line: str) -> str:
    """Return a line in which each link to a page of the site is replaced by its words."""
    parts, end = [], 0
    for span in read_spans(line, ("escape", "backticks", "link")):
        target = line[span.label_end + 2 : span.end]
        if span.rule == "link" and span.start >= end and not _ADDRESS.match(target):
            parts += [line[end : span.start], line[span.label : span.label_end]]
            end = span.end
    return "".join([*parts, line[end:]])
