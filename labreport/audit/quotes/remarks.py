"""What a report says of its blocks: an excerpt, to be replaced, of another run. It is then a note."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from labreport.audit.model import BlockVerdict as V
from labreport.audit.model import Level, QuotedBlock
from labreport.audit.quotes.markdown import Element, TextElement

OF_TEMPLATE = frozenset({V.NO_FILE, V.NO_EVIDENCE})
"""The verdicts that say nothing new of a block that is to be replaced with real output."""
_STAND_IN = re.compile(r"\[[A-Za-z][a-z]* [a-z ]{2,60}\]")
_DIGIT = re.compile(r"\d")
_AS_IT_IS = frozenset({V.WHOLE, V.PART, V.SPACING, V.LINE_ENDS})
_TEMPLATE = re.compile(
    r"\breplace\b[^.\n]{0,40}\b(?:blocks?|placeholders?|outputs?)\b[^.\n]{0,40}\bwith\b[^.\n]{0,30}"
    r"\b(?:your|real|actual|own)\b",
    re.IGNORECASE,
)
"""A sentence that says that the blocks of a report are not its output yet."""
_EXCERPT = re.compile(
    r"\b(?:excerpts?|snippets?|trimmed|truncated|shortened|abridged|partial)\b"
    r"|\b(?:first|last|some|selected|key|relevant|important)\b[^.\n]{0,30}\blines?\b",
    re.IGNORECASE,
)


def with_remarks(blocks: Sequence[QuotedBlock], elements: Sequence[Element]) -> Iterator[QuotedBlock]:
    """Yield the verdicts on the blocks of a report; a finding that its text explains is a note."""
    template, _text = of_template(elements)
    as_it_is = [one for one in blocks if one.verdict in _AS_IT_IS and one.evidence]
    quoted = {one.evidence[0].file: one.line for one in reversed(as_it_is)}
    for block in blocks:
        if template and block.verdict in OF_TEMPLATE:
            yield _as_note(block, f"line {template} says that blocks are to be replaced")
        elif block.verdict is V.DIFFERS and block.evidence and (line := quoted.get(block.evidence[0].file)):
            yield _as_note(block, f"the block in line {line} quotes this file as it is")
        elif block.verdict in {V.ALTERED, V.DIFFERS} and (lines := _stand_ins(block)):
            yield _as_note(block, f"words in brackets stand for the rest of line {lines}")
        elif block.verdict is V.DROPPED and _says_excerpt(elements, block.line):
            yield _as_note(block, "the text above says that it is an excerpt")
        else:
            yield block


def _as_note(block: QuotedBlock, remark: str) -> QuotedBlock:
    return replace(block, level=Level.NOTE, why=f"{block.why}; {remark}")


def _stand_ins(block: QuotedBlock) -> str:
    """Return the lines that differ from a file, if all have words in brackets for what the file has.

    Such a line has no number: `Guest: [the error of the shim]`. Empty if another line differs too.
    """
    texts = {one.report_line: "".join(part.text for part in one.report) for one in block.differences}
    texts.pop(0, None)
    stand_in = all(
        _STAND_IN.search(text) and not _DIGIT.search(_STAND_IN.sub("", text)) for text in texts.values()
    )
    return ", ".join(map(str, texts)) if stand_in else ""


def of_template(elements: Sequence[Element]) -> tuple[int, str]:
    """Return the line that says that the blocks are to be replaced, and its text; 0 and "" if none does."""
    for element in elements:
        if isinstance(element, TextElement) and (found := _TEMPLATE.search(element.text)):
            number = element.text.count("\n", 0, found.start())
            return element.line + number, element.text.split("\n")[number]
    return 0, ""


def _says_excerpt(elements: Sequence[Element], line: int) -> bool:
    """Return whether the text directly above the block in `line` says that it shows only some lines."""
    above = next((one for one in reversed(elements) if one.line < line), None)
    return isinstance(above, TextElement) and bool(_EXCERPT.search(above.text))
