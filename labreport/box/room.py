"""Is there enough memory and disk? Asked before anything is started."""

import re
import shutil
from pathlib import Path

from labreport.box.place import BoxError

MEMINFO = Path("/proc/meminfo")
SPARE_MIB = 256
"""What is left to the machine beside a box's memory."""


def needs_room(folder: Path, mib: int) -> None:
    """Raise BoxError unless the folder's disk has this much space free."""
    free = shutil.disk_usage(folder).free >> 20
    if free < mib:
        raise BoxError(f"{folder}: {free} MiB free, {mib} are needed: make room, or name another in LAB_BOX")


def available_mib(meminfo: str) -> int:
    r"""Return how many MiB programs can still have, from /proc/meminfo.

    >>> available_mib("MemTotal:       24000000 kB\nMemAvailable:   20480000 kB\n")
    20000
    """
    found = re.search(r"^MemAvailable:\s+(\d+) kB$", meminfo, re.MULTILINE)
    return int(found[1]) >> 10 if found else 0


def needs_memory(mib: int) -> None:
    """Raise BoxError unless a machine with this much memory can be started."""
    available = available_mib(MEMINFO.read_text())
    if available < mib + SPARE_MIB:
        raise BoxError(
            f"{available} MiB of memory available; the box takes {mib}, and {SPARE_MIB} are to be left: "
            "end something, or start it with --memory"
        )
