"""Adopt evidence that another host captured: a stranger's archive, until all of it has been verified."""

import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from labreport.capture import store, writing
from labreport.capture.store import Staging, StoreError
from labreport.contract.errors import LabError
from labreport.contract.fields import FAILED, MAX_BYTES, RECORDS, is_evidence_path
from labreport.contract.folder import MAX_DEPTH, opened
from labreport.contract.reader import (
    read_checked,
    read_evidence,
    read_record,
    read_state,
    readable_records,
    record_files,
    recorded,
)
from labreport.contract.records import CHECKED_FILE, STATE_FILE, Record, Status
from labreport.contract.remedies import import_report
from labreport.contract.verify import changed, verify_set

MAX_MEMBERS = 10_000
MAX_TOTAL = 256 * 1024 * 1024
"""Bytes that the files of an archive may have together."""

SHOWN = 200
"""Characters of a member's name that an error shows."""

END = bytes(2 * tarfile.BLOCKSIZE)
"""How a tar ends. One that is cut between two members has no end."""

WITH_RECORD = {Status.CAPTURED, Status.STALE}
"""States of a collector that has a record."""

NOTHING_TAKEN = "nothing was taken over"


@dataclass
class Members:
    """The members of an archive from another machine so far, tar or zip: one set of limits for both."""

    to: Path
    _number: int = 0
    _total: int = 0

    def check(self, shown: str, name: str, size: int, rules: Mapping[str, bool]) -> None:
        """Count a member `name`, called `shown` there; raise StoreError for what it breaks.

        `rules` are those of its kind of archive: what to say, and whether it is so.
        """
        self._number += 1
        self._total += size
        broken = {
            f"more than {MAX_MEMBERS} files": self._number > MAX_MEMBERS,
            **rules,
            f"folders of more than {MAX_DEPTH} levels": name.count("/") > MAX_DEPTH,
            f"{size} bytes, at most {MAX_BYTES}": size > MAX_BYTES,
            f"more than {MAX_TOTAL} bytes together": self._total > MAX_TOTAL,
        }
        for what, is_broken in broken.items():
            if is_broken:
                raise StoreError(what, NOTHING_TAKEN, path=ascii(shown[:SHOWN]))

    def write(self, path: str, data: bytes) -> None:
        """Write a member that was checked into the folder `to`."""
        target = self.to / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(data)


@contextmanager
def unpacked(to: Path, kind: str, errors: tuple[type[Exception], ...]) -> Iterator[Members]:
    """Yield what checks and writes the members of a `kind` of archive, whose reader raises `errors`.

    Raise StoreError for these errors, for a path that is there twice, and for a folder that cannot be
    written.
    """
    try:
        yield Members(to)
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise StoreError("the archive has a path twice", NOTHING_TAKEN) from error
    except errors as error:
        raise StoreError(f"the archive is not a {kind}: {error}", NOTHING_TAKEN) from error
    except OSError as error:
        raise store.disk_error(to.name, error) from error


def unpack(stream: BinaryIO, to: Path) -> None:
    """Unpack the tar of a set into the folder `to`: only regular files below it, of at most MAX_BYTES each.

    `stream` can be sought. Raise StoreError for anything else, because an archive from another machine is not
    trusted: for links, devices, sparse files, paths that are not plain, a tar without an end, and more than
    MAX_MEMBERS members or MAX_TOTAL bytes.
    """
    errors = (tarfile.TarError, EOFError)
    with unpacked(to, "set", errors) as members, tarfile.open(fileobj=stream, mode="r:") as tar:
        for member in tar:
            name = _plain(member.name)
            is_top = member.isdir() and not name
            rules = {
                "not a plain path below a set": not is_top and not is_evidence_path(name),
                "not a plain file of a set": not member.isdir() and (not member.isreg() or member.issparse()),
            }
            members.check(member.name, name, member.size, rules)
            if not member.isdir():
                source = tar.extractfile(member)
                members.write(name, source.read() if source else b"")
        stream.seek(tar.offset)
        if stream.read(len(END)) != END:
            raise StoreError("the archive is cut: it has no end", NOTHING_TAKEN)


