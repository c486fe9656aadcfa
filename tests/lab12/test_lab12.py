"""Lab 12 on real containers, by its own collectors. A small HTTP server replaces Juice Shop."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from labreport.containers.images import busybox
from labreport.containers.needs import CONTAINERS
from labreport.contract.lab_config import Lab
from labreport.contract.reader import read_record
from tests.containers.host_state import host_state, new_things
from tests.containers.web import WEB


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an archive of the HTTP server, for JUICE_SHOP_ARCHIVE."""
    if reason := CONTAINERS.reason(Lab(title="x", editions={})):
        pytest.skip(f"containers: {reason}")
    path = tmp_path_factory.mktemp("web") / "web.tar"
    busybox.write_archive(path, WEB)
    return path


def lab(root: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run `lab` in a clone. Neither Kata's source nor its archive can be had: no build or download begins."""
    argv = [sys.executable, str(root / "labreport"), *words]
    whole = {**os.environ, "KATA_SOURCE": "/nowhere", "KATA_ARCHIVE": "/nowhere", **env}
    return subprocess.run(argv, cwd=root, env=whole, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_runc_half_is_captured_published_and_handed_in(clone: Path, archive: Path) -> None:
    """What does not need Kata is captured. The rest is missing with a reason, and nothing is left."""
    before = host_state()
    env = {"JUICE_SHOP_ARCHIVE": str(archive)}
    collected = lab(clone, "collect", "lab12", "--replace", "--json", **env)
    assert collected.returncode == 0, collected.stderr
    rows = {row["name"]: row for row in json.loads(collected.stdout)}
    for name in ("health", "http_latency", "host_side"):
        assert rows[name]["state"] == "captured", rows[name]
    for name in ("smoke", "kernel", "dmesg"):
        assert rows[name]["state"] in {"captured", "missing"}
        assert rows[name]["state"] == "captured" or "kata" in rows[name]["reason"]
    assert not new_things(before)

    folder = clone / "evidence/lab12"
    assert (folder / "runc/health.txt").read_text().startswith("juice-runc: HTTP 200\nasked at ")
    seconds = (folder / "bench/curl-3012.txt").read_text().splitlines()
    assert len(seconds) == 50
    assert all(re.fullmatch(r"\d+\.\d+", line) for line in seconds)
    summary = (folder / "bench/http-latency.txt").read_text().splitlines()[1]
    values = [float(line) for line in seconds]
    expected = f"avg={sum(values) / 50:.4f}s min={min(values):.4f}s max={max(values):.4f}s n=50"
    assert summary == expected

    record = read_record(folder, "health")
    assert "archive" in record.images["juice-shop"].source
    assert str(archive) not in record.model_dump_json()
    assert {"containerd", "runc"} <= record.tools.keys()
    assert lab(clone, "verify").returncode == 0

    report = clone.parent / "submission12.md"
    exported = lab(clone, "export", "lab12", "--full", "--to", str(report))
    without_kata = rows["smoke"]["state"] == "missing"
    assert exported.returncode == without_kata, exported.stderr
    assert ("kata/test1.txt was not captured" in exported.stderr) == without_kata
    checked = lab(clone, "check", str(report), "--evidence", str(folder), "--prefix", "labs/lab12/")
    assert checked.returncode == 0, checked.stdout

    state = (folder / "records/health.json").read_bytes()
    assert lab(clone, "collect", "lab12", **env).returncode == 0
    assert (folder / "records/health.json").read_bytes() == state


@pytest.mark.slow
def test_an_image_that_cannot_be_had_is_one_clear_reason(clone: Path) -> None:
    """Without archive and registry, Juice Shop is missing. The reason names the sources tried."""
    env = {"JUICE_SHOP_ARCHIVE": "", "LAB_REGISTRY_MIRROR": "127.0.0.1:9"}
    ended = lab(clone, "collect", "lab12/health", "--as", "test-host", "--json", **env)
    assert ended.returncode == 4
    rows = {row["name"]: row for row in json.loads(ended.stdout)}
    if "not root" in rows["health"]["reason"]:
        pytest.skip("containers: not root")
    assert "juice-shop" in rows["health"]["reason"]
    assert "JUICE_SHOP_ARCHIVE" in rows["health"]["reason"]
    assert "LAB_REGISTRY_MIRROR" in rows["health"]["remedy"]
    assert "Traceback" not in ended.stderr
