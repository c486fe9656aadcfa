"""Tests for `lab facts` and `lab facts --try`."""

from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.project import HOST, CapturedFile, Little

FACTS = """\
time.avg: {file: bench/http.txt, read: summary avg, volatile: true}
time.all: {file: bench/series.txt, read: samples}
kernel: {file: kernel.txt, read: kernel}
"""


@pytest.fixture
def little(shell: Shell) -> Little:
    """Return the shell's project, with evidence and facts of a lab called `mine`."""
    made = Little(shell.root)
    made.capture(CapturedFile("bench/http.txt", b"avg=0.0026s min=0.0018s n=50\n"), lab="mine")
    made.capture(CapturedFile("bench/series.txt", b"0.0029\n0.0031\n"), lab="mine")
    made.capture(CapturedFile("kernel.txt", b"6.12.0\n"), lab="mine")
    made.page("labs/mine/facts.yml", FACTS)
    return made


def test_facts_shows_value_place_and_host_class(shell: Shell, little: Little) -> None:
    """Each fact has a row with its value, its place and the host class. A series is counted."""
    assert little.root == shell.root
    ended = shell.lab("facts", "mine")
    assert ended.returncode == 0, ended.stderr
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in ended.stdout.splitlines()]
    assert ["time.avg", "0.0026", "s", "mine/bench/http.txt:1:1", "virtual"] in cells
    assert ["time.all", "2 values", "s", "mine/bench/series.txt:1:2", "virtual"] in cells
    assert ["kernel", "6.12.0", "", "mine/kernel.txt:1:1", "virtual"] in cells


def test_facts_as_json(shell: Shell, little: Little) -> None:
    """`--json` has every digit, the host id, and which facts are volatile. Without a lab, it has all labs."""
    first, second, third = shell.json("facts")
    assert first == {
        "lab": "mine",
        "name": "time.avg",
        "volatile": True,
        "value": "0.0026",
        "unit": "s",
        "file": "mine/bench/http.txt",
        "lines": "1:1",
        "host": HOST.id,
        "host_class": "virtual",
    }
    assert second["value"] == ["0.0029", "0.0031"]
    assert third["value"] == "6.12.0"
    (little.root / f"evidence/mine/records/host-{HOST.id}.json").unlink()
    assert shell.json("facts")[0]["host_class"] is None


def test_what_has_no_value_is_a_finding(shell: Shell, little: Little) -> None:
    """The table names the kind of absence, and a line below it the reason. Other facts keep their values."""
    (little.root / "evidence/mine/kernel.txt").write_text("6.13.0\n")
    ended = shell.lab("facts", "mine")
    assert ended.returncode == 1
    assert "│ altered" in ended.stdout
    assert "- mine: kernel: altered: mine/kernel.txt differs from its record" in ended.stdout
    assert "0.0026" in ended.stdout
    row = shell.json("facts")[2]
    assert (row["value"], row["absence"], row["file"]) == (None, "altered", "mine/kernel.txt")
    assert row["remedy"]


def test_no_facts_and_bad_facts_are_wrong_use(shell: Shell, little: Little) -> None:
    """Each error names the file and the remedy, without a traceback."""
    other = shell.lab("facts", "yours")
    assert (other.returncode, other.stderr) == (
        2, "lab: there is no docs/labs/yours/facts.yml: labs with one: mine\n",
    )  # fmt: skip
    little.page("labs/mine/facts.yml", "kernel: {file: kernel.txt}\n")
    bad = shell.lab("facts")
    assert bad.returncode == 2
    assert bad.stderr.startswith("lab: docs/labs/mine/facts.yml:1: kernel.read: Field required: ")
    (little.root / "docs/labs/mine/facts.yml").unlink()
    for words in (("facts",), ("facts", "mine")):
        none = shell.lab(*words)
        assert none.returncode == 2
        assert (
            "manual/reference/facts.md says how" in none.stderr
            or "as manual/reference/facts.md" in none.stderr
        )
        assert "Traceback" not in none.stderr


def test_try_prints_what_a_converter_reads(shell: Shell, tmp_path: Path) -> None:
    """It prints a value, or each value of a series. No value is status 1, an unknown converter status 2."""
    file = tmp_path / "times.txt"
    file.write_text("1: 0.681 s\n2: 0.70 s\n")
    assert shell.lab("facts", "--try", "samples", str(file)).stdout == "0.681 s\n0.70 s\n"
    assert shell.json("facts", "--try", "samples", str(file)) == {"value": ["0.681", "0.70"], "unit": "s"}
    two = shell.lab("facts", "--try", "seconds", str(file))
    assert (two.returncode, two.stdout[:30]) == (1, "unreadable: times.txt: more th")
    none = shell.lab("facts", "--try", "kernel", str(file))
    assert (none.returncode, none.stdout.split(":")[0]) == (1, "not there")
    assert shell.json("facts", "--try", "kernel", str(file))["absence"] == "not there"
    wrong = shell.lab("facts", "--try", "time", str(file))
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("lab: there is no converter 'time': use one of: ")
    file.write_bytes(b"\0")
    assert shell.lab("facts", "--try", "count", str(file)).stdout.startswith(
        "unreadable: times.txt: not text"
    )


def test_a_lab_s_own_converter_is_tried_and_listed(shell: Shell, little: Little) -> None:
    """A lab's own converter is known if the lab is named. A broken one is an error with its line."""
    own = shell.root / "collectors/mine/converters.py"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text(
        "from labreport.report.facts.converters import Converter, count_of\n\n"
        "CONVERTERS = {'length': Converter(lambda text, label: count_of(len(text)))}\n"
    )
    (shell.root / "x.txt").write_text("12345")
    assert shell.lab("facts", "mine", "--try", "length", "x.txt").stdout == "5\n"
    other = shell.lab("facts", "--try", "length", "x.txt")
    assert (other.returncode, other.stderr[:40]) == (2, "lab: there is no converter 'length': use")
    little.page("labs/mine/facts.yml", "length: {file: kernel.txt, read: length}\n")
    assert shell.json("facts", "mine")[0]["value"] == "7"
    own.write_text("x = 1 / 0\n")
    broken = shell.lab("facts", "mine")
    assert broken.returncode == 2
    assert broken.stderr.startswith("lab: collectors/mine/converters.py:1: ZeroDivisionError: ")
