"""Collect with containers: a series and the sum of its samples; a lab and the shell commands of its sheet."""

import csv
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from labreport.containers.containerd.config import config_text
from labreport.containers.containerd.server import SHIM_FOLDERS
from labreport.containers.images import busybox
from tests.bench.measure import Compared, compare, seconds_of
from tests.containers.web import WEB

ROOT = Path(__file__).parents[2]
RUNS = 60
SHEET = """
set -e
ctr() { command ctr --address "$PWD/containerd.sock" --namespace sheet "$@"; }
containerd --config containerd.toml >log 2>&1 &
until ctr version >/dev/null 2>&1; do sleep 0.1; done
ctr images import --base-name shop --digests "$ARCHIVE" >/dev/null
image=$(ctr images ls -q | head -1)
ctr run -d --net-host --null-io "$image" juice-runc
$WAIT
curl -s -o /dev/null -w "juice-runc: HTTP %{http_code}\\n" http://127.0.0.1:3000 | tee health.txt
for _request in $(seq 50); do
    curl -s -o /dev/null -w "%{time_total}\\n" http://127.0.0.1:3000
done >curl-3012.txt
awk '{s += $1} END {printf "avg=%.4fs n=%d\\n", s / NR, NR}' curl-3012.txt
uname -r
ctr tasks rm --force juice-runc
ctr containers rm juice-runc
kill %1
wait
rm -rf /run/containerd/runc/sheet
rmdir /sys/fs/cgroup/sheet /sys/fs/cgroup/*/sheet 2>/dev/null || true
"""
"""The runc half of the 2025 sheet. It uses ctr, and imports the image instead of pulling it."""

WAIT, READY = "sleep 10", "until curl -s -o /dev/null http://127.0.0.1:3000; do sleep 0.02; done"
"""How the sheet waits for the server, and how it could."""


def series(folder: Path, lab: Path, pairs: int) -> Compared:
    """Compare a collect of `noise`, with 60 runs of each, with the sum of its own samples."""
    project = _copy(folder)
    config = project / "collectors/lab12/lab.yml"
    text = config.read_text()
    before, after, rest = text.partition("  noise:\n    runs: ")
    config.write_text(f"{before}{after}{RUNS}\n{rest.partition(chr(10))[2]}")
    ours, rival = [], []
    for _ in range(pairs):
        ours.append(_collect(lab, project, "noise"))
        rows = csv.DictReader(
            (project / "evidence/hosts/bench/lab12/bench/noise.csv").read_text().splitlines()
        )
        rival.append(sum(float(row["seconds"]) for row in rows))
    against = f"the sum of its {2 * RUNS} samples, as hyperfine timed them"
    return Compared(against, 1.1, tuple(ours), tuple(rival))


def sheet(folder: Path, lab: Path, pairs: int, bound: float, *, waits: bool) -> Compared:
    """Compare a collect of the runc half with the sheet's commands, with a small image and an empty set.

    The sheet waits ten seconds for the server. With `waits` false it asks until the server answers, as ours.
    """
    project = _copy(folder)
    archive = folder / "web.tar"
    busybox.write_archive(archive, WEB)
    env = {"JUICE_SHOP_ARCHIVE": str(archive)}
    wait = "a wait of 10 s" if waits else "no wait: curl until the server answers"
    return compare(
        partial(_collect, lab, project, "health", "http_latency", "host_side", **env),
        _typed(folder / "sheet", archive, WAIT if waits else READY),
        against=f"the sheet's commands for the same files: {wait}, one curl a request, uname",
        bound=bound,
        pairs=pairs,
    )


def _copy(folder: Path) -> Path:
    """Return a copy of the project, so that its evidence stays as it is."""
    project = folder / "project"
    for name in ("collectors", "labreport"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "mkdocs.yml", project)
    return project


def _collect(lab: Path, project: Path, *names: str, **env: str) -> float:
    """Return the seconds of a collect into an empty set."""
    shutil.rmtree(project / "evidence", ignore_errors=True)
    argv = [str(lab.parent / "python"), str(project / "labreport"), "collect"]
    argv += [*(f"lab12/{name}" for name in names), "--as", "bench", "--json"]
    return seconds_of(argv, project, {**os.environ, **env})


def _typed(folder: Path, archive: Path, wait: str) -> Callable[[], float]:
    """Return a function that runs the sheet's commands with a containerd of their own."""

    def typed() -> float:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        address = folder / "containerd.sock"
        config = config_text(root=folder / "root", state=folder / "state", address=address)
        (folder / "containerd.toml").write_text(config)
        path = ":".join((os.environ.get("PATH", ""), *SHIM_FOLDERS))
        return seconds_of(
            ["bash", "-c", SHEET.replace("$WAIT", wait)],
            folder,
            {**os.environ, "PATH": path, "ARCHIVE": str(archive)},
        )

    return typed
