"""Whether KVM runs a guest here. Only a guest that was run tells: /dev/kvm also opens where none runs.

The outcome of a trial is noted beside the archives of the cache, and holds until the next boot, or until the
device is made anew or its mode changes. Delete the note to try again.
"""

import errno
import json
import os
import platform
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile

from labreport.capture import recorder
from labreport.capture.cache.notes import read_note, write_note
from labreport.capture.checks import Check, Fit
from labreport.capture.command import CommandSpec
from labreport.capture.host import CPUINFO, flags, this_host
from labreport.containers.host import guest
from labreport.contract.records import HostClass

DEVICE = Path("/dev/kvm")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
NOTE = "kvm-trial.json"

SECONDS, EMULATED_SECONDS = 10.0, 60.0
"""The limit of a trial. With KVM it takes some milliseconds, on an emulated processor seconds."""

BOX = "the box: lab collect --in-box (manual/how-to/box.md)"
SWITCH_ON = (
    "switch virtualization on in the firmware (BIOS, UEFI), or nested virtualization for a virtual machine; "
    f"or use {BOX}"
)
ANOTHER = f"use another host, or {BOX}"
PERMISSION = "join its group (usermod -aG kvm USER); in a container, have it passed in (--device /dev/kvm)"
BUSY = f"end what uses the processor's virtualization, such as another hypervisor; or use {BOX}"


@dataclass(frozen=True)
class GuestTrial:
    """How a test guest ended: `step` is the last of guest.STEPS that it reported, `end` why it stopped there.

    `end` is empty if it executed all. If `is_lasting` is false, the same trial may end otherwise later.
    """

    step: int
    end: str
    seconds: float
    is_lasting: bool = True

    @property
    def runs(self) -> bool:
        """Whether the guest executed all that it has to."""
        return self.step == guest.DONE


def check() -> Check:
    """Return whether a guest runs under KVM on this host."""
    try:
        os.close(os.open(DEVICE, os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        detail = f"{DEVICE} cannot be opened ({error.strerror})"
        if error.errno in {errno.EACCES, errno.EPERM}:
            fit = Fit.NO if os.geteuid() == 0 else Fit.NOT_TRIED
            return Check("KVM", fit, detail, PERMISSION, required=False)
        return Check("KVM", Fit.NO, f"{detail}: no hardware virtualization here", SWITCH_ON, required=False)
    if platform.machine() != "x86_64":
        return Check("KVM", Fit.NOT_TRIED, f"{DEVICE} opens; the test guest is for x86_64", required=False)
    found = noted_trial()
    if found.runs:
        return Check("KVM", Fit.YES, f"a test guest ran, in {found.seconds:.2f} s", required=False)
    remedy = ANOTHER if found.is_lasting else BUSY
    return Check("KVM", Fit.NO, f"{DEVICE} opens, but {_why(found)}", remedy, required=False)


def _why(found: GuestTrial) -> str:
    """Return in words why a test guest did not run."""
    if not found.is_lasting:
        return f"KVM starts no guest ({found.end})"
    hardware = {"vmx", "svm"} & flags(CPUINFO.read_text(errors="replace"))
    kind = "" if hardware else "KVM without hardware virtualization; "
    return f"a guest does not run in it ({kind}it stopped at {guest.STEPS[found.step + 1]}: {found.end})"


def noted_trial() -> GuestTrial:
    """Return the noted outcome of a trial, or try, and note the outcome if it lasts."""
    return _noted_trial(boot_and_device(), os.environ.get("XDG_CACHE_HOME"))


def boot_and_device() -> str:
    """Return what a note holds for: the boot of this host, and the device since it was made or changed."""
    return f"{BOOT_ID.read_text().strip()} {DEVICE.stat().st_ctime_ns}"


@cache
def _noted_trial(held_for: str, _cache_home: str | None) -> GuestTrial:
    with suppress(ValueError, TypeError, KeyError, OverflowError):
        noted = json.loads(read_note(NOTE))
        if noted["held_for"] == held_for:
            return _trial(**noted["trial"])
    found = trial(DEVICE)
    if found.is_lasting:
        write_note(NOTE, note(held_for, found))
    return found


def note(held_for: str, found: GuestTrial) -> bytes:
    """Return the note about a trial."""
    return json.dumps({"held_for": held_for, "trial": asdict(found)}).encode()


def _trial(step: int, end: str, seconds: float, *, is_lasting: bool = True) -> GuestTrial:
    """Return the trial that a note describes; raise TypeError or ValueError for impossible values."""
    if not (type(step) is int and isinstance(end, str) and type(seconds) in {int, float}):
        raise TypeError("values of other types")
    if not 0 <= step <= guest.DONE or bool(end) == (step == guest.DONE):
        raise ValueError("a trial has either an end before its last step, or all steps")
    return GuestTrial(step, end, float(seconds), bool(is_lasting))


def trial(device: Path) -> GuestTrial:
    """Run the test guest in a process of its own, within a time limit."""
    limit = EMULATED_SECONDS if this_host().host_class is HostClass.EMULATED else SECONDS
    argv = [sys.executable, "-I", "-S", str(Path(guest.__file__).resolve()), str(device)]
    began = time.monotonic()
    with TemporaryFile() as output, Path(os.devnull).open("wb") as errors:
        command = CommandSpec(argv, timeout=limit)
        ended = recorder.execute(command, stdout=output, stderr=errors, env=recorder.environment(""))
        output.seek(0)
        lines = output.read().splitlines()
    last = json.loads(lines[-1]) if lines else {"step": 0, "end": ""}
    if ended.timed_out:
        last["end"] = f"no end within {limit:g} s"
    elif ended.exit_status != 0:
        last |= {"end": f"the trial failed, exit status {ended.exit_status}", "is_lasting": False}
    return GuestTrial(**last, seconds=time.monotonic() - began)
