"""A machine of the box: started until it is ready, looked at, stopped; what a killed start left is ended."""

import json
import os
import shutil
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from labreport.box.accelerator import accelerator
from labreport.box.image import last_words
from labreport.box.place import FRESH, Box, BoxError, Machine, wipe
from labreport.box.room import needs_memory, needs_room
from labreport.box.ssh import Door
from labreport.capture import recorder
from labreport.capture.cleanup import leaks
from labreport.capture.command import CommandSpec
from labreport.contract.errors import LabError

MEMORY_MIB = 4096
DISK_MIB = 1024
BOOT_SECONDS = 300.0
"""Until ssh answers: 40 to 60 s emulated on two cores, more on a busy machine."""

READY_SECONDS = 180.0
STOP_SECONDS = 90.0
TRIES = 2
"""QEMU 7.2 ended by itself twice in fifty emulated starts, so a start that dies is tried once more."""

READY = "test -c /dev/kvm && test -c /dev/vhost-vsock && ctr version >/dev/null"


OWN = ("image.ext4", "vmlinuz", "key", "key.pub", "known_hosts", "create.log", "accelerator.json", ".lock",
       "making", "started", FRESH, "run-*", "copy-*")  # fmt: skip
"""What a box consists of."""


class MachineDied(LabError):
    """QEMU ended, or its guest never answered; the text says which."""


@dataclass(frozen=True)
class Running:
    """A machine that runs: the process that leads its group, its ssh port, what runs it.

    `ssh_seconds` and `seconds` are those from QEMU's start until ssh answered, and until it was a KVM host.
    """

    pid: int
    port: int
    accelerator: str
    why: str
    memory_mib: int
    ssh_seconds: float
    seconds: float
    tries: int


