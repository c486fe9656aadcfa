"""The numbers that a report states in its text, its tables and its inline code, and what it says they are."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from labreport.audit.inputs.text import Line
from labreport.audit.quotes.commands import command_lines
from labreport.audit.quotes.markdown import Element, TextElement, TextKind
from labreport.audit.values.measured import label_of, words_of
from labreport.check.written import written
from labreport.report.values import UNITS

_CODE = re.compile(r"(?<!`)(`{1,3})(?!`)([^`\n]{1,500}?)\1(?!`)")
_LINK = re.compile(r"\]\([^()\n]{0,500}\)|<[^<>\n]{1,500}>|https?://[^\s)>]{1,500}")
_MARKS = re.compile(r"\*{1,3}|_{2,3}|`+|~~")
_APPROXIMATE = re.compile(
    r"(?:[~≈<>≤≥±]|\b(?:about|around|approx\w*\.?|roughly|circa|ca\.|nearly|almost|some|up to"
    r"|at least|at most|under|over|below|above|less than|more than|within|between|order of))\W{0,4}$",
    re.IGNORECASE,
)
_GENERAL = re.compile(
    r"\b(?:typical\w*|usual\w*|generall?y?|often|may|might|can|could|would|should|must|expect\w*|e\.g\."
    r"|for example|such as|targets?|default\w*|recommend\w*|minimum requirement|requires?|requirements?"
    r"|limit\w*|timeouts?|assum\w*|hypothetical\w*|estimat\w*|published|literature|documentation|officially"
    r"|in production|interval|rule of thumb"
    r"|exit status|trend|significant\w*|confidence|percentile|quantile|within)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?;])\s+(?=[A-Z\u0410-\u042f*`\"(])|\n(?=\s*[-*+|])")
_LEAD = re.compile(r"[^.:\n]{1,40}[.:]")
"""What a paragraph begins with: `Start-up.`, `Memory:`."""
_LABELLED = re.compile(
    r"(?P<label>[^\n|,;:=()`*]{0,59}[^\W\d])\s*(?:[:=]|\b(?:is|was|has|had|saw|sees|shows?|contains?)\b)\s*"
    r"(?P<number>[0-9]{1,9})(?![\w.,:/-]*\w)(?P<rest>\s+[a-zA-Z/_]+)?"
)
_COUNT = re.compile(r"(?<![\w.,:/#@$-])(?P<number>[0-9]{2,9})\s+(?P<noun>[a-zA-Z]{3,20})")
_ALONE = re.compile(r"\s*(?P<number>[0-9]{1,9})\s*(?P<noun>[a-zA-Z]{3,20})?\s*")
_CLOCK = re.compile(r"([0-9]{1,4})\s?m\s?([0-9]{1,2}(?:[.,][0-9]{1,9})?)\s?s")
_NAME = re.compile(
    r"(?:\b(?:lab|task|step|reading|section|table|figure|port|HTTP|part|week|chapter|question"
    r"|exercise)|#)\W*$",
    re.IGNORECASE,
)
BARE = "count"
"""The unit of a plain number: only a label says what it is."""
_LONGEST_LABEL = 60


@dataclass(frozen=True)
class Stated:
    """A number in a report, in base units. `values` has both ends of a range.

    `label` are the words directly before it, `context` those of its sentence, its table's row and heads, and
    of the headings above. `near` are the evidence files that are named there. `vague` says why it is no
    statement of one measurement; empty if it is one.
    """

    values: tuple[float, ...]
    unit: str
    text: str
    line: int
    column: int
    decimals: int
    digits: int
    label: frozenset[str]
    context: frozenset[str]
    vague: str = ""
    near: frozenset[str] = frozenset()
    sentence: str = field(default="", compare=False)
    is_title: bool = False
    """Whether it is in a heading."""

    @property
    def step(self) -> float:
        """The size of one unit of its last digit, in base units."""
        factor = float(UNITS[self.unit].factor) if self.unit in UNITS and self.unit != "%" else 1.0
        return factor * 10.0**-self.decimals


def visible(text: str, *, with_ticks: bool = False) -> str:
    """Return a text of the same length in which markup, links and commands are blanks; ticks on request."""
    text = _LINK.sub(lambda found: " " * len(found[0]), text)

    def code(found: re.Match[str]) -> str:
        inside = Line(0, found[2], found[2], "")
        is_command = " " in found[2].strip() and bool(command_lines([inside]))
        return " " * len(found[0]) if is_command else found[0]

    text = _CODE.sub(code, text)
    return _MARKS.sub(lambda found: found[0] if with_ticks and "`" in found[0] else " " * len(found[0]), text)


def stated_in(elements: Sequence[Element]) -> Iterator[Stated]:
    """Yield the numbers in the text of a report, in order."""
    heading: frozenset[str] = frozenset()
    for element in elements:
        if not isinstance(element, TextElement):
            continue
        text = visible(element.text)
        if element.kind is TextKind.HEADING:
            heading = words_of(text)
        elif element.kind is TextKind.ROW:
            yield from _in_row(element, text, heading)
            continue
        yield from _in_text(element, text, heading)


def _in_text(element: TextElement, text: str, around: frozenset[str], head: str = "") -> Iterator[Stated]:
    spans: list[tuple[int, int]] = []
    if lead := _LEAD.match(text):
        around |= words_of(lead[0])
    starts = [0, *(found.end() for found in _SENTENCE.finditer(text)), len(text)]
    text = text.replace("\n", " ")  # where a text is wrapped says nothing
    for number in written(text):
        spans.append((number.start, number.end))
        sentence = _sentence(text, starts, number.start)
        yield _stated(element, text, number.start, number.end, number.values, number.unit, sentence, around)
    if head:
        return
    for pattern in (_LABELLED, _COUNT):
        for found in pattern.finditer(text):
            start, end = found.span("number")
            if any(first < end and start < last for first, last in spans) or _NAME.search(text[:start][-20:]):
                continue
            spans.append((start, end))
            sentence = _sentence(text, starts, start)
            yield _stated(element, text, start, end, (float(found["number"]),), BARE, sentence, around)


def _in_row(element: TextElement, text: str, heading: frozenset[str]) -> Iterator[Stated]:
    """Yield the numbers in the cells of a row: its first cell and the head say what they are."""
    cells = element.cells
    row = words_of(visible(cells[0])) if cells else frozenset()
    corner = words_of(visible(element.head[0])) if element.head else frozenset()
    at = 0
    for column, cell in enumerate(cells):
        start = element.text.index(cell, at)
        at = start + len(cell)
        head = visible(element.head[column]) if column < len(element.head) else ""
        around = heading | row | words_of(head) | corner
        shown = " " * start + text[start:at]
        for one in _in_text(element, shown, around, head=cell):
            label = row | words_of(head) if column else one.label
            yield replace(one, label=label | one.label)
        alone = _ALONE.fullmatch(text[start:at])
        if alone and column and not list(written(alone[0])):
            first = start + alone.start("number")
            made = _stated(
                element, text, first, start + alone.end("number"), (float(alone["number"]),), BARE,
                " ".join(cells), around,
            )  # fmt: skip
            yield replace(made, label=row | words_of(head))


def _sentence(text: str, starts: Sequence[int], at: int) -> str:
    begin = max(start for start in starts if start <= at)
    end = min((start for start in starts if start > at), default=len(text))
    return text[begin:end]


def _stated(  # noqa: PLR0913, PLR0917 # what is known of a number
    element: TextElement,
    text: str,
    start: int,
    end: int,
    values: Sequence[object] | None,
    unit: str,
    sentence: str,
    around: frozenset[str],
) -> Stated:
    factor = float(UNITS[unit].factor) if unit in UNITS and unit != "%" else 1.0
    shown = text[start:end]
    digits = re.sub(r"\D", "", shown.split("-")[0]).lstrip("0")
    fraction = re.search(r"[.,](\d+)", shown)
    line = element.line + element.text.count("\n", 0, start)
    before = text[max(0, start - _LONGEST_LABEL) : start]
    if values is None and (clock := _CLOCK.fullmatch(shown)):
        values, unit = (int(clock[1]) * 60 + float(clock[2].replace(",", ".")),), "s"
        factor, shown = 1.0, clock[2] if clock[1] == "0" else shown
    return Stated(
        values=tuple(float(value) * factor for value in values or ()),  # type: ignore[arg-type]
        unit=unit,
        text=" ".join(text[start:end].split()),
        line=line,
        column=start - element.text.rfind("\n", 0, start),
        decimals=len(fraction[1]) if fraction else 0,
        digits=len(digits),
        label=label_of(before) | _part_after(text, end),
        context=around | words_of(sentence),
        vague=_vague(text, start, values, sentence),
        near=element.near,
        sentence=sentence,
        is_title=element.kind is TextKind.HEADING,
    )


def _part_after(text: str, end: int) -> frozenset[str]:
    """Return the word after a time that says of what it is a part: `0.01s user`."""
    word = re.match(r"\s*(user|sys|system|total|real|cpu)\b", text[end : end + 12])
    return frozenset({word[1]}) if word else frozenset()


def _vague(text: str, start: int, values: Sequence[object] | None, sentence: str) -> str:
    """Return why a number states no measurement; empty if it does."""
    if values is None:
        return "a vague number"
    if len(values) > 1:
        return "a range"
    if re.search(r"\d\s*-{2,}\s*$", text[max(0, start - 12) : start]) or re.match(
        r"\d+0s\s+of\b", text[start : start + 20]
    ):
        return "a range"
    if _APPROXIMATE.search(text[max(0, start - 20) : start]):
        return "an estimate"
    if _GENERAL.search(sentence):
        return "not said of a measurement"
    return ""
