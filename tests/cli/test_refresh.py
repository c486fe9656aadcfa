"""`lab collect --refresh`: a series within its noise is kept, and one beyond it is taken over."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import Shell
from tests.report.series.detection import RECORDED, recorded

SERIES = '''
@collector(task=1, writes=["bench/start.csv", "bench/noise.csv", "bench/middle.txt"])
def start(run: Run) -> None:
    """A series, the host's noise, and what was made of the series."""
    for name in ("start", "noise"):
        with run.file(f"bench/{name}.csv") as out:
            out.run(["cat", run.setting("folder", str) + f"/{name}.csv"])
    with run.file("bench/middle.txt") as out:
        out.run(["awk", "-F", ",", "{ sum += $4 } END { print sum }", "bench/start.csv"])
'''


def series(first: int, step: float = 0.0) -> str:
    """Return thirty recorded runs from number `first` on, each longer by the share `step`."""
    head = RECORDED.read_text().split("\n", 1)[0]
    samples = recorded().samples[first : first + 30]
    rows = (f"{n},1,a,{float(one.seconds.exact) * (1 + step):.6f},0" for n, one in enumerate(samples, 1))
    return "\n".join([head, *rows, ""])


@pytest.fixture
def measured(one_lab: Shell, tmp_path: Path) -> Shell:
    """Return a project whose lab has a series, captured."""
    one_lab.collector("mine", SERIES, "series")
    config = one_lab.root / "collectors/mine/lab.yml"
    about = yaml.safe_load(config.read_text())
    config.write_text(
        yaml.safe_dump({**about, "settings": {**about.get("settings", {}), "folder": str(tmp_path)}})
    )
    (tmp_path / "start.csv").write_text(series(0))
    (tmp_path / "noise.csv").write_text(RECORDED.read_text())
    ended = one_lab.lab("collect")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return one_lab


def files(shell: Shell) -> dict[str, bytes]:
    """Return the set's files, without checked.json."""
    folder = shell.root / "evidence/mine"
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in {"checked.json", ".lock"}
    }


@pytest.mark.slow
def test_other_samples_of_the_same_change_nothing(measured: Shell, tmp_path: Path) -> None:
    """Other samples, and the summary made of them, count as the same. checked.json lists all collectors."""
    before = files(measured)
    (tmp_path / "start.csv").write_text(series(100))
    ended = measured.lab("collect", "--refresh")
    assert ended.returncode == 0, ended.stderr
    assert files(measured) == before
    assert "the same again: kept as it was" in ended.stdout
    checked = json.loads((measured.root / "evidence/mine/records/checked.json").read_text())
    assert checked["collectors"] == {"release": "same", "start": "same"}


@pytest.mark.slow
def test_a_step_beyond_the_noise_is_taken_over(measured: Shell, tmp_path: Path) -> None:
    """The series, its record and its summary are taken over. The rest stays, and the evidence is intact."""
    before = files(measured)
    (tmp_path / "start.csv").write_text(series(100, step=0.5))
    rows = measured.json("collect", "--refresh")
    assert {row["name"]: row["state"] for row in rows}["start"] == "captured"
    changed = {path for path, data in files(measured).items() if before[path] != data} - {
        "records/state.json"
    }
    assert changed == {"bench/start.csv", "bench/middle.txt", "records/start.json"}
    assert measured.lab("verify").returncode == 0


@pytest.mark.slow
def test_a_bad_note_is_named(measured: Shell) -> None:
    """`lab verify` names a checked.json that is not whole."""
    measured.lab("collect", "--refresh")
    assert measured.lab("verify").returncode == 0
    (measured.root / "evidence/mine/records/checked.json").write_text("{")
    ended = measured.lab("verify")
    assert ended.returncode == 1
    assert "mine/records/checked.json: altered: not whole JSON" in ended.stdout


@pytest.mark.parametrize("other", ["--dry-run", "--repeat", "--in-box"])
def test_wrong_use_is_said(one_lab: Shell, other: str) -> None:
    """--refresh excludes some options."""
    ended = one_lab.lab("collect", "--refresh", other)
    assert (ended.returncode, "--refresh" in ended.stderr) == (2, True)


def test_a_failure_is_a_finding(measured: Shell, tmp_path: Path) -> None:
    """The exit status is 1, and the last evidence is kept."""
    before = files(measured)
    (tmp_path / "start.csv").unlink()
    ended = measured.lab("collect", "--refresh")
    assert ended.returncode == 1
    assert {path: data for path, data in files(measured).items() if "failed/" not in path} == before
    listed = subprocess.run(
        ["ls", measured.root / "evidence/mine/failed"], capture_output=True, text=True, check=True
    )
    assert listed.stdout == "start\n"
