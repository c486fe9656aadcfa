"""Task 1: add the runtime kata to containerd's configuration, and start it anew.

It is the private containerd of the collect, or the host's own, which is changed through the ledger.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from collectors.lab12.install import DATES, install
from collectors.lab12.runtime_table import TableError, config_version, with_kata
from labreport.capture import ROOT as AS_ROOT
from labreport.capture import CaptureError, CommandFailedError, Run, Unavailable, collector, on_path, recorder
from labreport.capture.host_changes.ledger import Ledger
from labreport.containers.containerd.server import EDITS, HOST_SOCKET, containerd
from labreport.containers.kata.installation import SHIM, kata
from labreport.containers.needs import CONTAINERS

LOG = "setup/configure-containerd-kata.log"
CONTAINERD = Path("/etc/containerd/config.toml")
RESTART = ["systemctl", "restart", "containerd"]
IS_ACTIVE = ["systemctl", "is-active", "containerd"]
IS_FAILED = ["systemctl", "is-failed", "containerd"]
JOURNAL = ["journalctl", "--unit", "containerd", "--lines", "3", "--no-pager", "--output", "cat"]
READING = "containerd --config \"$1\" config dump | sed -n '/runtimes[.]kata[]]/,/runtime_type/p'"
DISABLED = re.compile(r"^disabled_plugins = \[.*?^\]\n", re.MULTILINE | re.DOTALL)
READY_SECONDS = 60.0


@collector(
    edition=2025,
    task=1,
    writes=[LOG],
    needs=[AS_ROOT, on_path("containerd", packages=("containerd",))],
    after=[install],
)
def configure(run: Run) -> None:
    """The runtime kata in containerd's configuration, beside what was there before."""
    if run.session.system:
        configure_host(run)
    else:
        configure_private(run)


def configure_private(run: Run) -> None:
    """Configure the private containerd of this collect and start it anew, with all that runs in it."""
    if lack := CONTAINERS.lacks(run.lab):
        raise Unavailable(f"containers: {lack.reason}", lack.remedy)
    before, with_cri = run.folder / "before.toml", run.folder / "with-cri.toml"
    before.write_text(run.resource(containerd).config.read_text())
    run.session.teardown_resources()
    run.session.resources[EDITS] = [edited]
    server, made = run.resource(containerd), kata(run)
    with run.file(LOG) as out:
        out.line("=== The configuration of the private containerd of this collect, before and after ===")
        names = ["--label", "before", "--label", "after"]
        out.run(["diff", "-u", *names, str(before), str(server.config)], answered=[1])
        out.line("=== containerd's own reading of it ===")
        out.line(
            "the private containerd runs without CRI, which alone reads this table: it is read here with CRI"
        )
        with_cri.write_text(DISABLED.sub("", server.config.read_text()))
        out.run(["sh", "-c", READING, "read", str(with_cri)], expect="runtime_type")
        out.line("=== containerd, started anew with it, and the shim that it finds first on its PATH ===")
        out.run(server.ctr("version"), volatile=r"UUID: \S+")
        if made.is_private:
            shims = [str(server.shims / SHIM), made.shim]
            out.run([*made.inside, "ls", "-l", *shims], volatile=DATES)


def configure_host(run: Run) -> None:
    """Configure the host's containerd and restart it. If it does not come up, it is configured as before."""
    before, restart = run.folder / "before.toml", restart_command()
    with (
        run.host() as host,
        restored_on_failure(host, CONTAINERD, restart),
        run.file(LOG) as out,
    ):
        before.write_bytes(CONTAINERD.read_bytes() if CONTAINERD.exists() else b"")
        after = edited(before.read_text())
        if after.encode() != before.read_bytes():
            if restart:
                host.restart(restart)
            host.write(CONTAINERD, after.encode())
        out.line(f"=== {CONTAINERD}, before and after ===")
        names = ["--label", "before", "--label", "after"]
        diff = out.run(["diff", "-u", *names, str(before), str(CONTAINERD)], answered=[1])
        if diff.exit_status == 0:
            out.line("the runtime kata was there already: nothing was changed")
        out.line("=== containerd's own reading of it ===")
        out.run(["sh", "-c", READING, "read", str(CONTAINERD)], expect="runtime_type")
        if restart:
            out.line("=== containerd, started anew with it ===")
            restart_containerd(run, restart)
            out.run(IS_ACTIVE)
        else:
            out.line("no systemd runs containerd here: it reads the file when it is started next")


def edited(text: str) -> str:
    """Return containerd's configuration with the runtime kata; raise CaptureError if it cannot be edited."""
    try:
        return with_kata(text, config_version(recorder.output(["containerd", "--version"])))
    except TableError as error:
        raise CaptureError(error.what, error.remedy, path=str(CONTAINERD)) from error


def restart_command() -> Sequence[str]:
    """Return the command that restarts the host's containerd, or an empty list if systemd does not run it."""
    return RESTART if recorder.output(IS_ACTIVE) == "active" else []


@contextmanager
def restored_on_failure(host: Ledger, config: Path, restart: Sequence[str]) -> Iterator[None]:
    """If the body raises, write back the configuration as it was, and run `restart` if it is not empty."""
    before = config.read_bytes() if config.exists() else None
    try:
        yield
    except Exception:
        now = config.read_bytes() if config.exists() else None
        if now != before:
            if before is None:
                host.remove(config)
            else:
                host.write(config, before)
            if restart:
                recorder.output(restart, timeout=READY_SECONDS)
        raise


def restart_containerd(run: Run, restart: Sequence[str]) -> None:
    """Restart containerd and wait until it answers; raise CaptureError with the last lines of its journal."""
    how = "it gives no answer"
    try:
        run.command(restart, timeout=READY_SECONDS)
        with suppress(CaptureError):
            run.wait_until(_answers_or_failed, "containerd", READY_SECONDS)
    except CommandFailedError as error:
        how = error.how
    if not answers():
        journal = " / ".join(line.strip()[:300] for line in recorder.output(JOURNAL).splitlines())
        raise CaptureError(
            f"containerd does not come up with it: {how}: {journal or 'its journal is empty'}",
            "the configuration is as it was again",
        )


def answers() -> bool:
    """Return whether this host's containerd answers."""
    version = ["ctr", "--address", str(HOST_SOCKET), "version"]
    return HOST_SOCKET.exists() and bool(recorder.output(version, timeout=5))


def _answers_or_failed() -> bool:
    return answers() or recorder.output(IS_FAILED) == "failed"
