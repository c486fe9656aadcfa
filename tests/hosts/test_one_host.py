"""The guide's commands for one host, over real ssh, on a host without the project's git repository."""

import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.hosts.conftest import PATHS, Fleet
from tests.project import REPO

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def guide() -> str:
    """Return the commands under the guide's heading."""
    text = (REPO / "docs" / "manual" / "how-to" / "hosts.md").read_text()
    found = re.search(r"^## One host over ssh\n.*?^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def reached(fleet: Fleet, tmp_path: Path) -> dict[str, str]:
    """Return an environment in which `ssh lab-pc-1` reaches host one, and which has `lab` and `python3`.

    A login starts in the host's folder, which stands for a home.
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
    """The first run adopts everything. In the second nothing is captured and nothing adopted."""
    first = fleet.start(["sh", "-e", "-c", guide()], **reached)
    output, _ = first.communicate(timeout=200)
    assert first.returncode == 0, output
    assert "evidence/hosts/lab-pc-1/mine: release, slow" in output
    record = fleet.evidence("lab-pc-1", "records/slow.json")
    captured = record.read_bytes()
    assert not (fleet.hosts["one"].folder / "lab/.git").exists()
    assert fleet.shell.lab("verify").stdout.startswith("intact: ")
    second = fleet.start(["sh", "-e", "-c", guide()], **reached)
    output, _ = second.communicate(timeout=200)
    assert second.returncode == 0, output
    assert "evidence/hosts/lab-pc-1/mine: nothing new" in output
    assert record.read_bytes() == captured
