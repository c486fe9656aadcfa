"""Holds a report that was handed in against the evidence: is each block what its lines are?"""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from labreport.contract.reader import EvidenceError, read_evidence
from labreport.contract.records import evidence_path
from labreport.report.problems import FaultError, one_line
from labreport.report.source.ranges import Range, lines_in_words, parse_range, whole
from labreport.report.source.slices import Content

_OPEN = re.compile(rb"([ \t]*(?:(?:[-*+]|[0-9]+[.)])[ \t]+)?)(`{3,}|~{3,})([^\n]*)")
_INFO = re.compile(r"(-?[0-9]+:-?[0-9]+):(\S.*)")


@dataclass(frozen=True)
class SubmittedBlock:
    """A fence of a report: `line` is that of its first mark, 1-based; `body` is what stands in it."""

    line: int
    lines: str
    path: str
    body: bytes


@dataclass(frozen=True)
class BlockResult:
    """Whether a block equals its lines. `line` is in the report; `what` is wrong, or to be noted."""

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
    """Return for each fence of `file` whose info string is `start:end:path` whether it equals its lines.

    `evidence` is the lab's folder, or the evidence root. `prefix` is what stands before the paths in the
    report; if it is empty, whatever leads to a file is taken to be one. Two things are accepted: a last line
    without LF, to which the fence gives one, and, with a note, a range that ends one line past the file.
    """
    return check_text(file.read_bytes(), evidence, prefix)


def check_text(report: bytes, evidence: Path, prefix: str) -> list[BlockResult]:
    """Return the same for the text of a report."""
    return [_result(block, evidence, prefix) for block in submitted(report)]


def submitted(report: bytes) -> Iterator[SubmittedBlock]:
    """Yield the blocks of a report. A fence without `start:end:path` is none."""
    lines = report.split(b"\n")
    at = 0
    while at < len(lines):
        found = _OPEN.fullmatch(lines[at])
        if found is None:
            at += 1
            continue
        end = _closing(lines, at, found[2])
        info = _INFO.fullmatch(found[3].decode(errors="replace").strip())
        if info:
            indent = len(found[1])
            body = b"".join(_outdent(line, indent) + b"\n" for line in lines[at + 1 : end])
            yield SubmittedBlock(at + 1, info[1], info[2], body)
        at = end + 1


def _closing(lines: list[bytes], start: int, mark: bytes) -> int:
    """Return where the fence that begins at `start` ends: with the report if nothing closes it."""
    for number in range(start + 1, len(lines)):
        text = lines[number].strip(b" \t\r")
        if text.startswith(mark) and not text.strip(mark[:1]):
            return number
    return len(lines)


def _outdent(line: bytes, indent: int) -> bytes:
    """Return a line without the blanks that its fence is indented by."""
    return line[indent:] if not line[:indent].strip(b" \t") else line.lstrip(b" \t")


def _result(block: SubmittedBlock, evidence: Path, prefix: str) -> BlockResult:
    reference = f"{block.lines}:{block.path}"
    try:
        content = _find(block.path, evidence, prefix)
        lines, note = _range(block.lines, content)
    except (FaultError, EvidenceError) as error:
        return BlockResult(block.line, reference, whole=False, what=str(error))
    kept = content.slice(lines)
    if block.body in (kept, kept + b"\n" if not kept.endswith(b"\n") else kept):
        return BlockResult(block.line, reference, whole=True, what=note)
    return BlockResult(block.line, reference, whole=False, what=_difference(block, kept, lines))


def _range(text: str, content: Content) -> tuple[Range, str]:
    """Return the range and what is to be noted of it; raise FaultError if it is none of the file's."""
    total = len(content.lines)
    if total == 0 and text == "1:0":
        return Range(1, 0), ""
    lines = parse_range(text, content.path, total)
    if lines.end == total + 1 and lines.start <= total:
        return Range(
            lines.start, total
        ), f"the range ends one line past the file: {lines.start}:{total} is meant"
    if lines.end > total:
        raise FaultError(
            f"lines {lines} of {content.path}: the file has {lines_in_words(total)}", whole(total)
        )
    return lines, ""


def _find(path: str, evidence: Path, prefix: str) -> Content:
    """Return the file that a report's `path` means; raise EvidenceError or FaultError if there is none."""
    if prefix and not path.startswith(prefix):
        raise FaultError(f"{path} does not begin with {prefix}", "mend the path, or name the right --prefix")
    bare = path.removeprefix(prefix)
    try:
        evidence_path(bare)
    except ValueError as error:
        raise FaultError(str(error), "mend the path") from error
    lab = prefix.rstrip("/").rpartition("/")[2]
    candidates = [bare, f"{lab}/{bare}"] if prefix else _endings(bare)
    for candidate in candidates:
        if (evidence / candidate).is_file():
            return Content(candidate, read_evidence(evidence, candidate))
    return Content(bare, read_evidence(evidence, bare))


def _endings(path: str) -> list[str]:
    """Return `path`, and `path` without its first folder, its first two, and so on."""
    parts = path.split("/")
    return ["/".join(parts[number:]) for number in range(len(parts))]


def _difference(block: SubmittedBlock, kept: bytes, lines: Range) -> str:
    """Return which line differs first, in the report and in the file."""
    ours, theirs = Content("", kept).lines, Content("", block.body).lines
    pairs = enumerate(zip(ours, theirs, strict=False))
    number = next((n for n, (one, other) in pairs if one != other), min(len(ours), len(theirs)))
    at = f"line {block.line + 1 + number} of the report is not line {lines.start + number} of {block.path}"
    if number < min(len(ours), len(theirs)):
        return f"{at}: {_shown(theirs[number])}, the file has {_shown(ours[number])}"
    return f"{at}: the block has {lines_in_words(len(theirs))}, the file {len(ours)}"


def _shown(line: bytes) -> str:
    text = line.decode(errors="replace")
    return repr(text if len(text) <= 60 else f"{text[:60]}…")  # noqa: PLR2004 # what fits a terminal's line
