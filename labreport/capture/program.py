"""Why a program that is there cannot be started, in words: the system only says "no such file"."""

import os
from pathlib import Path

_SHEBANG = b"#!"
_LONGEST = 256
"""How long the first line of a script may be, for Linux."""


def why_not_started(path: str) -> tuple[str, str]:
    """Return why the program at `path` cannot be started, and what to do."""
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
