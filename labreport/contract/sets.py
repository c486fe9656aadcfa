"""Find the sets of evidence below an evidence root."""

from collections.abc import Iterator
from pathlib import Path

from labreport.contract.folder import EvidenceError, FolderEntry, opened
from labreport.contract.records import HERE, HOSTS


def sets(root: Path, *, here: bool = True) -> dict[str, Path]:
    """Return the sets below the evidence root by their path from it: `lab12`, `hosts/<name>/lab12`.

    Without `here`, leave out `hosts/here`, which belongs to this machine alone. A symbolic link is no set:
    `verify` reports it.
    """
    return {
        entry.path: root / entry.path
        for entry in set_entries(root)
        if entry.is_folder and (here or not entry.path.startswith(f"{HOSTS}/{HERE}/"))
    }


def is_set(root: Path, lab: str) -> bool:
    """Return whether the lab has a set of its own below the evidence root, as `sets` finds them."""
    if lab == HOSTS or lab.startswith("."):
        return False
    try:
        with opened(root) as folder:
            return FolderEntry(lab, folder.mode(lab)).is_folder
    except (FileNotFoundError, EvidenceError):
        return False


def set_entries(root: Path) -> Iterator[FolderEntry]:
    """Yield the entries in the place of a set, whatever they are.

    Where a folder above a set is a link or a file, that entry takes the place of its sets.
    """
    own = _visible(root, "")
    hosts = next((entry for entry in own if entry.path == HOSTS), None)
    yield from (entry for entry in own if entry != hosts)
    if hosts is None:
        return
    if not hosts.is_folder:
        yield hosts
        return
    for host in _visible(root, HOSTS):
        if host.is_folder:
            yield from _visible(root, host.path)
        else:
            yield host


def _visible(root: Path, path: str) -> list[FolderEntry]:
    """Return the folders and links in a folder below the evidence root, hidden ones left out."""
    try:
        with opened(root / path) as folder:
            names = [name for name in folder.names() if not name.startswith(".")]
            entries = [FolderEntry(f"{path}/{name}" if path else name, folder.mode(name)) for name in names]
    except (FileNotFoundError, EvidenceError):
        return []
    return [entry for entry in entries if not entry.is_file]
