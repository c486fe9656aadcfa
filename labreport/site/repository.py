"""Where the files of evidence are in the project's repository, at the commit that is built.

git is optional: without it, outside of a repository, and for a file that the commit does not hold with
exactly these bytes, there is no link.
"""

import hashlib
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

from mkdocs_macros import context

from labreport.site.html.environment import SourceFile

EVIDENCE = "evidence"
SECONDS = 30
FOLDERS = {"bitbucket.org": "src", "codeberg.org": "src/commit"}
"""What stands between a repository's address and a commit. Others, such as GitHub and GitLab, have `blob`."""
_SHA1_DIGITS = 40
_NO_PROGRAMS = {"GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
_OPTIONS = ("-c", "protocol.allow=never", "-c", "core.fsmonitor=false")
"""git only reads objects: whatever the repository's settings say, it starts and fetches nothing."""


@dataclass(frozen=True)
class Repository:
    """The evidence of a commit: `blobs` are the git hashes of its files, by path from the evidence root.

    `reflog` is the file to which git adds a line when another commit is checked out or made.
    """

    address: str = ""
    commit: str = ""
    prefix: str = ""
    blobs: Mapping[str, str] = field(default_factory=dict)
    reflog: Path | None = None

    def source(self, path: str, data: bytes) -> SourceFile | None:
        """Return where a file is in the repository; None if the commit does not hold it with these bytes."""
        if path not in self.blobs:
            return None
        algorithm = "sha1" if len(self.commit) == _SHA1_DIGITS else "sha256"
        blob = hashlib.new(algorithm, b"blob %d\0" % len(data) + data, usedforsecurity=False)
        if self.blobs[path] != blob.hexdigest():
            return None
        folder = FOLDERS.get(urlsplit(self.address).hostname or "", "blob")
        file = quote(f"{self.prefix}{EVIDENCE}/{path}")
        return SourceFile(f"{self.address}/{folder}/{self.commit}/{file}", self.commit[:12])


def read_repository(root: Path, address: str | None) -> Repository:
    """Return the repository of the project in `root`, published at `address`; an empty one without either."""
    if not address or urlsplit(address).scheme not in {"http", "https"}:
        return Repository()
    question = ("rev-parse", "--show-prefix", "--git-path", "logs/HEAD", "HEAD^{commit}")
    prefix, reflog, commit = (*_git(root, *question).split("\n"), "", "", "")[:3]
    if not commit:
        return Repository()
    blobs = {}
    for entry in _git(root, "ls-tree", "-r", "-z", commit, "--", f"{EVIDENCE}/").split("\0"):
        about, _, path = entry.partition("\t")
        mode, kind, blob = (*about.split(" "), "", "")[:3]
        if kind == "blob" and mode != "120000":  # a symbolic link
            blobs[path.removeprefix(f"{EVIDENCE}/")] = blob
    return Repository(address.rstrip("/"), commit, prefix, blobs, root / reflog)


def keep_macros_from_git() -> None:
    """Keep the macros plugin from asking git twelve questions at the start of each build.

    No page sees the answers: pages are rendered in our sandbox. And in a folder that did not come by `git
    clone`, the settings of a stranger (`log.showSignature` with `gpg.program`) would start a program.
    """
    context.get_git_info = lambda: {"status": False, "date": None}


def _git(root: Path, *question: str) -> str:
    """Return what git answers; empty if it cannot."""
    argv = ["git", "-C", str(root), *_OPTIONS, *question]
    try:
        ended = subprocess.run(  # noqa: S603 # no shell, and a commit's name is git's own
            argv, capture_output=True, check=False, timeout=SECONDS, env={**os.environ, **_NO_PROGRAMS}
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ended.stdout.decode(errors="replace") if ended.returncode == 0 else ""
