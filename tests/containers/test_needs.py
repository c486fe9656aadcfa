"""The needs of container labs: what is missing, and the remedy."""

from pathlib import Path

import pytest

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
    """On this host nothing is missing. With an empty PATH each program is named."""
    assert CONTAINERS.missing(lab()) == ""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert CONTAINERS.missing(lab()) == "not here: containerd, ctr, containerd-shim-runc-v2, runc, ip"
    assert "containernetworking-plugins" in CONTAINERS.packages


def test_not_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without root, that is the only reason given."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert CONTAINERS.missing(lab()) == KATA.missing(lab()) == "not root"


@pytest.mark.usefixtures("host")
def test_kata(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Kata needs its shim, and a KVM device that can be opened."""
    monkeypatch.setattr("labreport.containers.kata.runtime.SHIM_FOLDERS", (str(tmp_path),))
    if "PATH" not in KATA.missing(lab()):
        pytest.skip("containerd-shim-kata-v2 is on PATH here")
    (tmp_path / "containerd-shim-kata-v2").write_text("#!/bin/sh\n")
    (tmp_path / "containerd-shim-kata-v2").chmod(0o755)
    monkeypatch.setattr("labreport.containers.kata.runtime.KVM", tmp_path / "kvm")
    assert "cannot be opened (No such file or directory)" in KATA.missing(lab())
    (tmp_path / "kvm").touch()
    assert KATA.missing(lab()) == ""
    assert "lab collect --in-box" in KATA.remedy


@pytest.mark.usefixtures("host")
def test_image(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An archive is enough, or busybox if it may stand in. Otherwise each source is named with its reason."""
    need = image("thing")
    assert need is image("thing")
    assert need.name == "image thing"
    assert need.missing(lab(made_from="busybox")) == ""
    monkeypatch.delenv("THING", raising=False)
    assert need.missing(lab(archive_env="THING")) == (
        "THING is not set; registry docker.io: its name is not known here (no network?)"
    )
    monkeypatch.setenv("THING", str(tmp_path / "thing.tar"))
    assert need.missing(lab(archive_env="THING")) == "THING names no file"
    (tmp_path / "thing.tar").touch()
    assert need.missing(lab(archive_env="THING")) == ""


def test_image_from_a_mirror(registry: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry that takes connections is enough."""
    monkeypatch.setenv("LAB_REGISTRY_MIRROR", registry)
    assert no_image(lab(), "thing") == ""
    assert no_image(lab(), "other") == "lab.yml has no images.other"


def test_image_from_a_bad_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mirror that is not host:port is the reason, and no host is tried."""
    monkeypatch.setenv("LAB_REGISTRY_MIRROR", "http://example.org/")
    assert no_image(lab(), "thing") == "LAB_REGISTRY_MIRROR is 'http://example.org/'"
