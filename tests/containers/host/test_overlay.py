"""Whether overlayfs works where the layers will be: real mounts, in the mount namespace of the tests."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from labreport.capture.checks import Fit
from labreport.capture.session import session
from labreport.containers.containerd import server
from labreport.containers.ctr import in_runc
from labreport.containers.host import overlay
from tests.containers.conftest import MakeRun
from tests.containers.host.elsewhere import OTHER_USER, ask


@contextmanager
def mounted(kind: str, point: Path, options: str) -> Iterator[Path]:
    """Mount a file system at a new folder for the time of a `with`."""
    if os.geteuid() != 0:
        pytest.skip("not root: nothing can be mounted")
    point.mkdir()
    subprocess.run(["mount", "-t", kind, "-o", options, kind, point], check=True)
    try:
        yield point
    finally:
        subprocess.run(["umount", "--lazy", point], check=True)


@pytest.fixture
def on_tmpfs(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a tmpfs."""
    with mounted("tmpfs", tmp_path / "tmpfs", "size=64m") as folder:
        yield folder


@pytest.fixture
def on_overlay(on_tmpfs: Path, tmp_path: Path) -> Iterator[Path]:
    """Return a folder on an overlay, as every folder of a container is."""
    for name in ("lower", "upper", "work"):
        (on_tmpfs / name).mkdir()
    options = f"lowerdir={on_tmpfs}/lower,upperdir={on_tmpfs}/upper,workdir={on_tmpfs}/work"
    with mounted("overlay", tmp_path / "overlay", options) as folder:
        yield folder


def test_it_works_and_leaves_nothing(on_tmpfs: Path) -> None:
    """The overlay is mounted in the part of the path that exists. Files and mounts are as before."""
    before = Path("/proc/self/mountinfo").read_text()
    found = overlay.check(on_tmpfs / "not/yet")
    assert (found.fit, found.detail) == (Fit.YES, f"mounted and written on {on_tmpfs} (tmpfs)")
    assert list(on_tmpfs.iterdir()) == []
    assert Path("/proc/self/mountinfo").read_text() == before


def test_an_overlay_on_an_overlay(on_overlay: Path) -> None:
    """It cannot be mounted. Containers run all the same: what is used instead is said."""
    found = overlay.check(on_overlay)
    assert found.fit is Fit.NO
    assert found.detail.startswith(
        f"cannot be mounted on {on_overlay} (overlay): the native snapshotter is used"
    )
    assert not found.is_finding
    assert list(on_overlay.iterdir()) == []


@pytest.mark.usefixtures("host")
def test_a_container_on_an_overlay(
    on_overlay: Path, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever containerd says of its overlayfs, it is told to use the native snapshotter."""
    monkeypatch.setattr(server, "ROOTS", on_overlay)
    with session(lambda _text: None) as own:
        run = make_run(own, alpine={"made_from": "busybox"})
        assert run.resource(server.containerd).snapshotter == "native"
        with run.file("x.txt") as out:
            assert out.run(in_runc("echo", "here")).text == "here\n"


def test_a_file_system_that_cannot_be_written(on_tmpfs: Path) -> None:
    """Then no container runs at all."""
    subprocess.run(["mount", "-o", "remount,ro", on_tmpfs], check=True)
    found = overlay.check(on_tmpfs)
    assert found.is_finding
    assert found.detail == f"{on_tmpfs} (tmpfs) cannot be written: Read-only file system"


def test_without_root_or_mounts_it_is_not_tried(tmp_path: Path) -> None:
    """Not tried is not yes."""
    expression = f"overlay.check(Path({str(tmp_path)!r}))"
    assert ask(expression, *OTHER_USER)[:2] == (Fit.NOT_TRIED, "not root, so none was mounted")
    answer = ask(expression, "setpriv", "--bounding-set", "-sys_admin")
    assert answer[:2] == (Fit.NOT_TRIED, "no mount namespace can be made here, so none was mounted")
