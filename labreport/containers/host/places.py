"""The folders that a collect fills: the part of them that exists, its file system, and its free space."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from labreport.capture import recorder
from labreport.capture.checks import Check, Fit
from labreport.capture.host import MEMINFO, available_mib

DISK_MIB = 2048
"""Free space below which Kata's unpacked archive and the images of a lab may not fit."""

MEMORY_MIB = 1024
"""Available memory below which a Kata guest of 512 MiB may not start beside containerd."""


def existing(folder: Path) -> Path:
    """Return the part of a path that exists."""
    return next(path for path in (folder, *folder.parents) if path.is_dir())


def file_system(folder: Path) -> str:
    """Return the type of the file system that a folder is on, such as ext4 or overlay."""
    words = ["findmnt", "--noheadings", "--first-only", "--output", "FSTYPE", "--target", str(folder)]
    return recorder.output(words) or "unknown file system"


def disk(folders: Iterable[Path]) -> Check:
    """Return whether there is room in these folders, which a collect makes where they are missing."""
    disks: dict[int, list[Path]] = {}
    for folder in folders:
        disks.setdefault(existing(folder).stat().st_dev, []).append(folder)
    free = [(shutil.disk_usage(existing(those[0])).free >> 20, those) for those in disks.values()]
    detail = ", ".join(f"{mib} MiB free for {' and '.join(map(str, those))}" for mib, those in free)
    if min(mib for mib, _those in free) < DISK_MIB:
        remedy = "make room (lab cache clean), or name another disk for the cache in XDG_CACHE_HOME"
        return Check("disk", Fit.NO, f"{detail}; {DISK_MIB} may be needed", remedy)
    return Check("disk", Fit.YES, detail)


def memory() -> Check:
    """Return whether a small guest has room in memory."""
    available = available_mib(MEMINFO.read_text())
    if available < MEMORY_MIB:
        detail = f"{available} MiB available; a guest may need {MEMORY_MIB}"
        return Check("memory", Fit.NO, detail, "end something", required=False)
    return Check("memory", Fit.YES, f"{available} MiB available")
