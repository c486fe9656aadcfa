"""What goes into a machine of the box, and what comes back: project, archives, evidence."""

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from labreport.box.archives import archives
from labreport.box.place import BoxError
from labreport.box.ssh import Door
from labreport.capture.collect import Progress
from labreport.capture.labs import find_lab
from labreport.capture.transfer import adopt
from labreport.capture.transfer.pack import pack
from labreport.contract.reader import is_record, record_files
from labreport.contract.records import RECORDS

PROJECT = "/root/lab"
ARCHIVES = "/root/archives"
RESULT = "/root/result.json"
FORWARDED = ("LAB_REGISTRY_MIRROR",)
"""Variables that mean the same in the box."""

COPY_SECONDS = 1800.0
STOP_SECONDS = 60.0

UNPACK = 'rm -rf "$1" && mkdir -p "$1" && tar -x -C "$1" && sync -f "$1"'
RECEIVE = 'mkdir -p "$1" && cat >"$1/$2.part" && sync "$1/$2.part" && mv "$1/$2.part" "$1/$2"'
"""What was sent has to be on the disk, not on its way there, if the machine is lost."""

SEND = 'cd "$1" 2>/dev/null || exit 0; tar -c --exclude=.lock --exclude=.staging .'
LIST = 'cd "$1" && sha256sum -- *.json'
INTERRUPT = """
pid=$(cat /run/lab-collect.pid) && grep -q labreport "/proc/$pid/cmdline" || exit 0
kill -INT "$pid"
while kill -0 "$pid"; do sleep 0.5; done
"""


@dataclass(frozen=True)
class Asked:
    """What was asked: the project, the lab, the set (a path from the root), collectors' names, options.

    `escapes` says that the box may be harmed: what tries to break out of containers is tried, too.
    """

    root: Path
    lab: str
    evidence: str
    names: Sequence[str]
    options: Sequence[str]
    escapes: bool = False


def send(asked: Asked, way: Door, scratch: Path, progress: Progress) -> dict[str, str]:
    """Bring the project and the archives that the environment names into the box; return the environment.

    An archive that is there already, as large and as new, is not sent again.
    """
    way.run(["sh", "-c", INTERRUPT], timeout=STOP_SECONDS)  # one that was killed here may go on there
    progress.working("sending the project")
    packed = scratch / "project.tar"
    pack(asked.root, asked.evidence, packed)
    _done(way.run(["sh", "-c", UNPACK, "unpack", PROJECT], stdin=packed, timeout=COPY_SECONDS), "sending")
    config = find_lab(asked.root, asked.lab).config
    variables = [image.archive_env for image in config.images.values()]
    variables += [archive.archive_env for archive in config.archives.values()]
    environment = {name: os.environ[name] for name in FORWARDED if name in os.environ}
    for name, path in archives(variables).items():
        status = path.stat()
        there = f"{status.st_mtime_ns:x}-{path.name}"
        if not way.ask(["sh", "-c", 'test -f "$1/$2" && echo yes', "test", ARCHIVES, there]):
            progress.working(f"sending {name} ({status.st_size >> 20} MiB)")
            argv = ["sh", "-c", RECEIVE, "receive", ARCHIVES, there]
            _done(way.run(argv, stdin=path, timeout=COPY_SECONDS), f"sending {name}")
        environment[name] = f"{ARCHIVES}/{there}"
        if digest := checksum(name, path):
            environment[f"{name}_SHA256"] = digest
    return environment


def checksum(name: str, path: Path) -> str:
    """Return the SHA-256 stated for an archive: in a variable beside its own, or in a file beside it."""
    beside = path.with_name(f"{path.name}.sha256")
    stated = os.environ.get(f"{name}_SHA256") or (beside.read_text() if beside.is_file() else "")
    return stated.split()[0] if stated.split() else ""


def captured(asked: Asked, way: Door) -> set[str]:
    """Return what the machine has captured: the collectors whose records are not those of the set here."""
    ours = record_files(asked.root / asked.evidence)
    here = {sha256(path.read_bytes()).hexdigest() for path in ours}
    listed = way.ask(["sh", "-c", LIST, "list", f"{PROJECT}/{asked.evidence}/{RECORDS}"])
    rows = [row.split() for row in listed.splitlines()]
    return {Path(name).stem for digest, name in rows if is_record(name) and digest not in here}


def _done(ended: tuple[int, str], what: str) -> None:
    if ended[0]:
        raise BoxError(f"{what}: exit status {ended[0]}: {ended[1] or 'it said nothing'}: lab box status")


def bring_back(asked: Asked, way: Door, scratch: Path, progress: Progress) -> list[dict[str, Any]]:
    """Take over the evidence that the box has, held against its hashes; return the rows of its collect."""
    progress.working("bringing the evidence back")
    packed, incoming = scratch / "evidence.tar", scratch / "evidence"
    argv = ["sh", "-c", SEND, "send", f"{PROJECT}/{asked.evidence}"]
    _done(way.run(argv, stdout=packed, timeout=COPY_SECONDS), "bringing the evidence back")
    if not packed.stat().st_size:
        raise BoxError("the collect in the box left no evidence: see what it said above")
    shutil.rmtree(incoming, ignore_errors=True)
    incoming.mkdir()
    with packed.open("rb") as stream:
        adopt.unpack(stream, incoming)
    changed = adopt.adopt(asked.root / asked.evidence, incoming)
    progress.note(f"{len(changed)} capture{'' if len(changed) == 1 else 's'} came back")
    try:
        rows: list[dict[str, Any]] = json.loads(way.ask(["cat", RESULT]) or "[]")
    except ValueError:
        return []
    return rows