def running(machine: Machine) -> Running | None:
    """Return what is known of the machine if it runs, None if it does not."""
    try:
        known = Running(**json.loads(machine.state.read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return known if known.pid in leaks.processes(machine.mark) else None


def door(machine: Machine) -> Door:
    """Return the way into a running machine; raise BoxError if it does not run."""
    known = running(machine)
    if known is None:
        raise BoxError("the box is not started: lab box start")
    return Door(machine, known.port)


def start(machine: Machine, say: Callable[[str], None], memory_mib: int = MEMORY_MIB) -> Running:
    """Start the machine and wait until it is a KVM host; one that runs already is returned as it is.

    Raise BoxError: no image, too little memory or disk, or two starts that came to nothing.
    """
    if not machine.box.image.exists():
        raise BoxError("there is no box yet: lab box create")
    if known := running(machine):
        return known
    end(machine)  # what a killed start left
    needs_memory(memory_mib)
    machine.folder.mkdir(mode=0o700, exist_ok=True)
    _have_disk(machine)
    failed = []
    for number in range(1, TRIES + 1):
        try:
            return _boot(machine, say, memory_mib, number)
        except MachineDied as error:
            failed.append(str(error))
            say(f"start {number}: {error}")
            end(machine)
        except BaseException:
            end(machine)
            raise
    raise BoxError(f"the box did not start: {'; then: '.join(failed)}; its console: {machine.console}")


def _have_disk(machine: Machine) -> None:
    """Give the machine its disk: a sparse copy of the image, once."""
    needs_room(machine.folder, DISK_MIB)
    if machine.disk.exists():
        return
    part = machine.disk.with_suffix(".part")
    argv = ["cp", "--sparse=always", "--reflink=auto", str(machine.box.image), str(part)]
    with machine.console.open("wb") as said:
        command = CommandSpec(argv)
        ended = recorder.execute(command, stdout=said, stderr=said, env=recorder.environment(machine.mark))
    if ended.exit_status:
        part.unlink(missing_ok=True)
        raise BoxError(f"the disk cannot be made: {last_words(machine.console)}")
    part.rename(machine.disk)


def _boot(machine: Machine, say: Callable[[str], None], memory_mib: int, number: int) -> Running:
    """Start QEMU and wait; raise MachineDied."""
    if machine.console.exists():
        machine.console.replace(machine.console_before)
    runs_it = accelerator(machine.box)
    port = free_port()
    began = time.monotonic()
    temporary = machine.folder / "tmp"
    temporary.mkdir(exist_ok=True)
    daemon = recorder.start(
        [*debvm_run(machine, port), *runs_it.options, "-m", str(memory_mib)],
        log=machine.console,
        env=recorder.environment(machine.mark, {"TMPDIR": str(temporary)}),
    )
    say(f"waiting for ssh ({runs_it.name}{f', {runs_it.why}' if runs_it.why else ''})")
    way = Door(machine, port)
    _wait(daemon, lambda: answers(port), "ssh", BOOT_SECONDS)
    ssh_seconds = time.monotonic() - began
    say("waiting for containerd and /dev/kvm")
    _wait(daemon, lambda: way.run(["sh", "-c", READY])[0] == 0, "containerd and /dev/kvm", READY_SECONDS)
    known = Running(
        pid=daemon.pid,
        port=port,
        accelerator=runs_it.name,
        why=runs_it.why,
        memory_mib=memory_mib,
        ssh_seconds=round(ssh_seconds, 1),
        seconds=round(time.monotonic() - began, 1),
        tries=number,
    )
    machine.state.write_text(json.dumps(asdict(known)))
    return known


def debvm_run(machine: Machine, port: int) -> list[str]:
    """Return the command that runs the machine, up to the options that depend on its host."""
    snapshot = [] if machine.keeps else ["-snapshot"]
    if machine.name == FRESH:
        snapshot += ["-qmp", f"unix:{machine.monitor},server=on,wait=off"]
    return ["debvm-run", "--image", str(machine.disk), "--sshport", str(port), "--", "-no-reboot", *snapshot]


def _wait(daemon: recorder.Daemon, ready: Callable[[], bool], what: str, limit: float) -> None:
    """Wait until `ready` says so; raise MachineDied if QEMU ends or the limit is reached first."""
    deadline = time.monotonic() + limit
    while not ready():
        if not daemon.alive():
            raise MachineDied(f"QEMU ended: {last_words(daemon.log)}")
        if time.monotonic() > deadline:
            raise MachineDied(f"no {what} within {limit:g} s")
        time.sleep(0.25)


def answers(port: int) -> bool:
    """Return whether an ssh server greets on the port; QEMU itself accepts connections from the beginning."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
        connection.settimeout(5)
        return connection.recv(4) == b"SSH-"
    return False


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def stop(machine: Machine) -> bool:
    """Shut the machine down, in order where it answers, by its processes where not; return whether it ran."""
    known = running(machine)
    if known and machine.keeps:
        Door(machine, known.port).run(["systemctl", "poweroff"], timeout=30)
        deadline = time.monotonic() + STOP_SECONDS
        while running(machine) and time.monotonic() < deadline:
            time.sleep(0.2)
    end(machine)
    return known is not None


def end(machine: Machine) -> None:
    """End the machine's processes: QEMU is asked first, so that it lets go of its files."""
    for pid in leaks.processes(machine.mark):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + leaks.PATIENCE
    while any(leaks.processes(machine.mark)) and time.monotonic() < deadline:
        time.sleep(0.05)
    leaks.end(machine.mark)
    machine.state.unlink(missing_ok=True)
    shutil.rmtree(machine.folder / "tmp", ignore_errors=True)


def remove(box: Box) -> bool:
    """End the box's machines and remove all that it has on this host; return whether there was anything.

    The folder may be one that the user named: what is not the box's own stays.
    """
    found = [path for pattern in OWN for path in sorted(box.folder.glob(pattern))]
    for path in found:
        if path.is_dir():
            end(box.machine(path.name))
            wipe(path)
        else:
            path.unlink()
    with suppress(OSError):
        box.folder.rmdir()
        box.folder.parent.rmdir()
    return bool(found)


def clear_dead(box: Box) -> None:
    """End and remove the one-off machines whose caller is gone."""
    for path in list(box.folder.glob("run-*")):
        if not Path("/proc", path.name.removeprefix("run-")).exists():
            end(box.machine(path.name))
            wipe(path)
