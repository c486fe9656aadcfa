"""The evidence of one measuring host, as its records describe it; each file is read at most once.

What is asked for is noted (`labreport.report.uses`).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from labreport.contract.fields import FAILED, RECORDS, is_evidence_path
from labreport.contract.folder import EvidenceError, opened
from labreport.contract.known import Known
from labreport.contract.reader import RecordError, read_evidence, read_host, read_state, readable_records
from labreport.contract.records import Command, File, Host, HostClass, Record, Status
from labreport.contract.state import CollectorState, State
from labreport.report.source.published import PublishedNames
from labreport.report.source.slices import Content, Range
from labreport.report.uses import Noted, differences, note, note_evidence, noting


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


NOT_COMPARABLE = "imported values are not comparable: nothing says which host measured them"

SERIES = (".csv", ".json", "-host.txt")
"""What the files of a series end in: its rows, the export of hyperfine, and the load of the host."""


@dataclass(frozen=True)
class EvidenceSet:
    """The evidence of one measuring host; `name` is its path from the evidence root."""

    name: str
    folder: Path
    known: Known = field(default_factory=Known, compare=False)
    _read: dict[str, bytes] = field(default_factory=dict, compare=False)

    @property
    def lab(self) -> str:
        """The lab that the evidence belongs to."""
        return self.folder.name

    @property
    def records(self) -> dict[str, Record]:
        """The readable records by collector; `labreport.contract.verify` reports the others."""
        note(f"{self.name}#records")
        return self._records

    @cached_property
    def _records(self) -> dict[str, Record]:
        return readable_records(self.folder, skip_newer=True, read=self.known.record)

    @property
    def captured(self) -> Mapping[str, Captured]:
        """Every file that a record describes, by path."""
        return Noted(f"{self.name}#captured", self._captured)

    @cached_property
    def _captured(self) -> dict[str, Captured]:
        return {
            file.path: Captured(record, file) for record in self._records.values() for file in record.files
        }

    def rows_of(self, path: str) -> str:
        """Return the CSV of the series that a file belongs to, such as bench/x.csv for bench/x-host.txt.

        Empty if one record does not have all files of a series.
        """
        captured = self.captured.get(path)
        ending = next((ending for ending in reversed(SERIES) if path.endswith(ending)), "")
        if captured is None or not ending:
            return ""
        stem = path.removesuffix(ending)
        written = {file.path for file in captured.record.files}
        return f"{stem}.csv" if written.issuperset(f"{stem}{one}" for one in SERIES) else ""

    @property
    def state(self) -> State | None:
        """The state of each collector; None if there is no readable state.json."""
        note(f"{self.name}#state")
        return self._state

    @cached_property
    def _state(self) -> State | None:
        try:
            return read_state(self.folder)
        except RecordError:
            return None

    @property
    def is_imported(self) -> bool:
        """Whether any of its evidence came with a report."""
        return any(record.imported for record in self.records.values())

    @property
    def stale(self) -> Mapping[str, CollectorState]:
        """The collector of each stale file, by path."""
        return Noted(f"{self.name}#stale", self._stale)

    @cached_property
    def _stale(self) -> dict[str, CollectorState]:
        rows = self._state.collectors if self._state else []
        return {path: row for row in rows if row.state is Status.STALE for path in row.writes}

    @property
    def hosts(self) -> Mapping[str, Host]:
        """The hosts of the set's records by id, without those whose file cannot be read."""
        return Noted(f"{self.name}#hosts", self._hosts)

    @cached_property
    def _hosts(self) -> dict[str, Host]:
        hosts = {}
        for host_id in sorted({record.host for record in self._records.values()}):
            try:
                hosts[host_id] = read_host(self.folder, host_id)
            except RecordError:
                continue
        return hosts

    @property
    def measuring(self) -> list[Host]:
        """The hosts that measured, without those that only built."""
        ids = {record.host for record in self.records.values() if record.role != "build"}
        return [host for host_id, host in self.hosts.items() if host_id in ids]

    @cached_property
    def _names(self) -> PublishedNames:
        return PublishedNames(frozenset(self._files), self._readable)

    def read(self, path: str) -> bytes:
        """Return the bytes of a file of the set, read once; raise EvidenceError as `read_evidence` does."""
        note_evidence(f"{self.name}/{path}")
        if path not in self._read:
            self._read[path] = read_evidence(self.folder, path)
        return self._read[path]

    def _readable(self, path: str) -> bytes | None:
        try:
            return self.read(path)
        except EvidenceError:
            return None

    def published(self, path: str) -> str:
        """Return the path, from the site's root, under which a file of the set is published."""
        note(f"{self.name}#published:{path}")
        with noting():  # the bytes of a file and of those beside it decide on its name, and nothing else
            return f"evidence/{self.name}/{self._names.name(path)}"

    def files(self) -> tuple[str, ...]:
        """Return the path of every regular file and record, hidden files and failed captures excluded."""
        note(f"{self.name}#files")
        return self._files

    @cached_property
    def _files(self) -> tuple[str, ...]:
        try:
            with opened(self.folder) as top:
                entries = list(top.entries(lambda entry: entry.path == FAILED or entry.is_hidden))
        except (FileNotFoundError, EvidenceError):
            return ()
        return tuple(entry.path for entry in entries if entry.is_file and is_evidence_path(entry.path))

    def refresh(self, paths: Collection[str]) -> set[str]:
        """Forget what was read of `paths`, which have changed; return the questions with another answer."""
        mappings, wholes = ("_captured", "_stale", "_hosts"), ("_records", "_state", "_files")
        before = {name: getattr(self, name) for name in (*mappings, *wholes)}
        names = self._names
        self.known.forget(set(paths))
        for path in paths:
            self._read.pop(path, None)
        recorded = any(not is_evidence(path) for path in paths)
        for name in before if recorded else ("_files",):
            del self.__dict__[name]
        now = self.__dict__["_names"] = names.refreshed(self._files, paths)
        changed = {f"{self.name}/{path}" for path in paths}
        for name in mappings:
            changed |= differences(f"{self.name}#{name[1:]}", before[name], getattr(self, name))
        changed |= {f"{self.name}#{name[1:]}" for name in wholes if before[name] != getattr(self, name)}
        return changed | {f"{self.name}#published:{path}" for path in names.renamed(now)}


def is_evidence(path: str) -> bool:
    """Return whether `path` of a set is evidence, not records/ or a record."""
    return path.partition("/")[0] != RECORDS


def processor_words(host: Host) -> str:
    """Return the processor of a host and its number of cores.

    >>> from labreport.contract.records import Host
    >>> processor_words(Host.model_construct(cpu="AMD EPYC Processor", cores=1))
    'AMD EPYC Processor, 1 core'
    """
    return f"{host.cpu}, {host.cores} core{'' if host.cores == 1 else 's'}"


def is_emulated(host: Host | None) -> bool:
    """Return whether a host has an emulated processor, so that its timings are not those of real hardware."""
    return host is not None and host.host_class is HostClass.EMULATED


def is_unknown(host: Host | None) -> bool:
    """Return whether evidence was imported, so that nothing is known of its host."""
    return host is not None and host.host_class is HostClass.UNKNOWN
