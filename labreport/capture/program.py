"""Where programs are looked for, and why one that is there cannot be started."""

import os
import shutil
from pathlib import Path

SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")
"""Folders of root's programs, which are often not on the PATH of other users, of cron and of `su`."""

_SHEBANG = b"#!"
_LONGEST = 256
"""How long the first line of a script may be, for Linux."""


def search_path() -> str:
    """Return the PATH of this process, followed by those of SYSTEM_FOLDERS that are not on it."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join((*folders, *(folder for folder in SYSTEM_FOLDERS if folder not in folders)))


def which(program: str, *more: str) -> str | None:
    """Return the path of a program on the `search_path` or in the folders `more`, None if there is none."""
    return shutil.which(program, path=os.pathsep.join((search_path(), *more)))


def why_not_started(path: str) -> tuple[str, str]:
    """Return why the program at `path` cannot be started, and what to do.

    The system only says "no such file".
    """
    try:
        with Path(path).open("rb") as file:
            first = file.read(_LONGEST).partition(b"\n")[0]
    except OSError as error:
        return f"cannot be started ({error.strerror})", "check who owns it and its mode"
    words = os.fsdecode(first.removeprefix(_SHEBANG)).split()
    if not first.startswith(_SHEBANG):
        return "cannot be started: it is no program for this machine", "install one that is"
    if words and not Path(words[0]).is_file():
        return f"cannot be started: there is no {words[0]}", f"install {words[0]}, or correct its first line"
    return "cannot be started", "correct its first line, which names the interpreter"
