"""Is the evidence what its records say? Asked by `lab verify` and by every build.

A set is *intact*; *interrupted* (a capture was cut short; the next collect finishes or drops it); or
*altered* (which file). Only files and records are read: no lab, no engine, no host.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from labreport.contract.reader import (
    EvidenceError,
    read_checked,
    read_evidence,
    read_host,
    read_record,
    read_state,
    readable_records,
    record_files,
)
from labreport.contract.records import HERE, HOSTS, RECORDS, File, Record, RecordError, parse

STAGING = ".staging"
INTENT = "record.json"
REMOVAL = "removed.json"
FAILED = "failed"


class Verdict(StrEnum):
    """What is wrong with a file."""

    INTERRUPTED = "interrupted"
    ALTERED = "altered"
    STAND_IN = "a stand-in"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: `path` from the evidence root, what, and what to do."""

    verdict: Verdict
    path: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}: {self.verdict}: {self.what}: {self.remedy}"

    def as_json(self) -> dict[str, str]:
        """Return the finding as `--json` prints it."""
        return {key: str(value) for key, value in asdict(self).items()}


@dataclass(frozen=True)
class Report:
    """What was looked at and found in some sets."""

    files: int
    records: int
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> str:
        """`altered` if anything is, else `interrupted`, else `a stand-in` if anything is, else `intact`."""
        verdicts = {finding.verdict for finding in self.findings}
        worst = (Verdict.ALTERED, Verdict.INTERRUPTED, Verdict.STAND_IN)
        return next((str(one) for one in worst if one in verdicts), "intact")


def sets(root: Path, *, here: bool = True) -> dict[str, Path]:
    """Return the sets below the evidence root, by path from it: `lab12`, `hosts/<name>/lab12`.

    `here` includes `hosts/here`, the set of this machine alone.
    """
    found = {path.name: path for path in _folders(root) if path.name != HOSTS}
    for host in _folders(root / HOSTS):
        if here or host.name != HERE:
            found |= {f"{HOSTS}/{host.name}/{path.name}": path for path in _folders(host)}
    return found


def _folders(path: Path) -> list[Path]:
    """Return the visible folders in `path`, sorted; none if there is no such folder."""
    if not path.is_dir():
        return []
    return sorted(one for one in path.iterdir() if one.is_dir() and not one.name.startswith("."))


def verify(root: Path, *, here: bool = True) -> Report:
    """Hold every file of every set below the evidence root `root` against its record."""
    reports = [verify_set(path, name) for name, path in sets(root, here=here).items()]
    return Report(
        sum(report.files for report in reports),
        sum(report.records for report in reports),
        tuple(finding for report in reports for finding in report.findings),
    )


def stand_ins(root: Path, host: str | None = None) -> Iterator[Finding]:
    """Yield a finding for each record of the report's sets, or `host`'s, of an image that is not pinned."""
    own = f"{HOSTS}/{host}/" if host else ""
    for name, folder in sets(root).items():
        if name.startswith(own) and (own or not name.startswith(f"{HOSTS}/")):
            yield from _stand_ins(folder, name)


def _stand_ins(folder: Path, name: str) -> Iterator[Finding]:
    for collector, record in readable_records(folder, skip_newer=True).items():
        for image in record.images.values():
            if not image.is_pinned:
                what = f"{image.reference} was {image.digest} ({image.source}), not {image.pinned}"
                remedy = f"name an archive or a registry that has it: `lab collect {record.lab}/{collector}`"
                yield Finding(Verdict.STAND_IN, f"{name}/{RECORDS}/{collector}.json", what, remedy)


def verify_set(folder: Path, name: str) -> Report:
    """Hold the files of one lab folder against its records; `name` is the folder's path in findings."""
    records, findings = _records(folder, name)
    intents = dict(_intents(folder))
    expected: dict[str, tuple[File, str]] = {}
    for record in records.values():
        for file in record.files:
            if file.path in expected:
                other = expected[file.path][1]
                findings.append(
                    _altered(
                        name,
                        file.path,
                        f"both {other} and {record.collector.name} claim it",
                        "capture again, or remove the record of the one that is gone",
                    )
                )
            expected[file.path] = (file, record.collector.name)
    underway = {file.path: file.sha256 for record in intents.values() if record for file in record.files}
    leaving = _leaving(folder, records, intents) - underway.keys()
    present = set(_files(folder))
    for path, (file, collector) in expected.items():
        what = _check(folder, file, underway.get(path))
        if what is Verdict.INTERRUPTED or (what and path in leaving and path not in present):
            findings.append(_interrupted(name, path))
        elif what:
            findings.append(
                _altered(
                    name,
                    path,
                    f"{what} (record: {collector})",
                    f"restore it from git, or run `lab collect {collector}`",
                )
            )
    for path in sorted(present - expected.keys()):
        if path in leaving or (path in underway and _digest(folder, path) == underway[path]):
            findings.append(_interrupted(name, path))
        else:
            findings.append(
                _altered(
                    name,
                    path,
                    "no record says where it came from",
                    "capture it with `lab record`, or remove it",
                )
            )
    findings += [_interrupted(name, f"{STAGING}/{intent}") for intent in intents]
    return Report(len(expected), len(records), tuple(findings))


