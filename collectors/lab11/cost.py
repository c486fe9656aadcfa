"""What hardening costs: the same request over HTTP, over TLS, and over TLS with the WAF, in turn."""

from collectors.lab11.stack import WAF_USES, Front, hardened, plain, with_waf
from collectors.lab11.waf import WAF_NEEDS
from labreport.capture import Run, collector, on_path
from labreport.capture.series import in_turn

PATH = "/rest/products/search?q=apple"
HEAD = "run,order,runtime,seconds,exit_status,http_status"
CURLS = range(1, 100)
"""All exit statuses of curl: a failed request is a sample, too."""


def _fronts(run: Run) -> dict[str, tuple[Front, str]]:
    """Return the contenders: nginx and the scheme of the requests, by name."""
    return {
        "plain": (run.resource(plain), "http"),
        "tls": (run.resource(hardened), "https"),
        "waf": (run.resource(with_waf), "https"),
    }


def _series(run: Run, name: str, contenders: dict[str, tuple[Front, str]], runs: int, each: str = "") -> None:
    """Time requests to the contenders in turn. `each` makes several of one command, over one connection."""
    with run.file(name) as out:
        out.line(HEAD)
        for number, order, contender in in_turn(tuple(contenders), runs):
            made, scheme = contenders[contender]
            row = f"{number},{order},{contender},%{{time_total}},%{{exitcode}},%{{http_code}}\\n"
            words = ["--http1.1", "-o", "/dev/null", "-w", row]
            out.run(made.curl(f"{PATH}{each}", *words, scheme=scheme), answered=CURLS)


@collector(
    edition=2026, task=3, writes=["bench/latency.csv", "bench/noise.csv"], needs=WAF_NEEDS, uses=WAF_USES
)
def latency(run: Run) -> None:
    """The latency of a request over a new connection: HTTP, TLS, TLS with the WAF, in turn."""
    fronts = _fronts(run)
    _series(run, "bench/latency.csv", fronts, run.setting("latency.runs", int))
    twice = {"plain": fronts["plain"], "plain again": fronts["plain"]}
    _series(run, "bench/noise.csv", twice, run.setting("latency.noise_runs", int))


@collector(edition=2026, task=3, writes=["bench/loop.csv"], needs=WAF_NEEDS, uses=WAF_USES, after=[latency])
def latency_kept(run: Run) -> None:
    """The latency of requests over a kept connection, in blocks: HTTP, TLS, TLS with the WAF, in turn."""
    each = f"[1-{run.setting('latency.loop_requests', int)}]"
    _series(run, "bench/loop.csv", _fronts(run), run.setting("latency.loop_blocks", int), each)


@collector(
    edition=2026,
    task=3,
    writes=["bench/load.txt"],
    needs=[*WAF_NEEDS, on_path("wrk")],
    uses=WAF_USES,
    after=[latency_kept],
)
def load(run: Run) -> None:
    """Requests a second for several clients at once, by wrk."""
    clients, seconds = run.setting("load.clients", int), run.setting("load.load_seconds", int)
    words = ["wrk", "--threads", "1", "--connections", str(clients), "--duration", f"{seconds}s", "--latency"]
    with run.file("bench/load.txt") as out:
        for name, (made, scheme) in _fronts(run).items():
            port = made.https if scheme == "https" else made.http
            out.line(f"{name}:")
            out.run([*words, "--header", "Host: localhost", f"{scheme}://127.0.0.1:{port}{PATH}"])
