"""The evidence of one build: sets, records, hosts and files, each read at most once.

An Evidence lives for one build and is then thrown away, so nothing in it can be out of date.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from labreport.contract.reader import RecordError, read_evidence, read_host, read_state, readable_records
from labreport.contract.records import (
    HERE,
    HOSTS,
    RECORDS,
    CollectorState,
    Command,
    File,
    Host,
    HostClass,
    Record,
    State,
    Status,
    evidence_path,
)
from labreport.contract.verify import FAILED, sets
from labreport.report.problems import FaultError
from labreport.report.source.ranges import Range
from labreport.report.source.slices import Content


class Origin(NamedTuple):
    """Lines of a file and what printed them: a command, or text of ours; `cut` says what was left out."""

    lines: Range
    command: Command | None
    cut: str


@dataclass(frozen=True)
class Captured:
    """A file of a set as its record tells of it."""

    record: Record
    file: File

    def origins(self, lines: Range) -> list[Origin]:
        """Return what printed `lines`, in order; nothing where the record has no spans for them."""
        found = []
        for span in self.file.spans:
            start, end = max(span.start, lines.start), min(span.end, lines.end)
            if start <= end:
                command = None if span.command is None else self.record.commands[span.command]
                found.append(Origin(Range(start, end), command, span.cut))
        return found

    def lines(self, content: Content) -> Iterator[tuple[int, bytes, bool]]:
        """Yield each line of the whole file, its number before it, and whether a command printed it."""
        for origin in self.origins(Range(1, len(content.lines))):
            for number in range(origin.lines.start, origin.lines.end + 1):
                yield number, content.lines[number - 1], origin.command is not None


@dataclass(frozen=True)
class EvidenceSet:
    """The evidence of one measuring host: `name` is its path from the evidence root."""

    name: str
    folder: Path

    @property
    def lab(self) -> str:
        """The lab that this is evidence of."""
        return self.folder.name

    @cached_property
    def records(self) -> dict[str, Record]:
        """The readable records by collector; `labreport.contract.verify` reports those that are not."""
        return readable_records(self.folder, skip_newer=True)

    @cached_property
    def captured(self) -> dict[str, Captured]:
        """Every file that a record tells of, by path."""
        return {
            file.path: Captured(record, file) for record in self.records.values() for file in record.files
        }

    @cached_property
    def state(self) -> State | None:
        """What is known of each collector; None where nothing readable says."""
        try:
            return read_state(self.folder)
        except RecordError:
            return None

    @cached_property
    def stale(self) -> dict[str, CollectorState]:
        """The collector of each file that is to be captured again, by path."""
        rows = self.state.collectors if self.state else []
        return {path: row for row in rows if row.state is Status.STALE for path in row.writes}

    @cached_property
    def hosts(self) -> dict[str, Host]:
        """The hosts of the set's records by id, without those whose file cannot be read."""
        found = {}
        for host_id in sorted({record.host for record in self.records.values()}):
            try:
                found[host_id] = read_host(self.folder, host_id)
            except RecordError:
                continue
        return found

    @cached_property
    def measuring(self) -> list[Host]:
        """The hosts that measured, without those that only built."""
        ids = {record.host for record in self.records.values() if record.role != "build"}
        return [host for host_id, host in self.hosts.items() if host_id in ids]

    def files(self) -> Iterator[str]:
        """Yield the path of every regular file, records included: no failed capture, link or hidden file."""
        for where, folders, files in os.walk(self.folder):
            top = Path(where) == self.folder
            folders[:] = sorted(
                one for one in folders if not one.startswith(".") and not (top and one == FAILED)
            )
            for one in sorted(files):
                path = Path(where, one)
                name = path.relative_to(self.folder).as_posix()
                if path.is_file() and not path.is_symlink() and _plain(name):
                    yield name


def _plain(path: str) -> bool:
    try:
        evidence_path(path)
    except ValueError:
        return False
    return True


@dataclass
class Evidence:
    """All sets below `root`; `labs` are known from the docs, so that one without evidence is a gap, no typo.

    `here` takes in evidence/hosts/here, which is this machine's alone.
    """

    root: Path
    labs: frozenset[str] = frozenset()
    here: bool = False
    _sets: dict[str, EvidenceSet] = field(default_factory=dict)
    _contents: dict[tuple[str, str], Content] = field(default_factory=dict)

    def names(self) -> list[str]:
        """Return the names of the sets: the labs first, then those of other hosts."""
        return list(sets(self.root, here=self.here))

    def set(self, name: str) -> EvidenceSet:
        """Return the set `name`, an empty one if there is none."""
        if name not in self._sets:
            self._sets[name] = EvidenceSet(name, self.root / name)
        return self._sets[name]

    def holds(self, name: str, path: str) -> bool:
        """Return whether there is anything at `path` of the set `name`."""
        return (name, path) in self._contents or os.path.lexists(f"{self.root}/{name}/{path}")

    def content(self, name: str, path: str) -> Content:
        """Return the file `path` of the set `name`; raise EvidenceError as `read_evidence` does."""
        key = (name, path)
        if key not in self._contents:
            self._contents[key] = Content(path, read_evidence(self.root / name, path))
        return self._contents[key]

    def locate(self, path: str, lab: str) -> tuple[EvidenceSet, str]:
        """Return the set and the path in it that `path` means on a page of `lab` (empty outside labs).

        Raises FaultError where the path names no lab, or evidence that this build leaves out.
        """
        if path.startswith(f"{HOSTS}/"):
            return self._other_host(path)
        if lab:
            return self.set(lab), path
        first, _, rest = path.partition("/")
        if first not in self.labs and first not in self.names():
            raise FaultError(
                f"{path} does not begin with a lab",
                "outside docs/labs/ the lab comes first: lab12/kata/test1.txt",
            )
        if not rest:
            raise FaultError(f"{path} is a lab, not a file", f"name one of its files: {first}/…")
        return self.set(first), rest

    def _other_host(self, path: str) -> tuple[EvidenceSet, str]:
        parts = path.split("/", 3)
        if len(parts) < 4:  # noqa: PLR2004 # hosts, the name, the lab, the file
            raise FaultError(f"{path} is no file", f"write {HOSTS}/NAME/LAB/FILE")
        name = "/".join(parts[:3])
        if name not in self.names():
            hidden = parts[1] == HERE and not self.here
            what = "is this machine's alone: a build leaves it out" if hidden else "is not there"
            raise FaultError(f"{HOSTS}/{parts[1]} {what}", "name a set that the hosts page lists")
        return self.set(name), parts[3]


def recorded(path: str) -> bool:
    """Return whether `path` in a set is evidence, not a record."""
    return not path.startswith(f"{RECORDS}/")


def is_emulated(host: Host | None) -> bool:
    """Return whether a host's timings are those of an emulated processor."""
    return host is not None and host.host_class is HostClass.EMULATED
