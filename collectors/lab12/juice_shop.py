"""Tasks 2 and 4: Juice Shop under runc, its health check and its HTTP latency."""

from collections.abc import Iterator
from contextlib import contextmanager

from labreport.capture import Run, collector, on_path
from labreport.containers.container import Container, container, wait_http
from labreport.containers.ctr import RUNC
from labreport.containers.needs import CONTAINERS, image

NEEDS = (CONTAINERS, image("juice-shop"), on_path("curl", packages=("curl",)))

SUMMARY = (
    "NR == 1 {min = max = $1} {sum += $1; if ($1 < min) min = $1; if ($1 > max) max = $1}"
    ' END {printf "avg=%.4fs min=%.4fs max=%.4fs n=%d\\n", sum / NR, min, max, NR}'
)
"""The sheet's awk program that summarizes a list of seconds."""


@contextmanager
def juice_shop(run: Run) -> Iterator[Container]:
    """Start Juice Shop under runc, with a published port, and wait until it answers; once per collect."""
    ports = {run.setting("juice_shop.published", int): run.setting("juice_shop.port", int)}
    with container(run, RUNC, "juice-shop", publish=ports) as shop:
        wait_http(run, shop, timeout=run.setting("juice_shop.ready_seconds", int))
        yield shop


@collector(edition=2025, task=2, writes=["runc/health.txt"], needs=NEEDS, keep=["ip"])
def health(run: Run) -> None:
    """The HTTP status of Juice Shop under runc."""
    shop = run.resource(juice_shop)
    with run.file("runc/health.txt") as out:
        out.run(["curl", "-s", "-o", "/dev/null", "-w", "juice-runc: HTTP %{http_code}\\n", shop.url])
        out.line(f"asked at {shop.how}")


@collector(
    edition=2025,
    task=4,
    writes=["bench/curl-3012.txt", "bench/http-latency.txt"],
    needs=NEEDS,
    after=[health],
    keep=["ip"],
)
def http_latency(run: Run) -> None:
    """The latency of GETs on Juice Shop under runc in seconds, each over a new connection."""
    shop = run.resource(juice_shop)
    with run.file("bench/curl-3012.txt") as out:
        for _request in range(run.setting("http.requests", int)):
            out.run(["curl", "-s", "-o", "/dev/null", "-w", "%{time_total}\\n", shop.url])
    with run.file("bench/http-latency.txt") as out:
        out.line("=== HTTP Latency Test (juice-runc) ===")
        out.run(["awk", SUMMARY, "bench/curl-3012.txt"])
        out.line(f"asked at {shop.how}")
