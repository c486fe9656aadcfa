"""A series: commands run in turn, pair by pair, each timed by hyperfine as a benchmark of one run.

Three files: NAME.json is what hyperfine exported of every sample; NAME.csv a row for each, made of it by jq;
NAME-host.txt what the host was doing before and after, and the runs to warm up. A command that fails or does
not end is a sample like any other, with its exit status: nothing is left out, repeated or averaged here.
Export and load are volatile: a refresh judges the CSV by its noise.

One hyperfine times them all, for its own start would cost a tenth of what runc takes. Before each sample it
looks at the last one, and ends where that has failed: what it left is cleared, and another hyperfine goes on.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import TypeVar

from labreport.capture.asked import Asked
from labreport.capture.attempts import Attempt
from labreport.capture.host import on_path
from labreport.capture.out import EVERYTHING, Out
from labreport.capture.outcome import CommandFailedError
from labreport.capture.run import Argv, Run

T = TypeVar("T")

HYPERFINE = on_path(
    *("hyperfine", "jq", "awk", "busybox", "timeout"),
    packages=("hyperfine", "jq", "mawk", "busybox-static", "coreutils"),
)
"""What a series needs, and awk, by which a sheet's own file is made of its rows."""

HEAD = "run,order,runtime,seconds,exit_status"
ROW = (
    ".results[] | (.times[0] * 1000000 | round) as $us"
    r""" | "\(.command),\($us / 1000000 | floor).\("00000\($us % 1000000)"[-6:]),\(.exit_codes[0])" """
)
"""The sample's name in hyperfine's export is its first three cells; seconds have microseconds, no more."""

ONCE = ["--style", "none", "--shell", "none", "--ignore-failure", "--runs", "1"]
HAS_FAILED = 'BEGIN {RS = "]"} /"exit_codes"/ && $NF != "0" {exit 1}'
"""awk's program that ends with 1 where an export has a sample that has failed."""

GRACE = 10.0
"""Seconds that a command has to end after its limit, before it is killed."""


@dataclass(frozen=True)
class Contender:
    """One of the commands of a series: its name there, a run to warm up, and each run that is timed."""

    name: str
    warm_up: Argv
    start: Callable[[Run], Attempt]


def series_files(name: str) -> list[str]:
    """Return the files that `series` writes for `name`, such as bench/startup."""
    return [f"{name}.csv", f"{name}.json", f"{name}-host.txt"]


def in_turn(contenders: Sequence[T], runs: int) -> Iterator[tuple[int, int, T]]:
    """Yield run, place in the run and contender: in every other run they go backwards (A B, B A, A B, …)."""
    for run in range(1, runs + 1):
        for order, one in enumerate(contenders if run % 2 else reversed(contenders), 1):
            yield run, order, one


def series(run: Run, name: str, contenders: Sequence[Contender], runs: int, limit: float) -> None:
    """Time each contender `runs` times, in turn; a run that takes over `limit` seconds has failed.

    What a failed run left is cleared before the next one begins.
    """
    with run.file(f"{name}-host.txt") as out:
        out.line(
            f"Fixed beforehand: {runs} runs of each, in turn; a run that takes over {limit:g} s has failed."
        )
        for one in contenders:
            out.line(f"To warm up, not in the series: {one.name}")
            out.run(one.warm_up)
        out.line("What they read is in the page cache from now on. Load and memory before:")
        out.run(["cat", "/proc/loadavg"], volatile=EVERYTHING)
        out.run(["grep", "-E", "^(MemAvailable|Cached):", "/proc/meminfo"], volatile=EVERYTHING)
    with run.file(f"{name}.json") as out:
        left = [
            (f"{number},{order},{one.name}", one.start(run))
            for number, order, one in in_turn(contenders, runs)
        ]
        while left:
            left = left[_timed(run, out, left, limit) :]
    with run.file(f"{name}-host.txt") as out:
        out.line("Load after:")
        out.run(["cat", "/proc/loadavg"], volatile=EVERYTHING)
    with run.file(f"{name}.csv") as out:
        out.line(HEAD)
        out.run(["jq", "-r", ROW, f"{name}.json"])


def _timed(run: Run, out: Out, samples: Sequence[tuple[str, Attempt]], limit: float) -> int:
    """Time samples, each with its label, up to the end or the first that fails; return how many there were.

    What hyperfine exported is written; what the one that failed has left is cleared.
    """
    export = run.folder / "samples.json"
    export.write_text("{}")
    asked = Asked(timeout=len(samples) * (limit + 3 * GRACE), answered=(1,))
    with _told(run, export, [label for label, _attempt in samples]):
        _result, index, _cut = run.record(_hyperfine(export, samples, limit), asked)
    data = export.read_bytes()
    out.quote(run.redact(data), index, "", EVERYTHING)
    ended = [one["exit_codes"] == [0] for one in json.loads(data).get("results", [])]
    if all(ended) and len(ended) < len(samples):
        raise CommandFailedError(f"hyperfine ended after {len(ended)} of {len(samples)} samples")
    if not ended[-1]:
        samples[len(ended) - 1][1].clear()
    return len(ended)


@contextmanager
def _told(run: Run, export: Path, labels: Sequence[str]) -> Iterator[None]:
    """Say once a second which sample is being taken; hyperfine writes its export after each."""
    over = Event()
    runs = labels[-1].split(",")[0]

    def tell() -> None:
        while not over.wait(1.0):
            done = export.read_bytes().count(b'"exit_codes"')
            if done < len(labels):
                number, _order, name = labels[done].split(",", 2)
                run.session.working(f"{name}, run {number} of {runs}")

    thread = Thread(target=tell)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _hyperfine(export: Path, samples: Sequence[tuple[str, Attempt]], limit: float) -> list[str]:
    """Return the command that has hyperfine run each sample once, until one fails, and export them all.

    hyperfine knows no time limit, so that timeout of coreutils is part of what is timed, for all alike.
    """
    check = shlex.join(["busybox", "awk", HAS_FAILED, str(export)])  # static: it starts in half the time
    words = ["hyperfine", *ONCE, "--export-json", str(export), "--prepare", check]
    for label, attempt in samples:
        limited = ["timeout", "--foreground", f"--kill-after={GRACE:g}", f"{limit:g}", *attempt.argv]
        words += ["--command-name", label, shlex.join(limited)]
    return words
