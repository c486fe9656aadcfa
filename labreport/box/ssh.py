"""Commands in a machine of the box: over ssh on 127.0.0.1, each side known by a key made for the box."""

import os
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from labreport.box.layout import Machine
from labreport.capture import recorder
from labreport.capture.command import CommandSpec

LOST = 255
"""The exit status of ssh itself if the connection was refused or lost."""

ALIVE_SECONDS = 30
ALIVE_COUNT = 10
"""ssh gives up a machine that misses so many keep-alive messages. An emulated one may pause for a minute."""


@dataclass(frozen=True)
class SshConnection:
    """How a machine is reached: as root, on `port` of 127.0.0.1."""

    machine: Machine
    port: int

    def argv(self, command: Sequence[str], *, options: Sequence[str] = ("-T",)) -> list[str]:
        """Return the ssh command that runs `command` in the machine, or a login if it is empty."""
        box = self.machine.box
        settings = (
            f"UserKnownHostsFile={box.known_hosts}", "HostKeyAlias=box", "StrictHostKeyChecking=yes",
            "BatchMode=yes", "IdentitiesOnly=yes", "LogLevel=ERROR", "ConnectTimeout=30",
            f"ServerAliveInterval={ALIVE_SECONDS}", f"ServerAliveCountMax={ALIVE_COUNT}",
        )  # fmt: skip
        settings_options = [word for setting in settings for word in ("-o", setting)]
        remote = [shlex.join(command)] if command else []
        return ["ssh", "-F", "none", "-i", str(box.key), "-p", str(self.port), *settings_options,
                *options, "root@127.0.0.1", *remote]  # fmt: skip

    def run(
        self,
        command: Sequence[str],
        *,
        stdin: Path = Path(os.devnull),
        stdout: Path = Path(os.devnull),
        timeout: float = 120.0,
    ) -> tuple[int, str]:
        """Run `command` in the machine; return its exit status (LOST at the timeout) and its stderr."""
        with stdout.open("wb") as output, TemporaryFile() as stderr:
            ssh = CommandSpec(self.argv(command), stdin=stdin, timeout=timeout)
            ended = recorder.execute(ssh, stdout=output, stderr=stderr, env=recorder.environment(""))
            stderr.seek(0)
            text = stderr.read(4096).decode(errors="replace").strip()
        return (LOST if ended.timed_out else ended.exit_status), text

    def output(self, command: Sequence[str], timeout: float = 60.0) -> str:
        """Return what `command` prints in the machine, stripped, or an empty text if it fails."""
        return recorder.output(self.argv(command), timeout=timeout)

    def follow(
        self, command: Sequence[str], log: Path, on_line: Callable[[str], None], *, timeout: float
    ) -> int:
        """Run `command` and call `on_line` with each line; return its exit status, LOST at the timeout."""
        log.unlink(missing_ok=True)
        daemon = recorder.start(self.argv(command), log=log, env=recorder.environment(self.machine.mark))
        try:
            return daemon.follow(on_line, timeout)
        except TimeoutError:
            return LOST
        finally:
            daemon.stop()
