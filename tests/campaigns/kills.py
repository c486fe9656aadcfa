"""kill -9 at random moments of lab's commands: scripts/campaign kills [--seed N] [--count N].

Each round starts a command in a process of its own and kills it at a random moment between its begin and its
end. Then the next command of the same user runs here: the evidence must be whole, and the host as before. It
prints a table; the exit status is 1 if anything was torn or left.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from labreport.capture import processes, staging, store
from labreport.capture.adopt import adopt, unpack
from labreport.capture.cleanup import runs
from labreport.capture.host_changes.ledger import opened
from labreport.capture.host_changes.undo import undo
from labreport.contract.records import Status
from tests.capture.host_changes.changes import change, snapshot
from tests.capture.throwaway import PAIR, Throwaway, throwaway
from tests.conftest import pytest_configure

ROOT = Path(__file__).parents[2]
SETTLE_SECONDS = 5.0
"""Seconds in which what a killed command had started has to end."""

DRIVER = """
import sys
from pathlib import Path
from labreport.capture import collect
from labreport.capture.capture import Target
from labreport.capture.host_changes.ledger import opened
from labreport.capture.host_changes.undo import undo
from labreport.capture.labs import find_lab
from tests.campaigns.kills import take_over
from tests.capture.host_changes.changes import change
from tests.capture.throwaway import Silent

verb, root, lab = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
target = Target(find_lab(root, lab), root / "evidence" / lab, root) if lab else None
print("begins", flush=True)
if verb == "collect":
    collect.collect(target, [], Silent())
elif verb == "record":
    collect.record_by_hand(target, "by/hand.txt", ["sh", "-c", sys.argv[4]], Silent())
elif verb == "adopt":
    take_over(target.folder, Path(sys.argv[4]))
else:
    with opened(root / "ledger") as noted:
        change(noted, root / "host") if verb == "change" else undo(noted)
