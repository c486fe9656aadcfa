"""A page says what changed since an earlier measurement that is kept beside the current one."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from labreport.check.project import late_table_of
from labreport.contract.records import HostClass
from labreport.report.pages.calls import Call
from labreport.report.pages.context import Changed
from labreport.report.problems import Problem
from labreport.report.tables import Table
from tests.check.diff.test_changes import series, side
from tests.project import HOST, CapturedFile, Little

DAY = date(2026, 1, 1)


def kept(before: Little, after: Little) -> Little:
    """Return the project `after`, with the evidence of `before` as the earlier measurement `old`."""
    shutil.copytree(before.root / "evidence/lab12", after.root / "evidence/hosts/old/lab12")
    return after


def rows(little: Little) -> list[list[str]]:
    """Return the rows of the table."""
    table = late_table_of(little.pages(), Changed("lab12", "old"), DAY)
    assert isinstance(table, Table)
    assert table.head == ("what", "measured 2026-03-04", "measured 2026-03-04", "change")
    return [[cell.text for cell in row] for row in table.rows]


def test_what_matters_has_a_row(tmp_path: Path) -> None:
    """A claim that turned, a series beyond the noise and a fact, in this order; a volatile fact has none."""
    values = {"startup": series(step=0.2, first=100), "count": b"6\n", "address": b"9\n"}
    found = rows(kept(side(tmp_path / "before"), side(tmp_path / "after", **values)))
    assert [row[0] for row in found] == [
        "labs/lab12/task-1.md:3: There are few", "bench/startup.csv kata", "count",
    ]  # fmt: skip
    assert found[0][1:] == ["holds", found[0][2], "claim turned"]
    assert found[1][3].endswith("%, beyond the noise")
    assert found[2][1:] == ["3", "6", "changed"]


def test_noise_has_no_row(tmp_path: Path) -> None:
    """The table says that nothing matters."""
    after = side(tmp_path / "after", startup=series(first=100))
    assert rows(kept(side(tmp_path / "before"), after)) == [["nothing beyond the noise", "", "", ""]]


def test_other_host_classes_are_not_compared(tmp_path: Path) -> None:
    """The only row says why."""
    after = kept(side(tmp_path / "before"), side(tmp_path / "after", count=b"6\n"))
    slow = HOST.model_copy(update={"host_class": HostClass.EMULATED})
    for path in sorted((after.root / "evidence/lab12").rglob("*.*")):
        name = path.relative_to(after.root / "evidence/lab12").as_posix()
        if not name.startswith("records/"):
            after.capture(CapturedFile(name, path.read_bytes(), (), path.stem), host=slow)
    (row,) = rows(after)
    assert row[0] == "host"
    assert "not comparable" in row[3]


@pytest.mark.slow
def test_a_page_shows_it(tmp_path: Path) -> None:
    """A build needs no git for it."""
    little = kept(side(tmp_path / "before"), side(tmp_path / "after", count=b"4\n"))
    little.page("labs/lab12/index.md", '# Lab\n\n{{ changes("old", caption="Since then") }}\n')
    built = little.build(PATH=str(Path(shutil.which("python3") or "").parent))
    assert built.returncode == 0, built.stderr
    html = (little.site / "labs/lab12/index.html").read_text()
    assert "<code>count</code>" in html
    assert "<strong>Table 1.</strong> Since then." in html


@pytest.mark.parametrize("before", ["new", "", "../hosts/old", "old/lab12", 3])
def test_what_is_no_earlier_measurement(tmp_path: Path, before: object) -> None:
    """The problem names those that are kept."""
    little = kept(side(tmp_path / "before"), side(tmp_path / "after"))
    found = Call("changes", (before,)).run(little.context())
    assert isinstance(found, Problem)
    assert found.remedy == "use one of: old"
