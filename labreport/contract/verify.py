"""Check the evidence against its records. `lab verify` and every build do this.

A set is *intact*, *interrupted* (a capture was cut short; the next collect finishes or drops it) or *altered*
(the finding names the file). Only files and records are read: no code of a lab, and nothing of the host.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from labreport.contract.fields import FAILED, RECORDS
from labreport.contract.folder import EvidenceError, Folder, FolderEntry, opened
from labreport.contract.images import ImageError, clean_image, is_image_path
from labreport.contract.known import Known
from labreport.contract.reader import (
    RecordError,
    is_record,
    read_checked,
    read_host,
    read_state,
    readable_records,
    recorded,
)
from labreport.contract.records import CHECKED_FILE, HERE, HOSTS, STATE_FILE, File, Record
from labreport.contract.remedies import get_again, without_record
from labreport.contract.sets import set_entries, sets
from labreport.contract.text import line_count, text_lines
from labreport.contract.unfinished import PART, STAGING, unfinished

OLD_LOCK = ".lock"


class Integrity(StrEnum):
    """What is wrong with a file or a record."""

    INTERRUPTED = "interrupted"
    ALTERED = "altered"
    UNFIT = "not to be shown"
    STAND_IN = "a stand-in"


@dataclass(frozen=True)
class IntegrityFinding:
    """One problem: its kind, the file (`path` from the evidence root), what is wrong and what to do."""

    verdict: Integrity
    path: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}: {self.verdict}: {self.what}: {self.remedy}"

    def as_json(self) -> dict[str, str]:
        """Return the finding as `--json` prints it."""
        return {key: str(value) for key, value in asdict(self).items()}


@dataclass(frozen=True)
class IntegrityReport:
    """The findings in one or more sets, and how many files and records were checked."""

    files: int
    records: int
    findings: tuple[IntegrityFinding, ...]

    @property
    def verdict(self) -> str:
        """The worst finding, in the order of `Integrity` after `altered`; `intact` if there is none."""
        verdicts = {finding.verdict for finding in self.findings}
        worst_first = (Integrity.ALTERED, Integrity.INTERRUPTED, Integrity.UNFIT, Integrity.STAND_IN)
        return next((str(verdict) for verdict in worst_first if verdict in verdicts), "intact")


def misplaced(root: Path, *, here: bool = True) -> Iterator[IntegrityFinding]:
    """Yield a finding for each link, device or the like that is where a set or its folders have to be."""
    try:
        with opened(root):
            pass
    except FileNotFoundError:
        return
    except EvidenceError as error:
        yield IntegrityFinding(Integrity.ALTERED, root.name, error.what, error.remedy)
        return
    for entry in set_entries(root):
        if not entry.is_folder and (here or not entry.path.startswith(f"{HOSTS}/{HERE}/")):
            yield _altered(entry.path, f"{entry.kind}, not a folder", "put the folder itself there")


def verify(
    root: Path, *, here: bool = True, known: Callable[[str], Known] = lambda _name: Known()
) -> IntegrityReport:
    """Check every file of every set below the evidence root `root` against its record.

    `known` returns what is known of a set already.
    """
    reports = [verify_set(path, name, known(name)) for name, path in sets(root, here=here).items()]
    findings = [*misplaced(root, here=here), *(finding for report in reports for finding in report.findings)]
    return IntegrityReport(
        sum(report.files for report in reports), sum(report.records for report in reports), tuple(findings)
    )


def stand_ins(root: Path, host: str | None = None) -> Iterator[IntegrityFinding]:
    """Yield a finding for each record that used another image than lab.yml pins.

    Only the report's own sets are searched, or only those of `host`.
    """
    prefix = f"{HOSTS}/{host}/" if host else ""
    for name, folder in sets(root).items():
        if name.startswith(prefix) and (host or not name.startswith(f"{HOSTS}/")):
            yield from _stand_ins(folder, name)


def _stand_ins(folder: Path, name: str) -> Iterator[IntegrityFinding]:
    for collector, record in readable_records(folder, skip_newer=True).items():
        for image in record.images.values():
            if not image.is_pinned:
                what = f"{image.reference} was {image.digest} ({image.source}), not {image.pinned}"
                remedy = f"name an archive or a registry that has it: `lab collect {record.lab}/{collector}`"
                path = f"{name}/{RECORDS}/{collector}.json"
                yield IntegrityFinding(Integrity.STAND_IN, path, what, remedy)


def verify_set(folder: Path, name: str, known: Known | None = None) -> IntegrityReport:
    """Check the files of one lab folder against its records; `name` is the folder's path in findings.

    What is `known` of the set already is not read again.
    """
    known = known or Known()
    records, findings = _records(folder, name, known)
    owners: dict[str, tuple[File, str]] = {}
    for record in records.values():
        collector = record.collector.name
        for file in record.files:
            if file.path in owners:
                what = f"both {owners[file.path][1]} and {collector} claim it"
                remedy = "capture again, or remove the record of the one that is gone"
                findings.append(_altered(f"{name}/{file.path}", what, remedy))
            owners[file.path] = (file, collector)
    try:
        present, pending = _present(folder), unfinished(folder, records)
    except EvidenceError as error:
        findings.append(_altered(f"{name}/{error.path}".rstrip("/"), error.what, error.remedy))
        return IntegrityReport(len(owners), len(records), tuple(findings))
    evidence = {entry.path: entry for entry in present if not entry.path.startswith(RECORDS + "/")}
    with opened(folder) as lab:
        for path, (file, collector) in owners.items():
            if not (what := known.found(lab, file, difference)):
                findings += _unfit(lab, name, file, known)
                continue
            if pending.arrived(path) or (path in pending.leaving and path not in evidence):
                findings.append(_interrupted(f"{name}/{path}"))
            else:
                remedy = f"restore it from git, or {get_again(records[collector], name, path)}"
                findings.append(_altered(f"{name}/{path}", f"{what} (record: {collector})", remedy))
    for path in sorted(evidence.keys() - owners.keys()):
        if pending.arrived(path) or path in pending.leaving:
            findings.append(_interrupted(f"{name}/{path}"))
        else:
            what = "no record says where it came from"
            findings.append(_altered(f"{name}/{path}", what, without_record(f"{name}/{path}")))
    findings += [_interrupted(f"{name}/{staged}") for staged in pending.staged]
    findings += _strays(folder, name, present, records)
    return IntegrityReport(len(owners), len(records), tuple(findings))


def _unfit(lab: Folder, name: str, file: File, known: Known) -> Iterator[IntegrityFinding]:
    """Yield a finding for a file with the name of an image that is none, or that has metadata."""
    if error := known.found(lab, file, _image_error):
        yield IntegrityFinding(Integrity.UNFIT, f"{name}/{file.path}", error.what, error.remedy)


def _image_error(lab: Folder, file: File) -> EvidenceError | ImageError | None:
    """Return why a file with the name of an image cannot be shown, or None."""
    try:
        if is_image_path(file.path):
            clean_image(file.path, lab.read(file.path))
    except (EvidenceError, ImageError) as error:
        return error.with_traceback(None)
    return None


def _strays(
    folder: Path, name: str, present: list[FolderEntry], records: dict[str, Record]
) -> Iterator[IntegrityFinding]:
    """Yield a finding for each entry of records/ that is no file of the tool, or is left of a killed run."""
    hosts = {f"host-{record.host}.json" for record in records.values()}
    for entry in present:
        top, _, file = entry.path.partition("/")
        if top != RECORDS or is_record(file) or file in {STATE_FILE, CHECKED_FILE, *hosts}:
            continue
        if PART.fullmatch(file) or _is_host(folder, file):
            yield _interrupted(f"{name}/{entry.path}")
        else:
            yield _altered(f"{name}/{entry.path}", "not a file of the tool", "remove it")


def _is_host(folder: Path, file: str) -> bool:
    """Return whether a file of records/ is a host's, which no record may name yet or any more."""
    if not (match := re.fullmatch(r"host-([0-9a-f]{12})\.json", file)):
        return False
    try:
        return bool(read_host(folder, match[1]))
    except RecordError:
        return False


