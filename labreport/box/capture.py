"""Capture in the box: send the project, collect in the machine, bring the evidence back.

Escapes come last. Before each, the machine is restored to a snapshot.
"""

import json
import shutil
import socket
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TextIO

from labreport.box import machine as machines
from labreport.box.image import HOSTNAME
from labreport.box.layout import FRESH, BoxError, Machine, locked, remove_folder
from labreport.box.ssh import LOST, SshConnection
from labreport.box.transfer import (
    INTERRUPT,
    PROJECT,
    RESULT,
    STOP_SECONDS,
    BoxCollect,
    begun,
    bring_back,
    captured,
    send,
)
from labreport.capture import signals, store
from labreport.capture.collect import Progress
from labreport.capture.declare import ESCAPE
from labreport.capture.labs import find_lab
from labreport.capture.session import CLEAN
from labreport.contract.errors import LabError
from labreport.contract.records import Status

COLLECT_SECONDS = 4 * 3600.0
COLLECT = 'cd "$1"; result=$2; shift 2; echo $$ >/run/lab-collect.pid; exec env "$@" >"$result"'

DONE = {"captured", "not applicable here"}
"""The states of collectors that a later step need not capture."""

BOX_TEARDOWN_SECONDS = 240.0
"""Seconds after Ctrl-C in which the collect in the machine may end, and what it captured be brought back."""

SNAPSHOT = "ready"
MONITOR_SECONDS = 120.0
SOCKET_BYTES = 107
"""The longest path of a Unix socket (sun_path, with its NUL, holds 108 bytes)."""

NO_WATCHDOGS = ("systemctl", "service-watchdogs", "no")
"""Restoring moves the clock forward. A service's watchdog would take that for a hang."""

Rows = dict[str, dict[str, Any]]
"""The rows that a collect printed, by the name of the collector."""


def collect_in_box(
    collect: BoxCollect, machine: Machine, progress: Progress
) -> tuple[int, list[dict[str, Any]]]:
    """Capture in the box; return the exit status of the collect there, and the rows that it printed as JSON.

    A machine that is not running is started, and stopped afterwards. If it crashes or hangs, it is started
    again and the collect continues: what was captured is on its disk. Raise BoxError, and the errors of
    `store` and `adopt`.
    """
    folder = collect.root / collect.evidence
    with signals.interruptible(BOX_TEARDOWN_SECONDS), store.locked(folder), locked(machine.box):
        for text in store.recover(folder):
            progress.note(text)
        for leftover in machine.box.folder.glob("copy-*"):
            shutil.rmtree(leftover)
        was_running = machines.running(machine) is not None
        try:
            with TemporaryDirectory(dir=machine.box.folder, prefix="copy-") as scratch:
                return _Capture(collect, Path(scratch), progress).run(machine)
        finally:
            with signals.deferred():
                if not was_running:
                    progress.working("stopping the box")
                    machines.stop(machine)
                elif machines.running(machine) is None:
                    machines.start(machine, progress.working)


