"""Evidence captured elsewhere, in a box say, becomes this set's: held against its hashes, one by one."""

import shutil
import tarfile
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from labreport.capture import store
from labreport.capture.store import Staging, StoreError
from labreport.contract.reader import (
    EvidenceError,
    RecordError,
    parse,
    read_evidence,
    readable_records,
    record_files,
)
from labreport.contract.records import CHECKED_FILE, MAX_BYTES, RECORDS, STATE_FILE, Record
from labreport.contract.verify import FAILED, changed

MEMBERS = 10_000


def unpack(stream: BinaryIO, to: Path) -> None:
    """Unpack a tar of a set into the folder `to`: regular files alone, below it, none larger than evidence.

    Raise StoreError for anything else: what comes from another machine is not trusted.
    """
    try:
        with tarfile.open(fileobj=stream, mode="r|") as tar:
            for number, member in enumerate(tar):
                path = PurePosixPath(member.name)
                if member.isdir():
                    continue
                if path.is_absolute() or ".." in path.parts or not member.isreg() or number > MEMBERS:
                    raise StoreError(
                        f"{member.name[:200]!a}: not a plain file of a set: nothing was taken over"
                    )
                if member.size > MAX_BYTES:
                    raise StoreError(store.too_large(ascii(member.name[:200]), member.size))
                target = to.joinpath(*path.parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                if source := tar.extractfile(member):
                    with target.open("xb") as file:
                        shutil.copyfileobj(source, file)
    except (tarfile.TarError, EOFError, FileExistsError) as error:
        raise StoreError(f"what came back is no set: {error}: nothing was taken over") from error


def adopt(folder: Path, incoming: Path) -> list[str]:
    """Make `incoming`, which began as a copy of `folder`, the set in `folder`; return the names that changed.

    Every file is held against its record first. The caller holds the lock. Raise StoreError, RecordError or
    EvidenceError with the set in `folder` as it was.
    """
    theirs = {path.stem: parse(Record, path.read_bytes(), path.name) for path in record_files(incoming)}
    for name, record in theirs.items():
        for file in record.files:
            if what := changed(incoming, file):
                raise StoreError(f"{file.path}: {what} ({name}): it did not come over whole: collect again")
        if not (incoming / RECORDS / f"host-{record.host}.json").is_file():
            raise StoreError(f"{name}: its host came without a record: nothing was taken over")
    ours = readable_records(folder)
    different = [
        name for name, record in theirs.items() if ours.get(name) != record or _differs(folder, record)
    ]
    for name in different:
        take(folder, incoming, theirs[name])
    gone = sorted(ours.keys() - theirs.keys())
    for name in gone:
        store.remove(folder, name)
    for name in (STATE_FILE, CHECKED_FILE):
        if (incoming / RECORDS / name).is_file():
            store.write(folder / RECORDS / name, (incoming / RECORDS / name).read_bytes())
    store.drop_hosts(folder, theirs.values())
    adopt_failed(folder, incoming)
    return different + gone


def _differs(folder: Path, record: Record) -> bool:
    return any(changed(folder, file) for file in record.files)


def take(folder: Path, incoming: Path, record: Record) -> None:
    """Put one collector's files and record, and its host's, into the set; raise as `adopt` does."""
    host = f"host-{record.host}.json"
    store.write(folder / RECORDS / host, (incoming / RECORDS / host).read_bytes())
    staging = Staging(folder, record.collector.name)
    try:
        for file in record.files:
            target = staging.files / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(read_evidence(incoming, file.path))
        staging.commit(record)
    except (EvidenceError, StoreError, RecordError, OSError):
        staging.drop()
        raise


def adopt_failed(folder: Path, incoming: Path) -> None:
    """Bring what failed captures printed, for the author to look at."""
    for failed in sorted((incoming / FAILED).glob("*")):
        shutil.rmtree(folder / FAILED / failed.name, ignore_errors=True)
        shutil.copytree(failed, folder / FAILED / failed.name)
