"""Judge every quoted block of a report, or say why one cannot be judged."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from labreport.audit.evidence import NOTHING, EvidenceIndex
from labreport.audit.inputs.text import Line, shown
from labreport.audit.model import UNJUDGED, Found, Level, Passage, QuotedBlock
from labreport.audit.model import BlockVerdict as V
from labreport.audit.quotes import commands
from labreport.audit.quotes.judge import judge_output
from labreport.audit.quotes.judged import Judged
from labreport.audit.quotes.markdown import Element, QuoteElement, TextElement, TextKind
from labreport.audit.quotes.naming import Mention, Naming, mentions, naming_of, resolve
from labreport.audit.quotes.ranges import judge_range, reference
from labreport.audit.quotes.remarks import with_remarks
from labreport.audit.quotes.unquoted import unclosed, unjudgeable, why_drawn, why_own_words
from labreport.audit.rules import rule_of
from labreport.audit.sides import side_of

_LABEL = re.compile(
    r"\s*(?:[#=>*/-]{1,5}\s*)?(?:(?:file|from|source|output of)\s*:?\s*)?[`\"']?"
    r"([^\s`\"'<=]{3,200}?)[`\"']?\s*(?::|<==|=+|-+)?\s*",
    re.IGNORECASE,
)
_LONGEST_LABEL = 300
_ABOVE = re.compile(r"[A-Z][^\d=]{0,40}:")
"""A label above a command that the author wrote: `Host:`."""
_MOST_TOLD = 3
"""How many outputs of a block a sentence tells of."""
_HELD = frozenset({V.WHOLE, V.PART, V.SPACING, V.LINE_ENDS, V.ELIDED, V.AMBIGUOUS, V.WRONG_FILE})
_COMMANDS = Judged(V.COMMAND, "commands, and no output")
_STRANGE = frozenset({V.PARTLY, V.NO_EVIDENCE, V.DIFFERS})
_CAPTION = re.compile(r"={2,}[^\n]+={2,}|(?:[^\s:=]+\s+){3,14}[^\s:=]+:")
"""A first line that says what is below it: `Results for port 3012 (plain), 50 requests:`."""
_WITHOUT_EVIDENCE = UNJUDGED | {V.COMMAND}
_WEIGHT = {Level.FINE: 0, Level.NOTE: 1, Level.FINDING: 2}


def judge_blocks(
    elements: Sequence[Element],
    found: Sequence[Sequence[Mention]],
    file: str,
    evidence: EvidenceIndex,
    prefix: str = "",
) -> Iterator[QuotedBlock]:
    """Yield the verdict on each quoted block of a report, in order.

    `found` has the mentions in each element.
    """
    yield from with_remarks(list(_judge_each(elements, found, file, evidence, prefix)), elements)


def _judge_each(
    elements: Sequence[Element],
    found: Sequence[Sequence[Mention]],
    file: str,
    evidence: EvidenceIndex,
    prefix: str,
) -> Iterator[QuotedBlock]:
    for at, quote in enumerate(elements):
        if isinstance(quote, QuoteElement):
            naming = naming_of(elements, at, found)
            judged = _judge(quote, naming, evidence, prefix)
            if judged.verdict in {V.PARTLY, V.NO_EVIDENCE} and not naming.strong:
                reason = why_own_words(quote, elements, at)
                judged = Judged(V.NOT_JUDGED, reason) if reason else judged
            if not evidence.files and judged.verdict not in _WITHOUT_EVIDENCE:
                judged = Judged(V.NOT_JUDGED, NOTHING)
            yield _block(quote, file, judged)


def _block(quote: QuoteElement, file: str, judged: Judged) -> QuotedBlock:
    """Return a verdict with both sides of its block."""
    rule = rule_of(judged.verdict)
    text = "\n".join(line.text for line in quote.body)
    evidence = tuple(
        Passage(source.path, first, last, _text_of(source.lines, first, last))
        for source, first, last in judged.sources
    )
    return QuotedBlock(
        rule=rule.id,
        level=rule.level,
        line=quote.line,
        column=1,
        why=judged.why,
        report=Passage(file, quote.line, quote.last, shown(text)),
        evidence=evidence,
        identity=" ".join([quote.info, *(line.folded for line in quote.seen)]),
        verdict=judged.verdict,
        last=quote.last,
        info=quote.info,
        found=judged.found,
        named=judged.named,
        differences=judged.differences,
    )


def _text_of(lines: Sequence[Line], first: int, last: int) -> str:
    return shown("\n".join(line.text for line in lines if first <= line.number <= last))


def _judge(  # noqa: PLR0911 # one kind after another, the surest first
    quote: QuoteElement, naming: Naming, evidence: EvidenceIndex, prefix: str
) -> Judged:
    """Return the verdict on a block."""
    if reason := unclosed(quote):
        return Judged(V.NOT_CLOSED, reason)
    if reason := unjudgeable(quote):
        return Judged(V.NOT_JUDGED, reason)
    if named := reference(quote.info):
        return judge_range(quote.body, named, evidence, prefix)
    naming = _with_info(quote.info, naming, evidence)
    left_out = commands.command_lines(quote.body)
    body = commands.without_logged(quote.body, left_out)
    whole = judge_output(body, naming, evidence) if any(line.folded for line in body) else _COMMANDS
    is_script = commands.is_program(quote.info) or all(line.number in left_out for line in quote.seen)
    if whole.verdict in _HELD and not (is_script and whole.found is Found.CONTENT):
        return whole
    names = _names_inside(body, evidence)
    is_named = whole.verdict in {V.ALTERED, V.DROPPED} and whole.found is not Found.CONTENT
    if is_script:
        return whole if is_named and not names else _COMMANDS
    if not is_named and (reason := why_drawn(quote)):
        return Judged(V.NOT_JUDGED, reason)
    if left_out or names:
        whole = _judge_segments(body, left_out, names, naming, evidence)
    if whole.verdict not in _STRANGE:
        return whole
    below = _below_caption(quote, naming, evidence)
    return below or _between_labels(body, left_out, names, naming, evidence) or whole


def _below_caption(quote: QuoteElement, naming: Naming, evidence: EvidenceIndex) -> Judged | None:
    """Return the verdict on a block without its first line, if that is a caption of the author's.

    A caption may not name another side, host or guest, than the file does. None if the rest is no quote.
    """
    first, *rest = quote.seen
    if not rest or first.folded in evidence.holders or not _CAPTION.fullmatch(first.text.strip()):
        return None
    judged = judge_output([line for line in quote.body if line.number > first.number], naming, evidence)
    sides = {side_of(line.text) for file, _first, _last in judged.sources for line in file.seen}
    sides |= {side_of(re.sub(r"[\W_]", " ", file.path)) for file, _first, _last in judged.sources}
    if rule_of(judged.verdict).level is Level.FINDING or side_of(first.text) not in sides | {""}:
        return None
    return replace(judged, why=f"{judged.why}; line {first.number} is a caption of the report")


def _between_labels(
    body: Sequence[Line],
    left_out: set[int],
    names: dict[int, Mention],
    naming: Naming,
    evidence: EvidenceIndex,
) -> Judged | None:
    """Return the verdict on what stands between labels of the author's that name no side, such as `CPU:`.

    None if there is no such label, or if the rest is no quote.
    """
    own = {
        line.number
        for line in body
        if _ABOVE.fullmatch(line.folded) and line.folded not in evidence.holders and not side_of(line.folded)
    }
    if not own - left_out:
        return None
    judged = _judge_segments(body, left_out | own, names, naming, evidence)
    if rule_of(judged.verdict).level is Level.FINDING:
        return None
    told = ", ".join(map(str, sorted(own)))
    return replace(judged, why=f"{judged.why}; labels of the report, not judged: line {told}")


def _with_info(info: str, naming: Naming, evidence: EvidenceIndex) -> Naming:
    """Return a naming with the path that an info string has, as in `text title="kata/cpu.txt"`."""
    if not info:
        return naming
    found = mentions(TextElement(TextKind.SENTENCE, info.replace("=", " ").replace(":", " "), 0, 0), evidence)
    inside = tuple(replace(one, found=Found.INFO) for one in found)
    return Naming(inside, (*naming.strong, *naming.weak)) if inside else naming


def _names_inside(body: Sequence[Line], evidence: EvidenceIndex) -> dict[int, Mention]:
    """Return the lines of a block that only name a file: `$ cat a.txt`, `==> a.txt <==`."""
    names = {}
    for line in body:
        paths = commands.files_read(line.text) if line.text.strip() else []
        label = _LABEL.fullmatch(line.text) if len(line.text) <= _LONGEST_LABEL else None
        if label:
            paths.append(label[1].rstrip(":"))
        for path in paths:
            files, exact = resolve(path, evidence)
            if files and exact and ("/" in path or "." in path):
                names[line.number] = Mention(path, files, exact, Found.INSIDE, line.number)
                break
    return names


def _judge_segments(
    body: Sequence[Line],
    left_out: set[int],
    names: dict[int, Mention],
    naming: Naming,
    evidence: EvidenceIndex,
) -> Judged:
    """Return the verdict on the output in a block that also has commands, or names of files."""
    apart = left_out | set(names)
    output = [line for line in body if line.number not in apart and line.folded]
    if not output:
        return _COMMANDS
    if max(apart) < output[0].number:
        output = [line for line in body if line.number >= output[0].number]
    if len(names) == 1 and next(iter(names)) < output[0].number:
        naming = Naming(tuple(names.values()), (*naming.strong, *naming.weak))
    together = judge_output(output, naming, evidence)
    if rule_of(together.verdict).level is not Level.FINDING:
        return together
    judged = []
    segment: list[Line] = []
    inside = naming
    for line in (*body, None):
        if line is not None and line.number not in apart:
            segment.append(line)
            continue
        segment = _without_label(segment) if line is not None else segment
        if any(one.folded for one in segment):
            listed = _listed(segment, evidence)
            judged.append(listed or judge_output(segment, inside, evidence))
        segment = []
        if line is not None and line.number in names:
            inside = Naming((names[line.number],), (*naming.strong, *naming.weak))
        elif line is not None and commands.has_prompt(line.text):
            inside = naming
    is_better = judged and rule_of(judged[0].verdict).level is not Level.FINDING
    return _worst(judged) if len(judged) > 1 or (judged and names) or is_better else together


def _listed(segment: Sequence[Line], evidence: EvidenceIndex) -> Judged | None:
    """Return the verdict on lines that are only names of files that were handed in, as `ls` prints them."""
    words = [word for line in segment for word in line.text.split()]
    if not words or not all("." in word and resolve(word, evidence)[0] for word in words):
        return None
    return Judged(V.PART, "names of files that were handed in", (), Found.CONTENT)


def _without_label(segment: list[Line]) -> list[Line]:
    """Return the lines above a command without the label that the author gave the command: `Host:`."""
    seen = [at for at, line in enumerate(segment) if line.folded]
    return segment[: seen[-1]] if seen and _ABOVE.fullmatch(segment[seen[-1]].folded) else segment


def _worst(judged: Sequence[Judged]) -> Judged:
    """Return the verdict on a block of several parts: the worst of them, with all that are as bad."""
    worst = max(judged, key=lambda one: _WEIGHT[rule_of(one.verdict).level])
    if len(judged) == 1:
        return worst
    level = rule_of(worst.verdict).level
    sources = tuple(source for one in judged for source in one.sources)
    if level is Level.FINE:
        return replace(worst, verdict=V.PART, why=f"{len(judged)} parts, each with its file", sources=sources)
    bad = [one for one in judged if rule_of(one.verdict).level is level]
    told = "; ".join(one.why for one in bad[:_MOST_TOLD])
    more = f"; and {len(bad) - _MOST_TOLD} more" if len(bad) > _MOST_TOLD else ""
    differences = tuple(difference for one in bad for difference in one.differences)
    why = f"{len(bad)} of {len(judged)} outputs in the block: {told}{more}"
    return replace(worst, why=why, sources=sources, differences=differences)
