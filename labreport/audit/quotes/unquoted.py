"""Say why a block is no quote of output: a drawing, a configuration, a list of the author's."""

import re
from collections.abc import Sequence

from labreport.audit.inputs.text import fold
from labreport.audit.quotes import commands
from labreport.audit.quotes.align import is_gap
from labreport.audit.quotes.markdown import Element, QuoteElement, QuoteKind, TextElement, TextKind
from labreport.audit.quotes.ranges import reference

_DRAWN_TEXT = """
mermaid plantuml puml dot graphviz ascii ditaa d2 svg math latex tex
"""
_DRAWN = frozenset(_DRAWN_TEXT.split())
_MARKDOWN_TEXT = """
markdown md
"""
_MARKDOWN = frozenset(_MARKDOWN_TEXT.split())
_CONFIGURATION_TEXT = """
yaml yml toml ini conf cfg properties editorconfig
"""
_CONFIGURATION = frozenset(_CONFIGURATION_TEXT.split())
_DRAWING = re.compile(
    r"[\u2190-\u21ff\u2500-\u259f\u25a0-\u25ff]|-{2,}>|=+>|<-{2,}|(?<!\w)->(?!\w)|^[+|][-=+ ]{3,}"
)
_DRAWING_SHARE = 0.3
_OPEN_VERSION = re.compile(r".*(?<![\w.])\d+(?:\.\d+)*(?:\.[xX])+(?!\w)")
"""A version such as 6.8.x, which no program prints."""
_TASK = re.compile(r"[-*] ?\[[ xX]\]")
_OWN = (
    (
        1,
        re.compile(r":*contentReference\[oaicite:\d+\]\{index=\d+\}|\u3010[^\u3011]{1,80}\u3011"),
        "the mark of a citation",
    ),
    (2, re.compile(r"(?:[-*\u2022]|[0-9]{1,2}[.)])\s+\S.*"), "a list in the author's words"),
    (2, re.compile(r"[\w.-]{1,20} \([a-zA-Z][^()\d=]{3,60}\)"), "names and remarks in the author's words"),
    (1, re.compile(r"(?:~|\.{1,2})?(?:/[\w.@+-]+){2,}/?"), "a path, and nothing of what is there"),
    (
        1,
        re.compile(r".*(?:~\s?\d|\u2248|\b(?:would|should|could|might) be\b|\bexpected\b).*"),
        "estimates in the author's words",
    ),
)
"""What every line of such a block is like, in how many lines at least, and what it is then called."""
_MACHINE = re.compile(
    r"\b(?:environment|prerequisites?|requirements|set-?up|system info\w*)\b", re.IGNORECASE
)
_STATED = re.compile(r"[^\W\d][\w /()-]{1,40}:\s+\S.*")
"""A line that states something under a label: `KVM device: /dev/kvm present`."""
_SAYING = re.compile(r"[A-Z][\w /-]{1,30}:\s+\S.*")
_SAID_WORD = re.compile(r"(?<![\w./-])[A-Za-z]{2,}(?![\w/=])")
_WORDS_SAID, _SHARE_SAID = 3, 0.8
"""How many words of a language such lines have on average, and which share of what stands in them."""
_OPENER = re.compile(r" {0,3}(?:`{3,}|~{3,})[\w+.-]+\s*")
_CLOSER = re.compile(r" {0,3}(?:`{3,}|~{3,})\s*")


def unclosed(quote: QuoteElement) -> str:
    """Return why a fence counts as not closed; empty if it is closed."""
    if not quote.closed and quote.kind is not QuoteKind.COMMENT:
        return "nothing closes the fence"
    if quote.kind is not QuoteKind.FENCE or commands.language(quote.info) in _MARKDOWN:
        return ""
    opened = next((line.number for line in quote.body if _OPENER.fullmatch(line.text)), 0)
    if not opened or any(_CLOSER.fullmatch(line.text) for line in quote.body):
        return ""
    return f"line {opened} looks like the start of another fence, and nothing closes this one before it"


def unjudgeable(quote: QuoteElement) -> str:
    """Return why a block cannot be judged, whatever it has; empty if it can."""
    if quote.kind is QuoteKind.COMMENT:
        return "in an HTML comment: no reader sees it"
    return "" if quote.seen or reference(quote.info) else "an empty block"


def why_drawn(quote: QuoteElement) -> str:
    """Return why a block shows no output, whatever the evidence has; empty if it may show some."""
    language = commands.language(quote.info)
    if language in _DRAWN:
        return "a drawing"
    if language in _MARKDOWN:
        return "Markdown, shown as text"
    for pattern, reason in ((_TASK, "a list of tasks"), (_OPEN_VERSION, "versions with a part left open")):
        if all(pattern.match(line.text.strip()) for line in quote.seen):
            return reason
    drawn = sum(bool(_DRAWING.search(line.text)) for line in quote.seen)
    return "a drawing" if drawn > _DRAWING_SHARE * len(quote.seen) else ""


def _is_prose(lines: Sequence[str]) -> bool:
    """Return whether lines are a word each and what is said of it; `Status: Running` may be output.

    >>> _is_prose(["Benefit: Maximum performance here", "Risk: Kernel hole = host compromise"])
    True
    >>> _is_prose(["Name: box", "Status: Running"])
    False
    """
    said = [line.partition(":")[2].split() for line in lines]
    words = sum(bool(_SAID_WORD.match(word.strip("(,.;)"))) for row in said for word in row)
    total = sum(len(row) for row in said)
    is_said = words >= _WORDS_SAID * len(lines) and words >= _SHARE_SAID * total
    return is_said and all(_SAYING.fullmatch(line) for line in lines)


def _is_about_machine(elements: Sequence[Element], at: int) -> bool:
    """Return whether the heading above a block is about the machine that the lab ran on."""
    headings = (
        one.text
        for one in reversed(elements[:at])
        if isinstance(one, TextElement) and one.kind is TextKind.HEADING
    )
    return bool(_MACHINE.search(next(headings, "")))


def why_own_words(quote: QuoteElement, elements: Sequence[Element], at: int) -> str:
    """Return why a block that no file has is in the author's own words; empty if it may be output.

    `at` is its place among the elements of the report.
    """
    if commands.language(quote.info) in _CONFIGURATION:
        return "a configuration, for which no file is named"
    lines = [line.text.strip() for line in quote.seen if not is_gap(line.folded)]
    for least, pattern, reason in _OWN:
        if len(lines) >= least and all(pattern.fullmatch(line) for line in lines):
            return reason
    if len(lines) > 1 and _is_prose(lines):
        return "sentences in the author's words"
    if len(lines) > 1 and all(_STATED.fullmatch(line) for line in lines) and _is_about_machine(elements, at):
        return "what the author says of the machine"
    above = elements[at - 1] if at else None
    if isinstance(above, TextElement) and above.kind is TextKind.HEADING and len(lines) == 1:
        heading, line = (
            re.sub(r"\W+", " ", fold(text)).casefold().strip() for text in (above.text, lines[0])
        )
        if len(line) > 3 and heading.endswith(line):  # noqa: PLR2004 # a word at least
            return "the words of the heading above it"
    return ""
