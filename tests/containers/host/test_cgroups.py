"""Which cgroups a host has, by its mounts, and whether one can be made."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from labreport.capture.checks import Fit
from labreport.containers.host import cgroups
from tests.containers.host.elsewhere import OTHER_USER, ask

CASES = yaml.safe_load((Path(__file__).parent / "cases/cgroups.yml").read_text())
OWN_MOUNTS = ("unshare", "--mount", "--propagation", "private")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_what_the_mounts_say(case: dict[str, Any]) -> None:
    """v1, v2, hybrid and none are told apart, and what is read-only or controls nothing is said to be so."""
    assert cgroups.version(cgroups.hierarchies(case["mounts"])) == case["version"]
    lack = cgroups.lack(case["mounts"])
    assert (lack.reason if lack else "") == case["lack"]


def everything() -> set[str]:
    """Return the cgroups of this host, two levels deep."""
    return {str(path) for path in cgroups.TOP.glob("*/*/") if path.is_dir()}


def test_one_is_made_and_nothing_is_left() -> None:
    """On a host that has them, a cgroup is made in each hierarchy, and removed."""
    if os.geteuid() != 0 or cgroups.lack(cgroups.MOUNTS.read_text()):
        pytest.skip("no cgroup can be made here")
    before = everything()
    found = cgroups.check()
    assert found.fit is Fit.YES, found
    assert cgroups.version(cgroups.hierarchies(cgroups.MOUNTS.read_text())) in found.detail
    assert not [name for name in everything() - before if "doctor-" in name]


def test_a_host_without_a_cgroup_mount() -> None:
    """Where nothing is mounted, that is the reason, and the remedy is to mount it."""
    answer = ask("cgroups.check()", *OWN_MOUNTS, script="umount --recursive --lazy /sys/fs/cgroup")
    assert answer == (Fit.NO, "no cgroup controllers are mounted at /sys/fs/cgroup", cgroups.REMEDY, True)


def test_a_read_only_mount_as_in_a_container() -> None:
    """As in a container without privileges: the remedy is another container, and not another mount."""
    script = """
    umount --recursive --lazy /sys/fs/cgroup
    mount -t cgroup2 none /sys/fs/cgroup
    mount -o remount,bind,ro /sys/fs/cgroup
    """
    answer = ask("cgroups.check()", *OWN_MOUNTS, script=script)
    assert answer == (Fit.NO, "cgroups v2 are mounted read-only", cgroups.IN_CONTAINER, True)


def test_one_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mount that looks fine and refuses is found by the try, and named."""
    (tmp_path / "mounts").write_text("32 24 0:27 / /sys/fs/cgroup/gone rw - cgroup cgroup rw,cpu\n")
    monkeypatch.setattr(cgroups, "MOUNTS", tmp_path / "mounts")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    found = cgroups.check()
    assert found.is_finding
    assert found.detail == "v1, but none can be made in /sys/fs/cgroup/gone (No such file or directory)"


def test_without_root_none_is_made() -> None:
    """Not tried is not yes."""
    answer = ask("cgroups.check()", *OTHER_USER)
    assert answer.fit in {Fit.NOT_TRIED, Fit.NO}
    assert answer.fit == Fit.NO or "not root" in answer.detail