def _records(folder: Path, name: str) -> tuple[dict[str, Record], list[Finding]]:
    """Return the readable records of a set, and a finding for each that is not."""
    records: dict[str, Record] = {}
    findings = []
    hosts: set[str] = set()
    for path in record_files(folder):
        try:
            record = records[path.stem] = read_record(path)
            if record.host not in hosts:
                hosts.add(record.host)
                read_host(folder, record.host)
        except RecordError as error:
            findings.append(_bad_record(name, folder, error))
    for read in (read_state, read_checked):
        try:
            read(folder)
        except RecordError as error:
            findings.append(_bad_record(name, folder, error))
    return records, findings


def _bad_record(name: str, folder: Path, error: RecordError) -> Finding:
    """Return the finding for a record that cannot be read, split as its text is: where, what, what to do."""
    where, _, rest = str(error).removeprefix(f"{folder.name}/").partition(": ")
    what, _, remedy = rest.partition(": ")
    return _altered(name, where, what, remedy or "restore it from git or capture it again")


def _check(folder: Path, file: File, underway: str | None) -> str:
    """Return what is wrong with a file of a record; empty if nothing is.

    `underway` is the hash that an interrupted capture meant to put there: such a file is interrupted.
    """
    what = changed(folder, file)
    if what and underway and _digest(folder, file.path) == underway:
        return Verdict.INTERRUPTED
    return what


def changed(folder: Path, file: File) -> str:
    """Return what a file of the lab folder is instead of what its record says; empty if it is that."""
    try:
        digest = hashlib.sha256(read_evidence(folder, file.path)).hexdigest()
    except EvidenceError as error:
        return str(error).removeprefix(f"{file.path}: ")
    if digest == file.sha256:
        return ""
    return f"sha256 is {digest[:12]}…, its record says {file.sha256[:12]}…"


def _digest(folder: Path, path: str) -> str:
    """Return a file's sha256, or an empty text where it cannot be read."""
    try:
        return hashlib.sha256(read_evidence(folder, path)).hexdigest()
    except EvidenceError:
        return ""


def _files(folder: Path) -> Iterator[str]:
    """Yield the path of everything in a set that is neither a record nor staged nor a failed capture."""
    root = os.fspath(folder)
    for where, folders, files in os.walk(root):
        below = where[len(root) + 1 :]
        if not below:
            folders[:] = [one for one in folders if one not in {RECORDS, STAGING, FAILED}]
        links = [one for one in folders if os.path.islink(f"{where}/{one}")]  # noqa: PTH114 - asked of every folder
        for one in [*files, *links]:
            if below or not one.startswith("."):
                yield f"{below}/{one}" if below else one


def _intents(folder: Path) -> Iterator[tuple[str, Record | None]]:
    """Yield each staged capture by collector's name, with its intended record once that is written."""
    for staged in sorted((folder / STAGING).glob("*")):
        try:
            yield staged.name, parse(Record, (staged / INTENT).read_bytes(), staged.name)
        except (OSError, RecordError):
            yield staged.name, None


def _leaving(folder: Path, records: dict[str, Record], intents: dict[str, Record | None]) -> set[str]:
    """Return the files that an interrupted capture, or an interrupted removal, takes out of the set."""
    leaving = {file.path for name, record in records.items() if intents.get(name) for file in record.files}
    for staged in (folder / STAGING).glob(f"*/{REMOVAL}"):
        try:
            leaving |= {file.path for file in parse(Record, staged.read_bytes(), staged.name).files}
        except (OSError, RecordError):
            continue
    return leaving


def _altered(name: str, path: str, what: str, remedy: str) -> Finding:
    return Finding(Verdict.ALTERED, f"{name}/{path}", what, remedy)


def _interrupted(name: str, path: str) -> Finding:
    return Finding(
        Verdict.INTERRUPTED,
        f"{name}/{path}",
        "a capture was cut short",
        "the next `lab collect` finishes or drops it",
    )
