"""The evidence of somebody else's report: every file of its folder, under a name that a set allows."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from labreport.contract.fields import FAILED, RECORDS, is_evidence_path
from labreport.contract.folder import EvidenceError, Folder, FolderEntry, opened
from labreport.contract.text import why_no_text
from labreport.report.imports import Decision, DecisionKind, ImportFault

MAX_TOTAL = 256 * 1024 * 1024
"""Bytes that the files of a folder may have together."""


@dataclass
class ForeignEvidence:
    """The files by their path in the new set, and the names that some of them had before."""

    files: dict[str, bytes] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    total: int = 0
    own: set[str] = field(default_factory=set)
    """The folders of a set that the evidence has, too."""


def read_evidence_of(folder: Path, report: Path) -> ForeignEvidence:
    """Return the files below `folder`, without the report itself; raise ImportFault if it cannot be read.

    Links are not followed. Hidden files, links, devices and files over the limit are left out, and named.
    """
    found = ForeignEvidence()
    try:
        with opened(folder.resolve(strict=True)) as top:
            for entry in top.entries(lambda entry: entry.is_hidden and _left_out(found, entry, "hidden")):
                if not entry.is_folder and not _is_report(folder, entry.path, report):
                    _add(found, top, entry)
    except (EvidenceError, OSError) as error:
        what = error.what if isinstance(error, EvidenceError) else str(error.strerror)
        raise ImportFault(f"cannot be read: {what}", "name a folder of evidence", path=str(folder)) from error
    if not found.files:
        raise ImportFault("has no file that can be imported", "name another folder", path=str(folder))
    return found


def _is_report(folder: Path, path: str, report: Path) -> bool:
    return (folder.resolve() / path) == report.resolve()


def _left_out(found: ForeignEvidence, entry: FolderEntry, why: str) -> bool:
    """Note that an entry is left out; return True."""
    found.decisions.append(Decision(DecisionKind.LEFT_OUT, printable(entry.path), 0, why))
    return True


def _add(found: ForeignEvidence, folder: Folder, entry: FolderEntry) -> None:
    """Add a file to what was found, or note why it is left out."""
    if not entry.is_file:
        _left_out(found, entry, f"{entry.kind}, not a file: nothing behind it was read")
        return
    top = entry.path.partition("/")[0]
    if top in {RECORDS, FAILED} and "/" in entry.path and top not in found.own:
        found.own.add(top)
        what = f"every file of it is below {top}_/: a set keeps its own files in {top}/"
        found.decisions.append(Decision(DecisionKind.RENAMED, top, 0, what))
    path = _name_in_set(entry.path, found.files)
    if path is None:
        _left_out(found, entry, "its name is too long for a set")
        return
    try:
        data = folder.read_listed(entry.path)
    except EvidenceError as error:
        _left_out(found, entry, error.what)
        return
    found.total += len(data)
    if found.total > MAX_TOTAL:
        raise EvidenceError(f"more than {MAX_TOTAL} bytes together")
    found.files[path] = data
    found.decisions += _notes(entry.path, path, data)
    if path != entry.path:
        found.names[path] = printable(entry.path)


def _notes(name: str, path: str, data: bytes) -> Iterator[Decision]:
    """Yield what there is to decide about a file."""
    if path not in {name, f"{name.partition('/')[0]}_/{name.partition('/')[2]}"}:
        what = f"a set allows no such name: {printable(name)} there"
        yield Decision(DecisionKind.RENAMED, path, 0, what)
    if why := why_no_text(data):
        yield Decision(DecisionKind.NOT_TEXT, path, 0, f"{why}: kept byte for byte, and quoted by no page")


def printable(name: str) -> str:
    r"""Return a name with each character that cannot be printed, and each byte that is no UTF-8, as %XX.

    >>> printable("a\u200e b\udcff.txt")
    'a%E2%80%8E b%FF.txt'
    """
    return "".join(char if _is_plain(char) else _percent(char) for char in name)


def _is_plain(char: str) -> bool:
    return char.isprintable() and char != "\\"


def _percent(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogateescape"))


def _name_in_set(name: str, taken: dict[str, bytes]) -> str | None:
    """Return the path of a file in the set, which is its own wherever possible; None if there is none."""
    path = printable(name)
    top, slash, rest = path.partition("/")
    if slash and top in {RECORDS, FAILED}:
        path = f"{top}_/{rest}"
    number, free = 1, path
    while free in taken:
        number += 1
        stem, dot, ending = path.rpartition(".")
        free = f"{stem}-{number}{dot}{ending}" if dot else f"{path}-{number}"
    return free if is_evidence_path(free) and free not in {RECORDS, FAILED} else None
