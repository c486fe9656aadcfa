"""Which cgroups this host has, and whether a cgroup can be made: runc needs one for each container."""

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from labreport.capture.checks import Check, Fit
from labreport.capture.declare import Lack

V2 = 2
MOUNTS = Path("/proc/self/mountinfo")
TOP = Path("/sys/fs/cgroup")
NO_CONTROLLERS = frozenset({"xattr", "noprefix", "clone_children", "cpuset_v2_mode", "favordynmods"})
"""Options of a hierarchy of version 1 that name no controller."""

REMEDY = "mount cgroups at /sys/fs/cgroup (systemd does; without systemd: the package cgroupfs-mount)"
IN_CONTAINER = "run it on the host, or give this container its cgroups writable (docker run --privileged)"


@dataclass(frozen=True)
class Hierarchy:
    """A mounted hierarchy of cgroups, of version 1 or 2; one of version 1 has its `controllers`."""

    point: Path
    version: int
    controllers: tuple[str, ...]
    read_only: bool


def hierarchies(mounts: str) -> list[Hierarchy]:
    """Return the hierarchies at /sys/fs/cgroup and in it, given a mountinfo (proc(5)).

    >>> hierarchies("32 31 0:29 / /sys/fs/cgroup/cpu rw,nosuid - cgroup cgroup rw,cpu")[0].controllers
    ('cpu',)
    """
    found = []
    for line in mounts.splitlines():
        before, _dash, after = line.partition(" - ")
        words, kind = before.split(" "), after.split(" ")
        point = Path(words[4])
        if kind[0] in {"cgroup", "cgroup2"} and TOP in (point, point.parent):
            options = kind[2].split(",")
            read_only = "ro" in {words[5].split(",")[0], options[0]}
            version = V2 if kind[0] == "cgroup2" else 1
            found.append(Hierarchy(point, version, _controllers(options) if version == 1 else (), read_only))
    return found


def _controllers(options: list[str]) -> tuple[str, ...]:
    """Return the controllers in the options of a hierarchy of version 1. One with a name may have none."""
    return tuple(word for word in options[1:] if "=" not in word and word not in NO_CONTROLLERS)


def version(found: list[Hierarchy]) -> str:
    """Return v1, v2, hybrid (controllers in v1, a hierarchy of v2 beside them) or none.

    runc uses a hierarchy of v2 alone only at /sys/fs/cgroup itself.
    """
    v2 = [one.point for one in found if one.version == V2]
    if any(one.controllers for one in found):
        return "hybrid" if v2 else "v1"
    return "v2" if TOP in v2 else "none"


def lack(mounts: str) -> Lack | None:
    """Return why no container can have a cgroup, given a mountinfo. Nothing is tried."""
    found = hierarchies(mounts)
    name = version(found)
    if name == "none":
        return Lack("no cgroup controllers are mounted at /sys/fs/cgroup", REMEDY)
    if all(one.read_only for one in found):
        return Lack(f"cgroups {name} are mounted read-only", IN_CONTAINER)
    return None


def check() -> Check:
    """Return which cgroups there are, and whether one can be made."""
    mounts = MOUNTS.read_text()
    found = hierarchies(mounts)
    if missing := lack(mounts):
        return Check("cgroups", Fit.NO, missing.reason, missing.remedy)
    name = version(found)
    if os.geteuid() != 0:
        return Check("cgroups", Fit.NOT_TRIED, f"{name}; not root, so none was made")
    refused = [f"{one.point} ({why})" for one in found if (why := _why_not_made(one.point))]
    if refused:
        return Check("cgroups", Fit.NO, f"{name}, but none can be made in {refused[0]}", IN_CONTAINER)
    return Check("cgroups", Fit.YES, f"{name}; one was made and removed in each hierarchy")


def _why_not_made(point: Path) -> str:
    """Make a cgroup and remove it; return why that failed, or an empty text."""
    made = point / f"doctor-{secrets.token_hex(4)}"
    try:
        made.mkdir()
    except OSError as error:
        return error.strerror or "refused"
    with suppress(OSError):
        made.rmdir()
    return ""
