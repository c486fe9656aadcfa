"""What is sent to a machine of the box (project, archives), and what comes back (evidence)."""

import json
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from labreport.box.layout import BoxError
from labreport.box.ssh import SshConnection
from labreport.capture.adopt import adopt, unpack
from labreport.capture.cache.archives import cached_file, file_name
from labreport.capture.collect import Progress
from labreport.capture.labs import find_lab
from labreport.capture.pack import UNTRACKED, pack
from labreport.contract.fields import RECORDS
from labreport.contract.lab_config import Archive
from labreport.contract.reader import is_record, read_evidence, recorded

PROJECT = "/root/lab"
ARCHIVES = "/root/archives"
RESULT = "/root/result.json"
FORWARDED = ("LAB_REGISTRY_MIRROR",)
"""Environment variables that are passed on to the machine."""

COPY_SECONDS = 1800.0
STOP_SECONDS = 60.0

UNPACK = 'rm -rf "$1" && mkdir -p "$1" && tar -x -C "$1" && sync -f "$1"'
RECEIVE = """
mkdir -p "$1" && cat >"$1/$2.part" && sync "$1/$2.part" && mv "$1/$2.part" "$1/$2" && sync "$1"
"""
"""Both flush what was sent to the disk, names included, because the machine may crash."""

SEND = 'cd "$1" 2>/dev/null || exit 0; tar -c --exclude=".staging-*" .'
LIST = 'cd "$1" && sha256sum -- *.json'
BEGUN = 'cd "$1" && for path in .staging-*/*; do test -d "$path" && echo "${path#*/}"; done'
INTERRUPT = """
pid=$(cat /run/lab-collect.pid) && grep -q labreport "/proc/$pid/cmdline" || exit 0
kill -INT "$pid"
while kill -0 "$pid"; do sleep 0.5; done
"""
"""Interrupts a collect in the machine and waits for its end."""


@dataclass(frozen=True)
class BoxCollect:
    """A collect to run in the box.

    `evidence` is the set's folder, relative to the project's root. No `names` means every collector of the
    lab. `options` are passed on to `lab collect`. `escapes` allows escapes, which may harm the machine. The
    collectors in `skip` do not run.
    """

    root: Path
    lab: str
    evidence: str
    names: Sequence[str]
    options: Sequence[str]
    escapes: bool = False
    skip: frozenset[str] = frozenset()


def send(collect: BoxCollect, ssh: SshConnection, scratch: Path, progress: Progress) -> dict[str, str]:
    """Send the project and the archives that the environment names; return the machine's environment.

    An archive is not sent again if the machine has a file of its name and time.
    """
    ssh.run(["sh", "-c", INTERRUPT], timeout=STOP_SECONDS)  # an earlier collect may have survived its `lab`
    progress.working("sending the project")
    packed = scratch / "project.tar"
    for left_out in pack(collect.root, collect.evidence, packed):
        progress.note(f"{left_out}: {UNTRACKED}")
    unpack = ["sh", "-c", UNPACK, "unpack", PROJECT]
    _require_success(ssh.run(unpack, stdin=packed, timeout=COPY_SECONDS), "sending the project")
    config = find_lab(collect.root, collect.lab).config
    variables = [image.archive_env for image in config.images.values()]
    variables += [archive.archive_env for archive in config.archives.values()]
    environment = {name: os.environ[name] for name in FORWARDED if name in os.environ}
    downloaded = link_downloaded(config.archives.values(), scratch)
    for name, path in (downloaded | archives(variables)).items():
        status = path.stat()
        sent_name = f"{status.st_mtime_ns:x}-{path.name}"
        if not ssh.output(["sh", "-c", 'test -f "$1/$2" && echo yes', "test", ARCHIVES, sent_name]):
            progress.working(f"sending {name} ({status.st_size >> 20} MiB)")
            receive = ["sh", "-c", RECEIVE, "receive", ARCHIVES, sent_name]
            _require_success(ssh.run(receive, stdin=path, timeout=COPY_SECONDS), f"sending {name}")
        environment[name] = f"{ARCHIVES}/{sent_name}"
        if checksum := stated_checksum(name, path):
            environment[f"{name}_SHA256"] = checksum
    return environment


