"""Every file that an edition names: its collector, and its state in the report's evidence."""

from pathlib import Path

import pytest

from labreport.capture.labs import find_lab, lab_names
from labreport.contract.reader import read_state, readable_records
from labreport.contract.records import Status
from labreport.contract.verify import changed

ROOT = Path(__file__).parents[2]
NAMED = [
    (name, year, number, path)
    for name in lab_names(ROOT)
    for year, edition in find_lab(ROOT, name).config.editions.items()
    for number, task in edition.tasks.items()
    for path in task.files
]


def test_editions_name_files() -> None:
    """Otherwise the other tests would check nothing."""
    assert len(NAMED) > 20


@pytest.mark.slow_after(5)
@pytest.mark.parametrize(("lab", "year", "number", "path"), NAMED)
def test_a_collector_writes_it(lab: str, year: int, number: int, path: str) -> None:
    """Exactly one collector writes each file."""
    writers = [one for one in find_lab(ROOT, lab).collectors if path in one.writes]
    assert len(writers) == 1, (
        f"{path}, edition of {year}, task {number}: written by {len(writers)} collectors"
    )


@pytest.mark.slow_after(5)
@pytest.mark.parametrize(("lab", "year", "number", "path"), NAMED)
def test_the_evidence_has_it_or_says_why_not(lab: str, year: int, number: int, path: str) -> None:
    """A captured file is as its record says. For any other file, state.json has reason and remedy."""
    folder = ROOT / "evidence" / lab
    state = read_state(folder)
    if state is None:
        pytest.skip(f"evidence/{lab}: nothing was captured yet")
    row = state.writer(path)
    assert row is not None, f"{path}, edition of {year}, task {number}: state.json does not know it"
    told = [
        file for record in readable_records(folder).values() for file in record.files if file.path == path
    ]
    if row.state in {Status.CAPTURED, Status.STALE}:
        assert len(told) == 1
        assert changed(folder, told[0]) == ""
        return
    assert not told or row.state is Status.FAILED
    assert row.reason
    assert row.remedy or row.command
