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
    "switch virtualization on in the firmware (BIOS, UEFI), or nested virtualization for this virtual machine; "
    f"or use {BOX}"
)
ANOTHER = f"use a machine whose KVM runs guests, or {BOX}"
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
        refused = error.errno in {errno.EACCES, errno.EPERM}
        why = f"cannot be opened ({error.strerror})"
        detail = f"{DEVICE} {why}" if refused else f"{DEVICE} {why}: no hardware virtualization here"
        return Check("KVM", Fit.NO, detail, PERMISSION if refused else SWITCH_ON, required=False)
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
    where = "" if found.end == _no_end() else f"it stopped at {guest.STEPS[found.step + 1]}: "
    return f"a guest does not run in it ({kind}{where}{found.end})"


def noted_trial() -> GuestTrial:
    """Return the noted outcome of a trial, or try, and note the outcome if it lasts."""
    status = DEVICE.stat()
    return _noted_trial(BOOT_ID.read_text().strip(), status.st_ctime_ns, os.environ.get("XDG_CACHE_HOME"))


@cache
def _noted_trial(boot: str, device: int, _cache_home: str | None) -> GuestTrial:
    key = {"boot": boot, "device": device}
    with suppress(ValueError, TypeError, KeyError):
        noted = json.loads(read_note(NOTE))
        if {name: noted[name] for name in key} == key:
            return _trial(**noted["trial"])
    found = trial(DEVICE)
    if found.is_lasting:
        write_note(NOTE, json.dumps({**key, "trial": asdict(found)}).encode())
    return found


def _trial(step: int, end: str, seconds: float, *, is_lasting: bool = True) -> GuestTrial:
    """Return a trial of values that were read; raise TypeError or ValueError if none has such values."""
    if not (type(step) is int and isinstance(end, str) and type(seconds) in {int, float}):
        raise TypeError("values of other types")
    if not 0 <= step <= guest.DONE or bool(end) == (step == guest.DONE):
        raise ValueError("a trial has either an end before its last step, or all steps")
    return GuestTrial(step, end, float(seconds), bool(is_lasting))


def _limit() -> float:
    return EMULATED_SECONDS if this_host().host_class is HostClass.EMULATED else SECONDS


def _no_end() -> str:
    return f"no end within {_limit():g} s"


def trial(device: Path) -> GuestTrial:
    """Run the test guest in a process of its own, within a time limit."""
    argv = [sys.executable, "-I", "-S", str(Path(guest.__file__).resolve()), str(device)]
    began = time.monotonic()
    with TemporaryFile() as output, Path(os.devnull).open("wb") as errors:
        command = CommandSpec(argv, timeout=_limit())
        ended = recorder.execute(command, stdout=output, stderr=errors, env=recorder.environment(""))
        output.seek(0)
        printed = output.read()
    seconds = time.monotonic() - began
    if ended.timed_out:
        return GuestTrial(0, _no_end(), seconds)
    try:
        return _trial(**json.loads(printed), seconds=seconds)
    except (ValueError, TypeError):
        return GuestTrial(0, f"the trial failed, exit status {ended.exit_status}", seconds, is_lasting=False)
