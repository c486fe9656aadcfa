"""The outputs of `lab audit`: forms by the names of files, what is printed, and exit statuses."""

import csv
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import click
import pytest

from labreport.audit.model import ClassAudit, Unread
from labreport.audit.outputs.result import Result
from labreport.cli.audited import Output
from labreport.contract.errors import ExitStatus
from tests.audit.outputs.made import Made, hostile, plain
from tests.cli.conftest import Shell

WIDTH, HEIGHT = 100, 24
NAMES = ("page.html", "comment.md", "all.json", "results.json", "findings.csv", "gradebook.csv", "folder")


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """Return a class of three reports."""
    return plain(tmp_path / "class")


def audited(made: Made, name: str, *words: str) -> tuple[int, str, str]:
    """Run `lab audit` for one of the reports; return its exit status and both outputs."""
    folder = made.root / name
    command = ["audit", str(folder / "report.md"), "--evidence", str(folder / "evidence"), *words]
    ended = Shell(made.root.parent).lab(*command)
    return ended.returncode, ended.stdout, ended.stderr


def test_the_name_of_a_file_says_its_form(made: Made, tmp_path: Path) -> None:
    """One run writes any number of them; the terminal says which."""
    words = [word for name in NAMES for word in ("--to", str(tmp_path / name))]
    status, _out, err = audited(made, "bob", *words)
    assert status == ExitStatus.FINDINGS
    assert err.count(": written") == len(NAMES)
    text = {name: (tmp_path / name).read_text() for name in NAMES[:-1]}
    assert text["page.html"].lstrip().startswith("<!doctype html>")
    assert text["comment.md"].startswith("**report.md: 2 findings")
    assert json.loads(text["all.json"])["schema"] == "lab-audit-1"
    assert len(json.loads(text["results.json"])["tests"]) == 2
    assert [row[5] for row in csv.reader(text["findings.csv"].splitlines())][1:] == [
        "block-altered",
        "block-no-evidence",
    ]
    assert text["gradebook.csv"].splitlines()[1].startswith("report.md,2,")
    assert {path.name for path in (tmp_path / "folder").iterdir()} == {
        "audit.json",
        "cache",
        "comments",
        "findings.csv",
        "gradebook.csv",
        "gradescope",
        "index.html",
        "reports",
    }


def test_what_one_report_prints(made: Made) -> None:
    """Each finding with its line and its id, and the counts; a rubric adds what is missing."""
    status, out, err = audited(made, "bob")
    first, second, blocks, _values, last = out.splitlines()
    assert status == ExitStatus.FINDINGS
    assert first.startswith("report.md:11: altered: ")
    assert second.endswith("]")
    assert blocks == "blocks: 3 of 3 judged: 1 whole, 1 altered, 1 no evidence"
    assert last == "findings: 2, notes: 0"
    assert err == ""
    rubric = made.root.parent / "rubric.yml"
    rubric.write_text("2025:\n  a: {requirement: A, points: 1, handed_in: {says: [x y]}}\n")
    out = audited(made, "ada", "--rubric", str(rubric))[1]
    assert "a: not met: the report does not say “x y”" in out
    assert "0 of 1 points" in out


@pytest.mark.parametrize(("name", "status"), [("ada", ExitStatus.FINE), ("bob", ExitStatus.FINDINGS)])
def test_exit_status(made: Made, name: str, status: ExitStatus) -> None:
    """With each way to print."""
    for words in ((), ("--json",), ("--annotations",)):
        assert audited(made, name, *words)[0] == status


def test_a_report_that_cannot_be_read_is_no_finding(tmp_path: Path) -> None:
    """The exit status tells the two apart, and every form names the report."""
    made = plain(tmp_path / "class")
    made.add("dan", b"\0\1\2")
    output = Output((tmp_path / "out",))
    audit = output.audited(made.pairs(), Counter(), "")
    assert output.finish(audit) is ExitStatus.WRONG_USE
    for name in ("index.html", "gradebook.csv", "audit.json"):
        assert "dan" in (tmp_path / "out" / name).read_text()


