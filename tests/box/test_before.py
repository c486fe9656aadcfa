"""What is asked before a box is made or started, and what is said where it cannot be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from labreport.box import accelerator, image, machine, room
from labreport.box.place import Box, BoxError, box

ROOT = Path(__file__).parents[2]


def lab(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run `lab box`."""
    argv = [sys.executable, str(ROOT / "labreport"), "box", *words]
    return subprocess.run(
        argv, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=False
    )


def test_the_box_has_a_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In LAB_BOX, or for root and others where programs keep their data."""
    monkeypatch.setenv("LAB_BOX", str(tmp_path))
    assert box().folder == tmp_path
    monkeypatch.delenv("LAB_BOX")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert box().folder == tmp_path / "lab" / "box"
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert box().folder == Path("/var/lib/lab/box")


def test_no_kvm_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without virtualization is told so, and emulates."""
    monkeypatch.setattr(accelerator, "KVM", tmp_path / "kvm")
    assert accelerator.no_kvm(tmp_path / "vmlinuz") == f"{tmp_path}/kvm is not there"


def test_no_permission_for_kvm(tmp_path: Path) -> None:
    """Who may not open /dev/kvm is told how to get that right."""
    if os.geteuid() != 0:
        pytest.skip("not root: nobody else can be asked")
    device = tmp_path / "kvm"
    device.touch(0o600)
    tmp_path.chmod(0o755)
    reading = ["setpriv", "--reuid", "54321", "--clear-groups", "--inh-caps", "+dac_read_search",
               "--ambient-caps", "+dac_read_search"]  # fmt: skip
    asked = (
        "import sys; from pathlib import Path; from labreport.box import accelerator as a; "
        "a.KVM = Path(sys.argv[1]); print(a.no_kvm(Path('none')))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])}
    said = subprocess.run(
        [*reading, sys.executable, "-c", asked, str(device)],
        env=environment, check=True, capture_output=True, text=True, cwd="/",
    )  # fmt: skip
    assert "no permission" in said.stdout
    assert "usermod -aG kvm" in said.stdout


def test_a_device_that_opens_is_not_enough(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a guest that boots there is no KVM, whatever the device says."""
    monkeypatch.setattr(accelerator, "KVM", tmp_path / "kvm")
    (tmp_path / "kvm").touch()
    (tmp_path / "vmlinuz").write_bytes(b"no kernel")
    if not image.missing():
        assert "does not boot" in accelerator.no_kvm(tmp_path / "vmlinuz")


def test_too_little_memory() -> None:
    """What is available, what is wanted, and what to do."""
    with pytest.raises(BoxError, match=r"MiB of memory available; the box takes \d+, .*--memory"):
        room.needs_memory(1 << 40)
    room.needs_memory(1)
    assert room.available_mib("MemTotal: 5 kB\n") == 0


def test_too_little_disk(tmp_path: Path) -> None:
    """What is free, what is needed, and what to do."""
    with pytest.raises(BoxError, match=r"MiB free, .* are needed: make room, or name another in LAB_BOX"):
        room.needs_room(tmp_path, 1 << 40)
    room.needs_room(tmp_path, 0)


def test_not_made_yet(tmp_path: Path) -> None:
    """Start, ssh, run and collect say what comes first; status and remove say that there is none."""
    env = {"LAB_BOX": str(tmp_path / "box")}
    for words in (["start"], ["run", "true"]):
        ended = lab(*words, **env)
        assert (ended.returncode, "lab box create" in ended.stderr) == (4, True), ended.stderr
        assert "Traceback" not in ended.stderr
    ended = lab("ssh", **env)
    assert (ended.returncode, "lab box start" in ended.stderr) == (4, True)
    ended = lab("status", **env)
    assert (ended.returncode, ended.stdout) == (1, "not made: lab box create\n")
    assert lab("remove", **env).returncode == 0
    assert not (tmp_path / "box").exists()


def test_what_makes_it_is_missing(tmp_path: Path) -> None:
    """Without debvm the packages to install are named."""
    ended = lab("create", LAB_BOX=str(tmp_path / "box"), PATH="/nonexistent")
    assert ended.returncode == 4
    assert "apt-get install debvm mmdebstrap openssh-client qemu-system-x86" in ended.stderr


def test_remove_takes_what_is_the_boxs_own(tmp_path: Path) -> None:
    """A folder that the user named may hold other things: they stay."""
    (tmp_path / "image.ext4").touch()
    (tmp_path / "started").mkdir()
    (tmp_path / "thesis.odt").touch()
    assert machine.remove(Box(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.odt"]
    assert not machine.remove(Box(tmp_path))


def test_a_state_of_a_machine_that_is_gone(tmp_path: Path) -> None:
    """A note of a process that is another one by now is none of a running machine."""
    one = Box(tmp_path).machine()
    one.folder.mkdir()
    for text in ("", "{}", "[]", '{"pid": 1}', "\0"):
        one.state.write_text(text)
        assert machine.running(one) is None
    known = {"pid": 1, "port": 22, "accelerator": "tcg", "why": "", "memory_mib": 1, "ssh_seconds": 1.0,
             "seconds": 1.0, "tries": 1}  # fmt: skip
    one.state.write_text(str(known).replace("'", '"'))
    assert machine.running(one) is None
