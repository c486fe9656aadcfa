"""Whether a guest runs under KVM: a real one, on the real device of this host, where it has one."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from labreport.capture.checks import Fit
from labreport.capture.host import CPUINFO, flags
from labreport.containers.host import guest, kvm
from labreport.containers.kata.runtime import no_kvm
from tests.containers.fake_kata import pretend_kvm
from tests.containers.host.elsewhere import OTHER_USER, ask


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the folder of an empty cache, and forget what this process remembers."""
    monkeypatch.delenv("SUDO_UID", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    kvm._noted_trial.cache_clear()
    yield tmp_path / "cache/lab"
    kvm._noted_trial.cache_clear()


@pytest.fixture
def device() -> Path:
    """Return the device; skip the test if it cannot be opened."""
    if not os.access(kvm.DEVICE, os.R_OK | os.W_OK):
        pytest.skip(f"{kvm.DEVICE} cannot be opened")
    return kvm.DEVICE


def again() -> kvm.GuestTrial:
    """Return what another process would find."""
    kvm._noted_trial.cache_clear()
    return kvm.noted_trial()


def test_a_guest_runs_if_the_processor_can(device: Path) -> None:
    """A KVM on hardware runs it to the end. One without stops at an instruction that it does not emulate."""
    found = kvm.trial(device)
    assert found.is_lasting
    assert found.runs == bool({"vmx", "svm"} & flags(CPUINFO.read_text())), found
    assert bool(found.end) != found.runs
    assert found.seconds < kvm.EMULATED_SECONDS


def test_the_outcome_is_remembered(device: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guest runs once: the second time, its program is not there."""
    first = kvm.noted_trial()
    assert (cache / kvm.NOTE).stat().st_mode & 0o777 == 0o600
    monkeypatch.setattr(guest, "__file__", "/nowhere/guest.py")
    assert again() == first
    assert kvm.trial(device).end.startswith("the trial failed, exit status ")


NOTES = (
    "", "{", "[]", "null", "0", '{"held_for": 1}', '{"held_for": "HELD"}',
    '{"held_for": "HELD", "trial": []}',
    '{"held_for": "HELD", "trial": {"step": 4, "end": "", "seconds": "1"}}',
    '{"held_for": "HELD", "trial": {"step": 9, "end": "x", "seconds": 1}}',
    '{"held_for": "HELD", "trial": {"step": 4, "end": "contradiction", "seconds": 1}}',
    '{"held_for": "HELD", "trial": {"step": 4, "end": "", "seconds": 1, "more": 1}}',
    '{"held_for": "another boot", "trial": {"step": 4, "end": "", "seconds": 1}}',
    '{"held_for": "HELD", "trial": {"step": 4, "end": "", "seconds": 1' + "0" * 400 + "}}",
)  # fmt: skip


@pytest.mark.usefixtures("device")
@pytest.mark.parametrize("note", NOTES)
def test_a_note_that_is_no_good_is_replaced(note: str, cache: Path) -> None:
    """One that is malformed, contradicts itself or is of another boot: the guest is run again."""
    cache.mkdir(parents=True)
    held_for = kvm.boot_and_device()
    (cache / kvm.NOTE).write_text(note.replace("HELD", held_for))
    found = kvm.noted_trial()
    assert json.loads((cache / kvm.NOTE).read_text())["held_for"] == held_for
    assert again() == found


@pytest.mark.usefixtures("device")
def test_a_note_that_others_could_write_is_not_believed(cache: Path, tmp_path: Path) -> None:
    """What is in a folder of others, or a link, is neither read nor overwritten."""
    pretend_kvm(cache.parent)
    assert again().runs
    cache.chmod(0o777)
    assert again().seconds != 0.01
    cache.chmod(0o755)
    (cache / kvm.NOTE).rename(tmp_path / "elsewhere")
    (cache / kvm.NOTE).symlink_to(tmp_path / "elsewhere")
    assert again().seconds != 0.01
    assert not (cache / kvm.NOTE).is_symlink()


@pytest.mark.usefixtures("device")
def test_a_cache_that_cannot_be_written_is_no_error(cache: Path) -> None:
    """The guest is run each time."""
    cache.parent.touch()
    assert kvm.noted_trial().step == again().step


def test_what_is_said_of_a_kvm_that_runs_guests(device: Path, cache: Path) -> None:
    """It is fit, with the time that the guest took, and Kata lacks nothing of it."""
    pretend_kvm(cache.parent)
    assert kvm.check().fit is Fit.YES
    assert kvm.check().detail == "a test guest ran, in 0.01 s"
    assert no_kvm() is None
    del device


@pytest.mark.usefixtures("device")
@pytest.mark.parametrize(
    ("features", "kind"), [("fpu", "KVM without hardware virtualization; "), ("svm", "")]
)
def test_what_is_said_of_one_that_does_not(
    features: str, kind: str, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason names the instruction; that hardware is missing is said only where it is."""
    cache.mkdir(parents=True)
    trial = kvm.GuestTrial(2, "internal error", 0.01)
    (cache / kvm.NOTE).write_bytes(kvm.note(kvm.boot_and_device(), trial))
    (tmp_path / "cpuinfo").write_text(f"flags\t\t: {features}\n")
    monkeypatch.setattr(kvm, "CPUINFO", tmp_path / "cpuinfo")
    lack = no_kvm()
    assert lack
    assert lack.reason == (
        f"/dev/kvm opens, but a guest does not run in it ({kind}it stopped at cmpxchg16b: internal error)"
    )
    assert "lab collect --in-box" in lack.remedy


def test_no_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The remedy is to switch virtualization on."""
    monkeypatch.setattr(kvm, "DEVICE", tmp_path / "kvm")
    lack = no_kvm()
    assert lack
    assert "cannot be opened (No such file or directory): no hardware" in lack.reason
    assert "nested virtualization" in lack.remedy


def test_what_may_pass_is_not_remembered(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system refuses to make a guest, as it does where another hypervisor has the processor."""
    (tmp_path / "kvm").touch()
    monkeypatch.setattr(kvm, "DEVICE", tmp_path / "kvm")
    found = kvm.check()
    assert found.detail == f"{tmp_path}/kvm opens, but KVM starts no guest (Inappropriate ioctl for device)"
    assert found.remedy == kvm.BUSY
    assert not (cache / kvm.NOTE).exists()


def test_no_permission(tmp_path: Path) -> None:
    """Another user is told how to get it; that nobody can is not said."""
    device = tmp_path / "kvm"
    device.touch(0o600)
    tmp_path.chmod(0o755)
    program = f"(setattr(kvm, 'DEVICE', Path({str(device)!r})), kvm.check())[1]"
    answer = ask(program, *OTHER_USER)
    assert answer[:2] == (Fit.NOT_TRIED, f"{device} cannot be opened (Permission denied)")
    assert "usermod -aG kvm" in answer.remedy


def test_a_guest_that_never_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is killed at the limit; the step that it reached is known, and the outcome lasts."""
    (tmp_path / "guest.py").write_text(
        'import time\nprint(\'{"step": 1, "end": ""}\', flush=True)\ntime.sleep(60)\n'
    )
    monkeypatch.setattr(guest, "__file__", str(tmp_path / "guest.py"))
    monkeypatch.setattr(kvm, "SECONDS", 1.0)
    monkeypatch.setattr(kvm, "EMULATED_SECONDS", 1.0)
    found = kvm.trial(tmp_path / "kvm")
    assert (found.step, found.end, found.is_lasting) == (1, "no end within 1 s", True)
    assert found.seconds < 20
