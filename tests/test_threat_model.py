"""The threat model names a test for each of its lines, and each defence can be taken out."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/manual/reference/security.md"
DEFENCES = ROOT / "tests/campaigns/defences.yml"
LINE = re.compile(r"^\| ([A-Z]+-\d+) \| (.+) \| (.+) \| `(.+)` \|$", re.MULTILINE)
TAKEN_OUT = ("CLONE", "ARCHIVE", "SECRET", "TAMPER")
"""The kinds of lines whose defence `scripts/campaign defences` takes out of the code."""


@dataclass(frozen=True)
class Threat:
    """A line of the threat model: its name, and the test that holds it."""

    name: str
    test: str


def threats() -> list[Threat]:
    """Return the lines of the tables in the page."""
    return [Threat(name, test) for name, _threat, _defence, test in LINE.findall(PAGE.read_text())]


def test_every_row_has_the_form_of_a_line() -> None:
    """A row that the pattern does not match would be left out of all checks. Names are used once."""
    rows = [line for line in PAGE.read_text().splitlines() if re.match(r"\| [A-Z]+-", line)]
    names = [threat.name for threat in threats()]
    assert len(rows) == len(names) > 0
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("threat", threats(), ids=lambda threat: threat.name)
def test_the_test_of_a_line_exists(threat: Threat) -> None:
    """The test that a line names is a function of that file."""
    file, _, function = threat.test.partition("::")
    tree = ast.parse((ROOT / file).read_text())
    assert function in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_each_defence_can_be_taken_out() -> None:
    """An entry names a line of the page, and its text is in its file once."""
    entries = yaml.safe_load(DEFENCES.read_text())
    tests = {threat.name: threat.test for threat in threats()}
    for entry in entries:
        assert set(entry) == {"line", "file", "out", "in"}, entry
        assert entry["line"] in tests, entry
        assert (ROOT / entry["file"]).read_text().count(entry["out"]) == 1, entry
    missing = {name for name in tests if name.startswith(TAKEN_OUT)} - {entry["line"] for entry in entries}
    assert not missing
