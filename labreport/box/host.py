"""What this host offers a box: KVM or emulation, memory, and disk space.

Only a guest that boots shows that KVM works: /dev/kvm can be opened on hosts where every guest crashes.
"""

import json
import os
import platform
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryFile

from labreport.box.layout import Box, BoxError
from labreport.capture import recorder
from labreport.capture.command import CommandSpec
from labreport.capture.host import MEMINFO, available_mib

KVM = Path("/dev/kvm")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
NESTED = ("/sys/module/kvm_amd/parameters/nested", "/sys/module/kvm_intel/parameters/nested")
QEMU = "qemu-system-x86_64"

SPARE_MIB = 256
"""Memory that is left to the host."""

PROBE_SECONDS = 20.0
"""The limit of a test boot. With KVM it takes less than two seconds."""

BOOTED = b"Kernel panic - not syncing: VFS: Unable to mount root"
"""The end of a complete kernel boot without a disk."""

TCG = ("-machine", "accel=tcg", "-cpu", "EPYC,+svm,+npt", "-smp", "1")
"""QEMU's emulated processor with AMD's virtualization. The kernel in the box loads kvm_amd on it.

It is one processor: with two, Kata guests that ran for minutes hung or were reset, and once all of the box
hung.
"""


@dataclass(frozen=True)
class Accelerator:
    """What runs the box: `kvm` or `tcg` (emulation), and for `tcg` the reason."""

    name: str
    why: str = ""

    @property
    def options(self) -> Sequence[str]:
        """QEMU's options for it. debvm-run asks for KVM by default."""
        return TCG if self.name == "tcg" else ()


def accelerator(box: Box) -> Accelerator:
    """Return what runs the box on this host; raise BoxError. The answer is cached until the next boot."""
    if platform.machine() != "x86_64":
        raise BoxError(f"the box needs an x86_64 host, this is {platform.machine()}", "use another host")
    cache_key = [BOOT_ID.read_text().strip(), os.access(KVM, os.R_OK | os.W_OK)]
    try:
        cached = json.loads(box.accelerator.read_text())
        if cached["key"] == cache_key:
            return Accelerator(cached["name"], cached["why"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    reason = why_no_kvm(box.kernel)
    found = Accelerator("tcg", f"{reason}: emulated, which is slow") if reason else Accelerator("kvm")
    box.accelerator.write_text(json.dumps({"key": cache_key, **asdict(found)}))
    return found


def why_no_kvm(kernel: Path) -> str:
    """Return why KVM cannot run a guest that has KVM itself, or an empty text if it can."""
    if not KVM.exists():
        return f"{KVM} is not there"
    if not os.access(KVM, os.R_OK | os.W_OK):
        return f"no permission for {KVM} (add yourself to its group: usermod -aG kvm USER)"
    if not boots(kernel):
        return f"{KVM} opens, but a guest does not boot in it"
    if not any(_read(path) in {"Y", "1"} for path in NESTED):
        return "KVM here offers its guests no virtualization (nested=0)"
    return ""


def boots(kernel: Path, options: Sequence[str] = ("-machine", "accel=kvm", "-cpu", "host")) -> bool:
    """Return whether the kernel boots with these options of QEMU, up to the search for its disk."""
    argv = [QEMU, "-no-user-config", "-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot",
            "-machine", "q35", *options, "-m", "256", "-kernel", str(kernel),
            "-append", "console=ttyS0 panic=-1"]  # fmt: skip
    with TemporaryFile() as console:
        command = CommandSpec(argv, timeout=PROBE_SECONDS)
        ended = recorder.execute(command, stdout=console, stderr=console, env=recorder.environment(""))
        console.seek(0)
        return ended.exit_status == 0 and BOOTED in console.read()


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def require_disk(folder: Path, mib: int) -> None:
    """Raise BoxError unless the folder's file system has so many MiB free."""
    free = shutil.disk_usage(folder).free >> 20
    if free < mib:
        raise BoxError(
            f"{folder}: {free} MiB free, {mib} are needed", "make room, or name another folder in LAB_BOX"
        )


def require_memory(mib: int) -> None:
    """Raise BoxError unless a machine with so many MiB of memory can start."""
    available = available_mib(MEMINFO.read_text())
    if available < mib + SPARE_MIB:
        raise BoxError(
            f"{available} MiB of memory available; the box takes {mib}, the host keeps {SPARE_MIB}",
            "end something, or start the box with --memory",
        )
