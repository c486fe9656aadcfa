"""Judge the evidence itself: what a report cites, and what the files of one report say of each other."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from labreport.audit.evidence import EvidenceFile, EvidenceIndex
from labreport.audit.inputs.text import Line, shown
from labreport.audit.model import Found, Level, Oddity, OddityKind, Passage, QuotedBlock
from labreport.audit.quotes.markdown import Element, TextElement
from labreport.audit.quotes.naming import Mention
from labreport.audit.quotes.remarks import OF_TEMPLATE, of_template
from labreport.audit.rules import rule_of
from labreport.audit.sides import is_label, side_of
from labreport.report.facts.converters.failures import is_failure

_LEAST_BYTES = 24
"""Shorter files are equal by chance: `1`, `HTTP 200`."""
_TIME = re.compile(
    r"(?<![\w.])(?:[0-9]{1,4}m\s?[0-9]{1,2}(?:[.,][0-9]+)?s|[0-9]+(?:[.,][0-9]+)?\s?(?:ms|s|seconds)\b"
    r"|real\s+[0-9.,]+)"
)
_ZERO = re.compile(
    r"(?<![\w.])(?:(?:avg|average|mean|median|min|max|real|total|latency)\s*[=:]?\s*)(?:0m)?"
    r"(?:0+[.,]0+\s?(?:ms|s|seconds|µs)?|0+\s?(?:ms|s|seconds|µs))(?![\w.,]|\s?[KMGT]?i?B)",
    re.IGNORECASE,
)
_BARE_ZERO = re.compile(r"0+[.,]0+\s?s?")
_RELEASE = re.compile(
    r"(?:Linux (?:version )?(?:\S+ )?|kernel[^:\n]{0,40}: (?:Linux version )?)"
    r"([2-7]\.[0-9]{1,2}\.[0-9]{1,3}[\w.+~-]*)"
)
_NOT_THERE = re.compile(
    r"\b(?:not|no|without|missing|never|absent|cannot|could ?n['o]t|did ?n['o]t|was ?n['o]t|were ?n['o]t"
    r"|removed|ignored|excluded"
    r"|gitignore\w*|empty|blank|failed?)\b", re.IGNORECASE,
)  # fmt: skip
_START, _FAILS = (
    r"\b(?:start|boot|launch|run|creat|kata|containers?|vm|guest)\w*\b",
    r"\b(?:fail\w*|did ?n[o']t|never|not start\w*|could ?n[o']t|could not|cannot|unable|errors?|timed out)\b",
)
_TOLD = re.compile(rf"{_START}[^.\n]{{0,80}}{_FAILS}|{_FAILS}[^.\n]{{0,80}}{_START}", re.IGNORECASE)
"""A sentence that says that a start failed."""
_NUMBERS = r"\b(?:times?|timings?|values?|numbers?|numeric|figures?|measurements?|durations?)\b"
_ABSENT = r"\b(?:not|no|without|missing|never|absent|empty|lost|dropped)\b|n't\b"
_NO_VALUES = re.compile(
    rf"{_NUMBERS}[^.\n]{{0,80}}(?:{_ABSENT})|(?:{_ABSENT})[^.\n]{{0,40}}{_NUMBERS}", re.IGNORECASE
)
"""A sentence that says that values are missing."""
_MEASURED = re.compile(r"\s*(?:real\b|Executed in|Elapsed|total time)")
_NEAR, _MOST_LINES = 5, 5000
"""How many lines may be between a failure and its time; how many lines of a file are read."""


@dataclass(frozen=True)
class _Cited:
    mention: Mention
    text: str


def judge_evidence(
    elements: Sequence[Element], found: Sequence[Sequence[Mention]], file: str, evidence: EvidenceIndex
) -> Iterator[Oddity]:
    """Yield what is remarkable about the evidence of a report; `found` has the mentions in each element."""
    cited, missing = _citations(elements, found)
    if not evidence.files:
        count = f", and the report cites {len(missing)}" if missing else ""
        why = f"no file is in {evidence.name}{count}"
        yield _oddity(OddityKind.NOTHING, why, file, next(iter(missing.values()), None), None, 0)
        return
    for path, here in missing.items():
        if not _NOT_THERE.search(here.text):
            yield _oddity(OddityKind.MISSING, f"{path} was not handed in", file, here, None, 0)
    texts = [" ".join(one.text.split()) for one in elements if isinstance(one, TextElement)]
    without, told = (any(said.search(text) for text in texts) for said in (_NO_VALUES, _TOLD))
    for path, here in cited.items():
        yield from _of_cited(evidence.files[path], file, here, without=without, failed=told)
    for one in evidence.outputs:
        yield from _times(one, file, cited.get(one.path), told=told)
    yield from _same_bytes(evidence, file, cited)
    yield from _kernels(evidence, file)


def judge_template(elements: Sequence[Element], file: str, blocks: Sequence[QuotedBlock]) -> Iterator[Oddity]:
    """Yield one finding if the report says that its blocks are to be replaced, and some have no evidence."""
    line, text = of_template(elements)
    left = sum(block.verdict in OF_TEMPLATE for block in blocks) if line else 0
    if left:
        count = f"{left} of {len(blocks)} have no evidence"
        why = f"the report says that its blocks are to be replaced, and {count}"
        here = _Cited(Mention("", (), exact=False, found=Found.SENTENCE, line=line), text)
        yield _oddity(OddityKind.TEMPLATE, why, file, here, None, 0)


def _citations(
    elements: Sequence[Element], found: Sequence[Sequence[Mention]]
) -> tuple[dict[str, _Cited], dict[str, _Cited]]:
    """Return where the report cites each file first, and each file that was not handed in."""
    cited: dict[str, _Cited] = {}
    missing: dict[str, _Cited] = {}
    for text, there in zip(elements, found, strict=True):
        if not isinstance(text, TextElement):
            continue
        for mention in (one for one in there if not one.in_command):
            here = _Cited(mention, text.text)
            for file in mention.files if mention.exact else ():
                cited.setdefault(file.path, here)
            if not mention.files:
                missing.setdefault(mention.path, here)
    return cited, missing


def _of_cited(one: EvidenceFile, file: str, here: _Cited, *, without: bool, failed: bool) -> Iterator[Oddity]:
    """Yield what is remarkable about a cited file.

    `without` says that the report tells of missing values, `failed` that it tells of a failed start.
    """
    if one.unread and not one.path.lower().endswith(
        (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".pdf")
    ):
        yield _oddity(OddityKind.UNREADABLE, f"{one.path}: {one.unread}", file, here, one, 0)
    if one.is_program or one.unread:
        return
    if one.is_blank:
        if not _NOT_THERE.search(here.text):
            yield _oddity(OddityKind.EMPTY, _emptiness(one), file, here, one, 0)
        return
    content = [
        line
        for line in one.seen
        if not is_label(line.text) and not line.text.lstrip().startswith(("=", "#", "-"))
    ]
    if (
        content
        and all(is_failure(line.text.strip()) for line in content)
        and not _NOT_THERE.search(here.text)
    ):
        why = f"all that {one.path} has is a message of failure"
        found = _oddity(OddityKind.FAILURE, why, file, here, one, content[0].number)
        yield replace(found, level=Level.NOTE) if failed else found
    for line in _labels_without_value(one):
        why = f"no value is after or below {line.folded!r} in {one.path}"
        found = _oddity(OddityKind.NO_VALUE, why, file, here, one, line.number)
        yield replace(found, level=Level.NOTE) if without else found


def _emptiness(one: EvidenceFile) -> str:
    return f"{one.path} has {one.size} bytes, all of them blanks" if one.size else f"{one.path} is empty"


def _labels_without_value(one: EvidenceFile) -> Iterator[Line]:
    """Yield the labels below which the next label or the end of the file follows at once."""
    labels = [bool(is_label(line.text)) for line in one.seen]
    for at, line in enumerate(one.seen[:_MOST_LINES]):
        is_last = at + 1 == len(one.seen)
        if labels[at] and (is_last or (labels[at + 1] and _indent(one.seen[at + 1]) <= _indent(line))):
            yield line


def _indent(line: Line) -> int:
    return len(line.text) - len(line.text.lstrip())


def _times(one: EvidenceFile, file: str, here: _Cited | None, *, told: bool) -> Iterator[Oddity]:
    """Yield times of 0, and times of starts that failed: only notes if the report has `told` of a failure."""
    failed: Line | None = None
    zeros = [line for line in one.seen[:_MOST_LINES] if _ZERO.search(line.text[:500])]
    bare = [line for line in one.seen[:_MOST_LINES] if _BARE_ZERO.fullmatch(line.text.strip())]
    for line in (zeros or (bare if len(bare) == len(one.seen) else []))[:1]:
        yield _oddity(
            OddityKind.ZERO, f"{one.path}:{line.number} has a time of 0", file, here, one, line.number
        )
    for line in one.seen[:_MOST_LINES]:
        text = line.text[:500]
        if is_label(text):
            failed = None
        elif is_failure(text):
            failed = line
        elif failed and line.number - failed.number <= _NEAR and _MEASURED.match(text) and _TIME.search(text):
            why = f"{one.path}:{line.number} has a time below a message of failure in line {failed.number}"
            found = _oddity(OddityKind.FAILED_START, why, file, here, one, failed.number, line.number)
            yield replace(found, level=Level.NOTE) if told else found
            failed = None


def _same_bytes(evidence: EvidenceIndex, file: str, cited: dict[str, _Cited]) -> Iterator[Oddity]:
    by_hash: dict[str, list[EvidenceFile]] = defaultdict(list)
    for one in evidence.files.values():
        if one.size >= _LEAST_BYTES and not one.is_blank:
            by_hash[one.sha256].append(one)
    for same in by_hash.values():
        if len(same) > 1:
            here = next((cited[one.path] for one in same if one.path in cited), None)
            names = " and ".join(one.path for one in same[:5])
            yield _oddity(OddityKind.SAME_BYTES, f"{names} are equal byte by byte", file, here, same[0], 0)


def _kernels(evidence: EvidenceIndex, file: str) -> Iterator[Oddity]:
    """Yield one finding if the files name more than one kernel of a guest."""
    found: dict[str, tuple[EvidenceFile, Line]] = {}
    for one in evidence.outputs:
        side = ""
        for line in one.seen[:_MOST_LINES]:
            text = line.text[:500]
            if is_label(text) or text.lstrip().startswith(("=", "#")):
                side = side_of(text)
            if kernel := _RELEASE.search(text):
                whose = side_of(text[: kernel.start()]) or side or side_of(re.sub(r"[\W_]", " ", one.path))
                if whose == "guest":
                    found.setdefault(re.split(r"[^\w.+~-]", kernel[1])[0], (one, line))
    if len(found) > 1:
        places = ", ".join(
            f"{kernel} in {one.path}:{line.number}" for kernel, (one, line) in list(found.items())[:4]
        )
        one, line = next(iter(found.values()))
        yield _oddity(OddityKind.GUEST_KERNELS, places, file, None, one, line.number)


def _oddity(  # noqa: PLR0913, PLR0917 # both sides of it
    kind: OddityKind,
    why: str,
    file: str,
    here: _Cited | None,
    one: EvidenceFile | None,
    line: int,
    last: int = 0,
) -> Oddity:
    rule = rule_of(kind)
    at = here.mention.line if here else 1
    report = Passage(file, at, at, shown(" ".join(here.text.split()))) if here else None
    text = (
        "\n".join(row.text for row in one.lines if line <= row.number <= (last or line))
        if one and line
        else ""
    )
    evidence = () if one is None else (Passage(one.path, line, last or line, shown(text)),)
    path = one.path if one else here.mention.path if here else ""
    identity = f"{kind} {path} {line}"
    return Oddity(rule.id, rule.level, at, 1, why, report, evidence, identity, kind=kind, path=path)
