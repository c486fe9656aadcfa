"""Start, inspect, stop and remove the machines of a box."""

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

from labreport.box.host import accelerator, require_disk, require_memory
from labreport.box.image import last_line
from labreport.box.layout import FRESH, Box, BoxError, Machine, remove_folder
from labreport.box.ssh import SshConnection
from labreport.capture import recorder
from labreport.capture.cleanup import leaks
from labreport.capture.command import CommandSpec
from labreport.contract.errors import LabError

MEMORY_MIB = 4096
DISK_MIB = 1024
BOOT_SECONDS = 300.0
"""The limit until ssh answers. Emulated on two cores it takes 40 to 60 s, and more on a busy host."""

READY_SECONDS = 180.0
STOP_SECONDS = 90.0
TRIES = 2
"""How often a start is tried. QEMU 7.2 crashed in two of fifty emulated starts."""

READY = "test -c /dev/kvm && test -c /dev/vhost-vsock && ctr version >/dev/null"

FILES = ("image.ext4", "vmlinuz", "key", "key.pub", "known_hosts", "create.log", "accelerator.json", ".lock",
       "making", "started", FRESH, "run-*", "copy-*")  # fmt: skip
"""The files and folders of a box, as patterns."""


class MachineDied(LabError):
    """QEMU ended, or its guest did not answer in time."""


@dataclass(frozen=True)
class RunningMachine:
    """A machine that runs: the PID of its process group, its ssh port, its accelerator and why.

    `ssh_seconds` is the time from QEMU's start until ssh answered, `seconds` until it was a KVM host.
    `tries` is the number of starts that it took.
    """

    pid: int
    port: int
    accelerator: str
    why: str
    memory_mib: int
    ssh_seconds: float
    seconds: float
    tries: int


