"""One host over ssh: the guide's own lines, over real ssh, on a host that has no git of the project."""

import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.hosts.conftest import PATHS, Fleet
from tests.project import REPO

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def guide() -> str:
    """Return the lines under the guide's heading."""
    text = (REPO / "docs" / "manual" / "how-to" / "hosts.md").read_text()
    found = re.search(r"^## One host over ssh\n.*?^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def reached(fleet: Fleet, tmp_path: Path) -> dict[str, str]:
    """Return an environment in which `ssh lab-pc-1` reaches host one, and `lab` and `python3` are there.

    A login begins in the host's own folder, as it would in a home.
    """
    one = fleet.hosts["one"]
    one.kill()
    path = f"{Path(sys.executable).parent}:{PATHS}"
    one.start(f'ForceCommand cd {one.folder} && PATH={path} sh -c "$SSH_ORIGINAL_COMMAND"\n')
    tools = tmp_path / "tools"
    tools.mkdir()
    options = " ".join(f"'{option}'" for option in fleet.ssh_options)
    reach = f'shift\nexec {shutil.which("ssh")} {options} root@{one.address} "$@"\n'
    (tools / "ssh").write_text(f'#!/bin/sh\n[ "$1" = lab-pc-1 ] || exit 99\n{reach}')
    (tools / "lab").write_text(f'#!/bin/sh\nexec {sys.executable} labreport "$@"\n')
    for tool in tools.iterdir():
        tool.chmod(0o755)
    return {"PATH": f"{tools}:{path}"}


def test_the_guide_s_lines_bring_a_set_back(fleet: Fleet, reached: dict[str, str]) -> None:
    """Once all of it; the second time the host captures nothing anew and nothing is taken over."""
    first = fleet.start(["sh", "-e", "-c", guide()], **reached)
    said, _ = first.communicate(timeout=200)
    assert first.returncode == 0, said
    assert "evidence/hosts/lab-pc-1/mine: release, slow" in said
    record = fleet.evidence("lab-pc-1", "records/slow.json")
    captured = record.read_bytes()
    assert not (fleet.hosts["one"].folder / "lab/.git").exists()
    assert fleet.shell.lab("verify").stdout.startswith("intact: ")
    second = fleet.start(["sh", "-e", "-c", guide()], **reached)
    said, _ = second.communicate(timeout=200)
    assert second.returncode == 0, said
    assert "evidence/hosts/lab-pc-1/mine: nothing new" in said
    assert record.read_bytes() == captured