@pytest.mark.parametrize(
    "words",
    [
        ("--json", "--annotations"),
        ("--to", "report.docx"),
        ("--to", "report.csv", "--to", "x.pdf"),
        ("--edition", "2025"),
        ("--rubric", "none.yml"),
    ],
    ids=" ".join,
)
def test_wrong_use(made: Made, words: tuple[str, ...]) -> None:
    """It is refused before anything is read or written."""
    status, out, err = audited(made, "bob", *words)
    assert (status, out) == (ExitStatus.WRONG_USE, "")
    assert err.startswith("lab audit: ")
    assert not (made.root.parent / "report.csv").exists()


def test_a_form_of_one_report_is_refused_for_a_class(made: Made, tmp_path: Path) -> None:
    """Nothing is written then, and the error says what to do. A page is that of the class."""
    files = tmp_path / "page.html", tmp_path / "results.json"
    result = Result(made.audit())
    with pytest.raises(click.UsageError, match="name a folder for a class"):
        Output(files).finish(result)
    assert not any(path.exists() for path in files)
    Output(files[:1]).finish(result)
    page = files[0].read_text()
    assert "Audit of 3 reports" in page
    assert "reports/" not in page


def test_a_report_that_is_no_text_has_results(made: Made, tmp_path: Path) -> None:
    """Gradescope gets a file that says so, and the autograder an exit status that is none of findings."""
    made.add("dan", b"\0\1\2")
    status, _out, err = audited(made, "dan", "--to", str(tmp_path / "results.json"))
    assert status == ExitStatus.WRONG_USE
    assert "is not text" in err
    results = json.loads((tmp_path / "results.json").read_text())
    assert (results["score"], results["tests"]) == (0, [])
    assert "is not text" in results["output"]


def test_what_an_audit_needs_and_cannot_read_is_no_finding(made: Made) -> None:
    """A rubric with a mistake, and a folder that is a link."""
    (made.root.parent / "rubric.yml").write_text("2025:\n  a: {requirement: A}\n")
    status, _out, err = audited(made, "ada", "--rubric", "rubric.yml")
    assert status == ExitStatus.WRONG_USE
    assert err.startswith("lab: rubric.yml:2: ")
    audited(made, "ada", "--to", "out")
    (made.root.parent / "out/reports/report.md.html").unlink()
    (made.root.parent / "out/reports").rmdir()
    (made.root.parent / "out/reports").symlink_to(made.root)
    assert audited(made, "ada", "--to", "out")[0] == ExitStatus.WRONG_USE


def test_annotations_name_the_file_as_the_user_does(made: Made) -> None:
    """GitHub needs the path from the root of the repository."""
    words = ("audit", "class/bob/report.md", "--evidence", "class/bob/evidence", "--annotations")
    first = Shell(made.root.parent).lab(*words).stdout.splitlines()[0]
    assert first.startswith("::error file=class/bob/report.md,line=11,col=")


def test_a_class_fits_a_screen(made: Made, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """Eighty reports with many kinds of findings: counts, the most frequent rules, the reports to look at."""
    few = made.audit().reports
    many = tuple(replace(few[number % 3], name=f"student-{number}") for number in range(80))
    lost = tuple(Unread(f"lost-{number}", f"lost-{number}: is not text") for number in range(2))
    output = Output()
    assert output.finish(Result(ClassAudit(many, lost))) is ExitStatus.WRONG_USE
    lines = capsysbinary.readouterr().out.decode().splitlines()
    assert lines[0] == "80 reports, 2 could not be read"
    assert "  45 other reports: 90 findings" in lines
    assert lines[-1] == "findings: 106, notes: 0"
    assert len(lines) <= HEIGHT
    assert max(map(len, lines)) <= WIDTH


def test_hostile_names_do_not_act_on_a_terminal_or_a_runner(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Neither as control characters nor as a command of GitHub."""
    audit = hostile(tmp_path / "class").audit()
    for annotations, json_ in ((True, False), (False, True), (False, False)):
        Output(annotations=annotations, json_=json_).finish(Result(audit))
        out = capsysbinary.readouterr().out.decode()
        assert out
        assert not {"\x1b", "\u202e"} & set(out)
        for line in out.splitlines():
            assert "##[" not in line
            assert not line.startswith("::") or line.startswith("::error file=")
