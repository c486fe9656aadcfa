"""Compare two captures of a collector line by line, with what is volatile masked."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from labreport.contract.reader import read_evidence
from labreport.contract.records import File, Record, Span

RUN_NAME = re.compile(r"\blab[0-9a-f]{8}(?:-\d+)?(?:-x\d+)?\b")
"""The run's name, with the number of a container and of a command in it, if there is one."""

SHOWN = 5
"""How many differences of a file are shown. The rest is counted."""


@dataclass(frozen=True)
class StoredRecord:
    """A record, and the folder that holds its files."""

    record: Record
    folder: Path

    def files(self) -> dict[str, tuple[File, bytes]]:
        """Return each file's entry in the record and its content, by path."""
        return {file.path: (file, read_evidence(self.folder, file.path)) for file in self.record.files}


def with_patterns_of(first: StoredRecord, again: StoredRecord) -> StoredRecord:
    """Return `first` with only those volatile patterns that `again`, a capture of now, has as well.

    A record that came with a clone is data: its patterns could backtrack without end, and are not run.
    """
    known = {span.volatile for file in again.record.files for span in file.spans}

    def bare(file: File) -> File:
        spans = [
            span if span.volatile in known else span.model_copy(update={"volatile": ""})
            for span in file.spans
        ]
        return file.model_copy(update={"spans": spans})

    files = [bare(file) for file in first.record.files]
    return StoredRecord(first.record.model_copy(update={"files": files}), first.folder)


def differences(first: StoredRecord, again: StoredRecord) -> list[str]:
    """Return a line for each difference between two captures: in state, files, lines or digests.

    `again` is the newer one, made by the code that is here.
    """
    first = with_patterns_of(first, again)
    one, other = first.record, again.record
    found = []
    if (one.state, one.reason) != (other.state, other.reason):
        found.append(f"{one.state} {one.reason}".strip() + f", then {other.state} {other.reason}".rstrip())
    before, after = first.files(), again.files()
    found += [f"{path}: in one of the two only" for path in sorted(before.keys() ^ after.keys())]
    for path in sorted(before.keys() & after.keys()):
        found += _line_differences(path, lines(*before[path]), lines(*after[path]))
    for name in sorted(one.digests.keys() & other.digests.keys()):
        if one.digests[name] != other.digests[name]:
            found.append(f"{name}: another digest")
    return found


@dataclass(frozen=True)
class RepeatLine:
    """A line of a file: its text, and the text to compare, in which volatile parts are masked."""

    number: int
    text: str
    compared: str


def lines(file: File, data: bytes) -> list[RepeatLine]:
    """Return the lines of an evidence file for a comparison. Data that is not text is one line."""
    try:
        text = data.decode().split("\n")
    except UnicodeDecodeError:
        return [RepeatLine(1, f"{len(data)} bytes", file.sha256)]
    if text[-1] == "":
        text.pop()
    spans = file.spans or [Span(start=1, end=max(len(text), 1))]
    return [line for span in spans for line in _masked(span, text[span.start - 1 : span.end])]


def _masked(span: Span, text: list[str]) -> Iterator[RepeatLine]:
    """Yield the lines of one span. If the pattern matches across lines, the span is one line."""
    whole = RUN_NAME.sub("[run]", "\n".join(text))
    if span.volatile:
        whole = re.sub(span.volatile, "[volatile]", whole, flags=re.MULTILINE)
    masked = whole.split("\n")
    if len(masked) != len(text):
        yield RepeatLine(span.start, text[0], whole)
        return
    for number, (shown, compared) in enumerate(zip(text, masked, strict=True), span.start):
        yield RepeatLine(number, shown, compared)


def _line_differences(path: str, old: list[RepeatLine], new: list[RepeatLine]) -> Iterator[str]:
    """Yield a line for each place at which two versions of a file differ."""
    matcher = difflib.SequenceMatcher(
        None, [line.compared for line in old], [line.compared for line in new], autojunk=False
    )
    places = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    for _tag, low, high, new_low, new_high in places[:SHOWN]:
        number = old[low].number if low < len(old) else len(old) + 1
        yield f"{path}:{number}: was {_quoted(old[low:high])}, is {_quoted(new[new_low:new_high])}"
    if len(places) > SHOWN:
        yield f"{path}: differs in {len(places) - SHOWN} more places"


def _quoted(part: list[RepeatLine]) -> str:
    if not part:
        return "nothing"
    more = f" and {len(part) - 1} more lines" if len(part) > 1 else ""
    return f"{part[0].text[:80]!r}{more}"
