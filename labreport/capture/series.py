"""Series: commands that run in turn, each run timed by hyperfine.

A series writes three files. NAME.json is hyperfine's export of every sample. NAME.csv has a row for each
sample, which jq takes from the export. NAME-host.txt has the warm-up runs, and the load of the host before
and after. A run that fails or does not end is a sample like any other, with its exit status. No run is left
out, repeated or averaged. Export and load are volatile, and a refresh judges the CSV by its noise.

One hyperfine times all samples, because starting it takes a tenth as long as starting a container under runc.
Before each sample it checks the last one, and stops if that failed. The leftovers of the failed run are then
removed, and another hyperfine goes on.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread
from typing import TypeVar

from labreport.capture.command import EVERYTHING, Argv, Attempt, CommandFailedError, CommandSpec
from labreport.capture.declare import DeclarationError
from labreport.capture.host import on_path
from labreport.capture.out import Out
from labreport.capture.run import Run

T = TypeVar("T")

_TOOLS = on_path(
    *("hyperfine", "jq", "awk", "busybox", "timeout"),
    packages=("hyperfine", "jq", "mawk", "busybox-static", "coreutils"),
)
HYPERFINE = replace(
    _TOOLS,
    tools=tuple((name, "--help" if name == "busybox" else option) for name, option in _TOOLS.tools),
)
"""What a series needs. awk is for files that a lab's sheet asks for, made from the rows."""

HEAD = "run,order,{},seconds,exit_status"
"""The columns of the CSV; the third has the word for what the lab compares."""
_WORD = re.compile(r"[a-z][a-z0-9_]{0,39}")
ROW = (
    ".results[] | (.times[0] * 1000000 | round) as $us"
    r""" | "\(.command),\($us / 1000000 | floor).\("00000\($us % 1000000)"[-6:]),\(.exit_codes[0])" """
)
"""jq's program. A sample's name in the export is its first three cells. Seconds have microseconds."""

ONCE = ["--style", "none", "--shell", "none", "--ignore-failure", "--runs", "1"]
HAS_FAILED = 'BEGIN {RS = "]"} /"exit_codes"/ && $NF != "0" {exit 1}'
"""awk's program that exits with 1 if an export has a sample that failed."""

GRACE = 10.0
"""Seconds between a command's time limit and SIGKILL."""


@dataclass(frozen=True)
class Contender:
    """One of the commands of a series: `Contender("gzip", ["gzip", "-6", "-k", "-f", "x.tar"])`.

    `command` is run once to warm up, and is then what each run times. If runs differ, or leave something that
    has to be removed when they fail, `start` is a function that returns the Attempt of one run.
    """

    name: str
    command: Argv
    start: Callable[[Run], Attempt] | None = None

    def __post_init__(self) -> None:
        """Raise DeclarationError for a name that a cell of the CSV, or an expression, could not hold."""
        name = self.name
        if not isinstance(name, str) or not name.strip() or name != name.strip() or not name.isprintable():
            what = f"a contender cannot be called {name!r}"
            raise DeclarationError(what, "use letters and digits")
        if bad := [text for text in (",", '"', " / ") if text in name]:
            what = f"a contender cannot be called {name!r}: {bad[0].strip()} separates names"
            raise DeclarationError(what, f"leave out {bad[0].strip()}")

    def attempt(self, run: Run) -> Attempt:
        """Return what one run of the series times."""
        if self.start:
            return self.start(run)
        return Attempt(self.command(run) if callable(self.command) else self.command, lambda: None)


def series_files(name: str) -> list[str]:
    """Return the files that the series `name`, such as bench/startup, writes."""
    return [f"{name}.csv", f"{name}.json", f"{name}-host.txt"]


def in_turn(contenders: Sequence[T], runs: int) -> Iterator[tuple[int, int, T]]:
    """Yield run, place in the run and contender; every other run is in reverse order (A B, B A, A B, …)."""
    for run in range(1, runs + 1):
        for order, contender in enumerate(contenders if run % 2 else reversed(contenders), 1):
            yield run, order, contender


