"""Task 4, beyond the sheet: the network throughput of a container, measured with the host's iperf3."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from collectors.lab12.quiet import quiet
from collectors.lab12.smoke import KATA_NEEDS, smoke
from labreport.capture import CaptureError, Run, collector, on_path
from labreport.containers.container import container
from labreport.containers.ctr import RUNTIMES
from labreport.containers.network.bridge import network

IPERF3 = on_path("iperf3", packages=("iperf3",))
PORT, LOOPBACK = "5201", "127.0.0.1"
MOUNT = ["--mount", "type=bind,src=/usr,dst=/host,options=rbind:ro"]
"""Mounts the host's /usr, because the image has no iperf3. The host's loader runs it there."""


@collector(
    edition=2025,
    task=4,
    writes=["bench/iperf3.txt", "bench/iperf3-loopback.txt"],
    needs=[*KATA_NEEDS, IPERF3],
    after=[smoke],
    keep=["ip"],
)
def throughput(run: Run) -> None:
    """TCP throughput by iperf3 under runc and Kata: to the host over the bridge, then inside the container.

    Over the container's own loopback no packet leaves the guest, so that the two tell apart what the virtual
    network device costs and what the emulated processor costs.
    """
    quiet(run)
    gateway, seconds = run.resource(network).gateway, run.setting("iperf3.seconds", int)
    options = ["-p", PORT, "-t", str(seconds), "--format", "m"]
    with ExitStack() as stack:
        stack.enter_context(_server(run, gateway))
        bridge = stack.enter_context(run.file("bench/iperf3.txt"))
        own = stack.enter_context(run.file("bench/iperf3-loopback.txt"))
        for heading, runtime in RUNTIMES.items():
            with container(run, runtime, "alpine", "sleep", "3600", options=MOUNT) as inside:
                run.command(inside.exec(*_iperf3(), "-s", "-D", "-B", LOOPBACK, "-p", PORT))
                for out, address in ((bridge, gateway), (own, LOOPBACK)):
                    out.line(f"{heading}:")
                    client = inside.exec(*_iperf3(), "-c", address, *options)
                    out.run(client, timeout=seconds + 60, expect="receiver")


@contextmanager
def _server(run: Run, gateway: str) -> Iterator[None]:
    """Run an iperf3 server at the bridge's address; raise CaptureError if it does not listen."""
    daemon = run.start(["iperf3", "-s", "-B", gateway, "-p", PORT, "--forceflush"], "iperf3.log")
    try:
        run.wait_until(lambda: "listening" in daemon.log.read_text() or not daemon.alive(), "iperf3")
        if not daemon.alive():
            raise CaptureError(f"iperf3 does not listen: {daemon.log.read_text().strip()[-300:]}")
        yield
    finally:
        daemon.stop(1)


def _iperf3() -> list[str]:
    """Return the command that runs the host's iperf3 in a container with MOUNT.

    Raise CaptureError if the host's loader is not found.
    """
    loaders = sorted(Path("/usr/lib64").glob("ld-linux-*.so.*")) or sorted(
        Path("/usr/lib").glob("ld-linux-*.so.*")
    )
    if not loaders:
        raise CaptureError("/usr/lib64: no loader of this host's programs (ld-linux-*.so.*)", "install libc6")
    loader = loaders[0].resolve()
    return [
        str(loader).replace("/usr", "/host", 1),
        "--library-path",
        str(loader.parent).replace("/usr", "/host", 1),
        "/host/bin/iperf3",
    ]