@dataclass(frozen=True)
class _Capture:
    """One capture in the box. `scratch` is a folder for the files that are sent and received."""

    collect: BoxCollect
    scratch: Path
    progress: Progress

    def run(self, machine: Machine) -> tuple[int, list[dict[str, Any]]]:
        """Run the harmless collectors in the started machine, then the allowed escapes in the fresh one."""
        lab = find_lab(self.collect.root, self.collect.lab)
        escapes = [collector.name for collector in lab.collectors if collector.role == ESCAPE]
        names, allowed = self.collect.names, self.collect.escapes
        harmless = [name for name in names if name not in escapes or not allowed]
        status, rows = 0, Rows()
        if harmless or not names:
            status, rows = self._collect(harmless, [], partial(self._start, machine))
        if allowed:
            due = [name for name in escapes if name in names]
            if not names:
                due = [name for name in escapes if rows.get(name, {}).get("state") not in DONE]
            escape_status, escape_rows = self._run_escapes(due, machine)
            status, rows = status or escape_status, rows | escape_rows
        return status, list(rows.values())

    def _start(self, machine: Machine) -> SshConnection:
        machines.start(machine, self.progress.working)
        return machines.connect(machine)

    def _run_escapes(self, due: Sequence[str], machine: Machine) -> tuple[int, Rows]:
        """Run each escape in a restored machine; return the exit status and their rows.

        An escape that crashes the machine again and again is reported, and its evidence stays as it was.
        """
        status, rows = 0, Rows()
        target = machine.box.machine(FRESH)
        self.progress.working("stopping the box: escapes run on its disk, in a machine of their own")
        machines.stop(machine)
        try:
            for name in due:
                options = ["--allow-escape-tests", HOSTNAME]
                try:
                    ended, printed = self._collect(
                        [name], options, partial(restore, target, self.progress.working)
                    )
                except BoxError as error:
                    self.progress.note(f"{name}: {error}")
                    status = status or 1
                    continue
                status = status or ended
                if name in printed:
                    rows[name] = printed[name]
        finally:
            with signals.deferred():
                machines.end(target)
                remove_folder(target.folder)
        return status, rows

    def _collect(
        self, names: Sequence[str], options: Sequence[str], ready: Callable[[], SshConnection]
    ) -> tuple[int, Rows]:
        """Send, collect, bring back. If the machine is lost, start it again and collect the rest.

        A collector in which the machine is lost twice is skipped. A machine that is lost twice with no
        collector to blame and no capture in between is given up, and what it has is brought back. `ready`
        starts the machine unless it runs, and connects to it.
        """
        ssh = ready()
        environment = send(self.collect, ssh, self.scratch, self.progress)
        tries, losses, due, done, lost_in = 1, 0, names, set[str](), Counter[str]()
        while (status := self._run_lab(ssh, self._words(due, options, lost_in), environment)) == LOST:
            self.progress.note(f"the box was lost (try {tries})")
            machines.end(ssh.machine)
            ssh = ready()
            if not ssh.machine.keeps:
                send(self.collect, ssh, self.scratch, self.progress)
            new = captured(self.collect, ssh) - done
            cut_short = begun(self.collect, ssh) - new
            lost_in.update(cut_short)
            losses = 1 if new or cut_short else losses + 1
            if losses == machines.TRIES:
                self._salvage(ssh)
                raise BoxError(
                    f"the box was lost {losses} times with no capture in between",
                    f"read its console: {ssh.machine.console_before}",
                )
            done |= new
            due = [name for name in names if name not in done] or names[-1:]
            tries += 1
            environment["LAB_BOX_TRY"] = f"{tries}, the box was lost before"
        rows = {row["name"]: row for row in bring_back(self.collect, ssh, self.scratch, self.progress)}
        for name in rows.keys() & _skipped(lost_in):
            reason = f"the box was lost {machines.TRIES} times while it ran"
            remedy = f"collect it alone: lab collect {self.collect.lab}/{name} --in-box"
            rows[name] |= {"state": Status.FAILED, "reason": reason, "remedy": remedy}
        return status, rows

    def _salvage(self, ssh: SshConnection) -> None:
        """Bring back what was captured, if anything was."""
        try:
            bring_back(self.collect, ssh, self.scratch, self.progress)
        except LabError as error:
            self.progress.note(f"nothing came back: {error}")

    def _words(self, names: Sequence[str], options: Sequence[str], lost_in: Counter[str]) -> list[str]:
        """Return the arguments of `lab collect` in the machine."""
        lab = self.collect.lab
        steps = [f"{lab}/{name}" for name in names] or [lab]
        skip = [f"--skip={lab}/{name}" for name in sorted(self.collect.skip | _skipped(lost_in))]
        return [*steps, *skip, *self.collect.options, *options]

    def _run_lab(self, ssh: SshConnection, words: Sequence[str], environment: dict[str, str]) -> int:
        """Run `lab collect` in the machine; return its exit status, or LOST if the machine is lost."""
        variables = [f"{name}={value}" for name, value in environment.items()]
        argv = ["python3", f"{PROJECT}/labreport", "collect", "--containerd", "system", "--json", *words]
        try:
            return ssh.follow(
                ["sh", "-c", COLLECT, "collect", PROJECT, RESULT, *variables, *argv],
                self.scratch / "output.txt",
                self.progress.note,
                timeout=COLLECT_SECONDS,
            )
        except KeyboardInterrupt:
            with signals.deferred():
                if ssh.run(["sh", "-c", INTERRUPT], timeout=STOP_SECONDS)[0] != LOST:
                    self._salvage(ssh)
            raise KeyboardInterrupt(CLEAN) from None


def _skipped(lost_in: Counter[str]) -> set[str]:
    """Return the collectors in which the machine was lost so often that they are skipped."""
    return {name for name, losses in lost_in.items() if losses >= machines.TRIES}


def restore(machine: Machine, on_step: Callable[[str], None]) -> SshConnection:
    """Restore the fresh machine to its snapshot, disk and memory; boot it first if it is not running.

    It runs on the started machine's disk, which must be stopped, and writes to a temporary overlay. QEMU
    keeps the snapshot in the overlay (savevm, loadvm); if it cannot, the machine boots anew each time. The
    clock is set to the host's. Raise BoxError if the machine does not start.
    """
    if machines.running(machine) and monitor_command(machine.monitor, f"loadvm {SNAPSHOT}") == "":
        on_step("restored to the snapshot")
    else:
        machines.end(machine)
        machine.monitor.unlink(missing_ok=True)
        if len(str(machine.monitor).encode()) > SOCKET_BYTES:
            raise BoxError(f"{machine.monitor}: too long for a socket", "name a shorter folder in LAB_BOX")
        machines.start(machine, on_step)
        machines.connect(machine).run(NO_WATCHDOGS)
        if error := monitor_command(machine.monitor, f"savevm {SNAPSHOT}"):
            on_step(f"no snapshot can be kept, so the machine boots each time: {error}")
    ssh = machines.connect(machine)
    ssh.run(["date", "--set", f"@{time.time():.0f}"])
    return ssh


def monitor_command(monitor: Path, line: str) -> str:
    """Run a command in QEMU's monitor; return its message, which is empty if the command succeeded.

    The protocol is QMP (QEMU's docs/interop/qmp-spec.rst); `human-monitor-command` returns the message.
    """
    requests: list[dict[str, Any]] = [
        {"execute": "qmp_capabilities"},
        {"execute": "human-monitor-command", "arguments": {"command-line": line}},
    ]
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(MONITOR_SECONDS)
            connection.connect(str(monitor))
            with connection.makefile("rw", encoding="utf-8") as stream:
                stream.readline()  # the greeting
                for request in requests:
                    stream.write(json.dumps(request) + "\n")
                    stream.flush()
                    message = _message(stream)
    except (OSError, ValueError) as error:
        return str(error) or "no answer"
    return message.strip()


def _message(stream: TextIO) -> str:
    """Return the message of the next response, or the description of an error; skip events."""
    for line in stream:
        response = json.loads(line)
        if "return" in response:
            return str(response["return"] or "")
        if "error" in response:
            return str(response["error"].get("desc") or "an error")
    return "the connection was closed"
