"""Turn exceptions of the system, and those that no code expected, into errors of one line.

`lab` and mkdocs both end here. A traceback goes to a file, never to the terminal.
"""

import errno
import os
import platform
import secrets
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path

from labreport import __version__
from labreport.contract.errors import ExitStatus, LabError
from labreport.report.problems import one_line

FOLDER = "labreport"
LONGEST = 300
"""How many characters of an exception's own text are shown."""
ALMOST_NOTHING = 64 * 1024
"""A file system with fewer free bytes than this is called full."""
_REMEDIES = {
    errno.ENOSPC: "make room there",
    errno.EDQUOT: "make room there: your quota is used up",
    errno.EROFS: "make it writable, or work in a folder that is",
    errno.EACCES: "check who owns it and its mode",
    errno.EPERM: "check who owns it and its mode",
    errno.EISDIR: "name a file, not a folder",
    errno.ENOTDIR: "name a folder, not a file",
    errno.ENOENT: "create it, or correct the path or the link",
    errno.ELOOP: "correct the symbolic link, which leads to itself",
    errno.EEXIST: "choose another name, or remove what is there",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EMFILE: "raise the limit of open files: ulimit -n",
    errno.ENFILE: "close programs: the system has too many open files",
    errno.ENOMEM: "close programs, or use a host with more memory",
    errno.EIO: "check the disk",
}
_OF_A_PATH = {errno.EISDIR, errno.ENOTDIR, errno.ENOENT, errno.ELOOP, errno.EEXIST, errno.ENAMETOOLONG}
_NO_TEMPORARY = "make room in one of them, or name another folder: TMPDIR=FOLDER"


class SystemFault(LabError):  # it is the system's fault, and an error here
    """The operating system refused something: a full disk, a read-only file system, a missing file."""

    exit_status = ExitStatus.CANNOT_RUN


class PathFault(SystemFault):
    """A path that the user gave is of the wrong kind, too long, or leads nowhere."""

    exit_status = ExitStatus.WRONG_USE


class UnforeseenError(LabError):
    """An error that no code expected. It names a file with the traceback."""

    exit_status = ExitStatus.FAULT


def as_error(error: BaseException) -> LabError:
    """Return an exception as an error of one line; an unforeseen one leaves its traceback in a file."""
    if isinstance(error, LabError):
        return error
    if isinstance(error, OSError):
        return _of_system(error)
    if isinstance(error, RecursionError):
        return SystemFault("something is nested too deeply", "use fewer levels in pages and files")
    if isinstance(error, MemoryError):
        return SystemFault("out of memory", _REMEDIES[errno.ENOMEM])
    return _unforeseen(error)


def _of_system(error: OSError) -> SystemFault:
    """Return what the system refused, where, and what to do."""
    what = error.strerror or str(error) or type(error).__name__
    if error.errno == errno.ENOENT and error.filename is None:  # as `tempfile` and `os.getcwd` raise it
        if _has_current_folder():
            return SystemFault(what, _NO_TEMPORARY)
        return SystemFault("the current folder was removed", "change to one that is there: cd FOLDER")
    remedy = _REMEDIES.get(error.errno or 0, "check the file system and the path")
    kind = PathFault if error.errno in _OF_A_PATH else SystemFault
    return kind(what, remedy, path=_full(error) or _shown(error.filename))


def _shown(path: object) -> str:
    """Return a path as an error shows it: from the current folder, if it is below that; empty for none."""
    if not isinstance(path, str | bytes | os.PathLike):
        return ""
    text = os.fsdecode(path)
    try:
        return str(Path(text).relative_to(Path.cwd()))
    except (ValueError, OSError):
        return text


def _full(error: OSError) -> str:
    """Return which of the folders that are written to have no room, if that is what the error is about."""
    if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
        return ""
    folders = (".", "evidence", "site", os.environ.get("TMPDIR"), "/tmp", "/run", "/var/lib")  # noqa: S108 # looked at
    return ", ".join(folder for folder in folders if folder and _has_no_room(folder))


def _has_current_folder() -> bool:
    try:
        Path.cwd()
    except OSError:
        return False
    return True


def _has_no_room(folder: str) -> bool:
    try:
        system = os.statvfs(folder)
    except (OSError, AttributeError):
        return False
    return system.f_bavail * system.f_frsize < ALMOST_NOTHING


def _unforeseen(error: BaseException) -> UnforeseenError:
    """Write the traceback of an exception to a file; return the error that names it."""
    text = one_line(f"{type(error).__name__}: {error}".rstrip(": "))
    what = f"{text[:LONGEST]}…" if len(text) > LONGEST else text
    file = write_traceback(error)
    if file is None:
        place = traceback.extract_tb(error.__traceback__)[-1:]
        where = "".join(f" ({Path(frame.filename).name}:{frame.lineno})" for frame in place)
        return UnforeseenError(f"{what}{where}", "nobody foresaw this: please report this line")
    return UnforeseenError(what, f"nobody foresaw this: please report it, with {file}")


def write_traceback(error: BaseException) -> Path | None:
    """Write a traceback to the user's state folder, or the temporary one; None if neither can be written.

    Only the user can read the file, and the path of the home folder is not in it.
    """
    lines = "".join(traceback.format_exception(error))
    home = os.path.expanduser("~")  # noqa: PTH111 # Path.home() raises without a home
    if len(home) > 1:
        lines = lines.replace(home, "~")
    text = f"labreport {__version__}, Python {platform.python_version()}, {sys.platform}\n\n{lines}"
    name = f"traceback-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}.txt"
    for folder in _folders(home):
        if _write_new(folder / name, text):
            return folder / name
    return None


def _write_new(path: Path, text: str) -> bool:
    """Write a file that is not there yet; return whether it was written whole."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        return False
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError:
        path.unlink(missing_ok=True)
        return False
    return True


def _folders(home: str) -> list[Path]:
    """Return the folders for tracebacks, the best first."""
    state = os.environ.get("XDG_STATE_HOME") or f"{home}/.local/state"
    found = [Path(state, FOLDER)] if Path(state).is_absolute() else []
    try:
        return [*found, Path(tempfile.gettempdir())]
    except OSError:
        return found