def archives(variables: Iterable[str]) -> dict[str, Path]:
    """Return the files that these environment variables name, by variable. Other values are left out."""
    paths = {name: Path(os.environ.get(name, "")) for name in variables if os.environ.get(name)}
    return {name: path for name, path in paths.items() if path.is_file()}


def link_downloaded(wanted: Iterable[Archive], folder: Path) -> dict[str, Path]:
    """Return links in `folder` to those archives of lab.yml that this user's cache has, by variable."""
    links = {}
    for archive in wanted:
        if archive.archive_env and (file := cached_file(archive.sha256)):
            link = links[archive.archive_env] = folder / file_name(archive.url)
            link.unlink(missing_ok=True)
            link.symlink_to(file)
    return links


def stated_checksum(name: str, path: Path) -> str:
    """Return the SHA-256 stated for an archive: in the variable NAME_SHA256, or in the file PATH.sha256."""
    sums = path.with_name(f"{path.name}.sha256")
    stated = os.environ.get(f"{name}_SHA256") or (sums.read_text() if sums.is_file() else "")
    return stated.split()[0] if stated.split() else ""


def captured(collect: BoxCollect, ssh: SshConnection) -> set[str]:
    """Return the names of the collectors whose records in the machine differ from those of the set here."""
    folder = collect.root / collect.evidence
    records = [f"{RECORDS}/{name}.json" for name in recorded(folder)]
    here = {sha256(read_evidence(folder, path)).hexdigest() for path in records}
    listed = ssh.output(["sh", "-c", LIST, "list", f"{PROJECT}/{collect.evidence}/{RECORDS}"])
    rows = [line.split() for line in listed.splitlines()]
    return {Path(name).stem for digest, name in rows if is_record(name) and digest not in here}


def begun(collect: BoxCollect, ssh: SshConnection) -> set[str]:
    """Return the names of the collectors whose captures in the machine were cut short."""
    printed = ssh.output(["sh", "-c", BEGUN, "begun", f"{PROJECT}/{collect.evidence}"])
    known = {collector.name for collector in find_lab(collect.root, collect.lab).collectors}
    return known.intersection(printed.splitlines())


def _require_success(ended: tuple[int, str], what: str) -> None:
    status, stderr = ended
    if status:
        raise BoxError(f"{what}: exit status {status}: {stderr or 'no output'}", "lab box status")


def bring_back(
    collect: BoxCollect, ssh: SshConnection, scratch: Path, progress: Progress
) -> list[dict[str, Any]]:
    """Adopt the machine's evidence, after a check of its hashes; return the rows that its collect printed."""
    progress.working("bringing the evidence back")
    packed, incoming = scratch / "evidence.tar", scratch / "evidence" / collect.lab
    argv = ["sh", "-c", SEND, "send", f"{PROJECT}/{collect.evidence}"]
    _require_success(ssh.run(argv, stdout=packed, timeout=COPY_SECONDS), "bringing the evidence back")
    if not packed.stat().st_size:
        raise BoxError("the collect in the box left no evidence", "read its output above")
    shutil.rmtree(incoming, ignore_errors=True)
    incoming.mkdir(parents=True)
    with packed.open("rb") as stream:
        unpack(stream, incoming)
    adopted = adopt(collect.root / collect.evidence, incoming)
    progress.note(f"{len(adopted)} capture{'' if len(adopted) == 1 else 's'} came back")
    try:
        rows: list[dict[str, Any]] = json.loads(ssh.output(["cat", RESULT]) or "[]")
    except ValueError:
        return []
    return rows
