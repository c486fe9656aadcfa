"""The playbook with two hosts over real ssh. One is killed while it collects; a second run does the rest."""

import sys
from pathlib import Path

import pytest
import yaml

from labreport.contract.reader import read_record
from tests.hosts.conftest import Fleet, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


PAUSED_WRONG = '''
from collectors.mine.kernel import release


@collector(writes=["slow.txt"], after=[release])
def slow(run: Run) -> None:
    """A command that fails."""
    with run.file("slow.txt") as out:
        out.run(["cat", "/nonexistent"])
'''


def play(fleet: Fleet, pause: dict[str, str], *words: str) -> list[str]:
    """Write an inventory of the fleet; return the command that runs the playbook with it."""
    hosts = {
        name: {"ansible_host": host.address, "lab_folder": str(host.folder),
               "ansible_remote_tmp": str(host.folder / ".tmp"), "lab_environment": {"PAUSE": pause[name]}}
        for name, host in fleet.hosts.items()
    }  # fmt: skip
    lab = fleet.keys.parent / "lab"
    variables = {
        "ansible_user": "root",
        "ansible_ssh_common_args": " ".join(fleet.ssh_options),
        "ansible_python_interpreter": sys.executable,
        "lab_python": sys.executable,
        "lab_command": str(lab),
    }
    lab.write_text(f'#!/bin/sh\nexec {sys.executable} {fleet.shell.root}/labreport "$@"\n')
    lab.chmod(0o755)
    inventory = fleet.keys.parent / "hosts.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": variables}}))
    playbook = str(Path(sys.executable).with_name("ansible-playbook"))
    return [playbook, "-i", str(inventory), "ansible/collect.yml", *words]


def starts(fleet: Fleet, name: str) -> dict[str, str]:
    """Return the start time of each capture of a host, by collector."""
    records = [
        path for path in fleet.evidence(name, "records").glob("*.json") if path.stem in {"release", "slow"}
    ]
    return {path.stem: str(read_record(path.parents[1], path.stem).start) for path in records}


def test_a_host_that_is_killed_costs_the_others_nothing(fleet: Fleet) -> None:
    """The evidence of one arrives, two is reported as lost. A second run captures only the rest of two."""
    two = fleet.hosts["two"]
    first = fleet.start(play(fleet, {"one": "0", "two": "600"}))
    on_two = two.path("evidence/hosts/two/mine/records/release.json")
    wait_for(on_two)
    wait_for(two.path("evidence/hosts/two/mine"), ".staging-*/slow")
    wait_for(fleet.evidence("one", "records/slow.json"))
    two.kill()
    output, _ = first.communicate(timeout=120)
    assert first.returncode != 0, output
    assert not list(fleet.keys.parent.glob("home/lab-*")), "a temporary folder is left"
    assert "two: lost while it collected: " in output, output
    assert "one: 2 of 2 captured, 2 of them new here" in output, output
    assert "evidence here: intact" in output, output
    assert not fleet.evidence("two").exists()
    captured = read_record(on_two.parents[1], "release").start
    before = starts(fleet, "one")
    assert before.keys() == {"release", "slow"}

    two.start()
    again = fleet.start(play(fleet, {"one": "0", "two": "0"}))
    output, _ = again.communicate(timeout=120)
    assert again.returncode == 0, output
    assert "one: 2 of 2 captured, 0 of them new here" in output, output
    assert "two: 2 of 2 captured, 2 of them new here" in output, output
    assert starts(fleet, "one") == before
    assert starts(fleet, "two")["release"] == str(captured)
    assert fleet.shell.lab("verify").stdout.startswith("intact")


def test_who_failed_is_told_with_why(fleet: Fleet) -> None:
    """A failed capture is reported with its reason, and the rest arrives. A host that is off is reported."""
    fleet.shell.collector("mine", PAUSED_WRONG, "slow")
    fleet.hosts["two"].kill()
    run = fleet.start(play(fleet, {"one": "0", "two": "0"}))
    output, _ = run.communicate(timeout=120)
    assert run.returncode != 0
    assert "two: not reached: " in output, output
    assert "one: 1 of 2 captured, 1 of them new here" in output, output
    assert "mine/slow: failed: " in output, output
    assert fleet.evidence("one", "records/release.json").is_file()
    assert not fleet.evidence("one", "records/slow.json").exists()
