"""A series: commands run in turn, pair by pair, each sample timed by hyperfine in a process of its own.

Three files: NAME.json is what hyperfine exported of every sample, one after another; NAME.csv a row for each,
made of it by jq; NAME-host.txt what the host was doing before and after, and the runs to warm up. A command
that fails or does not end is a sample like any other, with its exit status: nothing is left out, repeated or
averaged here. Export and load are volatile: a refresh judges the CSV by its noise.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from collectors.engine.attempts import Attempt
from collectors.engine.host import on_path
from collectors.engine.out import EVERYTHING
from collectors.engine.run import Argv, Run

T = TypeVar("T")

HYPERFINE = on_path("hyperfine", "jq", "timeout", packages=("hyperfine", "jq", "coreutils"))

HEAD = "run,order,runtime,seconds,exit_status"
ROW = (
    ".results[0] | (.times[0] * 1000000 | round) as $us"
    r""" | "\(.command),\($us / 1000000 | floor).\("00000\($us % 1000000)"[-6:]),\(.exit_codes[0])" """
)
"""The sample's name in hyperfine's export is its first three cells; seconds have microseconds, no more."""

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
        for number, order, one in in_turn(contenders, runs):
            attempt = one.start(run)
            argv = sample(f"{number},{order},{one.name}", attempt.argv, limit)
            if not _answered(out.run(argv, timeout=limit + 3 * GRACE, volatile=EVERYTHING).text):
                attempt.clear()
    with run.file(f"{name}-host.txt") as out:
        out.line("Load after:")
        out.run(["cat", "/proc/loadavg"], volatile=EVERYTHING)
    with run.file(f"{name}.csv") as out:
        out.line(HEAD)
        out.run(["jq", "-r", ROW, f"{name}.json"])


def sample(label: str, argv: Sequence[str], limit: float) -> list[str]:
    """Return the command that has hyperfine time one run of `argv` and print its export under `label`.

    hyperfine knows no time limit, so that timeout of coreutils is part of what is timed, for all alike.
    """
    limited = ["timeout", "--foreground", f"--kill-after={GRACE:g}", f"{limit:g}", *argv]
    once = ["--style", "none", "--shell", "none", "--ignore-failure", "--runs", "1"]
    return [
        "hyperfine", *once, "--command-name", label, "--export-json", "/dev/stdout", shlex.join(limited)
    ]  # fmt: skip


def _answered(exported: str) -> bool:
    """Return whether the one run of an export ended with exit status 0."""
    return bool(json.loads(exported)["results"][0]["exit_codes"] == [0])
