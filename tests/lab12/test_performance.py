"""Lab 12's performance on real containers, real hyperfine and real curl.

This machine cannot run Kata's guest. A fake shim fails and hangs as planned, and otherwise runs runc's own
shim, so both contenders are runc.
"""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from collectors.lab12.phases import PHASES, SOCKET
from labreport.capture.series import HYPERFINE
from labreport.containers.host.kvm import DEVICE
from labreport.containers.images import busybox
from labreport.containers.kata.installation import SHIM
from labreport.containers.needs import CONTAINERS
from labreport.contract.lab_config import Lab
from labreport.contract.reader import read_record
from labreport.report.charts import draw
from tests.containers.fake_kata import FAILS, HANGS, pretend_kvm, write_shim
from tests.containers.host_state import host_state, new_things
from tests.containers.kata import made_up
from tests.containers.web import WEB

NO_LAB = Lab(title="x", editions={})
FEW: dict[str, dict[str, Any]] = {
    "startup": {"runs": 4, "limit_seconds": 8},
    "startup_bench": {"runs": 2},
    "noise": {"runs": 2},
    "cpu": {"runs": 2, "mebibytes": 1},
    "io": {"runs": 2, "mebibytes": 1},
    "memory": {"containers": [1, 2], "mebibytes_each": 16},
    "http": {"requests": 4, "loop_requests": 5, "loop_blocks": 2, "load_clients": 2, "load_seconds": 1},
    "iperf3": {"seconds": 1},
}
"""Few runs of each, because the tests check what is written and not how long it takes."""


class Performance:
    """A clone with few runs, and a fake Kata shim whose starts follow a plan."""

    def __init__(self, clone: Path, folder: Path) -> None:
        self.folder = clone / "evidence/hosts/test/lab12"
        self._clone, self._bin, self._archive = clone, folder / "bin", folder / "web.tar"
        self._bin.mkdir()
        self._kata, self._cache = made_up.write(folder, str(self._bin / SHIM)), folder / "cache"
        pretend_kvm(self._cache)
        busybox.write_archive(self._archive, WEB)
        path = clone / "collectors/lab12/lab.yml"
        config = yaml.safe_load(path.read_text())
        for name, given in FEW.items():
            config["settings"][name] |= given
        path.write_text(yaml.safe_dump(config))

    def collect(self, *names: str, plan: tuple[str, ...] = ()) -> dict[str, dict[str, Any]]:
        """Collect the named collectors; return their rows by name."""
        write_shim(self._bin, shutil.which("containerd-shim-runc-v2") or "", *plan)
        argv = [sys.executable, str(self._clone / "labreport"), "collect", "--as", "test", "--json"]
        env = {
            **os.environ,
            "JUICE_SHOP_ARCHIVE": str(self._archive),
            "KATA_ARCHIVE": str(self._kata),
            "XDG_CACHE_HOME": str(self._cache),
            "SUDO_UID": "",
            "LAB_REGISTRY_MIRROR": "127.0.0.1:9",
        }
        words = [f"lab12/{name}" for name in names]
        ended = subprocess.run(
            [*argv, *words], cwd=self._clone, env=env, capture_output=True, text=True, check=False
        )
        assert ended.stdout, ended.stderr
        return {row["name"]: row for row in json.loads(ended.stdout) if row["name"] in names}

    def rows(self, path: str) -> list[dict[str, str]]:
        """Return the rows of a CSV file; what a series calls a contender is a runtime here."""
        text = self.read(path).replace("run,order,contender,", "run,order,runtime,", 1)
        return list(csv.DictReader(text.splitlines()))

    def read(self, path: str) -> str:
        """Return an evidence file's text."""
        return (self.folder / path).read_text()


@pytest.fixture
def performance(clone: Path, tmp_path: Path) -> Performance:
    """Return the clone; skip the test unless containers run here and /dev/kvm can be opened."""
    if reason := CONTAINERS.reason(NO_LAB) or HYPERFINE.reason(NO_LAB):
        pytest.skip(reason)
    if not os.access(DEVICE, os.R_OK | os.W_OK):
        pytest.skip(f"{DEVICE} cannot be opened: no collector of Kata would be tried")
    return Performance(clone, tmp_path)


