"""Task 4, beyond the sheet: the phases of a start, from containerd's events and the log of Kata's shim.

Both have the time of the host's clock. The guest has its own clock, and `guest_clock` measures the offset.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from collectors.lab12.quiet import quiet
from collectors.lab12.smoke import KATA_NEEDS, smoke
from labreport.capture import CommandFailedError, Need, Out, Run, collector, recorder
from labreport.capture.program import which
from labreport.capture.series import in_turn
from labreport.containers.container import container
from labreport.containers.containerd.server import Containerd, containerd
from labreport.containers.ctr import KATA, RUNTIMES, new_container
from labreport.contract.lab_config import Lab

SOCKET = Path("/run/systemd/journal/socket")


def _no_journal(_lab: Lab) -> str:
    """Return why systemd's journal cannot be read, or an empty text."""
    return "" if SOCKET.exists() and which("journalctl") else "no journal of systemd's runs here"


JOURNAL = Need(
    name="journal",
    missing=_no_journal,
    remedy="use a host that runs systemd, or the box: lab collect --in-box (manual/how-to/box.md)",
)
"""The journal of systemd, to which Kata's shim writes its log."""

NEEDS = (*KATA_NEEDS, JOURNAL)
EVENT_SECONDS = 20.0

MARKS = (
    "start to run|vcpu 0 is running|hybrid vsock: connected"
    "|start passfd io wait|end passfd io wait process|end to run service"
)
"""Log messages of Kata's Rust shim with Dragonball (3.23), in this order: the shim starts, the virtual
machine runs, its agent answers, the container's process starts, it ends, the shim ends. The shim sends
containerd neither /tasks/create nor /tasks/start."""

BOOTED = "Linux version|Run .* as init process"
"""The guest kernel's first message, and its last one before the agent starts."""

PHASES = r"""
function at(time,  t) { split(time, t, ":"); return t[1] * 3600 + t[2] * 60 + t[3] }
function phase(name, from, to) {
    if (!(from in seen) || !(to in seen)) return
    took = seen[to] - seen[from]
    printf "%s,%s,%.6f\n", row, name, took < 0 ? took + 86400 : took
}
function told() {
    phase("client and snapshot", "begin", "container")
    if ("machine" in seen) {
        phase("shim and monitor", "container", "machine")
        phase("boot to agent", "machine", "agent")
        phase("create and start", "agent", "start")
    } else phase("create and start", "container", "start")
    phase("workload", "start", "exit")
    phase("teardown", "exit", "end")
    delete seen
}
$1 == "run" { told(); row = $2 "," $3 }
NF == 3 && $3 == "begin" { seen["begin"] = at($2) }
/ \/containers\/create / { seen["container"] = at($2) }
/vcpu 0 is running/ { seen["machine"] = at(substr($1, 12, 15)) }
/hybrid vsock: connected/ { seen["agent"] = at(substr($1, 12, 15)) }
/ \/tasks\/start / { seen["start"] = at($2) }
/ \/tasks\/exit / { seen["exit"] = at($2) }
/start passfd io wait$/ { seen["start"] = at(substr($1, 12, 15)) }
/end passfd io wait process/ { seen["exit"] = at(substr($1, 12, 15)) }
NF == 3 && $3 == "end" { seen["end"] = at($2) }
END { told() }
"""
"""awk program that prints the seconds of each phase of a start. A start may go past midnight."""


@collector(edition=2025, task=4, writes=["bench/phases.txt", "bench/phases.csv"], needs=NEEDS, after=[smoke])
def phases(run: Run) -> None:
    """The phases of `echo test` in seconds: container, shim, virtual machine, agent, workload, teardown."""
    quiet(run)
    server, runs = run.resource(containerd), run.setting("phases.runs", int)
    with _events(run, server) as log, run.file("bench/phases.txt") as out:
        for number, _order, (name, runtime) in in_turn(tuple(RUNTIMES.items()), runs):
            out.line(f"run {number} {name}")
            _one_start(run, out, runtime, log)
    with run.file("bench/phases.csv") as out:
        out.line("run,runtime,phase,seconds")
        out.run(["awk", PHASES, "bench/phases.txt"])


def _one_start(run: Run, out: Out, runtime: str, log: Path) -> None:
    """Start a container; write when it began and ended, its events, and the log of its shim.

    A start that fails fails the capture, because its phases are not those of a start.
    """
    attempt = new_container(run, runtime, "alpine", (), ("echo", "test"))
    ident = attempt.argv[-3]
    out.run(["date", "-u", "+%F %T.%N begin"])
    try:
        run.command(attempt.argv, timeout=run.setting("startup.limit_seconds", int))
    except CommandFailedError:
        attempt.clear()
        raise
    out.run(["date", "-u", "+%F %T.%N end"])
    run.wait_until(lambda: f'/containers/delete {{"id":"{ident}"' in log.read_text(), "events", EVENT_SECONDS)
    out.run(["grep", "-F", f'"{ident}"', str(log)])
    if runtime == KATA:
        _shim_log(run, out, ident)


def _shim_log(run: Run, out: Out, ident: str) -> None:
    """Write the messages in MARKS that a container's shim logged. Only Kata's Rust shim logs them."""
    run.command(["journalctl", "--sync"])
    words = ["--no-pager", "--no-hostname", "--output", "short-iso-precise", "--identifier", "kata"]
    out.run(["journalctl", *words, "--grep", MARKS, f"SOURCE={ident}"], answered=[1])


@collector(edition=2025, task=4, writes=["bench/guest-clock.txt"], needs=NEEDS, after=[smoke])
def guest_clock(run: Run) -> None:
    """The guest's clock beside the host's, twice, and the messages of kernel and shim about the boot."""
    with (
        container(run, KATA, "alpine", "sleep", "3600", network=False) as guest,
        run.file("bench/guest-clock.txt") as out,
    ):
        for moment in ("first", "again"):
            out.line(f"=== {moment}: seconds since 1970 on the host, uptime of the guest, the host again ===")
            out.run(["date", "+%s.%N"])
            out.run(guest.exec("cut", "-d", " ", "-f", "1", "/proc/uptime"))
            out.run(["date", "+%s.%N"])
            if moment == "first":
                run.command(["sleep", str(run.setting("phases.clock_seconds", int))])
        out.line("=== The guest kernel's messages, in seconds of its own clock ===")
        out.run(guest.exec("sh", "-c", f"dmesg | grep -E '{BOOTED}'"))
        out.line("=== The shim, on the host's clock ===")
        _shim_log(run, out, guest.id)


@contextmanager
def _events(run: Run, server: Containerd) -> Iterator[Path]:
    """Write containerd's events to a file, and yield its path once the first event has arrived.

    Labelling the namespace again and again makes an event.
    """
    daemon = run.start(server.ctr("events"), "events.log")
    poke = server.ctr("namespaces", "label", server.namespace, "lab=run")
    try:
        run.wait_until(lambda: bool(recorder.output(poke) or daemon.log.stat().st_size), "events", 60)
        yield daemon.log
    finally:
        daemon.stop(1)
