"""Kata on this host: whether it can run, and which configuration its containers are started with."""

import os
import shutil
from pathlib import Path

from labreport.capture import Need, Run
from labreport.containers.containerd.server import SHIM_FOLDERS
from labreport.containers.needs import CONTAINERS
from labreport.contract.lab_config import Lab

KVM = Path("/dev/kvm")
SHIM = "containerd-shim-kata-v2"

CONFIGURATION = "configuration.toml"
CONFIGURATION_VARIABLE = "KATA_CONF_FILE"
CONFIGURATION_FOLDERS = ("/etc", "/usr/share/defaults", "/opt/kata/share/defaults")
CONFIGURATION_PLACES = tuple(
    Path(folder, "kata-containers/runtime-rs", CONFIGURATION) for folder in CONFIGURATION_FOLDERS
)
"""Where the Rust shim looks for its configuration, in this order (kata-containers:
src/libs/kata-types/src/config/default.rs)."""


def _no_kata(lab: Lab) -> str:
    """Return why Kata cannot run on this host, or an empty text if it probably can.

    Only the boot of a guest shows whether KVM works.
    """
    if reason := CONTAINERS.missing(lab):
        return reason
    path = os.pathsep.join((os.environ.get("PATH", ""), *SHIM_FOLDERS))
    if not shutil.which(SHIM, path=path):
        return f"{SHIM} is neither on PATH nor in {' or '.join(SHIM_FOLDERS)}"
    try:
        os.close(os.open(KVM, os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        return f"{KVM} cannot be opened ({error.strerror}): no hardware virtualization here"
    return ""


KATA = Need(
    name="kata",
    missing=_no_kata,
    remedy=(
        "use a machine with KVM (bare metal, or nested virtualization switched on) and install Kata there, "
        "or capture in the box: KATA_ARCHIVE=… lab collect --in-box (manual/how-to/box.md)"
    ),
    tools=(("containerd", "--version"), (SHIM, "--version")),
)
"""A host on which Kata can run: its shim, and a KVM device that can be opened."""


def configuration() -> Path | None:
    """Return the path of the configuration that the shim reads, or None if there is no such file."""
    named = os.environ.get(CONFIGURATION_VARIABLE)
    places = (Path(named),) if named else CONFIGURATION_PLACES
    return next((place for place in places if place.is_file()), None)


def note_configuration(run: Run) -> None:
    """Note the digest of the shim's configuration in the record.

    It decides what a container may do, and so it is a part of the result.
    """
    if place := configuration():
        run.note_digest(CONFIGURATION, place.read_bytes())
