"""Move work between hosts: pack what another host needs, and adopt the evidence that it captured."""

import io
import json
import shutil
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import labreport
from labreport.capture import recorder, store
from labreport.capture.capture import COMMIT_FILE, project
from labreport.capture.store import Staging, StoreError
from labreport.contract.reader import (
    EvidenceError,
    RecordError,
    read_checked,
    read_evidence,
    read_host,
    read_record,
    read_state,
    readable_records,
    record_files,
)
from labreport.contract.records import CHECKED_FILE, MAX_BYTES, RECORDS, STATE_FILE, Record
from labreport.contract.verify import FAILED, changed

MAX_MEMBERS = 10_000
NOTHING_TAKEN = "nothing was taken over"


def unpack(stream: BinaryIO, to: Path) -> None:
    """Unpack the tar of a set into the folder `to`: only regular files below it, of at most MAX_BYTES each.

    Raise StoreError for anything else, because an archive from another machine is not trusted.
    """
    try:
        with tarfile.open(fileobj=stream, mode="r|") as tar:
            for number, member in enumerate(tar):
                if member.isdir():
                    continue
                path = PurePosixPath(member.name)
                name = ascii(member.name[:200])
                if path.is_absolute() or ".." in path.parts or not member.isreg() or number > MAX_MEMBERS:
                    raise StoreError("not a plain file of a set", NOTHING_TAKEN, path=name)
                if member.size > MAX_BYTES:
                    what = f"{member.size} bytes, at most {MAX_BYTES}"
                    raise StoreError(what, NOTHING_TAKEN, path=name)
                target = to.joinpath(*path.parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                if source := tar.extractfile(member):
                    with target.open("xb") as file:
                        shutil.copyfileobj(source, file)
    except (tarfile.TarError, EOFError, FileExistsError) as error:
        raise StoreError(f"the archive is not a set: {error}", NOTHING_TAKEN) from error


def adopt(folder: Path, incoming: Path) -> list[str]:
    """Make `incoming`, which began as a copy of `folder`, the set in `folder`; return the names that changed.

    The caller holds the lock. Every file is checked first: raise StoreError, RecordError or EvidenceError and
    leave the set in `folder` unchanged if one differs from its record.
    """
    theirs = {path.stem: read_record(path) for path in record_files(incoming)}
    for name, record in theirs.items():
        for file in record.files:
            if what := changed(incoming, file):
                raise StoreError(f"{what} ({name})", "collect again, and copy it once more", path=file.path)
        read_host(incoming, record.host)
    read_state(incoming)
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
    for name in (STATE_FILE, CHECKED_FILE):
        if (incoming / RECORDS / name).is_file():
            store.write(folder / RECORDS / name, (incoming / RECORDS / name).read_bytes())
    store.drop_hosts(folder, theirs.values())
    adopt_failed(folder, incoming)
    return different + gone


def _differs(folder: Path, record: Record) -> bool:
    return any(changed(folder, file) for file in record.files)


def take(folder: Path, incoming: Path, record: Record) -> None:
    """Put one collector's files, its record and its host's into the set; raise as `adopt` does."""
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
    """Copy the output of failed captures, for the author to look at."""
    for failed in sorted((incoming / FAILED).glob("*")):
        shutil.rmtree(folder / FAILED / failed.name, ignore_errors=True)
        shutil.copytree(failed, folder / FAILED / failed.name)


TOOL = "labreport"
COLLECTING = ("mkdocs.yml", "collectors")
"""The parts of a project that a collect needs."""

UNWANTED = {"__pycache__", ".git", ".venv", "failed", ".staging", ".lock"}


def pack(root: Path, evidence: str, to: Path) -> None:
    """Write a tar to `to`: the tool, the collectors, and the folder `evidence` (a path from the root).

    The tool is taken from where it is installed, a clone or site-packages, so that the other host needs no
    pip: `python3 labreport collect` runs in the unpacked folder. A file in it names the project's commit.
    """
    commit = json.dumps(project(root).model_dump()).encode()
    member = tarfile.TarInfo(COMMIT_FILE)
    member.size = len(commit)
    with tarfile.open(to, "w") as tar:
        tool = Path(labreport.__file__).parent
        for path in _wanted(tool.rglob("*"), tool):
            tar.add(path, f"{TOOL}/{path.relative_to(tool).as_posix()}", recursive=False, filter=_nobody)
        for path in _wanted([*_collecting(root), *(root / evidence).rglob("*")], root):
            tar.add(path, path.relative_to(root).as_posix(), recursive=False, filter=_nobody)
        tar.addfile(member, io.BytesIO(commit))


def _collecting(root: Path) -> Iterator[Path]:
    """Yield the project's files that git tracks or would add; without git, all of them."""
    git = ["git", "-c", "safe.directory=*", "-C", str(root), "ls-files", "-z", "--cached", "--others"]
    names = recorder.output([*git, "--exclude-standard", "--", *COLLECTING])
    if names:
        yield from (root / name for name in names.split("\0") if name)
        return
    for name in COLLECTING:
        yield from (root / name).rglob("*") if (root / name).is_dir() else [root / name]


def _wanted(paths: Iterable[Path], top: Path) -> Iterator[Path]:
    """Yield the regular files among `paths` that another host needs; `top` is the folder they are below."""
    for path in paths:
        if path.is_file() and not path.is_symlink() and not UNWANTED & set(path.relative_to(top).parts):
            yield path


def _nobody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Remove the owner's name and number from a member."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member
