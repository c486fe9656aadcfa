"""The needs of container labs: what is missing, and the remedy."""

from pathlib import Path

import pytest

from labreport.capture import program
from labreport.containers.host import cgroups, guest, kvm
from labreport.containers.kata.runtime import KATA
from labreport.containers.needs import CONTAINERS, image, no_image
from labreport.contract.lab_config import Lab, LabImage

DIGEST = "sha256:" + "0" * 64


def lab(**image_fields: str) -> Lab:
    """Return a lab with one image, `thing`."""
    given = LabImage.model_validate({"reference": "thing:1", "digest": DIGEST, **image_fields})
    return Lab(title="x", editions={}, images={"thing": given})


@pytest.mark.usefixtures("host")
def test_containers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On this host nothing is missing. With an empty PATH each program is named, and its package once."""
    assert CONTAINERS.lacks(lab()) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(program, "SYSTEM_FOLDERS", ())
    (tmp_path / "apt-get").symlink_to("/bin/true")
    lack = CONTAINERS.lacks(lab())
    assert lack
    assert lack.reason == "not here: containerd, ctr, containerd-shim-runc-v2, runc, ip"
    assert lack.packages == ("containerd", "runc", "iproute2", "iptables")
    assert lack.remedy == "apt-get install containerd iproute2 iptables runc"


@pytest.mark.usefixtures("host")
def test_programs_of_root_are_found_outside_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """A PATH without the sbin folders, as cron has it, hides nothing."""
    monkeypatch.setenv("PATH", "/usr/local/bin:/usr/bin:/bin")
    assert CONTAINERS.reason(lab()) == ""


@pytest.mark.usefixtures("host")
def test_no_cgroups(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A host on which every container would fail is not said to be fit."""
    (tmp_path / "mounts").write_text("")
    monkeypatch.setattr(cgroups, "MOUNTS", tmp_path / "mounts")
    reason = "no cgroup controllers are mounted at /sys/fs/cgroup"
    assert CONTAINERS.reason(lab()) == KATA.reason(lab()) == reason


def test_each_check_of_the_host_has_its_own_name() -> None:
    """`lab doctor` shows each once; none of them raises on this host, whatever it is."""
    assert CONTAINERS.checks
    assert KATA.checks
    names = [check.name for check in (*CONTAINERS.checks(), *KATA.checks())]
    assert len(names) == len(set(names)) == 10


def test_not_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without root, that is the only reason given."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert CONTAINERS.reason(lab()) == KATA.reason(lab()) == "not root"
    lack = KATA.lacks(lab())
    assert lack
    assert "sudo" in lack.remedy


@pytest.mark.usefixtures("host")
def test_kata(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Kata needs its shim, and a KVM that runs a guest. Each has its own reason and remedy."""
    monkeypatch.setattr("labreport.containers.kata.runtime.SHIM_FOLDERS", (str(tmp_path),))
    lack = KATA.lacks(lab(), system=True)
    if not lack or "PATH" not in lack.reason:
        pytest.skip("containerd-shim-kata-v2 is on PATH here")
    assert "--containerd system" in lack.remedy
    (tmp_path / "containerd-shim-kata-v2").write_text("#!/bin/sh\n")
    (tmp_path / "containerd-shim-kata-v2").chmod(0o755)
    monkeypatch.setattr(kvm, "DEVICE", tmp_path / "kvm")
    assert "cannot be opened (No such file or directory)" in KATA.reason(lab())
    (tmp_path / "kvm").touch()
    assert "KVM starts no guest" in KATA.reason(lab())
    monkeypatch.setattr(kvm, "noted_trial", lambda: kvm.GuestTrial(guest.DONE, "", 0.01))
    assert KATA.lacks(lab(), system=True) is None
    assert KATA.lacks(lab()) is None


@pytest.mark.usefixtures("host")
def test_image(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An archive is enough, or busybox if it may stand in. Otherwise each source is named with its reason."""
    need = image("thing")
    assert need is image("thing")
    assert need.name == "image thing"
    assert need.reason(lab(made_from="busybox")) == ""
    monkeypatch.delenv("THING", raising=False)
    assert need.reason(lab(archive_env="THING")) == (
        "THING is not set; registry docker.io: its name is not known here (no network?)"
    )
    lack = need.lacks(lab(archive_env="THING"))
    assert lack
    assert lack.remedy.startswith("set THING to an archive of it")
    monkeypatch.setenv("THING", str(tmp_path / "thing.tar"))
    assert need.reason(lab(archive_env="THING")) == "THING names no file"
    (tmp_path / "thing.tar").touch()
    assert need.reason(lab(archive_env="THING")) == ""


def test_image_from_a_mirror(registry: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry that takes connections is enough."""
    monkeypatch.setenv("LAB_REGISTRY_MIRROR", registry)
    assert no_image(lab(), "thing") == ""
    assert no_image(lab(), "other") == "lab.yml has no images.other"


def test_image_from_a_bad_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mirror that is not host:port is the reason, and no host is tried."""
    monkeypatch.setenv("LAB_REGISTRY_MIRROR", "http://example.org/")
    assert no_image(lab(), "thing") == "LAB_REGISTRY_MIRROR is 'http://example.org/'"
