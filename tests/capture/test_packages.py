"""The names of packages in other distributions."""

import os
from pathlib import Path

import pytest

from labreport.capture import program
from labreport.capture.packages import (
    DEBIAN,
    OTHERS,
    install_command,
    names_for,
    not_installed,
    package_manager,
)


@pytest.mark.parametrize(
    ("manager", "expected"),
    [
        ("apt-get", ["containernetworking-plugins", "iproute2", "util-linux-extra"]),
        ("dnf", ["containernetworking-plugins", "iproute", "util-linux"]),
        ("pacman", ["cni-plugins", "iproute2", "util-linux"]),
        ("zypper", ["cni-plugins", "iproute2", "util-linux"]),
        ("", ["containernetworking-plugins", "iproute2", "util-linux-extra"]),
    ],
)
def test_each_manager_has_its_names(manager: str, expected: list[str]) -> None:
    """Most names are the same everywhere. Without a known manager, they are Debian's."""
    assert names_for(manager, ["util-linux-extra", "iproute2", "containernetworking-plugins"]) == expected


def test_two_packages_that_are_one_elsewhere_are_named_once() -> None:
    """A package that holds two of Debian's is installed once."""
    assert names_for("dnf", ["util-linux-extra", "util-linux"]) == ["util-linux"]


@pytest.mark.parametrize("manager", ["apt-get", *OTHERS])
def test_the_manager_is_found(manager: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one on PATH is taken."""
    (tmp_path / manager).symlink_to("/bin/true")
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    assert package_manager() == manager


def test_none_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system may have another one."""
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    assert package_manager() == ""


def test_what_is_installed_is_not_asked_for() -> None:
    """Dpkg itself is installed where there is dpkg; nobody has the other one."""
    if package_manager() != DEBIAN:
        pytest.skip("not a system with dpkg")
    assert not_installed(DEBIAN, ["dpkg", "lab-no-such-package"]) == ["lab-no-such-package"]


LISTS = {
    "dpkg-query": (DEBIAN, "installed curl\nconfig-files wrk\nnot-installed zstd\n", "curl"),
    "rpm": ("dnf", "installed iproute\ninstalled bash\n", "iproute2"),
    "pacman": ("pacman", "cni-plugins\nbash\n", "containernetworking-plugins"),
}


@pytest.mark.parametrize("lister", LISTS)
def test_each_list_is_read(lister: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lister's output in its form. A package that was removed and left its configuration is not there."""
    manager, listed, there = LISTS[lister]
    (tmp_path / lister).write_text(f"#!/bin/sh\ncat <<'E'\n{listed}E\n")
    (tmp_path / lister).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert not_installed(manager, [there, "wrk", "zstd"]) == ["wrk", "zstd"]


def test_a_lister_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not known to be there is asked for."""
    monkeypatch.setattr(program, "SYSTEM_FOLDERS", ())
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    assert not_installed("dnf", ["iproute2"]) == ["iproute"]
    assert not_installed("", ["iproute2"]) == ["iproute2"]


def test_the_command_that_installs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is that of the manager at hand, with its names."""
    monkeypatch.setattr(program, "SYSTEM_FOLDERS", ())
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    assert install_command(["iproute2"]) == "install iproute2"
    (tmp_path / "dnf").symlink_to("/bin/true")
    assert install_command(["iproute2", "curl"]) == "dnf install curl iproute"
