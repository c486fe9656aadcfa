"""A lab of version 0.1 becomes one of this version by the command of the manual."""

import re
import subprocess

from tests.cli.conftest import ROOT, Shell

PAGE = ROOT / "docs/manual/how-to/upgrade.md"
CONFIG = "title: Old\nimages: {}\neditions: {}\nsettings: {lines: 2}\n"
OLD = '''"""Steps of a lab of version 0.1."""

from contextlib import contextmanager

from collectors.containers.ctr import in_runc
from collectors.containers.needs import CONTAINERS, KATA, image
from collectors.engine import NotApplicable, Run, Unavailable, collector
from collectors.engine.attempts import Attempt, OneMoreTry
from collectors.engine.host import ROOT
from collectors.engine.out import EVERYTHING, Out
from collectors.engine.outcome import CommandFailedError
from collectors.engine.run import Argv, CaptureError
from collectors.engine.series import in_turn


@contextmanager
def server(run: Run):
    yield "server"


def written(out: Out, argv: Argv) -> None:
    out.run(argv, head=1, volatile=EVERYTHING)


@collector(writes=["old.txt"])
def old(run: Run) -> None:
    """What a lab of version 0.1 did."""
    run.resource(server)
    run.put_away(server)
    attempts = OneMoreTry(lambda run: Attempt(["seq", "3"], lambda: None), timeout=5)
    with run.file("old.txt") as out:
        written(out, attempts)
        out.run(["seq", "3"], head=run.setting("lines", int))
        out.line(" ".join(name for _run, _order, name in in_turn("ab", 2)))


@collector(writes=["kata.txt"], needs=[CONTAINERS, KATA, image("alpine"), ROOT], after=[old])
def kata(run: Run) -> None:
    """It cannot run here: lab.yml has no image."""
    with run.file("kata.txt") as out:
        out.run(in_runc("true"))
'''


def test_the_command_of_the_manual_updates_a_lab(shell: Shell) -> None:
    """The updated lab is collected, and its old name for the tool is nowhere left."""
    block = re.search(r"^```sh\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert block
    lab = shell.root / "collectors" / "old"
    lab.mkdir()
    (lab / "lab.yml").write_text(CONFIG)
    (lab / "steps.py").write_text(OLD)
    command = block[1].replace("NAME", "old")
    subprocess.run(["sh", "-e", "-c", command], cwd=shell.root, check=True)
    assert "collectors.engine" not in (lab / "steps.py").read_text()
    ended = shell.lab("collect", "old/old")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert (shell.root / "evidence/old/old.txt").read_text() == "1\n1\n2\na b b a\n"
    assert {row["name"] for row in shell.json("status", "old")} == {"old", "kata"}
