"""Can KVM run the box here? Only a guest that boots tells: a /dev/kvm that opens can still be unable to."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryFile

from labreport.box.place import Box, BoxError
from labreport.capture import recorder
from labreport.capture.command import CommandSpec

KVM = Path("/dev/kvm")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
NESTED = ("/sys/module/kvm_amd/parameters/nested", "/sys/module/kvm_intel/parameters/nested")
QEMU = "qemu-system-x86_64"

PROBE_SECONDS = 20.0
"""A guest under KVM is at the end of this boot within two."""

BOOTED = b"Kernel panic - not syncing: VFS: Unable to mount root"
"""How a kernel ends that came all the way through its own start and was given no disk."""

TCG = ("-machine", "accel=tcg", "-cpu", "EPYC,+svm,+npt")
"""QEMU's emulated processor with AMD's virtualization, which kvm_amd in the box takes for real."""


@dataclass(frozen=True)
class Accelerator:
    """What runs the box: `kvm` or `tcg`, and why it is not KVM where it is not."""

    name: str
    why: str = ""

    @property
    def options(self) -> Sequence[str]:
        """QEMU's options for it; debvm-run asks for KVM by itself."""
        return TCG if self.name == "tcg" else ()


def accelerator(box: Box) -> Accelerator:
    """Return what runs the box here; asked once for each start of this machine. Raise BoxError."""
    if platform.machine() != "x86_64":
        raise BoxError(f"the box needs an x86_64 machine, this is {platform.machine()}: use one with KVM")
    boot = BOOT_ID.read_text().strip()
    asked = [boot, os.access(KVM, os.R_OK | os.W_OK)]
    try:
        known = json.loads(box.accelerator.read_text())
        if known["asked"] == asked:
            return Accelerator(known["name"], known["why"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    found = _try(box.kernel)
    box.accelerator.write_text(json.dumps({"asked": asked, **asdict(found)}))
    return found


def _try(kernel: Path) -> Accelerator:
    """Return KVM where it boots a guest that could have guests of its own, else TCG with the reason."""
    if reason := no_kvm(kernel):
        return Accelerator("tcg", f"{reason}: emulated, which is slow")
    return Accelerator("kvm")


def no_kvm(kernel: Path) -> str:
    """Return why KVM cannot run a guest with a /dev/kvm of its own here, or an empty text."""
    if not KVM.exists():
        return f"{KVM} is not there"
    if not os.access(KVM, os.R_OK | os.W_OK):
        return f"no permission for {KVM} (add yourself to its group: usermod -aG kvm USER)"
    if not boots(kernel):
        return f"{KVM} opens, but a guest does not boot in it"
    if not any(_reads(path) in {"Y", "1"} for path in NESTED):
        return "KVM here offers its guests no virtualization (nested=0)"
    return ""


def boots(kernel: Path, options: Sequence[str] = ("-machine", "accel=kvm", "-cpu", "host")) -> bool:
    """Return whether the kernel boots with these options of QEMU, as far as it comes without a disk."""
    argv = [QEMU, "-no-user-config", "-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot",
            "-machine", "q35", *options, "-m", "256", "-kernel", str(kernel),
            "-append", "console=ttyS0 panic=-1"]  # fmt: skip
    with TemporaryFile() as console:
        command = CommandSpec(argv, timeout=PROBE_SECONDS)
        ended = recorder.execute(command, stdout=console, stderr=console, env=recorder.environment(""))
        console.seek(0)
        return ended.exit_status == 0 and BOOTED in console.read()


def _reads(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""