def _records(folder: Path, name: str, known: Known) -> tuple[dict[str, Record], list[IntegrityFinding]]:
    """Return the readable records of a set, and a finding for every file of `records/` that is not."""
    records: dict[str, Record] = {}
    findings = []

    def note(file: str, error: RecordError) -> None:
        findings.append(_altered(f"{name}/{RECORDS}/{file}", error.what, error.remedy))

    try:
        collectors = recorded(folder)
    except RecordError as error:
        return {}, [_altered(f"{name}/{RECORDS}", error.what, error.remedy)]
    for collector in collectors:
        try:
            records[collector] = known.record(folder, collector)
        except RecordError as error:
            note(f"{collector}.json", error)
    for host in sorted({record.host for record in records.values()}):
        try:
            read_host(folder, host)
        except RecordError as error:
            note(f"host-{host}.json", error)
    for file, read in ((STATE_FILE, read_state), (CHECKED_FILE, read_checked)):
        try:
            read(folder)
        except RecordError as error:
            note(file, error)
    return records, findings


def changed(folder: Path, file: File) -> str:
    """Return how a file of the lab folder `folder` differs from its record, as `difference` does."""
    try:
        with opened(folder) as lab:
            return difference(lab, file)
    except FileNotFoundError:
        return "no such file"
    except EvidenceError as error:
        return error.what


def difference(lab: Folder, file: File) -> str:
    """Return how a file differs from its record; an empty text if it does not.

    Its hash, its size, its lines and the lines that the spans name are compared.
    """
    try:
        data = lab.read(file.path)
    except EvidenceError as error:
        return error.what
    digest = hashlib.sha256(data).hexdigest()
    if digest != file.sha256:
        return f"sha256 is {digest[:12]}…, its record says {file.sha256[:12]}…"
    if len(data) != file.bytes:
        return f"has {len(data)} bytes, its record says {file.bytes}"
    if file.lines != text_lines(data):
        return f"has {text_lines(data)} lines, its record says {file.lines}"
    lines = line_count(data)
    if file.spans and file.spans[-1].end > lines:
        return f"has {lines} lines, and its record has a span up to line {file.spans[-1].end}"
    return ""


def _present(folder: Path) -> list[FolderEntry]:
    """Return everything in a set but folders, staged files and failed captures. Raise EvidenceError.

    Of the hidden entries at the top, only `.lock` is left out: version 0.1 made one, and it is never read.
    """
    with opened(folder) as top:
        return [entry for entry in top.entries(_is_no_evidence) if not entry.is_folder]


def _is_no_evidence(entry: FolderEntry) -> bool:
    if entry.path == OLD_LOCK:
        return entry.is_file
    return entry.is_folder and (entry.path == FAILED or entry.path.startswith(STAGING))


def _altered(path: str, what: str, remedy: str) -> IntegrityFinding:
    return IntegrityFinding(Integrity.ALTERED, path, what, remedy)


def _interrupted(path: str) -> IntegrityFinding:
    remedy = "the next `lab collect` finishes or drops it"
    return IntegrityFinding(Integrity.INTERRUPTED, path, "a capture was cut short", remedy)
