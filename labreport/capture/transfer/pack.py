"""The project, as it goes to another host: what collects, evidence of before, which commit it is."""

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

from labreport.capture import recorder
from labreport.capture.capture import COMMIT_FILE, project

COLLECTING = ("mkdocs.yml", "collectors", "labreport")
"""What `lab collect` needs of the project."""

UNWANTED = {"__pycache__", ".git", ".venv", "failed", ".staging", ".lock"}


def pack(root: Path, evidence: str, to: Path) -> None:
    """Write a tar of what collects, with the evidence in the folder `evidence` (from the root), to `to`."""
    commit = json.dumps(project(root).model_dump()).encode()
    member = tarfile.TarInfo(COMMIT_FILE)
    member.size = len(commit)
    with tarfile.open(to, "w") as tar:
        for path in _files(root, evidence):
            tar.add(path, str(path.relative_to(root)), recursive=False, filter=_nobody)
        tar.addfile(member, io.BytesIO(commit))


def _files(root: Path, evidence: str) -> Iterator[Path]:
    """Yield the files that go along: those that git knows or would take, all where there is no git."""
    git = ["git", "-c", "safe.directory=*", "-C", str(root), "ls-files", "-z", "--cached", "--others"]
    names = recorder.output([*git, "--exclude-standard", "--", *COLLECTING])
    if names:
        listed = [root / name for name in names.split("\0") if name]
    else:
        listed = [
            root / COLLECTING[0],
            *(path for name in COLLECTING[1:] for path in (root / name).rglob("*")),
        ]
    listed += (root / evidence).rglob("*")
    for path in listed:
        if path.is_file() and not path.is_symlink() and not UNWANTED & set(path.relative_to(root).parts):
            yield path


def _nobody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Take the owner's name and number out of a member."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member
