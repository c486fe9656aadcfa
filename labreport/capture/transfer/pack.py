"""Pack what another host needs to collect: the tool, the project's collectors, and the evidence so far."""

import io
import json
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import labreport
from labreport.capture import recorder
from labreport.capture.capture import COMMIT_FILE, project

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
