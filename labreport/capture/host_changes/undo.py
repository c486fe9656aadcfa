"""Undo the changes in the ledger, the last one first. A killed undo can be called again."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from labreport.capture import recorder
from labreport.capture.command import CommandSpec
from labreport.capture.host_changes import places
from labreport.capture.host_changes.ledger import Entry, Ledger
from labreport.capture.host_changes.places import FOLDER, NOTHING

RESTART_SECONDS = 120.0


def undo(ledger: Ledger) -> tuple[list[str], list[str]]:
    """Restore everything; return a line for each change that was undone, and one for each that was not.

    What somebody else has changed is left as it is, and its entry is kept.
    """
    done, left = [], []
    restarts = []
    for name, entry in reversed(list(ledger.entries())):
        if entry.kind == "restart":
            restarts.append((name, entry.argv))
            continue
        reason = _restore_tree(entry) if entry.kind == "tree" else _restore(ledger.folder / name, entry)
        if reason:
            left.append(f"{entry.path}: {reason}")
            continue
        done.append(f"{entry.path}: {'removed' if entry.before == NOTHING else 'restored'}")
        ledger.forget(name)
    for name, argv in restarts:
        if _succeeds(argv):
            done.append(f"{' '.join(argv)}: done")
            ledger.forget(name)
        else:
            left.append(f"{' '.join(argv)}: failed: run it by hand")
    return done, left


def _restore(note: Path, entry: Entry) -> str:
    """Restore a path; return why that is impossible, or an empty text."""
    path = Path(entry.path)
    now = places.state(path)
    places.part(path)
    if now == entry.before:
        if now.startswith("file:"):
            _attributes(path, entry)
        return ""
    if now not in (*entry.ours, NOTHING):
        return f"somebody else changed it since: compare it with {note}, which has what was there"
    if now == FOLDER:
        with suppress(OSError):
            path.rmdir()
            return ""
        return "it is no longer empty: look at it, and remove it yourself"
    if entry.before == NOTHING:
        path.unlink(missing_ok=True)
        return ""
    _rewrite(path, note.with_name(f"{note.name}.bytes"), entry)
    return ""


def _rewrite(path: Path, kept: Path, entry: Entry) -> None:
    """Restore a file or a link with its owner, mode and time."""
    partial = places.part(path)
    if entry.before.startswith("link:"):
        partial.symlink_to(entry.before.removeprefix("link:"))
        os.chown(partial, entry.uid, entry.gid, follow_symlinks=False)
    else:
        with partial.open("xb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(kept.read_bytes())
            file.flush()
            os.fsync(file.fileno())
        _attributes(partial, entry)
    partial.rename(path)
    places.sync(path.parent)


def _attributes(path: Path, entry: Entry) -> None:
    os.chown(path, entry.uid, entry.gid)
    path.chmod(entry.mode)
    os.utime(path, ns=(entry.mtime_ns, entry.mtime_ns))


def _restore_tree(entry: Entry) -> str:
    """Remove the tool's tree and restore what was there; return why that is impossible, or an empty text."""
    path, aside = Path(entry.path), Path(entry.aside)
    places.new(path)
    if entry.before == FOLDER and not aside.exists():
        return ""  # it was never moved aside, or it is back already
    if path.is_dir() and not path.is_symlink():
        places.remove_members(path, entry.members)
    if places.state(path) != NOTHING:
        foreign = places.foreign(path, entry.members) or ["it"]
        return f"{foreign[0]} is not the tool's, or was changed: look at it, and remove it yourself"
    if aside.exists():
        aside.rename(path)
        places.sync(path.parent)
    return ""


def _succeeds(argv: Sequence[str]) -> bool:
    """Run a noted command; return whether its exit status is 0."""
    with Path(os.devnull).open("wb") as sink:
        try:
            command = CommandSpec(argv, timeout=RESTART_SECONDS)
            ended = recorder.execute(command, stdout=sink, stderr=sink, env=recorder.environment(""))
        except recorder.CommandNotFoundError:
            return False
    return ended.exit_status == 0
