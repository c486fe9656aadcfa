"""The names of packages in other distributions."""

import os
from pathlib import Path

import pytest

from labreport.capture.packages import OTHERS, names_for, package_manager


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
