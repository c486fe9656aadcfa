"""Read commits of a git repository as trees, object by object: no checkout, no hook, no filter, no fetch.

The repository is a stranger's. git is asked for objects by their hashes only, with its own configuration and
every protocol switched off, so that nothing in the repository's configuration starts a program.
"""

import fnmatch
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from labreport.audit.inputs.text import encodable
from labreport.audit.inputs.tree import MOST_FILES, Kind, TreeFile
from labreport.contract.errors import ExitStatus, LabError
from labreport.contract.fields import MAX_BYTES

SECONDS = 60
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_NO_LAZY_FETCH": "1", "GIT_NO_REPLACE_OBJECTS": "1", "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C",
}  # fmt: skip
_OPTIONS = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "protocol.allow=never")
_MODES = {b"120000": Kind.LINK, b"160000": Kind.SUBMODULE}
_FOLDER = b"40000"
_MAX_DEPTH = 32


class GitError(LabError):
    """A repository that cannot be read."""

    exit_status = ExitStatus.WRONG_USE


@dataclass(frozen=True)
class _Entry:
    mode: bytes
    name: bytes
    sha: str


@dataclass
class GitRepository:
    """An open repository: one `git cat-file --batch` answers all questions."""

    name: str
    _input: IO[bytes]
    _output: IO[bytes]
    _folders: dict[str, list[_Entry]] = field(default_factory=dict)

    def entries(self, sha: str) -> list[_Entry]:
        """Return the entries of a tree object, which is read once for many commits. Raise GitError."""
        if sha not in self._folders:
            data = self.object(sha)
            try:
                self._folders[sha] = list(_entries(data, len(sha) // 2))
            except ValueError as error:
                raise GitError(f"{sha[:12]} is no tree", "check it with git fsck", path=self.name) from error
        return self._folders[sha]

    def object(self, name: str, limit: int = 64 * 1024 * 1024) -> bytes:
        """Return the bytes of an object. Raise GitError."""
        self._input.write(name.encode() + b"\n")
        self._input.flush()
        header = self._output.readline().split()
        if len(header) != 3:  # noqa: PLR2004 # hash, type, size
            raise GitError(f"has no object {name[:12]}", "fetch it: git fetch", path=self.name)
        left = size = int(header[2])
        parts = []
        while left:
            part = self._output.read(min(left, 1024 * 1024))
            if not part:
                raise GitError("git ended early", "check it with git fsck", path=self.name)
            left -= len(part)
            if size <= limit:
                parts.append(part)
        self._output.read(1)
        if size > limit:
            raise GitError(f"{size} bytes, at most {limit}", "leave it out", path=name[:12])
        return b"".join(parts)

    def tree(self, name: str, commit: str) -> "GitTree":
        """Return the files of a commit, as a tree with this name."""
        about = self.object(commit)
        sha = about.partition(b"\n")[0].removeprefix(b"tree ").decode(errors="replace")
        if not about.startswith(b"tree "):
            raise GitError(f"{commit[:12]} is no commit", "name refs of commits", path=self.name)
        return GitTree(self, name, sha)


@dataclass(frozen=True)
class GitTree:
    """The files of one commit, or of one folder of it."""

    repository: GitRepository
    name: str
    sha: str

    def files(self) -> list[TreeFile]:
        """Return the files below the tree, sorted by path; at most MOST_FILES."""
        found: list[TreeFile] = []
        waiting = [(b"", self.sha)]
        while waiting and len(found) < MOST_FILES:
            above, sha = waiting.pop()
            for entry in self.repository.entries(sha):
                path = above + entry.name
                if entry.mode != _FOLDER:
                    shown = encodable(path.decode(errors="surrogateescape"))
                    found.append(TreeFile(shown, _MODES.get(entry.mode, Kind.FILE), entry.sha))
                elif path.count(b"/") < _MAX_DEPTH:
                    waiting.append((path + b"/", entry.sha))
        return sorted(found, key=lambda file: file.path)[:MOST_FILES]

    def read(self, file: TreeFile, limit: int = MAX_BYTES) -> bytes:
        """Return the bytes of a file of the commit."""
        if file.kind is not Kind.FILE:
            raise GitError(f"{file.kind}, not a file", "put the file itself there", path=file.path)
        return self.repository.object(file.key, limit)


def _entries(data: bytes, hash_bytes: int) -> Iterator[_Entry]:
    """Yield the entries of a tree object: mode, blank, name, NUL, hash. Raise ValueError without a NUL."""
    at = 0
    while at < len(data):
        end = data.index(b"\0", at)
        mode, _, name = data[at:end].partition(b" ")
        at = end + 1 + hash_bytes
        yield _Entry(mode.lstrip(b"0"), name, data[end + 1 : at].hex())


def refs(repository: Path, pattern: str) -> list[tuple[str, str]]:
    """Return the refs that fit a pattern such as `refs/pull/*/head`, with their commits, sorted."""
    argv = _argv(repository, "for-each-ref", "--format=%(refname) %(objectname) %(objecttype)", "refs/")
    try:
        ended = subprocess.run(  # noqa: S603 # a list of words, no shell
            argv,
            capture_output=True,
            check=False,
            timeout=SECONDS,
            env=_environment(),
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GitError(f"git cannot run ({error})", "install git", path=str(repository)) from error
    if ended.returncode:
        what = ended.stderr.decode(errors="replace").strip().split("\n")[0]
        raise GitError(what, "name a repository, such as a clone made with --mirror", path=str(repository))
    found = [line.rsplit(" ", 2) for line in ended.stdout.decode(errors="replace").splitlines()]
    named = [(ref, sha) for ref, sha, kind in found if kind == "commit" and fnmatch.fnmatchcase(ref, pattern)]
    return sorted(named, key=lambda one: [(len(part), part) for part in one[0].split("/")])


@contextmanager
def opened(repository: Path) -> Iterator[GitRepository]:
    """Open a repository for the time of a `with`. Raise GitError."""
    argv = _argv(repository, "cat-file", "--batch")
    try:
        process = subprocess.Popen(  # noqa: S603 # a list of words, no shell
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment()
        )
    except OSError as error:
        raise GitError(f"git cannot run ({error.strerror})", "install git", path=str(repository)) from error
    assert process.stdin is not None  # noqa: S101 # it is a pipe
    assert process.stdout is not None  # noqa: S101 # likewise
    try:
        yield GitRepository(repository.name, process.stdin, process.stdout)
    except BrokenPipeError as error:
        raise GitError("git ended early", "check it with git fsck", path=str(repository)) from error
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _argv(repository: Path, *question: str) -> list[str]:
    return ["git", "-C", str(repository), *_OPTIONS, "--no-pager", *question]


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {**kept, **_ENVIRONMENT}