def running(machine: Machine) -> RunningMachine | None:
    """Return the state of the machine if it runs, else None."""
    try:
        state = RunningMachine(**json.loads(machine.state.read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return state if state.pid in leaks.processes(machine.mark) else None


def connect(machine: Machine) -> SshConnection:
    """Return the connection to a running machine; raise BoxError if it does not run."""
    state = running(machine)
    if state is None:
        raise BoxError("the box is not started", "lab box start")
    return SshConnection(machine, state.port)


def start(machine: Machine, on_step: Callable[[str], None], memory_mib: int = MEMORY_MIB) -> RunningMachine:
    """Start the machine, unless it runs, and wait until it is a KVM host. Call `on_step` with each step.

    Raise BoxError if there is no image, too little memory or disk, or if no start succeeds.
    """
    if not machine.box.image.exists():
        raise BoxError("there is no box yet", "lab box create")
    if state := running(machine):
        return state
    end(machine)  # a killed start may have left processes
    require_memory(memory_mib)
    machine.folder.mkdir(mode=0o700, exist_ok=True)
    _copy_disk(machine)
    errors = []
    for number in range(1, TRIES + 1):
        try:
            return _boot(machine, on_step, memory_mib, number)
        except MachineDied as error:
            errors.append(str(error))
            on_step(f"start {number}: {error}")
            end(machine)
        except BaseException:
            end(machine)
            raise
    raise BoxError(
        f"the box did not start: {'; then: '.join(errors)}", f"read its console: {machine.console}"
    )


def _copy_disk(machine: Machine) -> None:
    """Copy the image to the machine's disk, sparsely, unless it has one."""
    require_disk(machine.folder, DISK_MIB)
    if machine.disk.exists():
        return
    part = machine.disk.with_suffix(".part")
    argv = ["cp", "--sparse=always", "--reflink=auto", str(machine.box.image), str(part)]
    with machine.console.open("wb") as log:
        command = CommandSpec(argv)
        ended = recorder.execute(command, stdout=log, stderr=log, env=recorder.environment(machine.mark))
    if ended.exit_status:
        part.unlink(missing_ok=True)
        raise BoxError(f"the disk cannot be made: {last_line(machine.console)}", "lab box status")
    part.rename(machine.disk)


def _boot(machine: Machine, on_step: Callable[[str], None], memory_mib: int, number: int) -> RunningMachine:
    """Start QEMU and wait until the machine is ready; raise MachineDied."""
    if machine.console.exists():
        machine.console.replace(machine.console_before)
    chosen = accelerator(machine.box)
    port = free_port()
    began = time.monotonic()
    temporary = machine.folder / "tmp"
    temporary.mkdir(exist_ok=True)
    daemon = recorder.start(
        [*debvm_run(machine, port), *chosen.options, "-m", str(memory_mib)],
        log=machine.console,
        env=recorder.environment(machine.mark, {"TMPDIR": str(temporary)}),
    )
    on_step(f"waiting for ssh ({chosen.name}{f', {chosen.why}' if chosen.why else ''})")
    ssh = SshConnection(machine, port)
    _wait(daemon, lambda: answers(port), "ssh", BOOT_SECONDS)
    ssh_seconds = time.monotonic() - began
    on_step("waiting for containerd and /dev/kvm")
    _wait(daemon, lambda: ssh.run(["sh", "-c", READY])[0] == 0, "containerd and /dev/kvm", READY_SECONDS)
    state = RunningMachine(
        pid=daemon.pid,
        port=port,
        accelerator=chosen.name,
        why=chosen.why,
        memory_mib=memory_mib,
        ssh_seconds=round(ssh_seconds, 1),
        seconds=round(time.monotonic() - began, 1),
        tries=number,
    )
    machine.state.write_text(json.dumps(asdict(state)))
    return state


def debvm_run(machine: Machine, port: int) -> list[str]:
    """Return the command that runs the machine, without the options that depend on this host."""
    options = [] if machine.keeps else ["-snapshot"]
    if machine.name == FRESH:
        options += ["-qmp", f"unix:{machine.monitor},server=on,wait=off"]
    return ["debvm-run", "--image", str(machine.disk), "--sshport", str(port), "--", "-no-reboot", *options]


def _wait(daemon: recorder.Daemon, ready: Callable[[], bool], what: str, limit: float) -> None:
    """Wait until `ready` is true; raise MachineDied if QEMU ends or `limit` seconds pass before."""
    deadline = time.monotonic() + limit
    while not ready():
        if not daemon.alive():
            raise MachineDied(f"QEMU ended: {last_line(daemon.log)}")
        if time.monotonic() > deadline:
            raise MachineDied(f"no {what} within {limit:g} s")
        time.sleep(0.25)


def answers(port: int) -> bool:
    """Return whether an ssh server answers on the port. QEMU accepts connections before it does."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
        connection.settimeout(5)
        return connection.recv(4) == b"SSH-"
    return False


def free_port() -> int:
    """Return a port of 127.0.0.1 that is free now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def stop(machine: Machine) -> bool:
    """Shut the machine down, and kill it if it does not answer; return whether it was running."""
    state = running(machine)
    if state and machine.keeps:
        SshConnection(machine, state.port).run(["systemctl", "poweroff"], timeout=30)
        deadline = time.monotonic() + STOP_SECONDS
        while running(machine) and time.monotonic() < deadline:
            time.sleep(0.2)
    end(machine)
    return state is not None


def end(machine: Machine) -> None:
    """End the machine's processes: with SIGTERM first, so that QEMU closes its files."""
    for pid in leaks.processes(machine.mark):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + leaks.PATIENCE
    while any(leaks.processes(machine.mark)) and time.monotonic() < deadline:
        time.sleep(0.05)
    leaks.kill_processes(machine.mark)
    machine.state.unlink(missing_ok=True)
    shutil.rmtree(machine.folder / "tmp", ignore_errors=True)


def remove(box: Box) -> bool:
    """End the box's machines and remove its files; return whether there were any.

    Other files stay: the folder may be one that the user named.
    """
    found = [path for pattern in FILES for path in sorted(box.folder.glob(pattern))]
    for path in found:
        if path.is_dir():
            end(box.machine(path.name))
            remove_folder(path)
        else:
            path.unlink()
    with suppress(OSError):
        box.folder.rmdir()
        box.folder.parent.rmdir()
    return bool(found)


def clear_dead(box: Box) -> None:
    """End and remove the machines of `lab box run` whose `lab` has ended."""
    for path in list(box.folder.glob("run-*")):
        if not Path("/proc", path.name.removeprefix("run-")).exists():
            end(box.machine(path.name))
            remove_folder(path)
