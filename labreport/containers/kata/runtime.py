"""Whether Kata can run on this host, and whether it can be had."""

import os
from collections.abc import Iterator
from functools import cache

from labreport.capture import Need
from labreport.capture.cache import archives
from labreport.capture.checks import Check, Fit
from labreport.capture.declare import Lack
from labreport.capture.packages import install_command
from labreport.capture.program import which
from labreport.containers.containerd.server import SHIM_FOLDERS
from labreport.containers.host import kvm
from labreport.containers.kata.installation import SHIM
from labreport.containers.kata.obtain import NAME
from labreport.containers.needs import CONTAINERS
from labreport.contract.lab_config import Archive, Lab
from labreport.contract.user_cache import CacheError

IN_SYSTEM = "install it on this host: lab collect --containerd system (manual/how-to/capture.md)"


def _no_kata(lab: Lab) -> Lack | None:
    """Return why Kata cannot run under a private containerd, None if it probably can."""
    if NAME not in lab.archives:
        return _no_kata_in_system(lab)
    if lack := CONTAINERS.lacks(lab) or no_kvm():
        return lack
    if not which("zstd"):
        return Lack("not here: zstd, which unpacks its archive", install_command(["zstd"]), ("zstd",))
    return _no_kata_archive(lab)


def _no_kata_archive(lab: Lab) -> Lack | None:
    """Return why Kata's archive cannot be had, None if it probably can."""
    wanted = lab.archives.get(NAME)
    if wanted is None:
        return Lack(f"lab.yml has no archives.{NAME}", "add it (manual/how-to/kata.md)")
    reason = _no_archive(wanted, *map(os.environ.get, (wanted.archive_env, "XDG_CACHE_HOME")))
    return Lack(reason, f"{archives.remedy(wanted)} (manual/how-to/kata.md)") if reason else None


@cache
def _no_archive(wanted: Archive, *_environment: str | None) -> str:
    """Return why Kata's archive cannot be had. Cached: a host that does not answer takes 3 seconds."""
    try:
        return archives.missing(wanted)
    except CacheError as error:
        return str(error)


def _no_kata_in_system(lab: Lab) -> Lack | None:
    """Return why the host's own Kata cannot run, None if it probably can."""
    if lack := CONTAINERS.lacks(lab):
        return lack
    if not which(SHIM, *SHIM_FOLDERS):
        return Lack(f"{SHIM} is neither on PATH nor in {' or '.join(SHIM_FOLDERS)}", IN_SYSTEM)
    return no_kvm()


def no_kvm() -> Lack | None:
    """Return why no guest runs on this host, None if one does, or if that cannot be tried here."""
    found = kvm.check()
    return Lack(found.detail, found.remedy) if found.fit is Fit.NO else None


def _checks() -> Iterator[Check]:
    yield kvm.check()


KATA = Need(
    name="kata",
    missing=_no_kata,
    remedy=kvm.ANOTHER,
    tools=(("containerd", "--version"),),
    missing_in_system=_no_kata_in_system,
    system_tools=((SHIM, "--version"),),
    checks=_checks,
    archive=NAME,
)
"""A host on which Kata can run: KVM that runs a guest, and Kata's archive, or its shim."""

ARCHIVE = Need(
    name="kata archive",
    missing=_no_kata_archive,
    remedy="manual/how-to/kata.md says where it comes from",
    archive=NAME,
)
"""Kata's archive: in the cache, named by the variable of lab.yml, or at an address that can be reached."""
