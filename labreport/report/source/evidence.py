"""The evidence of one build: sets, records, hosts and files, each read at most once.

An Evidence lives for one build, so what it has read cannot be out of date.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from labreport.contract.fields import FAILED, RECORDS, is_evidence_path
from labreport.contract.folder import EvidenceError, opened
from labreport.contract.reader import RecordError, read_evidence, read_host, read_state, readable_records
from labreport.contract.records import (
    HERE,
    HOSTS,
    CollectorState,
    Command,
    File,
    Host,
    HostClass,
    Record,
    State,
    Status,
)
from labreport.contract.sets import sets
from labreport.report.problems import FaultError
from labreport.report.source.patterns import PatternSearch
from labreport.report.source.published import PublishedNames
from labreport.report.source.slices import Content, Range


@dataclass(frozen=True)
class Origin:
    """Lines of a file and the command that printed them, None for text of the collector.

    `cut` says what was cut from the command's output.
    """

    lines: Range
    command: Command | None
    cut: str


@dataclass(frozen=True)
class Captured:
    """A file of a set, as its record describes it."""

    record: Record
    file: File

    def origins(self, lines: Range) -> list[Origin]:
        """Return the origins of `lines`, in order; none for lines without a span."""
        origins = []
        for span in self.file.spans:
            start, end = max(span.start, lines.start), min(span.end, lines.end)
            if start <= end:
                command = None if span.command is None else self.record.commands[span.command]
                origins.append(Origin(Range(start, end), command, span.cut))
        return origins

    def lines(self, content: Content) -> Iterator[tuple[int, bytes, bool]]:
        """Yield each line of the file: its number, its bytes, whether a command printed it."""
        for origin in self.origins(Range(1, len(content.lines))):
            for number in range(origin.lines.start, origin.lines.end + 1):
                yield number, content.lines[number - 1], origin.command is not None


@dataclass(frozen=True)
class EvidenceSet:
    """The evidence of one measuring host; `name` is its path from the evidence root."""

    name: str
    folder: Path

    @property
    def lab(self) -> str:
        """The lab that the evidence belongs to."""
        return self.folder.name

    @cached_property
    def records(self) -> dict[str, Record]:
        """The readable records by collector; `labreport.contract.verify` reports the others."""
        return readable_records(self.folder, skip_newer=True)

    @cached_property
    def captured(self) -> dict[str, Captured]:
        """Every file that a record describes, by path."""
        return {
            file.path: Captured(record, file) for record in self.records.values() for file in record.files
        }

    @cached_property
    def state(self) -> State | None:
        """The state of each collector; None if there is no readable state.json."""
        try:
            return read_state(self.folder)
        except RecordError:
            return None

    @cached_property
    def stale(self) -> dict[str, CollectorState]:
        """The collector of each stale file, by path."""
        rows = self.state.collectors if self.state else []
        return {path: row for row in rows if row.state is Status.STALE for path in row.writes}

    @cached_property
    def hosts(self) -> dict[str, Host]:
        """The hosts of the set's records by id, without those whose file cannot be read."""
        hosts = {}
        for host_id in sorted({record.host for record in self.records.values()}):
            try:
                hosts[host_id] = read_host(self.folder, host_id)
            except RecordError:
                continue
        return hosts

    @cached_property
    def measuring(self) -> list[Host]:
        """The hosts that measured, without those that only built."""
        ids = {record.host for record in self.records.values() if record.role != "build"}
        return [host for host_id, host in self.hosts.items() if host_id in ids]

    @cached_property
    def _names(self) -> PublishedNames:
        return PublishedNames(frozenset(self.files()), self._bytes)

    def _bytes(self, path: str) -> bytes | None:
        try:
            return read_evidence(self.folder, path)
        except EvidenceError:
            return None

    def published(self, path: str) -> str:
        """Return the path, from the site's root, under which a file of the set is published."""
        return f"evidence/{self.name}/{self._names.name(path)}"

    def files(self) -> Iterator[str]:
        """Yield the path of every regular file and record, hidden files and failed captures excluded."""
        try:
            with opened(self.folder) as top:
                entries = list(top.entries(lambda entry: entry.path == FAILED or entry.is_hidden))
        except (FileNotFoundError, EvidenceError):
            return
        yield from (entry.path for entry in entries if entry.is_file and is_evidence_path(entry.path))


@dataclass
class Evidence:
    """All sets below `root`. `labs` are the labs that have pages: one without evidence is a gap, not a typo.

    `here` includes evidence/hosts/here, which belongs to this machine and is not published.
    """

    root: Path
    labs: frozenset[str] = frozenset()
    here: bool = False
    search: PatternSearch = field(default_factory=PatternSearch)
    _sets: dict[str, EvidenceSet] = field(default_factory=dict)
    _contents: dict[tuple[str, str], Content] = field(default_factory=dict)

    def names(self) -> list[str]:
        """Return the names of the sets, those of the labs before those of other hosts."""
        return list(sets(self.root, here=self.here))

    def set(self, name: str) -> EvidenceSet:
        """Return the set `name`; it is empty if there is no such folder."""
        if name not in self._sets:
            self._sets[name] = EvidenceSet(name, self.root / name)
        return self._sets[name]

    def holds(self, name: str, path: str) -> bool:
        """Return whether anything exists at `path` of the set `name`, if only a broken link."""
        if not is_evidence_path(path):
            return False
        place = self.root / name / path
        try:
            with opened(place.parent) as parent:
                return bool(parent.mode(place.name))
        except FileNotFoundError:
            return False
        except EvidenceError:  # a link on the way: read_evidence says so
            return True

    def content(self, name: str, path: str) -> Content:
        """Return the file `path` of the set `name`; raise EvidenceError as `read_evidence` does."""
        key = (name, path)
        if key not in self._contents:
            self._contents[key] = Content(path, read_evidence(self.root / name, path))
        return self._contents[key]

    def locate(self, path: str, lab: str) -> tuple[EvidenceSet, str]:
        """Return the set, and the path in it, that `path` means on a page of `lab` (empty outside labs).

        Raise FaultError if the path names no lab, or evidence that this build does not include.
        """
        if path.startswith(f"{HOSTS}/"):
            return self._locate_other_host(path)
        if lab:
            return self.set(lab), path
        first, _, rest = path.partition("/")
        if first not in self.labs and first not in self.names():
            remedy = "outside docs/labs/ a path begins with the lab: lab12/kata/test1.txt"
            raise FaultError(f"{path} does not begin with a lab", remedy)
        if not rest:
            raise FaultError(f"{path} is a lab, not a file", f"name one of its files: {first}/…")
        return self.set(first), rest

    def _locate_other_host(self, path: str) -> tuple[EvidenceSet, str]:
        hosts, host, lab, file = (*path.split("/", 3), "", "", "")[:4]
        if not file:
            raise FaultError(f"{path} is not a file", f"write {HOSTS}/NAME/LAB/FILE")
        name = f"{hosts}/{host}/{lab}"
        if name not in self.names():
            hidden = host == HERE and not self.here
            what = "belongs to this machine: a build leaves it out" if hidden else "is not there"
            raise FaultError(f"{HOSTS}/{host} {what}", "name a set that the hosts page lists")
        return self.set(name), file


def is_evidence(path: str) -> bool:
    """Return whether `path` of a set is evidence, not a record."""
    return not path.startswith(f"{RECORDS}/")


def is_emulated(host: Host | None) -> bool:
    """Return whether a host has an emulated processor, so that its timings are not those of real hardware."""
    return host is not None and host.host_class is HostClass.EMULATED
