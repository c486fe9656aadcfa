"""Task 2: clients that send too slowly, until nginx closes the connection."""

from collectors.lab11.stack import NEEDS, PROGRAMS, USES, hardened, plain
from labreport.capture import Run, collector

SECONDS = r"\d+\.\d"
CLIENTS = ("python3", "-I", "-B", str(PROGRAMS / "slow_clients.py"))
SLOW_USES = (*USES, "programs/slow_clients.py")


@collector(edition=2026, task=2, writes=["results/timeout.txt"], needs=NEEDS, uses=SLOW_USES)
def timeout(run: Run) -> None:
    """A request that stops after its first line, as the sheet sends it and over TLS."""
    port = str(run.resource(hardened).https)
    with run.file("results/timeout.txt") as out:
        out.line("As the sheet sends it, in plain text to the TLS port:")
        out.run([*CLIENTS, "once", port, "plain"], volatile=SECONDS)
        out.line("Over TLS:")
        out.run([*CLIENTS, "once", port, "tls"], volatile=SECONDS, expect="^closed")


@collector(edition=2026, task=2, writes=["limits/slow-clients.csv"], needs=NEEDS, uses=SLOW_USES)
def slow_clients(run: Run) -> None:
    """Slow headers and slow bodies: after how many seconds each configuration closes the connection."""
    fronts, limit = (run.resource(plain), run.resource(hardened)), run.setting("slow.limit_seconds", int)
    pairs = [f"{made.name}={made.https}" for made in fronts]
    with run.file("limits/slow-clients.csv") as out:
        out.run([*CLIENTS, str(limit), *pairs], timeout=limit + 60, volatile=SECONDS)
