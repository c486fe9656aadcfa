"""Compares the quotes in a Markdown report with the evidence, block by block.

A quote is a fence whose info string is `start:end:path`. Reports that were handed in consist of such quotes,
and a page of ours can contain one.
"""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from labreport.check.finding import Finding
from labreport.check.lab import LabPages
from labreport.contract.reader import EvidenceError, read_evidence
from labreport.contract.records import evidence_path
from labreport.report.problems import FaultError, one_line
from labreport.report.source.ranges import Range, lines_in_words, parse_range, whole
from labreport.report.source.slices import Content

_OPEN = re.compile(rb"([ \t]*(?:(?:[-*+]|[0-9]+[.)])[ \t]+)?)(`{3,}|~{3,})([^\n]*)")
_INFO = re.compile(r"(-?[0-9]+:-?[0-9]+):(\S.*)")
_LONGEST_SHOWN = 60
"""How many characters of a line a message shows."""


@dataclass(frozen=True)
class SubmittedBlock:
    """A quote in a report: `line` is the line of its opening fence, 1-based; `body` is the quoted text."""

    line: int
    lines: str
    path: str
    body: bytes

    @property
    def reference(self) -> str:
        """The info string, `start:end:path`."""
        return f"{self.lines}:{self.path}"


@dataclass(frozen=True)
class BlockResult:
    """Whether a quote equals its lines; `line` is in the report, `what` is the difference or a note."""

    line: int
    reference: str
    whole: bool
    what: str = ""

    def __str__(self) -> str:
        verdict = "whole" if self.whole else "not whole"
        parts = (str(self.line), one_line(self.reference), verdict, one_line(self.what))
        return ": ".join(part for part in parts if part)

    def as_json(self) -> dict[str, object]:
        """Return the result as `--json` prints it."""
        return asdict(self)


def check_submission(file: Path, evidence: Path, prefix: str = "") -> list[BlockResult]:
    """Return for each quote in the report `file` whether it equals its lines.

    `evidence` is the lab's folder or the evidence root. `prefix` precedes every path in the report; if it is
    empty, any leading folders are ignored. Two differences are accepted: a last line without LF, which the
    fence adds, and a range that ends one line after the file; the result then has a note.
    """
    return check_text(file.read_bytes(), evidence, prefix)


def check_text(report: bytes, evidence: Path, prefix: str) -> list[BlockResult]:
    """Return the same for the text of a report."""
    return [_result(block, evidence, prefix) for block in submitted(report)]


def misquotes(lab: LabPages) -> Iterator[Finding]:
    """Yield a finding for each typed quote in a lab's pages that does not equal its lines."""
    for page in lab.pages:
        for result in check_text(page.text.encode(), lab.evidence.root / lab.lab, ""):
            if not result.whole:
                what = f"{result.reference} does not equal these lines: {result.what}"
                remedy = f'let the build insert them: {{{{ evidence("{result.reference}") }}}}'
                yield Finding("quote", page.file, result.line, 1, what, remedy, result.reference)


def submitted(report: bytes) -> Iterator[SubmittedBlock]:
    """Yield the quotes in a report; other fences are ignored."""
    lines = report.split(b"\n")
    at = 0
    while at < len(lines):
        opening = _OPEN.fullmatch(lines[at])
        if opening is None:
            at += 1
            continue
        end = _closing(lines, at, opening[2])
        info = _INFO.fullmatch(opening[3].decode(errors="replace").strip())
        if info:
            indent = len(opening[1])
            body = b"".join(_outdent(line, indent) + b"\n" for line in lines[at + 1 : end])
            yield SubmittedBlock(at + 1, info[1], info[2], body)
        at = end + 1


def _closing(lines: list[bytes], start: int, mark: bytes) -> int:
    """Return the index of the line that closes the fence opened at `start`; the end if there is none."""
    for number in range(start + 1, len(lines)):
        text = lines[number].strip(b" \t\r")
        if text.startswith(mark) and not text.strip(mark[:1]):
            return number
    return len(lines)


def _outdent(line: bytes, indent: int) -> bytes:
    """Return a line without the indentation of its fence."""
    return line[indent:] if not line[:indent].strip(b" \t") else line.lstrip(b" \t")


def _result(block: SubmittedBlock, evidence: Path, prefix: str) -> BlockResult:
    try:
        content = _find(block.path, evidence, prefix)
        lines, note = _range(block.lines, content)
    except (FaultError, EvidenceError) as error:
        return BlockResult(block.line, block.reference, whole=False, what=str(error))
    expected = content.slice(lines)
    if block.body in (expected, expected if expected.endswith(b"\n") else expected + b"\n"):
        return BlockResult(block.line, block.reference, whole=True, what=note)
    return BlockResult(block.line, block.reference, whole=False, what=_difference(block, expected, lines))


def _range(text: str, content: Content) -> tuple[Range, str]:
    """Return the range and a note about it; raise FaultError if it is not a range of the file."""
    total = len(content.lines)
    if total == 0 and text == "1:0":
        return Range(1, 0), ""
    lines = parse_range(text, content.path, total)
    if lines.end == total + 1 and lines.start <= total:
        right = Range(lines.start, total)
        return right, f"the range ends one line past the file: {right} is meant"
    if lines.end > total:
        what = f"lines {lines} of {content.path}: the file has {lines_in_words(total)}"
        raise FaultError(what, whole(total))
    return lines, ""


def _find(path: str, evidence: Path, prefix: str) -> Content:
    """Return the evidence file for a `path` in a report; raise EvidenceError or FaultError."""
    if prefix and not path.startswith(prefix):
        raise FaultError(f"{path} does not begin with {prefix}", "correct the path or the --prefix")
    bare = path.removeprefix(prefix)
    try:
        evidence_path(bare)
    except ValueError as error:
        raise FaultError(str(error), "correct the path") from error
    lab = prefix.rstrip("/").rpartition("/")[2]
    candidates = [bare, f"{lab}/{bare}"] if prefix else _endings(bare)
    for candidate in candidates:
        if (evidence / candidate).is_file():
            return Content(candidate, read_evidence(evidence, candidate))
    return Content(bare, read_evidence(evidence, bare))


def _endings(path: str) -> list[str]:
    """Return `path` with none, one, two and more of its leading folders removed."""
    parts = path.split("/")
    return ["/".join(parts[number:]) for number in range(len(parts))]


def _difference(block: SubmittedBlock, expected: bytes, lines: Range) -> str:
    """Return in words which line differs first, in the report and in the file."""
    file, report = Content("", expected).lines, Content("", block.body).lines
    shorter = min(len(file), len(report))
    differing = (n for n, (one, other) in enumerate(zip(file, report, strict=False)) if one != other)
    number = next(differing, shorter)
    at = f"line {block.line + 1 + number} of the report is not line {lines.start + number} of {block.path}"
    if number < shorter:
        return f"{at}: {_shown(report[number])}, the file has {_shown(file[number])}"
    return f"{at}: the block has {lines_in_words(len(report))}, the file {len(file)}"


def _shown(line: bytes) -> str:
    text = line.decode(errors="replace")
    return repr(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…")
