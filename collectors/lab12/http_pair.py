"""Task 4, beyond the sheet: HTTP latency of Juice Shop under runc and under Kata, as a fair pair.

Both containers run at the same time from the same image digest, each in its own network namespace on one
bridge. The same client sends requests to their addresses on this bridge.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from collectors.lab12.juice_shop import NEEDS, http_latency, juice_shop
from collectors.lab12.smoke import smoke
from labreport.capture import Run, collector, on_path
from labreport.capture.series import in_turn
from labreport.containers.container import Container, container, status
from labreport.containers.ctr import KATA
from labreport.containers.kata.runtime import KATA as KATA_NEED

PAIR_NEEDS = (*NEEDS, KATA_NEED)
CURL = ("curl", "-s", "-o", "/dev/null", "--fail", "--max-time", "60")
CURLS = range(1, 100)
"""All exit statuses of curl: a failed request is a sample, too."""


@contextmanager
def juice_shop_under_kata(run: Run) -> Iterator[Container]:
    """Start Juice Shop under Kata and wait until it answers; once per collect."""
    limit = run.setting("juice_shop.kata_ready_seconds", int)
    with container(run, KATA, "juice-shop") as shop:
        url = _url(run, shop)
        run.wait_until(lambda: status(url) in range(100, 500), f"an answer from {url}", limit)
        yield shop


def _url(run: Run, shop: Container) -> str:
    """Return the URL of Juice Shop at the container's address."""
    return f"http://{shop.address}:{run.setting('juice_shop.port', int)}/"


def _urls(run: Run) -> dict[str, str]:
    """Return the URLs of both containers by the runtime, runc or kata."""
    shops = {"runc": run.resource(juice_shop), "kata": run.resource(juice_shop_under_kata)}
    return {name: _url(run, shop) for name, shop in shops.items()}


@collector(
    edition=2025,
    task=4,
    writes=["bench/http-pair.csv"],
    needs=PAIR_NEEDS,
    after=[smoke, http_latency],
    keep=["ip"],
)
def http_pair(run: Run) -> None:
    """The latency of GETs on Juice Shop under runc and Kata in turn, each with a new curl and connection."""
    urls = _urls(run)
    with run.file("bench/http-pair.csv") as out:
        out.line("run,order,runtime,seconds,exit_status,http_status")
        for number, order, name in in_turn(tuple(urls), run.setting("http.requests", int)):
            row = f"{number},{order},{name},%{{time_total}},%{{exitcode}},%{{http_code}}\\n"
            out.run([*CURL, "-w", row, urls[name]], answered=CURLS)


@collector(
    edition=2025,
    task=4,
    writes=["bench/http-loop.csv"],
    needs=PAIR_NEEDS,
    after=[http_pair],
    keep=["ip"],
)
def http_loop(run: Run) -> None:
    """The latency of GETs over a persistent connection, in blocks, under runc and Kata in turn."""
    urls, requests = _urls(run), run.setting("http.loop_requests", int)
    with run.file("bench/http-loop.csv") as out:
        out.line("run,order,runtime,seconds,exit_status,http_status,connects")
        for number, order, name in in_turn(tuple(urls), run.setting("http.loop_blocks", int)):
            cells = "%{time_total},%{exitcode},%{http_code},%{num_connects}"
            row = f"{number},{order},{name},{cells}\\n"
            out.run([*CURL, "-w", row, f"{urls[name]}?[1-{requests}]"], answered=CURLS)


@collector(
    edition=2025,
    task=4,
    writes=["bench/http-load.txt"],
    needs=[*PAIR_NEEDS, on_path("wrk", packages=("wrk",))],
    after=[http_loop],
    keep=["ip"],
)
def http_load(run: Run) -> None:
    """Throughput and latency of the same page with several concurrent clients, by wrk."""
    urls = _urls(run)
    clients, seconds = run.setting("http.load_clients", int), run.setting("http.load_seconds", int)
    with run.file("bench/http-load.txt") as out:
        for name, url in urls.items():
            out.line(f"{name}:")
            words = ["--threads", "1", "--connections", str(clients), "--duration", f"{seconds}s"]
            out.run(["wrk", *words, "--timeout", "30s", "--latency", url])
