"""The way into a machine of the box: ssh on 127.0.0.1, its own key on both sides."""

import os
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from labreport.box.place import Box, Machine
from labreport.capture import recorder
from labreport.capture.command import CommandSpec

LOST = 255
"""ssh's own exit status: the connection was refused or is gone."""

SILENT_SECONDS = 30
SILENCES = 10
"""A machine that says nothing for so long is hung; a busy one under emulation may pause for a minute."""


@dataclass(frozen=True)
class Door:
    """How a machine is reached: `port` on 127.0.0.1."""

    machine: Machine
    port: int

    @property
    def box(self) -> Box:
        """The machine's box, whose keys open it."""
        return self.machine.box

    def argv(self, command: Sequence[str], *, options: Sequence[str] = ("-T",)) -> list[str]:
        """Return the ssh command that runs `command`, a list of arguments, in the machine as root."""
        settings = (
            f"UserKnownHostsFile={self.box.known_hosts}", "HostKeyAlias=box", "StrictHostKeyChecking=yes",
            "BatchMode=yes", "IdentitiesOnly=yes", "LogLevel=ERROR", "ConnectTimeout=30",
            f"ServerAliveInterval={SILENT_SECONDS}", f"ServerAliveCountMax={SILENCES}",
        )  # fmt: skip
        named = [part for setting in settings for part in ("-o", setting)]
        remote = [shlex.join(command)] if command else []
        return ["ssh", "-F", "none", "-i", str(self.box.key), "-p", str(self.port), *named, *options,
                "root@127.0.0.1", *remote]  # fmt: skip

    def run(
        self,
        command: Sequence[str],
        *,
        stdin: Path = Path(os.devnull),
        stdout: Path = Path(os.devnull),
        timeout: float = 120.0,
    ) -> tuple[int, str]:
        """Run `command` in the machine; return its exit status and what it said on standard error."""
        with stdout.open("wb") as output, TemporaryFile() as said:
            ssh = CommandSpec(self.argv(command), stdin=stdin, timeout=timeout)
            ended = recorder.execute(ssh, stdout=output, stderr=said, env=recorder.environment(""))
            said.seek(0)
            text = said.read(4096).decode(errors="replace").strip()
        return (LOST if ended.timed_out else ended.exit_status), text

    def ask(self, command: Sequence[str], timeout: float = 60.0) -> str:
        """Return what a short question prints in the machine, stripped; empty if it fails."""
        return recorder.output(self.argv(command), timeout=timeout)

    def follow(
        self, command: Sequence[str], log: Path, told: Callable[[str], None], *, timeout: float
    ) -> int:
        """Run `command`, telling each line that it prints; return its exit status, LOST at the time limit."""
        log.unlink(missing_ok=True)
        daemon = recorder.start(self.argv(command), log=log, env=recorder.environment(self.machine.mark))
        try:
            return daemon.follow(told, timeout)
        except TimeoutError:
            return LOST
        finally:
            daemon.stop()
