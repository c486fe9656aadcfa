"""Whether Kata can run on this host, and whether it can be had."""

import os
import shutil
from functools import cache
from pathlib import Path

from labreport.capture import Need
from labreport.capture.cache import archives
from labreport.capture.cache.folder import CacheError
from labreport.containers.containerd.server import SHIM_FOLDERS
from labreport.containers.kata.installation import SHIM
from labreport.containers.kata.obtain import NAME
from labreport.containers.needs import CONTAINERS
from labreport.contract.lab_config import Archive, Lab

KVM = Path("/dev/kvm")


def _no_kata(lab: Lab) -> str:
    """Return why Kata cannot run under a private containerd, or an empty text if it probably can.

    Only the boot of a guest shows whether KVM works.
    """
    if NAME not in lab.archives:
        return _no_kata_in_system(lab)
    if reason := CONTAINERS.missing(lab) or _no_kvm():
        return reason
    if not shutil.which("zstd"):
        return "not here: zstd, which unpacks its archive"
    return _cannot_be_had(lab)


def _cannot_be_had(lab: Lab) -> str:
    """Return why Kata's archive cannot be had, or an empty text if it probably can."""
    wanted = lab.archives.get(NAME)
    if wanted is None:
        return f"lab.yml has no archives.{NAME}"
    return _no_archive(wanted, *map(os.environ.get, (wanted.archive_env, "XDG_CACHE_HOME")))


@cache
def _no_archive(wanted: Archive, *_environment: str | None) -> str:
    """Return why Kata's archive cannot be had. Cached: a host that does not answer takes 3 seconds."""
    try:
        return archives.missing(wanted)
    except CacheError as error:
        return str(error)


def _no_kata_in_system(lab: Lab) -> str:
    """Return why the host's own Kata cannot run, or an empty text if it probably can."""
    if reason := CONTAINERS.missing(lab):
        return reason
    path = os.pathsep.join((os.environ.get("PATH", ""), *SHIM_FOLDERS))
    if not shutil.which(SHIM, path=path):
        return f"{SHIM} is neither on PATH nor in {' or '.join(SHIM_FOLDERS)}"
    return _no_kvm()


def _no_kvm() -> str:
    try:
        os.close(os.open(KVM, os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        return f"{KVM} cannot be opened ({error.strerror}): no hardware virtualization here"
    return ""


KATA = Need(
    name="kata",
    missing=_no_kata,
    remedy=(
        "use a machine with KVM (bare metal, or nested virtualization switched on), or capture in the box: "
        "lab collect --in-box (manual/how-to/box.md); manual/how-to/kata.md says where Kata comes from"
    ),
    tools=(("containerd", "--version"),),
    missing_in_system=_no_kata_in_system,
    system_tools=((SHIM, "--version"),),
    archive=NAME,
)
"""A host on which Kata can run: a KVM device that can be opened, and Kata's archive, or its shim."""

ARCHIVE = Need(
    name="kata archive",
    missing=_cannot_be_had,
    remedy="manual/how-to/kata.md says where it comes from, and how to bring it to a host without a network",
    archive=NAME,
)
"""Kata's archive: in the cache, named by the variable of lab.yml, or at an address that can be reached."""
