"""What is checked before a box is made or started, and the errors of a box that cannot be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from labreport.box import host, image, machine
from labreport.box.layout import Box, BoxError, default_box
from labreport.capture.host import available_mib

ROOT = Path(__file__).parents[2]


def lab(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run `lab box`."""
    argv = [sys.executable, str(ROOT / "labreport"), "box", *words]
    return subprocess.run(
        argv, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=False
    )


def test_the_boxs_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """LAB_BOX names it. The default depends on whether the user is root."""
    monkeypatch.setenv("LAB_BOX", str(tmp_path))
    assert default_box().folder == tmp_path
    monkeypatch.delenv("LAB_BOX")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_box().folder == tmp_path / "lab" / "box"
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_box().folder == Path("/var/lib/lab/box")


def test_no_kvm_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without /dev/kvm the reason is given."""
    monkeypatch.setattr(host, "KVM", tmp_path / "kvm")
    assert host.why_no_kvm(tmp_path / "vmlinuz") == f"{tmp_path}/kvm is not there"


def test_no_permission_for_kvm(tmp_path: Path) -> None:
    """A user who cannot open /dev/kvm is told how to change that."""
    if os.geteuid() != 0:
        pytest.skip("not root: nobody else can be asked")
    device = tmp_path / "kvm"
    device.touch(0o600)
    tmp_path.chmod(0o755)
    reading = ["setpriv", "--reuid", "54321", "--clear-groups", "--inh-caps", "+dac_read_search",
               "--ambient-caps", "+dac_read_search"]  # fmt: skip
    program = (
        "import sys; from pathlib import Path; from labreport.box import host; "
        "host.KVM = Path(sys.argv[1]); print(host.why_no_kvm(Path('none')))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])}
    ended = subprocess.run(
        [*reading, sys.executable, "-c", program, str(device)],
        env=environment, check=True, capture_output=True, text=True, cwd="/",
    )  # fmt: skip
    assert "no permission" in ended.stdout
    assert "usermod -aG kvm" in ended.stdout


def test_a_device_that_opens_is_not_enough(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """KVM counts as working only if a guest boots."""
    monkeypatch.setattr(host, "KVM", tmp_path / "kvm")
    (tmp_path / "kvm").touch()
    (tmp_path / "vmlinuz").write_bytes(b"no kernel")
    if not image.missing_packages():
        assert "does not boot" in host.why_no_kvm(tmp_path / "vmlinuz")


def test_too_little_memory() -> None:
    """The error says what is available, what is needed and what to do."""
    with pytest.raises(BoxError, match=r"MiB of memory available; the box takes \d+, .*--memory"):
        host.require_memory(1 << 40)
    host.require_memory(1)
    assert available_mib("MemTotal: 5 kB\n") == 0


def test_too_little_disk(tmp_path: Path) -> None:
    """The error says what is free, what is needed and what to do."""
    with pytest.raises(BoxError, match=r"MiB free, .* are needed: make room, or name another folder"):
        host.require_disk(tmp_path, 1 << 40)
    host.require_disk(tmp_path, 0)


def test_not_made_yet(tmp_path: Path) -> None:
    """`start`, `run` and `ssh` name the command to run first. `status` and `remove` find no box."""
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


def test_missing_programs(tmp_path: Path) -> None:
    """The packages to install are named, and how, if there is a package manager."""
    (tmp_path / "bin").mkdir()
    for command in ("install", "apt-get install"):
        ended = lab("create", LAB_BOX=str(tmp_path / "box"), PATH=str(tmp_path / "bin"))
        assert ended.returncode == 4
        assert f": {command} debvm mmdebstrap openssh-client qemu-system-x86" in ended.stderr
        (tmp_path / "bin/apt-get").write_text("")
        (tmp_path / "bin/apt-get").chmod(0o755)


def test_remove_leaves_other_files(tmp_path: Path) -> None:
    """Other files stay: the folder may be one that the user named."""
    (tmp_path / "image.ext4").touch()
    (tmp_path / "started").mkdir()
    (tmp_path / "thesis.odt").touch()
    assert machine.remove(Box(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.odt"]
    assert not machine.remove(Box(tmp_path))


def test_a_stale_state_file(tmp_path: Path) -> None:
    """A state file is no proof of a running machine: its PID may be that of another process by now."""
    started = Box(tmp_path).machine()
    started.folder.mkdir()
    for text in ("", "{}", "[]", '{"pid": 1}', "\0"):
        started.state.write_text(text)
        assert machine.running(started) is None
    state = {"pid": 1, "port": 22, "accelerator": "tcg", "why": "", "memory_mib": 1, "ssh_seconds": 1.0,
             "seconds": 1.0, "tries": 1}  # fmt: skip
    started.state.write_text(str(state).replace("'", '"'))
    assert machine.running(started) is None
