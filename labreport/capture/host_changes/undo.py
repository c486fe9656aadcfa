"""Undo the changes in the ledger, the last one first. A killed undo can be called again."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from labreport.capture import recorder, signals
from labreport.capture.command import CommandSpec
from labreport.capture.host_changes import places
from labreport.capture.host_changes.ledger import Entry, Ledger, LedgerError
from labreport.capture.host_changes.places import FOLDER, NOTHING

RESTART_SECONDS = 120.0


def undo(ledger: Ledger) -> tuple[list[str], list[str]]:
    """Restore everything; return a line for each change that was undone, and one for each that was not.

    What somebody else has changed is left as it is, and its entry is kept. So is an entry or a kept copy that
    was altered, and a change whose kept copy is gone. A signal is answered between two changes.
    """
    done = []
    entries, left = readable(ledger)
    for name, entry in reversed(entries):
        if entry.kind == "restart":
            continue
        with signals.deferred():
            reason = (_restore_tree if entry.kind == "tree" else _restore)(ledger.folder / name, entry)
            if reason:
                left.append(f"{entry.path}: {reason}")
                continue
            done.append(f"{entry.path}: {'removed' if entry.before == NOTHING else 'restored'}")
            ledger.forget(name)
    for name, entry in reversed(entries):
        if entry.kind == "restart" and _succeeds(entry.argv):
            done.append(f"{' '.join(entry.argv)}: done")
            ledger.forget(name)
        elif entry.kind == "restart":
            left.append(f"{' '.join(entry.argv)}: failed: run it by hand")
    return done, left


def readable(ledger: Ledger) -> tuple[list[tuple[str, Entry]], list[str]]:
    """Return the entries with their files' names, in order, and a line for each that was altered."""
    entries, damaged = [], []
    for name in ledger.names():
        try:
            entries.append((name, ledger.read(name)))
        except LedgerError as error:
            damaged.append(str(error))
    return entries, damaged


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
    return _rewrite(path, note, entry)


def _rewrite(path: Path, note: Path, entry: Entry) -> str:
    """Restore a file or a link with its owner, mode and time; return why that is impossible, if it is."""
    kept = note.with_name(f"{note.name}.bytes")
    if entry.before.startswith("file:") and (now := places.state(kept)) != entry.before:
        how = "is gone" if now == NOTHING else "was altered"
        by_hand = "restore the file from a backup or its package and run lab undo again"
        return f"{kept}, which kept what was there, {how}: {by_hand}, or keep it as it is and delete {note}"
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
    return ""


def _attributes(path: Path, entry: Entry) -> None:
    os.chown(path, entry.uid, entry.gid)
    path.chmod(entry.mode)
    os.utime(path, ns=(entry.mtime_ns, entry.mtime_ns))


def _restore_tree(note: Path, entry: Entry) -> str:
    """Remove the tool's tree and restore what was there; return why that is impossible, or an empty text."""
    path, aside = Path(entry.path), Path(entry.aside)
    places.new(path)
    if entry.before == FOLDER and places.state(aside) == NOTHING:
        if _is_original(path, entry):
            return ""  # it was never moved aside, or it is back already
        what = f"{aside}, which kept what was there, is gone"
        return f"{what}: put it back there from a backup and run lab undo again, or delete {note}"
    if entry.digest and places.digest(aside) != entry.digest:
        what = f"{aside}, which kept what was there, was altered"
        return f"{what}: look at it, rename it to {path.name} yourself, and delete {note}"
    if path.is_dir() and not path.is_symlink():
        places.remove_members(path, entry.members)
    if places.state(path) != NOTHING:
        foreign = places.foreign(path, entry.members) or ["it"]
        return f"{foreign[0]} is not the tool's, or was changed: look at it, and remove it yourself"
    if aside.exists():
        aside.rename(path)
        places.sync(path.parent)
    return ""


def _is_original(path: Path, entry: Entry) -> bool:
    """Return whether the folder at `path` is the one that was there before, and not the tool's tree."""
    if places.state(path) != FOLDER:
        return False
    return places.digest(path) == entry.digest or not places.holds_ours(path, entry.members)


def _succeeds(argv: Sequence[str]) -> bool:
    """Run a noted command; return whether its exit status is 0."""
    with Path(os.devnull).open("wb") as sink:
        try:
            command = CommandSpec(argv, timeout=RESTART_SECONDS)
            ended = recorder.execute(command, stdout=sink, stderr=sink, env=recorder.environment(""))
        except recorder.CommandNotFoundError:
            return False
    return ended.exit_status == 0
