"""Waivers accept findings until a day; expired, unused and impossible waivers are findings."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from labreport.check.coverage import WAIVED
from labreport.check.finding import Finding
from labreport.check.project import CheckReport
from labreport.report.today import today
from tests.project import CapturedFile, Little, make

DAY = date(2026, 3, 4)


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Return a lab whose page has one naked number."""
    made = make(tmp_path / "project")
    made.capture(CapturedFile("a.txt", b"245\n"))
    made.page("labs/lab12/task-1.md", '# Task 1\n\nIt took 3 s.\n\n{{ evidence("a.txt") }}\n')
    return made


def check(little: Little, day: date = DAY) -> CheckReport:
    """Return the result of the check on a day."""
    return little.check(day)


def naked(little: Little) -> Finding:
    """Return the one finding of the project."""
    (found,) = check(little).findings
    assert found.kind == "number"
    return found


def waive(little: Little, name: str, expires: str = "2026-03-04", lab: str = "lab12") -> None:
    """Write the waiver of a finding."""
    little.page(f"labs/{lab}/waivers.yml", f"{name}: {{reason: quoted from the sheet, expires: {expires}}}\n")


def test_expiry(little: Little) -> None:
    """A waived number is exempt on the last day; on the next, number and waiver are findings."""
    one = naked(little)
    waive(little, one.id)
    checked = check(little)
    assert checked.findings == []
    assert (checked.coverage.naked, checked.coverage.exempt[WAIVED]) == (0, 1)
    late = check(little, DAY + timedelta(days=1))
    assert [found.kind for found in late.findings] == ["number", "waiver"]
    assert "expired on 2026-03-04: quoted from the sheet" in late.findings[1].message
    assert (late.coverage.naked, late.coverage.exempt[WAIVED]) == (1, 0)


def test_waivers_after_edits(little: Little) -> None:
    """A waiver survives moved lines, but not a changed sentence."""
    waive(little, naked(little).id)
    page = little.root / "docs/labs/lab12/task-1.md"
    page.write_text(page.read_text().replace("# Task 1\n", "# Task 1\n\nMore.\n\n"))
    assert check(little).findings == []
    page.write_text(page.read_text().replace("It took 3 s", "The host took 3 s"))
    assert [found.kind for found in check(little).findings] == ["number", "waiver"]


def test_equal_sentences(little: Little) -> None:
    """Each of two equal sentences needs its own waiver."""
    page = little.root / "docs/labs/lab12/task-1.md"
    page.write_text(page.read_text() + "\nIt took 3 s.\n")
    first, second = check(little).findings
    assert first.id != second.id
    waive(little, first.id)
    assert [found.id for found in check(little).findings] == [second.id]


def test_unused_waivers(little: Little) -> None:
    """A waiver that matches no finding is reported at its line."""
    waive(little, "number-00000000")
    _naked, found = check(little).findings
    assert str(found).startswith("docs/labs/lab12/waivers.yml:1:1: number-00000000: no finding of this lab")


def test_waivers_of_another_lab(little: Little) -> None:
    """A lab can waive its own findings only."""
    waive(little, naked(little).id, lab="lab13")
    little.page("labs/lab13/index.md", "# Lab 13\n")
    assert sorted(found.kind for found in check(little).findings) == ["number", "waiver"]


def test_problems_cannot_be_waived(little: Little) -> None:
    """The build fails anyway."""
    little.page("labs/lab12/task-2.md", '{{ evidence("b.txt") }}\n')
    problem = next(found for found in check(little).findings if found.kind == "problem")
    waive(little, problem.id)
    kinds = [found.kind for found in check(little).findings]
    assert sorted(kinds) == ["number", "problem", "waiver"]


BAD = {
    "a: {reason: x, expires: 2026-01-01}": "waivers.yml:1:1: a: ",
    "number-00000000: {expires: 2026-01-01}": "number-00000000.reason: Field required",
    "number-00000000: {reason: x}": "number-00000000.expires: Field required",
    "number-00000000: {reason: '', expires: 2026-01-01}": "number-00000000.reason: ",
    "number-00000000: {reason: x, expires: never}": "number-00000000.expires: ",
    "number-00000000: {reason: x, expires: 2026-02-30}": "not YAML",
    "# nothing": "waivers.yml:1:1: holds no keys",
}


@pytest.mark.parametrize("text", BAD)
def test_invalid_waivers_yml(little: Little, text: str) -> None:
    """It waives nothing; the problem has the file, the line and the key."""
    little.page("labs/lab12/waivers.yml", text)
    _naked, found = check(little).findings
    assert found.kind == "problem"
    assert BAD[text] in str(found)


def test_source_date_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """It replaces the current day."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert today() == date(1970, 1, 2)
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert abs(today() - datetime.now(UTC).date()) <= timedelta(days=1)
