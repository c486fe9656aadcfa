"""kill -9 at every step and at random moments: evidence is never torn, and the next collect recovers."""

import random
import time
from pathlib import Path

import pytest

from labreport.capture import processes, store
from labreport.capture.cleanup import leaks, runs
from labreport.contract.records import Status
from tests.capture.process import runs_of, start, wait_for
from tests.capture.throwaway import Throwaway

STEPS = [("staged", 1), ("intent", 1), ("file", 1), ("file", 2), ("file", 3), ("files", 1), ("record", 1),
         ("cleared", 1), ("intent", 2), ("file", 4), ("record", 2)]  # fmt: skip
LAB = '''
@collector(writes=["a.txt", "sub/b.txt", {more}])
def first(run: Run) -> None:
    """First."""
    for path in ("a.txt", "sub/b.txt", {more}):
        with run.file(path) as out:
            out.line("{word}")
            out.run(["echo", path])


@collector(writes=["d.txt"])
def second(run: Run) -> None:
    """Second."""
    with run.file("d.txt") as out:
        out.line("{word}")
'''


def write(project: Throwaway, word: str, more: str) -> None:
    """Write a version of the lab: its content is `word`, and it writes the file `more`."""
    project.module(LAB.format(word=word, more=more))


def test_every_step_is_tried() -> None:
    """The tests kill the store at each of its steps."""
    assert {step for step, _time in STEPS} == set(store.STEPS)


@pytest.mark.slow_after(6)
@pytest.mark.parametrize(("step", "number"), STEPS)
@pytest.mark.parametrize("again", [False, True])
def test_killed_at_a_step(project: Throwaway, step: str, number: int, *, again: bool) -> None:
    """With and without evidence from before, verify says intact or interrupted, and a collect recovers."""
    if again:
        write(project, "old", '"c.txt"')
        project.collect()
    write(project, "new", '"e.txt"')
    assert start(project, step, str(number)).wait(30) == -9
    assert project.verify().verdict in {"intact", "interrupted"}
    standings = project.collect()
    assert {one.status for one in standings.values()} == {Status.CAPTURED}
    assert project.verify().verdict == "intact"
    assert not (project.folder / "c.txt").exists()
    assert project.read("e.txt") == b"new\ne.txt\n"
    assert not list(project.folder.glob(".staging*"))


def test_killed_while_a_daemon_runs(project: Throwaway, tmp_path: Path) -> None:
    """The next collect finds and kills what a killed collect had started."""
    mark = tmp_path / "mark"
    body = f'run.command(["sh", "-c", "setsid sleep 300 & echo $! > {mark}; sleep 300"])'
    project.collector(body)
    process = start(project)
    daemon = wait_for(mark)
    (run,) = runs_of(process)
    for supervisor, state in processes.table().items():
        if state.parent == process.pid:
            processes.kill(supervisor)  # it would end the daemon
    process.kill()
    process.wait()
    assert Path(f"/proc/{daemon}").exists()
    assert project.verify().verdict == "interrupted"
    project.probe('with run.file("x.txt") as out: out.line("x")')
    assert f"{run}: deleted what a killed run had left on this host" in project.watch.notes
    assert leaks.find(run) == set()
    assert not (runs.runs_folder() / run).exists()
    assert project.verify().verdict == "intact"


@pytest.mark.slow_after(2)
@pytest.mark.parametrize("seed", range(6))
def test_killed_at_any_moment(project: Throwaway, seed: int) -> None:
    """The collect is killed at a random moment, twice. The next collect recovers."""
    write(project, "old", '"c.txt"')
    project.collect()
    write(project, "new", '"e.txt"')
    chance = random.Random(seed)  # noqa: S311 - a moment, no secret
    for _ in range(2):
        process = start(project)
        time.sleep(chance.uniform(0.25, 0.6))
        process.kill()
        process.wait()
        assert project.verify().verdict in {"intact", "interrupted"}
    project.collect()
    assert project.verify().verdict == "intact"
    assert project.read("e.txt") == b"new\ne.txt\n"