"""
"""The command in a process of its own. It says when it begins: Python takes longer to start than to run."""

LAB = '''
DAEMON = 'env -i setsid sh -c "echo \\\\$\\\\$ >> MARKS; exec sleep 300 >/dev/null 2>&1" & sleep 0.05'


@collector(writes=["a.txt", "sub/b.txt"])
def first(run: Run) -> None:
    """First."""
    run.command(["sh", "-c", DAEMON])
    for path in ("a.txt", "sub/b.txt"):
        with run.file(path) as out:
            out.line("WORD")
            out.run(["echo", path])
    run.command(["sh", "-c", "kill -9 $(cat MARKS); :"])


@collector(writes=["d.txt"], after=[first])
def second(run: Run) -> None:
    """Second."""
    undo = run.undo(["rm", "-f", "CHANGE"])
    run.command(["touch", "CHANGE"])
    with run.file("d.txt") as out:
        out.line("WORD")
        out.run(["seq", "1000"])
    undo()
'''


@dataclass
class Rounds:
    """What came of the rounds of one command."""

    rounds: int = 0
    in_time: int = 0
    problems: list[str] = field(default_factory=list)


def killed(folder: Path, verb: str, *words: str, moment: float | None) -> tuple[bool, float]:
    """Run a command and kill it after `moment` seconds; return whether it still ran, and how long it did."""
    argv = [sys.executable, "-B", "-c", DRIVER, verb, *words]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder / "tmp")}
    with subprocess.Popen(argv, cwd=ROOT, env=env, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        began = time.monotonic()
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            process.kill()
        seconds = time.monotonic() - began
    return process.returncode < 0, seconds


class Evidence:
    """Rounds of a command that captures: `lab collect`, `lab record`."""

    def __init__(self, folder: Path, verb: str, project: Throwaway) -> None:
        self.folder, self.verb, self.project = folder, verb, project
        self.marks, self.change = folder / "marks", folder / "change"
        self.word = 0
        self._write()
        self.longest = self.run(None)[1]

    def _write(self) -> None:
        """Write a new version of the lab, so that all is captured again."""
        self.word += 1
        text = LAB.replace("WORD", f"word {self.word}").replace("MARKS", str(self.marks))
        self.project.module(text.replace("CHANGE", str(self.change)))

    def run(self, moment: float | None) -> tuple[bool, float]:
        """Run the command, and kill it after `moment` seconds."""
        root, lab = str(self.project.root), self.project.name
        script = (
            f"env -i setsid sh -c 'echo $$ >> {self.marks}; exec sleep 0.2' & echo {self.word}; sleep 0.1"
        )
        return killed(self.folder, self.verb, root, lab, script, moment=moment)

    def check(self) -> Iterator[str]:
        """Yield what is wrong after a kill, and after the next collect."""
        if (verdict := self.project.verify().verdict) not in {"intact", "interrupted"}:
            yield f"after the kill, the evidence is {verdict}"
        standings = self.project.collect()
        yield from (
            f"{one} is {end.status}" for one, end in standings.items() if end.status != Status.CAPTURED
        )
        if (verdict := self.project.verify().verdict) != "intact":
            yield f"after the next collect, the evidence is {verdict}"
        if not self.project.read("d.txt").startswith(f"word {self.word}\n".encode()):
            yield "the evidence is old"
        if self.change.exists():
            yield "a noted change is not undone"
        hidden = [path.name for path in self.project.folder.iterdir() if path.name.startswith(".")]
        yield from (f"{name} is left in the set" for name in set(hidden) - {".lock"})
        yield from self._running()
        self.marks.unlink(missing_ok=True)
        self._write()

    def _running(self) -> Iterator[str]:
        """Yield the daemons that still run."""
        deadline = time.monotonic() + SETTLE_SECONDS
        pids = self.marks.read_text().split() if self.marks.exists() else []
        while (left := [pid for pid in pids if processes.runs(pid)]) and time.monotonic() < deadline:
            time.sleep(0.02)
        yield from (f"the daemon {pid} runs" for pid in left)


def take_over(folder: Path, archive: Path) -> None:
    """Adopt an archive as the set in `folder`, as `lab adopt` does."""
    with staging.scratch(folder.parent) as incoming:
        with archive.open("rb") as stream:
            unpack(stream, incoming)
        with store.locked(folder):
            store.recover(folder)
            adopt(folder, incoming / folder.name)


class Adopt:
    """Rounds of `lab adopt`, which takes over two versions of a set in turn."""

    def __init__(self, folder: Path, project: Throwaway) -> None:
        self.folder, self.project, self.round = folder, project, 0
        self.archives = [self._packed(version) for version in ("1", "2")]
        self.longest = self.run(None)[1]

    def _packed(self, version: str) -> Path:
        """Return the archive of a version of the set: other content, and a file of its own."""
        body = PAIR.format(first="").replace('"a.txt"', f'"a{version}.txt"').replace('"b"', f'"b{version}"')
        self.project.module(body)
        shutil.rmtree(self.project.folder, ignore_errors=True)
        self.project.collect()
        archive = self.folder / f"{version}.tar"
        with tarfile.open(archive, "w") as tar:
            tar.add(self.project.folder, self.project.name)
        return archive

    def run(self, moment: float | None) -> tuple[bool, float]:
        """Adopt the next version, and kill that after `moment` seconds."""
        self.round += 1
        archive = str(self.archives[self.round % 2])
        return killed(self.folder, "adopt", str(self.project.root), self.project.name, archive, moment=moment)

    def check(self) -> Iterator[str]:
        """Yield what is wrong after a kill, and after the next adopt of the same archive."""
        if (verdict := self.project.verify().verdict) not in {"intact", "interrupted"}:
            yield f"after the kill, the evidence is {verdict}"
        take_over(self.project.folder, self.archives[self.round % 2])
        if (verdict := self.project.verify().verdict) != "intact":
            yield f"after the next adopt, the evidence is {verdict}"
        version = "21"[self.round % 2 - 1]
        if {path.name for path in self.project.folder.glob("a*.txt")} != {f"a{version}.txt"}:
            yield "the evidence is not that of the archive"
        evidence = self.project.root / "evidence"
        yield from (f"{path.name} is left" for path in evidence.rglob(".*"))


class Undo:
    """Rounds of changes of a host and of `lab undo`, in a folder that stands for a host."""

    def __init__(self, folder: Path, verb: str) -> None:
        self.folder, self.verb = folder, verb
        self.host = folder / "host"
        (self.host / "etc/containerd").mkdir(parents=True)
        (self.host / "etc/containerd/config.toml").write_text("version = 2\n")
        (self.host / "opt/kata/bin").mkdir(parents=True)
        (self.host / "opt/kata/bin/old").write_text("old")
        self.before = snapshot(self.host)
        self.longest = self.run(None)[1]

    def run(self, moment: float | None) -> tuple[bool, float]:
        """Make changes, or undo them, and kill that after `moment` seconds."""
        if self.verb == "undo":
            with opened(self.folder / "ledger") as noted:
                change(noted, self.host)
        return killed(self.folder, self.verb, str(self.folder), "", moment=moment)

    def check(self) -> Iterator[str]:
        """Yield what is wrong after the next undo."""
        with opened(self.folder / "ledger") as noted:
            yield from (f"not undone: {line}" for line in undo(noted)[1])
        if snapshot(self.host) != self.before:
            yield "the host is not as it was"
        if (self.folder / "ledger").exists():
            yield "the ledger is left"


@contextmanager
def commands(folder: Path) -> Iterator[dict[str, Evidence | Adopt | Undo]]:
    """Yield each command that is killed, with a folder of its own."""
    made: dict[str, Callable[[Path], Evidence | Undo]] = {
        "change": lambda place: Undo(place, "change"),
        "undo": lambda place: Undo(place, "undo"),
    }
    for name in ("collect", "record", "adopt", *made):
        (folder / name / "tmp").mkdir(parents=True)
    with (
        throwaway(folder / "collect/project") as one,
        throwaway(folder / "record/project") as other,
        throwaway(folder / "adopt/project") as third,
    ):
        yield {
            "collect": Evidence(folder / "collect", "collect", one),
            "record": Evidence(folder / "record", "record", other),
            "adopt": Adopt(folder / "adopt", third),
            **{name: make(folder / name) for name, make in made.items()},
        }


def campaign(folder: Path, seed: int, count: int) -> dict[str, Rounds]:
    """Kill commands `count` times, in turn, and return what came of it."""
    chance = random.Random(seed)  # noqa: S311 - moments, not secrets
    others = set(runs.runs_folder().iterdir())
    with commands(folder) as victims:
        results = {name: Rounds() for name in victims}
        for number in range(count):
            name = list(victims)[number % len(victims)]
            victim, result = victims[name], results[name]
            moment = chance.uniform(0, victim.longest)
            in_time, _seconds = victim.run(moment)
            left = [*victim.check(), *_left(folder / name / "tmp", others)]
            result.rounds += 1
            result.in_time += in_time
            result.problems += [f"{name}, round {number}, killed after {moment:.3f} s: {one}" for one in left]
    return results


def _left(temporary: Path, others: Collection[Path]) -> Iterator[str]:
    """Yield the temporary folders and the folders of runs that are left, but for those of `others`."""
    ours = runs.runs_folder()
    found = [*temporary.iterdir(), *ours.iterdir()]
    yield from (f"{path} is left" for path in found if path not in {ours, *others})


def table(results: dict[str, Rounds]) -> str:
    """Return the results as a Markdown table, with each problem below it."""
    lines = ["| command | kills | in time | torn or left |", "|---|---|---|---|"]
    lines += [
        f"| {name} | {one.rounds} | {one.in_time} | {len(one.problems)} |" for name, one in results.items()
    ]
    return "\n".join([*lines, *(problem for one in results.values() for problem in one.problems)])


def main(words: Sequence[str] | None = None) -> None:
    """Run the campaign and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seed", type=int, default=25)
    parser.add_argument("--count", type=int, default=300)
    options = parser.parse_args(words)
    pytest_configure()  # a folder of runs of our own: the next command of another user's lab would clear ours
    with tempfile.TemporaryDirectory(prefix="campaign-") as folder:
        results = campaign(Path(folder), options.seed, options.count)
    sys.stdout.write(f"{table(results)}\n")
    sys.exit(1 if any(result.problems for result in results.values()) else 0)


if __name__ == "__main__":
    main()
