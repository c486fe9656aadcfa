"""Every wrong way to ask for evidence comes back as one clear error, never as an exception."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from labreport.contract.fields import MAX_BYTES
from labreport.report.pages.calls import Call
from labreport.report.problems import Problem
from tests.project import CapturedFile, Little, make, row

CASES = json.loads((Path(__file__).parent / "cases" / "bad-calls.json").read_text())
EIGHT = b"".join(b"line %d\n" % number for number in range(1, 9))


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory) -> Little:
    """Make the evidence of the cases: good files, and everything that is none."""
    made = make(tmp_path_factory.mktemp("calls") / "project")
    made.capture(CapturedFile("eight.txt", EIGHT))
    made.capture(CapturedFile("one.txt", b"one"))
    made.capture(CapturedFile("empty.txt", b""))
    made.state(row("eight.txt", "eight.txt", state="captured"))
    folder = made.root / "evidence" / "lab12"
    (folder / "folder").mkdir()
    (folder / "link.txt").symlink_to("eight.txt")
    (folder / "linked").symlink_to(".")
    os.mkfifo(folder / "fifo")
    with (folder / "large.bin").open("wb") as large:
        large.truncate(MAX_BYTES + 1)
    return made


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_bad_call_is_one_clear_error(little: Little, case: dict[str, Any]) -> None:
    """It says what is wrong and what would be right, and holds no path of the machine."""
    call = Call("evidence", tuple(case["args"]), tuple(case.get("named", {}).items()))
    shown = call.run(little.context("labs/lab12/task-1.md"))
    assert isinstance(shown, Problem)
    assert case["what"] in shown.what
    assert case["remedy"] in shown.remedy
    assert str(little.root) not in f"{shown}"


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (Call("evidence", ("eight.txt",)), "eight.txt does not begin with a lab"),
        (Call("evidence", ("lab12",)), "lab12 is a lab, not a file"),
        (Call("state"), "this page belongs to no lab"),
        (Call("state", ("lab99",)), "there is no lab lab99"),
        (Call("host", (5,)), "lab is 5"),
        (Call("hosts", ("virtual", "x")), "too many positional arguments"),
        (Call("command", ("lab12/eight.txt",), (("n", 2),)), "n of lab12/eight.txt is 2"),
        (Call("command", ("lab12/eight.txt",), (("n", "1"),)), "n of lab12/eight.txt is '1'"),
        (Call("command", ("lab12/empty.txt",)), "no command printed these lines"),
    ],
    ids=str,
)
def test_outside_a_lab(little: Little, call: Call, what: str) -> None:
    """There a path begins with the lab, and tables want its name."""
    shown = call.run(little.context("guides/start.md"))
    assert isinstance(shown, Problem)
    assert what in shown.what
