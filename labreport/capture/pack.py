"""Pack what another host needs to collect: the tool, the collectors and a set of evidence."""

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import labreport
from labreport.capture import recorder
from labreport.capture.capture import COMMIT_FILE, project
from labreport.capture.git import git
from labreport.contract.fields import FAILED
from labreport.contract.folder import EvidenceError, opened

TOOL = "labreport"
COLLECTING = ("mkdocs.yml", "collectors")
"""The parts of a project that a collect needs."""

UNTRACKED = "left out, because git does not track it: git add it"
"""What to say of a file that pack left out."""

MAX_SOURCE = 64 * 1024 * 1024
"""The largest file of a project that is packed, in bytes."""


def pack(root: Path, evidence: str, to: Path) -> list[str]:
    """Write a tar to `to`: the tool, the collectors, and the folder `evidence` (a path from the root).

    The tool is taken from where it is installed, a clone or site-packages, so that the other host needs no
    pip: `python3 labreport collect` runs in the unpacked folder. A file in it names the project's commit. Of
    the project, only files that git tracks are taken, and no hidden ones; return the paths of those that were
    left out because git does not track them. Raise EvidenceError for a symbolic link in the set.
    """
    commit = json.dumps(project(root).model_dump()).encode()
    tracked, untracked = _collecting(root)
    with tarfile.open(to, "w") as tar, opened(root.resolve()) as top:
        tool = Path(labreport.__file__).parent
        for path in sorted(tool.rglob("*")):
            if path.is_file() and not path.is_symlink() and "__pycache__" not in path.parts:
                _add(tar, f"{TOOL}/{path.relative_to(tool).as_posix()}", path.read_bytes())
        for name in tracked:
            _add(tar, name, top.read(name, MAX_SOURCE))
        for name in _set_files(root / evidence):
            _add(tar, f"{evidence}/{name}", top.read(f"{evidence}/{name}"))
        _add(tar, COMMIT_FILE, commit)
    return untracked


def _collecting(root: Path) -> tuple[list[str], list[str]]:
    """Return the paths of the files that a collect needs, and of those that git does not track.

    Without git, every file counts as tracked. Links and hidden files are left out.
    """
    files = [*git(root), "ls-files", "-z"]
    names = recorder.output([*files, "--cached", "--", *COLLECTING])
    others = recorder.output([*files, "--others", "--exclude-standard", "--", *COLLECTING])
    if not names:
        paths = [root / COLLECTING[0], *(root / COLLECTING[1]).rglob("*")]
        names, others = "\0".join(path.relative_to(root).as_posix() for path in paths), ""
    tracked = [name for name in sorted(names.split("\0")) if _is_packed(root, name)]
    return tracked, [name for name in sorted(others.split("\0")) if _is_packed(root, name)]


def _is_packed(root: Path, name: str) -> bool:
    """Return whether a file of the project is one that another host needs: no link, not hidden, no cache."""
    parts = Path(name).parts
    path = root / name
    hidden = any(part.startswith(".") or part == "__pycache__" for part in parts)
    return bool(name) and not hidden and path.is_file() and not path.is_symlink()


def _set_files(folder: Path) -> Iterator[str]:
    """Yield the paths of the set's files, without hidden ones and failed captures."""
    try:
        with opened(folder) as top:
            for entry in top.entries(lambda entry: entry.path == FAILED or entry.is_hidden):
                if entry.is_file:
                    yield entry.path
                elif not entry.is_folder:
                    what, remedy = f"{entry.kind}, not a file", "put the file itself there"
                    raise EvidenceError(what, remedy, path=entry.path)
    except FileNotFoundError:
        return


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    """Add a file to a tar, without an owner and with the time 0."""
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))
