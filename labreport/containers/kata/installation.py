"""Kata for one collect: installed for its private containerd alone, or the host's own.

A private containerd has mounts of its own. In them, the tree of the archive is at /opt/kata, read-only, with
a folder of the run in the place of its configurations, and other installations are hidden. Kata's own places
are kept, because newer shims refuse a KATA_CONF_FILE outside them. The host's folders stay as they are, and
everything ends with containerd.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from labreport.capture import recorder
from labreport.capture.command import CommandFailedError
from labreport.capture.declare import Unavailable
from labreport.capture.host import this_host, version_of
from labreport.capture.program import which
from labreport.capture.run import CaptureError, Run
from labreport.containers.containerd.server import Containerd, containerd
from labreport.containers.kata.archive import CONFIGURATION as STOCK
from labreport.containers.kata.archive import ROOT, SHIMS
from labreport.containers.kata.obtain import NAME, obtain
from labreport.containers.kata.values import ConfigurationError, with_values
from labreport.contract.records import HostClass

SHIM = "containerd-shim-kata-v2"
CONFIGURATION = "configuration.toml"
CONFIGURATION_VARIABLE = "KATA_CONF_FILE"
CONFIGURATION_FOLDERS = ("/etc", "/usr/share/defaults", f"{ROOT}/share/defaults")
CONFIGURATION_PLACES = tuple(
    Path(folder, "kata-containers/runtime-rs", CONFIGURATION) for folder in CONFIGURATION_FOLDERS
)
"""Where the Rust shim looks for its configuration, in this order (kata-containers:
src/libs/kata-types/src/config/default.rs)."""

SLOW_HOST = "kata.slow_host"
"""The setting of lab.yml with values for Kata's configuration on an emulated host."""

MOUNT = """
set -e
tree=$1 configurations=$2 opt=$3
for place in /etc/kata-containers /usr/share/defaults/kata-containers; do
    [ ! -d "$place" ] || mount -t tmpfs -o ro,mode=755 none "$place"
done
if [ ! -d /opt/kata ]; then
    mkdir "$opt"
    mount --bind /opt "$opt"
    mount -t tmpfs -o mode=755 none /opt
    for one in "$opt"/* "$opt"/.[!.]*; do
        [ ! -e "$one" ] || ln -s "$one" /opt/
    done
    mkdir /opt/kata
fi
mount --bind "$tree" /opt/kata
mount -o remount,bind,ro /opt/kata
mount --bind "$configurations" /opt/kata/share/defaults/kata-containers/runtime-rs
"""
"""Makes /opt/kata in containerd's own mounts. Where the host has no such folder, a temporary /opt has it, and
links to all else that the host's /opt has."""


@dataclass(frozen=True)
class Kata:
    """The Kata that containers run under. The paths are those that its containerd sees.

    `shim` is empty if the host has none. `text` is the configuration. `inside` are the words before a command
    that is to see the same files. `is_private` says whether it is there for this collect alone.
    """

    shim: str
    configuration: Path | None
    text: bytes
    inside: list[str]
    is_private: bool


def kata(run: Run) -> Kata:
    """Return the Kata of this collect, installed at the first use. Note the version of its shim.

    Raise Unavailable if it cannot be had, CaptureError if its archive is refused.
    """
    return run.resource(installation)


@contextmanager
def installation(run: Run) -> Iterator[Kata]:
    """Install Kata for the private containerd, if lab.yml has an archive of it; or else find the host's."""
    if run.session.system or NAME not in run.lab.archives:
        found = which(SHIM) or ""
        place = configuration_on_host()
        if version := version_of((SHIM, "--version")):
            run.tools[SHIM] = version
        yield Kata(found, place, place.read_bytes() if place else b"", [], is_private=False)
    else:
        yield _install(run, run.resource(containerd))


def configuration_on_host() -> Path | None:
    """Return the path of the configuration that the host's own shim reads, or None if there is none."""
    named = os.environ.get(CONFIGURATION_VARIABLE)
    places = (Path(named),) if named else CONFIGURATION_PLACES
    return next((place for place in places if place.is_file()), None)


def _install(run: Run, server: Containerd) -> Kata:
    """Mount the tree of the archive for a private containerd, with a configuration of the run."""
    tree = obtain(run, unpacked=True).tree
    shim = next(path for path in SHIMS if (tree / path).is_file())
    stock = tree / STOCK
    if not stock.is_file():
        raise CaptureError(f"{STOCK} is not in Kata's archive", "name a kata-static archive")
    own = Path(mkdtemp(dir=server.folder, prefix="kata-"))  # another one, if containerd is started anew
    shutil.copytree(stock.parent, own / "runtime-rs", symlinks=True)
    text = configured(run, stock.read_text())
    place = own / "runtime-rs" / CONFIGURATION
    place.unlink(missing_ok=True)
    place.write_text(text)
    mount = ["sh", "-c", MOUNT, "mount", str(tree), str(own / "runtime-rs"), str(own / "opt")]
    try:
        run.command([*server.inside, *mount])
    except CommandFailedError as error:
        said = run.commands[-1].stderr.strip().splitlines()
        raise Unavailable(
            f"{ROOT} cannot be mounted for the private containerd: {(said or [error.how])[-1]}",
            "collect with the host's own: --containerd system",
        ) from error
    link = server.shims / SHIM
    link.unlink(missing_ok=True)
    link.symlink_to(f"{ROOT}/{shim}")
    printed = recorder.output([*server.inside, f"{ROOT}/{shim}", "--version"])
    if version := printed.partition("\n")[0]:
        run.tools[SHIM] = version
    return Kata(f"{ROOT}/{shim}", CONFIGURATION_PLACES[-1], text.encode(), server.inside, is_private=True)


def configured(run: Run, stock: str) -> str:
    """Return the configuration to use: the stock one, on an emulated host with lab.yml's values for it."""
    values = run.lab.settings.get("kata", {})
    if this_host().host_class is not HostClass.EMULATED or "slow_host" not in values:
        return stock
    try:
        return with_values(stock, run.setting(SLOW_HOST, dict))
    except ConfigurationError as error:
        raise CaptureError(error.what, error.remedy, path=run.lab_file) from error


def note_configuration(run: Run) -> None:
    """Note the digest of the shim's configuration in the record.

    It decides what a container may do, and so it is a part of the result.
    """
    if text := kata(run).text:
        run.note_digest(CONFIGURATION, text)