def series(  # noqa: PLR0913 - what a series is
    run: Run,
    name: str,
    contenders: Sequence[Contender],
    runs: int,
    limit: float,
    *,
    noun: str = "contender",
) -> None:
    """Time each contender `runs` times, in turn. A run that takes longer than `limit` seconds has failed.

    `noun` is the lab's word for a contender, such as `tool`: the name of its column in the CSV. The leftovers
    of a failed run are removed before the next run begins. Raise DeclarationError, before anything is run,
    for files that the collector does not declare, or for contenders that cannot be told apart.
    """
    if not _WORD.fullmatch(noun):
        raise DeclarationError(f"noun of the series {name} is {noun!r}", 'use a small word: noun="tool"')
    run.check_declared(series_files(name))
    names = [contender.name for contender in contenders]
    if not names or len(set(names)) < len(names):
        what = f"the series {name} has the contenders {', '.join(names) or 'none'}"
        raise DeclarationError(what, "give each a name of its own")
    if runs < 1:
        raise DeclarationError(f"the series {name} has {runs} runs", "use at least 1")
    with run.file(f"{name}-host.txt") as out:
        out.line(
            f"Fixed beforehand: {runs} runs of each, in turn; a run that takes over {limit:g} s has failed."
        )
        for contender in contenders:
            out.line(f"To warm up, not in the series: {contender.name}")
            out.run(contender.command)
        out.line("What they read is in the page cache from now on. Load and memory before:")
        out.run(["cat", "/proc/loadavg"], volatile=EVERYTHING)
        out.run(["grep", "-E", "^(MemAvailable|Cached):", "/proc/meminfo"], volatile=EVERYTHING)
    with run.file(f"{name}.json") as out:
        left = [
            (f"{number},{order},{contender.name}", contender.attempt(run))
            for number, order, contender in in_turn(contenders, runs)
        ]
        while left:
            left = left[_time(run, out, left, limit) :]
    with run.file(f"{name}-host.txt") as out:
        out.line("Load after:")
        out.run(["cat", "/proc/loadavg"], volatile=EVERYTHING)
    with run.file(f"{name}.csv") as out:
        out.line(HEAD.format(noun))
        out.run(["jq", "-r", ROW, f"{name}.json"])


def _time(run: Run, out: Out, samples: Sequence[tuple[str, Attempt]], limit: float) -> int:
    """Time samples, each with its name, until the first one that fails; return how many were timed.

    Write hyperfine's export, and remove the leftovers of a failed run.
    """
    export = run.folder / "samples.json"
    export.write_text("{}")
    argv = _hyperfine(export, samples, limit)
    with _reporting(run, export, [name for name, _attempt in samples]):
        result = run.record(CommandSpec(argv, timeout=len(samples) * (limit + 3 * GRACE), answered=(1,)))
    data = export.read_bytes()
    out.quote(data, result.number, volatile=EVERYTHING)
    fine = [sample["exit_codes"] == [0] for sample in json.loads(data).get("results", [])]
    if all(fine) and len(fine) < len(samples):
        raise CommandFailedError(f"hyperfine ended after {len(fine)} of {len(samples)} samples")
    if not fine[-1]:
        samples[len(fine) - 1][1].clear()
    return len(fine)


@contextmanager
def _reporting(run: Run, export: Path, names: Sequence[str]) -> Iterator[None]:
    """Report once a second which sample is being timed. hyperfine writes its export after each sample."""
    over = Event()
    runs = names[-1].split(",")[0]

    def report() -> None:
        while not over.wait(1.0):
            done = export.read_bytes().count(b'"exit_codes"')
            if done < len(names):
                number, _order, contender = names[done].split(",", 2)
                run.session.working(f"{contender}, run {number} of {runs}")

    thread = Thread(target=report)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _hyperfine(export: Path, samples: Sequence[tuple[str, Attempt]], limit: float) -> list[str]:
    """Return the hyperfine command that runs each sample once, until one fails, and exports them all.

    hyperfine has no time limit, so coreutils' timeout is part of what is timed, for all contenders alike.
    """
    check = shlex.join(["busybox", "awk", HAS_FAILED, str(export)])  # static: it starts in half the time
    argv = ["hyperfine", *ONCE, "--export-json", str(export), "--prepare", check]
    for name, attempt in samples:
        limited = ["timeout", "--foreground", f"--kill-after={GRACE:g}", f"{limit:g}", *attempt.argv]
        argv += ["--command-name", name, shlex.join(limited)]
    return argv