@pytest.mark.slow
def test_a_start_that_fails_and_one_that_hangs_are_rows_like_any_other(performance: Performance) -> None:
    """Both are samples with an exit status, are cleaned up, and the series goes on. Nothing is left."""
    before = host_state()
    rows = performance.collect("startup", plan=("works", "works", FAILS, HANGS, "works"))
    assert rows["startup"]["state"] == "captured", [row["reason"] for row in rows.values()]
    samples = performance.rows("bench/startup.csv")
    assert [(one["run"], one["order"], one["runtime"]) for one in samples[:4]] == [
        ("1", "1", "runc"), ("1", "2", "kata"), ("2", "1", "kata"), ("2", "2", "runc")
    ]  # fmt: skip
    ends = {
        name: [one["exit_status"] for one in samples if one["runtime"] == name] for name in ("runc", "kata")
    }
    assert ends["runc"] == ["0"] * 4
    assert ends["kata"] == ["0", "1", "124", "0"]
    hung = next(one for one in samples if one["exit_status"] == "124")
    assert float(hung["seconds"]) >= FEW["startup"]["limit_seconds"]
    description = draw("strip", performance.read("bench/startup.csv"), emulated=False).description
    assert "kata: 2 of 4 runs failed, and the median excludes them" in description
    record = read_record(performance.folder, "startup")
    assert record.settings["startup.runs"] == 4
    assert not new_things(before)


@pytest.mark.slow
def test_the_sheets_files_have_their_form(performance: Performance) -> None:
    """The files have lines such as `real 0m1.620s` and `1: 0.681 s`, and the output of dd with its time."""
    rows = performance.collect("startup_once", "startup_bench", "io_bench")
    assert {row["state"] for row in rows.values()} == {"captured"}, [row["reason"] for row in rows.values()]
    assert re.fullmatch(
        r"runc:\nreal\t0m\d\.\d{3}s\nKata:\nreal\t0m\d\.\d{3}s\n", performance.read("bench/startup.txt")
    )
    numbered = r"(1: \d\.\d{3} s\n2: \d\.\d{3} s\n)"
    bench = re.fullmatch(
        rf"runc:\n{numbered}Kata:\n{numbered}", performance.read("results/startup-bench.txt")
    )
    assert bench
    samples = performance.rows("results/startup.csv")
    for heading, name in ((1, "runc"), (2, "kata")):
        seconds = [f"{float(one['seconds']):.3f}" for one in samples if one["runtime"] == name]
        assert re.findall(r": (\S+) s", bench[heading]) == seconds
    io = performance.read("results/io-bench.txt")
    assert [line for line in io.splitlines() if line.startswith("===")] == [
        "=== dd from zero to null: memory is copied, no disk is met ===",
        "=== 1 MiB written, until they are on the disk (fsync) ===",
        "=== the same 1 MiB read again, from a cache on the way ===",
    ]
    assert io.count("real\t0m") == 6
    assert io.count("100+0 records out") == 2


@pytest.mark.slow
def test_what_goes_beyond_the_sheet(performance: Performance) -> None:
    """Series in containers, memory by process, HTTP at both addresses, and the network are captured."""
    names = ["noise", "cpu_work", "file_write", "memory", "http_pair", "http_loop", "http_load", "throughput"]
    rows = performance.collect(*names)
    optional = {"http_load": "wrk", "throughput": "iperf3"}
    for name, row in rows.items():
        program = optional.get(name, "")
        absent = program and shutil.which(program) is None
        assert row["state"] == ("missing" if absent else "captured"), row["reason"]
        assert not absent or program in row["reason"]
    for path, names_in, count in (
        ("bench/noise.csv", {"runc", "runc again"}, 4),
        ("bench/cpu.csv", {"runc", "kata"}, 4),
        ("bench/write.csv", {"runc", "kata"}, 4),
        ("bench/http-pair.csv", {"runc", "kata"}, 8),
        ("bench/http-loop.csv", {"runc", "kata"}, 20),
    ):
        samples = performance.rows(path)
        assert len(samples) == count, path
        assert {one["runtime"] for one in samples} == names_in
        assert {one["exit_status"] for one in samples} == {"0"}
        assert draw("percentiles", performance.read(path), emulated=False).svgs.wide
    connects = [one["connects"] for one in performance.rows("bench/http-loop.csv")]
    assert connects[::5] == ["1"] * 4  # each block begins one; busybox's httpd keeps none
    memory = performance.rows("bench/memory.csv")
    assert {(one["runtime"], one["containers"]) for one in memory} == {
        (name, count) for name in ("runc", "kata") for count in "12"
    }
    assert {"sleep"} < {one["process"] for one in memory}
    assert all(int(one["pss_kib"]) > 0 for one in memory)
    assert draw("memory", performance.read("bench/memory.csv"), emulated=False).svgs.wide


