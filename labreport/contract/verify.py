"""Check the evidence against its records. `lab verify` and every build do this.

A set is *intact*, *interrupted* (a capture was cut short; the next collect finishes or drops it) or *altered*
(the finding names the file). Only files and records are read: no code of a lab, and nothing of the host.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from labreport.contract.reader import (
    EvidenceError,
    RecordError,
    parse,
    read_checked,
    read_evidence,
    read_host,
    read_record,
    read_state,
    readable_records,
    record_files,
)
from labreport.contract.records import CHECKED_FILE, HERE, HOSTS, RECORDS, STATE_FILE, File, Record

STAGING = ".staging"
INTENT = "record.json"
REMOVAL = "removed.json"
FAILED = "failed"


class Integrity(StrEnum):
    """What is wrong with a file or a record."""

    INTERRUPTED = "interrupted"
    ALTERED = "altered"
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
        """The worst finding: `altered`, then `interrupted`, then `a stand-in`; `intact` if there is none."""
        verdicts = {finding.verdict for finding in self.findings}
        worst_first = (Integrity.ALTERED, Integrity.INTERRUPTED, Integrity.STAND_IN)
        return next((str(verdict) for verdict in worst_first if verdict in verdicts), "intact")


def sets(root: Path, *, here: bool = True) -> dict[str, Path]:
    """Return the sets below the evidence root by their path from it: `lab12`, `hosts/<name>/lab12`.

    Without `here`, leave out `hosts/here`, which belongs to this machine alone.
    """
    paths = {path.name: path for path in _folders(root) if path.name != HOSTS}
    for host in _folders(root / HOSTS):
        if here or host.name != HERE:
            paths |= {f"{HOSTS}/{host.name}/{path.name}": path for path in _folders(host)}
    return paths


def _folders(path: Path) -> list[Path]:
    """Return the visible folders in `path`, sorted; none if `path` does not exist."""
    if not path.is_dir():
        return []
    return sorted(entry for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def verify(root: Path, *, here: bool = True) -> IntegrityReport:
    """Check every file of every set below the evidence root `root` against its record."""
    reports = [verify_set(path, name) for name, path in sets(root, here=here).items()]
    return IntegrityReport(
        sum(report.files for report in reports),
        sum(report.records for report in reports),
        tuple(finding for report in reports for finding in report.findings),
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


def verify_set(folder: Path, name: str) -> IntegrityReport:
    """Check the files of one lab folder against its records; `name` is the folder's path in findings."""
    records, findings = _records(folder, name)
    owners: dict[str, tuple[File, str]] = {}
    for record in records.values():
        collector = record.collector.name
        for file in record.files:
            if file.path in owners:
                what = f"both {owners[file.path][1]} and {collector} claim it"
                remedy = "capture again, or remove the record of the one that is gone"
                findings.append(_altered(f"{name}/{file.path}", what, remedy))
            owners[file.path] = (file, collector)
    unfinished = _unfinished(folder, records)
    present = set(_files(folder))
    for path, (file, collector) in owners.items():
        if not (what := changed(folder, file)):
            continue
        if unfinished.arrived(path) or (path in unfinished.leaving and path not in present):
            findings.append(_interrupted(f"{name}/{path}"))
        else:
            remedy = f"restore it from git, or run `lab collect {collector}`"
            findings.append(_altered(f"{name}/{path}", f"{what} (record: {collector})", remedy))
    for path in sorted(present - owners.keys()):
        if unfinished.arrived(path) or path in unfinished.leaving:
            findings.append(_interrupted(f"{name}/{path}"))
        else:
            remedy = "capture it with `lab record`, or remove it"
            findings.append(_altered(f"{name}/{path}", "no record says where it came from", remedy))
    findings += [_interrupted(f"{name}/{STAGING}/{staged}") for staged in unfinished.staged]
    return IntegrityReport(len(owners), len(records), tuple(findings))


def _records(folder: Path, name: str) -> tuple[dict[str, Record], list[IntegrityFinding]]:
    """Return the readable records of a set, and a finding for every file of `records/` that is not."""
    records: dict[str, Record] = {}
    findings = []

    def note(file: str, error: RecordError) -> None:
        findings.append(_altered(f"{name}/{RECORDS}/{file}", error.what, error.remedy))

    for path in record_files(folder):
        try:
            records[path.stem] = read_record(path)
        except RecordError as error:
            note(path.name, error)
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
    """Return how a file differs from its record; an empty text if it does not."""
    try:
        digest = hashlib.sha256(read_evidence(folder, file.path)).hexdigest()
    except EvidenceError as error:
        return error.what
    if digest == file.sha256:
        return ""
    return f"sha256 is {digest[:12]}…, its record says {file.sha256[:12]}…"


def _files(folder: Path) -> Iterator[str]:
    """Yield the path of every evidence file of a set, and of every link to a folder.

    Records, staged files, failed captures and hidden files at the top are left out.
    """
    for where, folders, files in os.walk(folder):
        below = Path(where).relative_to(folder)
        is_top = below == Path()
        if is_top:
            folders[:] = [name for name in folders if name not in {RECORDS, STAGING, FAILED}]
        links = [name for name in folders if (folder / below / name).is_symlink()]
        for name in [*files, *links]:
            if not (is_top and name.startswith(".")):
                yield (below / name).as_posix()


@dataclass(frozen=True)
class _Unfinished:
    """The pending work of interrupted captures and removals in a set.

    `staged` are the names of the collectors. `arriving` maps each file that will be put in place to its hash.
    `leaving` are the files that will be removed.
    """

    folder: Path
    staged: tuple[str, ...]
    arriving: dict[str, str]
    leaving: frozenset[str]

    def arrived(self, path: str) -> bool:
        """Return whether an interrupted capture has already put its file at `path`."""
        if path not in self.arriving:
            return False
        try:
            data = read_evidence(self.folder, path)
        except EvidenceError:
            return False
        return hashlib.sha256(data).hexdigest() == self.arriving[path]


def _unfinished(folder: Path, records: dict[str, Record]) -> _Unfinished:
    """Return the pending work of interrupted captures and removals in a set with these records."""
    staged = []
    arriving: dict[str, str] = {}
    leaving: set[str] = set()
    for staging in sorted((folder / STAGING).glob("*")):
        staged.append(staging.name)
        if intent := _parsed(staging / INTENT):
            arriving |= {file.path: file.sha256 for file in intent.files}
            before = records.get(staging.name)
            leaving |= {file.path for file in before.files} if before else set()
        if removal := _parsed(staging / REMOVAL):
            leaving |= {file.path for file in removal.files}
    return _Unfinished(folder, tuple(staged), arriving, frozenset(leaving - arriving.keys()))


def _parsed(path: Path) -> Record | None:
    """Return the record in a staging folder; None if it is missing or incomplete."""
    try:
        return parse(Record, path.read_bytes(), path.name)
    except (OSError, RecordError):
        return None


def _altered(path: str, what: str, remedy: str) -> IntegrityFinding:
    return IntegrityFinding(Integrity.ALTERED, path, what, remedy)


def _interrupted(path: str) -> IntegrityFinding:
    remedy = "the next `lab collect` finishes or drops it"
    return IntegrityFinding(Integrity.INTERRUPTED, path, "a capture was cut short", remedy)
