"""Compare the quotes that somebody typed into our pages with the evidence, byte by byte.

A quote is a fence whose info string is `start:end:path`. An exported report consists of such quotes, and the
tests of the export read them back here. The reports of others are judged by `labreport.audit`, which folds
blanks and line ends; here a single blank is a difference.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from labreport.check.finding import Finding
from labreport.check.lab import LabPages
from labreport.contract.fields import evidence_path
from labreport.contract.folder import EvidenceError
from labreport.contract.reader import read_evidence
from labreport.report.pages.markdown import read_fences
from labreport.report.problems import FaultError, one_line
from labreport.report.source.slices import Content, Range, lines_in_words, parse_range, whole

_INFO = re.compile(r"(-?[0-9]+:-?[0-9]+):(\S.*)")
_SURROGATES = 0xDC00
"""The surrogate of the byte 0, where `surrogateescape` has its own."""
_CHANGED = re.compile(r"\r(?!\n)|\x00")
_SHIELDED = re.compile(r"[\udc00\udc0d]")
_LONGEST_SHOWN = 60
"""How many characters of a line a message shows."""


@dataclass(frozen=True)
class SubmittedBlock:
    """A quote in a report: `line` is the line of its opening fence, 1-based; `body` is the quoted text."""

    line: int
    lines: str
    path: str
    body: bytes
    closed: bool = True

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


def check_submission(file: Path, evidence: Path, prefix: str = "") -> list[BlockResult]:
    """Return for each quote in the report `file` whether it equals its lines.

    `evidence` is the lab's folder or the evidence root. `prefix` precedes every path in the report; if it is
    empty, any leading folders are ignored. Two differences are accepted: a last line without LF, which the
    fence adds, and a range that ends one line past the file; the result then has a note.
    """
    return [_result(block, evidence, prefix) for block in submitted(file.read_bytes())]


def misquotes(lab: LabPages) -> Iterator[Finding]:
    """Yield a finding for each typed quote in a lab's pages that does not equal its lines."""
    for page in lab.pages:
        for block in submitted(page.text.encode(), page=True):
            result = _result(block, lab.evidence.root / lab.lab, "")
            if not result.whole:
                what = f"{result.reference} does not equal these lines: {result.what}"
                remedy = f'let the build insert them: {{{{ evidence("{result.reference}") }}}}'
                yield Finding("quote", page.file, result.line, 1, what, remedy, result.reference)


def submitted(report: bytes, *, page: bool = False) -> Iterator[SubmittedBlock]:
    """Yield the quotes in a report, or in a `page` of ours; other fences are ignored.

    A quote is compared byte for byte, but the parser changes CR, NUL and line ends. So CR and NUL are
    replaced while it parses, and the line ends are taken from the report.
    """
    text = report.decode(errors="surrogateescape")
    lines = text.split("\n")
    shielded = _CHANGED.sub(lambda char: chr(_SURROGATES + ord(char[0])), text)
    for fence in read_fences(shielded, page=page):
        if info := _INFO.fullmatch(fence.info.encode(errors="replace").decode()):
            body = _SHIELDED.sub(lambda char: chr(ord(char[0]) - _SURROGATES), fence.body).split("\n")[:-1]
            ends = ("\r\n" if line.endswith("\r") else "\n" for line in lines[fence.first :])
            data = "".join(line + end for line, end in zip(body, ends, strict=False))
            closed = fence.last - fence.first == len(body) + 1
            yield SubmittedBlock(
                fence.first, info[1], info[2], data.encode(errors="surrogateescape"), closed=closed
            )


def _result(block: SubmittedBlock, evidence: Path, prefix: str) -> BlockResult:
    try:
        content = _find(block.path, evidence, prefix)
        lines, note = _range(block.lines, content)
    except (FaultError, EvidenceError) as error:
        return BlockResult(block.line, block.reference, whole=False, what=str(error))
    if not block.closed:
        return BlockResult(block.line, block.reference, whole=False, what="nothing closes the fence")
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
