"""lab collect --in-box: the project goes into the box, is captured there, and its evidence comes back.

What tries to break out of containers comes last, each from a snapshot of the machine as it was before.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from labreport.box import fresh
from labreport.box import machine as machines
from labreport.box.carry import INTERRUPT, PROJECT, RESULT, STOP_SECONDS, Asked, bring_back, captured, send
from labreport.box.image import HOSTNAME
from labreport.box.place import FRESH, BoxError, Machine, alone, wipe
from labreport.box.ssh import LOST, Door
from labreport.capture import signals, store
from labreport.capture.collect import Progress
from labreport.capture.declare import ESCAPE
from labreport.capture.labs import find_lab
from labreport.capture.store import StoreError
from labreport.contract.reader import EvidenceError, RecordError

COLLECT_SECONDS = 4 * 3600.0
COLLECT = 'cd "$1"; result=$2; shift 2; echo $$ >/run/lab-collect.pid; exec env "$@" >"$result"'

DONE = {"captured", "not applicable here"}

Rows = dict[str, dict[str, Any]]
"""The rows of a collect by the collector's name."""


def collect(asked: Asked, machine: Machine, progress: Progress) -> tuple[int, list[dict[str, Any]]]:
    """Capture in the box; return the exit status of the collect there and the rows it printed as JSON.

    A box that is not started is started, and stopped afterwards. Where the machine dies or hangs, it is
    started again and the collect goes on: what was captured is on its disk. Raise BoxError, and what
    `store` and `adopt` raise.
    """
    folder = asked.root / asked.evidence
    with signals.interruptible(), store.locked(folder), alone(machine.box):
        for text in store.recover(folder):
            progress.note(text)
        for left in machine.box.folder.glob("copy-*"):
            shutil.rmtree(left)
        was_running = machines.running(machine) is not None
        try:
            with TemporaryDirectory(dir=machine.box.folder, prefix="copy-") as scratch:
                return _Capture(asked, Path(scratch), progress).collect(machine)
        finally:
            with signals.deferred():
                if not was_running:
                    progress.working("stopping the box")
                    machines.stop(machine)
                elif machines.running(machine) is None:
                    machines.start(machine, progress.working)


@dataclass(frozen=True)
class _Capture:
    """One capture in the box: what was asked, a folder for what is carried, who is told."""

    asked: Asked
    scratch: Path
    progress: Progress

    def collect(self, machine: Machine) -> tuple[int, list[dict[str, Any]]]:
        """Capture in the started machine what does no harm; then, if allowed, the escapes in fresh ones."""
        lab = find_lab(self.asked.root, self.asked.lab)
        escapes = [one.name for one in lab.collectors if one.role == ESCAPE]
        harmless = [name for name in self.asked.names if name not in escapes or not self.asked.escapes]
        status, rows = 0, Rows()
        if harmless or not self.asked.names:
            status, rows = self._in_machine(harmless, [], partial(self._started, machine))
        if self.asked.escapes:
            due = [one for one in escapes if one in self.asked.names]
            if not self.asked.names:
                due = [one for one in escapes if rows.get(one, {}).get("state") not in DONE]
            ended, found = self._escapes(due, machine)
            status, rows = status or ended, rows | found
        return status, list(rows.values())

    def _started(self, machine: Machine) -> Door:
        machines.start(machine, self.progress.working)
        return machines.door(machine)

    def _escapes(self, due: Sequence[str], machine: Machine) -> tuple[int, Rows]:
        """Try each escape in a machine that is put back to one moment; return the status and their rows.

        A machine that an escape ends twice is a finding: the collector stays as it was.
        """
        status, rows = 0, Rows()
        harmed = machine.box.machine(FRESH)
        self.progress.working("stopping the box: what tries to break out goes on from its disk")
        machines.stop(machine)
        try:
            for name in due:
                options = ["--allow-escape-tests", HOSTNAME]
                ready = partial(fresh.put_back, harmed, self.progress.working)
                try:
                    ended, found = self._in_machine([name], options, ready)
                except BoxError as error:
                    self.progress.note(f"{name}: {error}")
                    status = status or 1
                    continue
                status = status or ended
                rows |= {one: row for one, row in found.items() if one == name}
        finally:
            with signals.deferred():
                machines.end(harmed)
                wipe(harmed.folder)
        return status, rows

    def _in_machine(
        self, names: Sequence[str], options: Sequence[str], ready: Callable[[], Door]
    ) -> tuple[int, Rows]:
        """Send, capture, bring back; again from where it stopped if the machine is lost in between.

        A machine that is lost time after time with nothing captured in between is given up, and what it has
        comes back. `ready` gives the way into a machine that runs, and starts it where it does not.
        """
        environment = send(self.asked, way := ready(), self.scratch, self.progress)
        tries, losses, due, done = 1, 0, names, set[str]()
        while (status := self._run(way, self._words(due, options), environment)) == LOST:
            self.progress.note(f"the box was lost (try {tries})")
            machines.end(way.machine)
            way = ready()
            if not way.machine.keeps:
                send(self.asked, way, self.scratch, self.progress)
            new = captured(self.asked, way) - done
            losses = 1 if new else losses + 1
            if losses == machines.TRIES:
                self._salvage(way)
                raise BoxError(
                    f"the box was lost {losses} times with no capture in between: its console: "
                    f"{way.machine.console_before}"
                )
            done |= new
            due = [name for name in names if name not in done] or names[-1:]
            tries += 1
            environment["LAB_BOX_TRY"] = f"{tries}, the box was lost before"
        rows = bring_back(self.asked, way, self.scratch, self.progress)
        return status, {row["name"]: row for row in rows}

    def _salvage(self, way: Door) -> None:
        """Bring back what was captured before the end, if anything was."""
        try:
            bring_back(self.asked, way, self.scratch, self.progress)
        except (BoxError, StoreError, RecordError, EvidenceError) as error:
            self.progress.note(f"nothing came back: {error}")

    def _words(self, names: Sequence[str], options: Sequence[str]) -> list[str]:
        """Return what `lab collect` is given in the machine."""
        named = [f"{self.asked.lab}/{one}" for one in names] or [self.asked.lab]
        return [*named, *self.asked.options, *options]

    def _run(self, way: Door, words: Sequence[str], environment: dict[str, str]) -> int:
        """Run the collect in the machine; return its exit status, LOST where the machine is."""
        given = [f"{name}={value}" for name, value in environment.items()]
        argv = ["python3", f"{PROJECT}/labreport", "collect", "--containerd", "system", "--json", *words]
        try:
            return way.follow(
                ["sh", "-c", COLLECT, "collect", PROJECT, RESULT, *given, *argv],
                self.scratch / "said.txt",
                self.progress.note,
                timeout=COLLECT_SECONDS,
            )
        except KeyboardInterrupt:
            with signals.deferred():
                if way.run(["sh", "-c", INTERRUPT], timeout=STOP_SECONDS)[0] != LOST:
                    self._salvage(way)
            raise
