"""Audit one report with its evidence, or a class of them."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from labreport.audit.evidence import EvidenceIndex
from labreport.audit.inputs.text import Line, decode, lines_of
from labreport.audit.model import (
    BlockVerdict,
    ClassAudit,
    Judgement,
    Oddity,
    ReportAudit,
    SharedFile,
    Unread,
    Value,
)
from labreport.audit.oddities import judge_evidence, judge_template
from labreport.audit.quotes.blocks import judge_blocks
from labreport.audit.quotes.markdown import Element, read_report
from labreport.audit.quotes.naming import all_mentions, with_near, with_prefixes
from labreport.audit.report import Report
from labreport.audit.values.judge import judge_values
from labreport.audit.values.names import judge_names
from labreport.contract.errors import LabError

J = TypeVar("J", bound=Judgement)


class ReportError(LabError):
    """A report that cannot be read."""


def audit_report(report: Report, evidence: EvidenceIndex, prefix: str = "") -> ReportAudit:
    """Return the audit of a report. Raise ReportError if it is not text.

    `prefix` precedes every path in the report; if it is empty, any leading folders are ignored.
    """
    text = decode(report.data)
    if text is None:
        raise ReportError("is not text", "save it as UTF-8", path=report.file)
    lines = lines_of(text)
    elements = read_report(lines)
    evidence = with_prefixes(elements, evidence)
    found = all_mentions(elements, evidence)
    elements = with_near(elements, found)
    blocks = tuple(_with_ids(judge_blocks(elements, found, report.file, evidence, prefix)))
    named = {one.named for one in blocks if one.verdict in {BlockVerdict.NO_FILE, BlockVerdict.WRONG_FILE}}
    judged = judge_evidence(elements, found, report.file, evidence)
    oddities = [one for one in judged if one.path not in named]
    oddities += judge_template(elements, report.file, blocks)
    return ReportAudit(
        name=report.name,
        file=report.file,
        sha256=hashlib.sha256(report.data).hexdigest(),
        lines=len(lines),
        evidence=evidence.name,
        files={file.path: file.sha256 for file in evidence.files.values() if file.sha256},
        blocks=blocks,
        values=tuple(_with_ids(_in_columns(_values(elements, report.file, evidence), lines))),
        oddities=tuple(_with_ids(_in_columns(oddities, lines))),
    )


def _in_columns(judgements: Iterable[J], lines: Sequence[Line]) -> Iterator[J]:
    """Yield judgements with the columns of what they are about in the lines of the report as they are."""
    texts = {line.number: line.text for line in reversed(lines)}
    for one in judgements:
        about = one.text if isinstance(one, Value) else one.path if isinstance(one, Oddity) else ""
        text, first = texts.get(one.line, ""), about.split(" ", 1)[0]
        yield replace(one, column=text.find(first, one.column - 1) + 1 or text.find(first) + 1 or 1)


def _values(elements: Sequence[Element], file: str, evidence: EvidenceIndex) -> list[Value]:
    values = [*judge_values(elements, file, evidence), *judge_names(elements, file, evidence)]
    return sorted(values, key=lambda one: (one.line, one.column))


def audit_class(
    reports: Iterable[tuple[Report, EvidenceIndex] | Unread],
    skipped: Counter[str] | None = None,
    prefix: str = "",
) -> ClassAudit:
    """Return the audits of many reports, and the evidence files that are equal in several of them."""
    audits: list[ReportAudit] = []
    unread: list[Unread] = []
    for one in reports:
        if isinstance(one, Unread):
            unread.append(one)
            continue
        report, evidence = one
        try:
            audits.append(audit_report(report, evidence, prefix))
        except LabError as error:
            unread.append(Unread(report.name, str(error)))
    return ClassAudit(tuple(audits), tuple(unread), skipped or Counter(), shared_files(audits))


def shared_files(audits: Iterable[ReportAudit]) -> tuple[SharedFile, ...]:
    """Return the evidence files that several reports have with the same bytes; empty files are left out."""
    places: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for audit in audits:
        for path, sha256 in audit.files.items():
            places[sha256].append((audit.name, path))
    empty = hashlib.sha256(b"").hexdigest()
    return tuple(
        SharedFile(sha256, tuple(found))
        for sha256, found in sorted(places.items())
        if sha256 != empty and len({name for name, _path in found}) > 1
    )


def _with_ids(judgements: Iterable[J]) -> Iterable[J]:
    """Yield judgements with their ids: the rule, and a hash of what stands there."""
    seen: Counter[str] = Counter()
    for one in judgements:
        identity = f"{one.rule}\n{one.identity}"
        seen[identity] += 1
        text = f"{identity}\n{seen[identity]}".encode(errors="surrogateescape")
        yield replace(one, id=f"{one.rule}-{hashlib.sha256(text).hexdigest()[:8]}")