SAID = """\
run 1 runc
2026-11-24 13:08:18.889996034 begin
2026-11-24 13:08:21.876507288 end
2026-11-24 13:08:19.294319082 +0000 UTC lab0 /containers/create {"id":"lab0-1"}
2026-11-24 13:08:21.098396201 +0000 UTC lab0 /tasks/create {"container_id":"lab0-1"}
2026-11-24 13:08:21.224017528 +0000 UTC lab0 /tasks/start {"container_id":"lab0-1","pid":3018}
2026-11-24 13:08:21.271894045 +0000 UTC lab0 /tasks/exit {"container_id":"lab0-1"}
run 1 kata
2026-11-24 23:59:52.052272070 begin
2026-11-25 00:00:02.453453174 end
2026-11-24 23:59:52.440521804 +0000 UTC lab0 /containers/create {"id":"lab0-2"}
2026-11-25 00:00:01.837769791 +0000 UTC lab0 /tasks/exit {"container_id":"lab0-2"}
2026-11-24T23:59:52.701880+00:00 kata[3078]: start to run
2026-11-24T23:59:53.644819+00:00 kata[3078]: vcpu 0 is running
2026-11-24T23:59:57.189996+00:00 kata[3078]: hybrid vsock: connected to HybridVsock { port: 1024 }
2026-11-24T23:59:59.189996+00:00 kata[3078]: start passfd io wait
2026-11-25T00:00:01.189996+00:00 kata[3078]: end passfd io wait process exit code 0
2026-11-25T00:00:02.022395+00:00 kata[3078]: end to run service
"""
"""Events and log of two starts, from containerd 1.7 and Kata 3.23. The second one is moved past midnight."""


def test_phases_are_what_lies_between_two_marks(tmp_path: Path) -> None:
    """The collector's awk program prints the phases in order, also past midnight."""
    (tmp_path / "said.txt").write_text(SAID)
    argv = ["awk", PHASES, str(tmp_path / "said.txt")]
    printed = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    assert printed.splitlines() == [
        "1,runc,client and snapshot,0.404323",
        "1,runc,create and start,1.929698",
        "1,runc,workload,0.047877",
        "1,runc,teardown,0.604613",
        "1,kata,client and snapshot,0.388250",
        "1,kata,shim and monitor,1.204297",
        "1,kata,boot to agent,3.545177",
        "1,kata,create and start,2.000000",
        "1,kata,workload,2.000000",
        "1,kata,teardown,1.263457",
    ]


@pytest.mark.slow
def test_where_a_start_goes_needs_a_journal(performance: Performance) -> None:
    """Without a journal, the phases are missing. With one, every start has its phases in order."""
    rows = performance.collect("phases")
    if not SOCKET.exists():
        assert rows["phases"]["state"] == "missing"
        assert "no journal of systemd's" in rows["phases"]["reason"]
        return
    assert rows["phases"]["state"] == "captured", [row["reason"] for row in rows.values()]
    phases = performance.rows("bench/phases.csv")
    first = [one["phase"] for one in phases if one["run"] == "1" and one["runtime"] == "runc"]
    assert first == ["client and snapshot", "create and start", "workload", "teardown"]
    assert all(0 <= float(one["seconds"]) < 60 for one in phases)
