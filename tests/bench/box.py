"""Start the box until ssh answers, and the same image with debvm-run and debvm-waitssh."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from functools import partial
from pathlib import Path

from labreport.box.host import accelerator
from labreport.box.layout import VARIABLE, Box
from labreport.box.machine import MEMORY_MIB
from tests.bench.measure import Compared, compare

WAIT_SECONDS = "600"


def box(folder: Path, *, lab: Path, pairs: int) -> Compared:
    """Compare `lab box start`, until ssh answers, with the bare tools."""
    os.environ[VARIABLE] = str(folder)
    subprocess.run([lab, "box", "create"], check=True, stdout=subprocess.DEVNULL)
    made = Box(folder)
    disk = folder / "bare.ext4"
    subprocess.run(["cp", "--sparse=always", made.image, disk], check=True)
    try:
        return compare(
            partial(_ours, lab),
            partial(_bare, disk, tuple(accelerator(made).options)),
            against="debvm-run and debvm-waitssh, same image, memory and processor",
            bound=1.1,
            pairs=pairs,
        )
    finally:
        disk.unlink()
        subprocess.run([lab, "box", "remove"], check=True, stdout=subprocess.DEVNULL)


def _ours(lab: Path) -> float:
    """Return the seconds of `lab box start` without its wait after ssh has answered."""
    began = time.perf_counter()
    subprocess.run([lab, "box", "start"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    whole = time.perf_counter() - began
    status = subprocess.run([lab, "box", "status", "--json"], check=True, capture_output=True)
    started = json.loads(status.stdout)["started"]
    subprocess.run([lab, "box", "stop"], check=True, stdout=subprocess.DEVNULL)
    return float(whole - (started["seconds"] - started["ssh_seconds"]))


def _bare(disk: Path, options: tuple[str, ...]) -> float:
    """Return the seconds of debvm-run until debvm-waitssh succeeds."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = str(listener.getsockname()[1])
    argv = [shutil.which("debvm-run") or "debvm-run", "-i", str(disk), "-s", port, "--", *options]
    began = time.perf_counter()
    process = subprocess.Popen(
        [*argv, "-m", str(MEMORY_MIB)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        subprocess.run(["debvm-waitssh", "-q", "-t", WAIT_SECONDS, port], check=True)
        return time.perf_counter() - began
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
