"""The playbook: two hosts over real ssh, one killed while it collects; a rerun does only what is missing."""

import sys
from pathlib import Path

import pytest
import yaml

from labreport.contract.reader import read_record
from tests.hosts.conftest import Fleet, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


PAUSED_WRONG = '''
@collector(edition=2026, task=1, writes=["slow.txt"])
def slow(run: Run) -> None:
    """Something that fails."""
    with run.file("slow.txt") as out:
        out.run(["cat", "/nonexistent"])
'''


def play(fleet: Fleet, pause: dict[str, str], *words: str) -> list[str]:
    """Return the command that runs the playbook, with an inventory of the fleet."""
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
    """Return when each collector's evidence of a host was captured."""
    records = [
        path for path in fleet.evidence(name, "records").glob("*.json") if path.stem in {"release", "slow"}
    ]
    return {path.stem: str(read_record(path).start) for path in records}


def test_a_host_that_is_killed_costs_the_others_nothing(fleet: Fleet) -> None:
    """One's evidence is in, two is named as lost; the rerun captures only what two still lacks."""
    two = fleet.hosts["two"]
    first = fleet.start(play(fleet, {"one": "0", "two": "600"}))
    on_two = two.path("evidence/hosts/two/mine/records/release.json")
    wait_for(on_two)
    wait_for(two.path("evidence/hosts/two/mine/.staging/slow"))
    wait_for(fleet.evidence("one", "records/slow.json"))
    two.kill()
    said, _ = first.communicate(timeout=120)
    assert first.returncode != 0, said
    assert not list(fleet.keys.parent.glob("home/lab-*")), "what went to and fro is removed here"
    assert "two: lost while it collected: " in said, said
    assert "one: 2 of 2 captured, 2 of them new here" in said, said
    assert "evidence here: intact" in said, said
    assert not fleet.evidence("two").exists()
    captured = read_record(on_two).start
    before = starts(fleet, "one")
    assert before.keys() == {"release", "slow"}

    two.start()
    again = fleet.start(play(fleet, {"one": "0", "two": "0"}))
    said, _ = again.communicate(timeout=120)
    assert again.returncode == 0, said
    assert "one: 2 of 2 captured, 0 of them new here" in said, said
    assert "two: 2 of 2 captured, 2 of them new here" in said, said
    assert starts(fleet, "one") == before
    assert starts(fleet, "two")["release"] == str(captured)
    assert fleet.shell.lab("verify").stdout.startswith("intact")


def test_who_failed_is_told_with_why(fleet: Fleet) -> None:
    """A capture that fails is named with its reason, the rest comes back; a host that is off is named."""
    fleet.shell.collector("mine", PAUSED_WRONG, "slow")
    fleet.hosts["two"].kill()
    run = fleet.start(play(fleet, {"one": "0", "two": "0"}))
    said, _ = run.communicate(timeout=120)
    assert run.returncode != 0
    assert "two: not reached: " in said, said
    assert "one: 1 of 2 captured, 1 of them new here" in said, said
    assert "mine/slow: failed: " in said, said
    assert fleet.evidence("one", "records/release.json").is_file()
    assert not fleet.evidence("one", "records/slow.json").exists()
