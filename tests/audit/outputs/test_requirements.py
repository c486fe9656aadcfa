"""Requirements of a rubric.yml in reports of others: met or not, and their points."""

import csv
import io
from pathlib import Path

import pytest

from labreport.audit.grades import GradeState, ReportGrade
from labreport.audit.outputs.gradescope import results
from labreport.audit.outputs.markdown import markdown
from labreport.audit.outputs.result import Result
from labreport.audit.outputs.sheets import gradebook
from labreport.audit.requirements import EditionError, grade_report, requirements_of
from labreport.check.rubric import read_rubric_file
from labreport.report.yaml_file import YamlError
from labreport.site.audit_pages import report_page
from tests.audit.outputs.made import ALTERED, SOUND, plain

RUBRIC = """
2024:
  old: {requirement: An older edition, to_come: later}
2025:
  quoted: {requirement: Both files are quoted, points: 4, partial: true, page: a.md, section: A,
           shows: [kata/cpu.txt, kata/kernel.txt]}
  strict: {requirement: All or nothing, points: 2, handed_in: {quotes: ["kata/*.txt", bench/none.txt]}}
  named: {requirement: The kernel is named, points: 1, handed_in: {names: ["KERNEL.txt"]}}
  stored: {requirement: The start is measured, points: 1, handed_in: {stores: ["bench/start?p.txt"]}}
  said: {requirement: There is a conclusion, points: 1, handed_in: {says: ["in  the END"]}}
  judged: {requirement: The conclusion is right, points: 3, handed_in: {}}
  free: {requirement: Without points, handed_in: {names: [nothing.txt]}}
"""


def graded(tmp_path: Path, rubric: str = RUBRIC, edition: int | None = None) -> tuple[Result, ReportGrade]:
    """Return the result of three reports, and the grade of the one with an altered block."""
    (tmp_path / "rubric.yml").write_text(rubric)
    required = requirements_of(read_rubric_file(tmp_path / "rubric.yml", "rubric.yml").value, edition)
    made = plain(tmp_path / "class")
    audit = made.audit()
    data = {"ada": SOUND + "\nIn the\nend, it works.\n", "bob": ALTERED, "cem": ALTERED}
    grades = {one.name: grade_report(*required, one, data[one.name].encode()) for one in audit.reports}
    return Result(audit, grades), grades["bob"]


def test_states_and_points(tmp_path: Path) -> None:
    """The newest edition counts. Half of what is asked for has half the points, where the rubric says so."""
    _result, grade = graded(tmp_path)
    assert grade.edition == 2025
    assert {one.name: (one.state, one.points) for one in grade.grades} == {
        "quoted": (GradeState.PARTLY, 2),
        "strict": (GradeState.PARTLY, 0),
        "named": (GradeState.MET, 1),
        "stored": (GradeState.MET, 1),
        "said": (GradeState.NOT_MET, 0),
        "judged": (GradeState.BY_PERSON, None),
        "free": (GradeState.NOT_MET, None),
    }
    assert (grade.points, grade.most, grade.left, grade.met) == (4, 12, 3, 2)
    assert grade.words == "2 of 7 requirements met, 4 of 9 points, 3 more for a person to give"
    assert grade.grades[0].missing == ("no block equals lines of kata/kernel.txt",)


def test_words_are_found_across_lines_in_any_case(tmp_path: Path) -> None:
    """A line end is a blank, as in Markdown."""
    result, _grade = graded(tmp_path)
    said = {name: grade.grades[4].state for name, grade in result.grades.items()}
    assert said["ada"] is GradeState.MET
    assert said["bob"] is GradeState.NOT_MET


def test_every_form_has_the_grades(tmp_path: Path) -> None:
    """What a person has to grade is an empty cell, and no points that are given."""
    result, _grade = graded(tmp_path)
    report = next(one for one in result.audit.reports if one.name == "bob")
    head, *rows = csv.reader(io.StringIO(gradebook(result)))
    row = next(dict(zip(head, one, strict=True)) for one in rows if one[0] == "bob")
    assert (row["points"], row["of"], row["quoted"], row["judged"], row["free"]) == (
        "4",
        "12",
        "2",
        "",
        "not met",
    )
    tests = results(report, result.grades)["tests"]
    assert sum(one.get("score", 0) for one in tests) == results(report, result.grades)["score"] == 4
    assert [one["max_score"] for one in tests if one["name"].startswith("judged")] == [3]
    assert "- said: not met (0 of 1)" in markdown(result.only(report))
    page = report_page(report, result)
    assert "4 of 9 points" in page
    assert page.count('data-state="for a person"') == 1


def test_without_points_nothing_is_counted(tmp_path: Path) -> None:
    """No form has a column or a word for points."""
    rubric = "2025:\n  a: {requirement: A, handed_in: {stores: [kata/cpu.txt]}}\n"
    result, grade = graded(tmp_path, rubric)
    assert grade.words == "1 of 1 requirements met"
    assert "points" not in gradebook(result)
    assert "points" not in report_page(result.audit.reports[0], result)


def test_an_edition_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """It names those that are."""
    with pytest.raises(EditionError, match="no edition 2030") as caught:
        graded(tmp_path, edition=2030)
    assert "2024, 2025" in caught.value.remedy
    assert graded(tmp_path, edition=2024)[1].grades[0].state is GradeState.BY_PERSON


@pytest.mark.parametrize(
    "requirement",
    [
        "{requirement: A}",
        "{requirement: A, partial: true, handed_in: {says: [x]}}",
        "{requirement: A, handed_in: {says: ['']}}",
        "{requirement: A, handed_in: {quotes: [/etc/passwd]}}",
        "{requirement: A, handed_in: {quotes: 'x'}}",
        "{requirement: A, handed_in: {shows: [x]}}",
        "{requirement: A, points: .inf, handed_in: {says: [x]}}",
    ],
)
def test_a_requirement_that_cannot_be_judged_is_an_error(tmp_path: Path, requirement: str) -> None:
    """The error names the line."""
    with pytest.raises(YamlError) as caught:
        graded(tmp_path, f"2025:\n  a: {requirement}\n")
    assert caught.value.line == 2


def test_long_paths_and_many_stars_take_no_time(tmp_path: Path) -> None:
    """A pattern of stars and a word of a megabyte are compared in no more than linear time."""
    rubric = "2025:\n  a: {requirement: A, handed_in: {names: ['" + "a*/" * 40 + "b']}}\n"
    (tmp_path / "rubric.yml").write_text(rubric)
    required = requirements_of(read_rubric_file(tmp_path / "rubric.yml", "rubric.yml").value, None)
    report = plain(tmp_path / "class").audit().reports[0]
    text = ("a/" * 500_000 + " ") + "a/" * 149
    assert grade_report(*required, report, text.encode()).grades[0].state is GradeState.NOT_MET