def _plain(name: str) -> str:
    """Return a member's name without the `./` that tar puts before it."""
    return "" if name == "." else name.removeprefix("./")


def check_incoming(folder: Path, incoming: Path) -> None:
    """Raise a LabError unless `incoming` is a whole set that may take the place of the one in `folder`.

    Every file of the set is verified, and each collector whose evidence would go has to be gone by its
    state.json. Nothing is written.
    """
    if not recorded(incoming):
        what = "has no records: nothing says who measured this, where and when"
        remedy = f"{NOTHING_TAKEN}; if it came with a report: {import_report(incoming.name)}"
        raise StoreError(what, remedy, path=incoming.name)
    report = verify_set(incoming, incoming.name)
    if report.findings:
        first = report.findings[0]
        more = f" (and {len(report.findings) - 1} more)" if len(report.findings) > 1 else ""
        raise StoreError(f"{first.what}{more}", f"{NOTHING_TAKEN}; collect again there", path=first.path)
    state = read_state(incoming)
    rows = {row.name: row for row in state.collectors} if state else {}
    theirs = set(recorded(incoming))
    lost = sorted(name for name, row in rows.items() if row.state in WITH_RECORD and name not in theirs)
    gone = sorted(set(recorded(folder)) - theirs)
    if lost or (gone and state is None):
        name = (lost or gone)[0]
        why = "its state.json says that it is captured" if lost else "no state.json says that it is gone"
        raise StoreError(f"has no record of {name}, and {why}", NOTHING_TAKEN, path=incoming.name)


def adopt(folder: Path, incoming: Path) -> list[str]:
    """Make `incoming`, which began as a copy of `folder`, the set in `folder`; return the names that changed.

    The caller holds the lock. Everything is checked first, as check_incoming does, and if an error is raised
    then, the set in `folder` is unchanged.
    """
    check_incoming(folder, incoming)
    theirs = {name: read_record(incoming, name) for name in recorded(incoming)}
    read_checked(incoming)
    ours = readable_records(folder)
    different = [
        name for name, record in theirs.items() if ours.get(name) != record or _differs(folder, record)
    ]
    for name in different:
        take(folder, incoming, theirs[name])
    gone = sorted(ours.keys() - theirs.keys())
    for name in gone:
        store.remove(folder, name)
    for name in {STATE_FILE, CHECKED_FILE} & set(record_files(incoming)):
        writing.write(folder / RECORDS / name, read_evidence(incoming, f"{RECORDS}/{name}"))
    store.drop_hosts(folder, theirs.values())
    adopt_failed(folder, incoming)
    return different + gone


def _differs(folder: Path, record: Record) -> bool:
    return any(changed(folder, file) for file in record.files)


def take(folder: Path, incoming: Path, record: Record) -> None:
    """Put one collector's files, its record and its host's into the set; raise as `adopt` does.

    The record stays as it was written: an older version wrote other keys.
    """
    host = f"{RECORDS}/host-{record.host}.json"
    staging = Staging(folder, record.collector.name)
    try:
        for file in record.files:
            staging.put(file.path, read_evidence(incoming, file.path))
        writing.write(folder / host, read_evidence(incoming, host))
        staging.commit(record, read_evidence(incoming, f"{RECORDS}/{record.collector.name}.json"))
    except (LabError, OSError):
        staging.drop()
        raise


def adopt_failed(folder: Path, incoming: Path) -> None:
    """Copy the output of failed captures, for the author to look at."""
    try:
        with opened(incoming / FAILED) as failed:
            files = [entry.path for entry in failed.entries() if entry.is_file]
            for collector in {path.split("/")[0] for path in files}:
                writing.remove_tree(folder / FAILED / collector)
            for path in files:
                writing.write(folder / FAILED / path, failed.read(path, MAX_TOTAL))
    except FileNotFoundError:
        return
