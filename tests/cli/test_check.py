"""The command `lab check`: its output, options and exit statuses."""

import hashlib
import re
from pathlib import Path

import pytest

from labreport.check.finding import Finding
from labreport.check.languages import SEARCHED
from labreport.cli.check import annotation
from tests.cli.conftest import Shell
from tests.project import CapturedFile, Little, make

PAGE = '# Task 1\n\nIt took 3 s, [b].\n\n{{ evidence("a.txt") }}\n'


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Return a lab with one finding."""
    made = make(tmp_path / "project")
    made.capture(CapturedFile("a.txt", b"one\ntwo\n"))
    made.page("labs/lab12/task-1.md", PAGE)
    return made


WORDS = (
    "numbers were searched in the words of English, Chinese, German, Russian, Spanish,"
    " and with symbols of units"
)


@pytest.mark.slow
def test_findings(little: Little) -> None:
    """A finding is one line; the summary follows; without a terminal there is no colour."""
    ended = Shell(little.root).lab("check")
    first, *rest = ended.stdout.splitlines()
    assert ended.returncode == 1
    assert re.fullmatch(
        r"docs/labs/lab12/task-1\.md:3:9: 3 s: a number .*: read it .* \[number-[0-9a-f]{8}\]", first
    )
    assert rest == ["numbers: 0 bound, 1 naked", WORDS, "claims: none", "1 finding"]
    assert "\x1b" not in ended.stdout


def test_no_findings(little: Little) -> None:
    """The exit status is 0, and the last line says so."""
    little.page("labs/lab12/task-1.md", PAGE.replace("3 s", "`3 s`"))
    ended = Shell(little.root).lab("check")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines() == [
        "numbers: 0 bound, 0 naked, 1 exempt (inline code)",
        WORDS,
        "claims: none",
        "no findings",
    ]


@pytest.mark.slow
def test_json(little: Little) -> None:
    """It has the same information as the lines."""
    shell = Shell(little.root)
    told = shell.json("check")
    (finding,) = told["findings"]
    assert {key: finding[key] for key in ("kind", "file", "line", "column")} == {
        "kind": "number", "file": "docs/labs/lab12/task-1.md", "line": 3, "column": 9,
    }  # fmt: skip
    assert finding["id"].startswith("number-")
    assert finding["remedy"]
    assert told["numbers"] == {"bound": 0, "naked": 1, "exempt": {}, "languages": list(SEARCHED)}
    assert told["claims"] == dict.fromkeys(
        ("holds", "contradicted", "no evidence", "not comparable", "error", "emulated"), 0
    )
    assert told["rubric"] == {}
    assert shell.lab("check", "--json").returncode == 1


def test_annotations(little: Little) -> None:
    """Each finding is one workflow command, and nothing else is printed."""
    ended = Shell(little.root).lab("check", "--annotations")
    (line,) = ended.stdout.splitlines()
    assert ended.returncode == 1
    assert line.startswith("::warning file=docs/labs/lab12/task-1.md,line=3,col=9,title=number-")


def test_annotations_are_escaped() -> None:
    """Characters that would end a property or the command are escaped."""
    finding = Finding("link", "docs/a,b:c%.md", 1, 2, "50 %\r\n::error::x, y: z", "mend", "")
    assert annotation(finding) == (
        f"::warning file=docs/a%2Cb%3Ac%25.md,line=1,col=2,title={finding.id}"
        "::50 %25%0D%0A::error::x, y: z: mend"
    )


def test_markup_in_findings(little: Little) -> None:
    """Markup in a page is printed as text."""
    little.page("labs/lab12/task-1.md", PAGE.replace("[b]", "[b](gone-[red]x.md)"))
    assert "gone-[red]x.md: there is no" in Shell(little.root).lab("check").stdout


@pytest.mark.slow
def test_fix(little: Little) -> None:
    """It reports the written ranges on standard error, and then the other findings."""
    pin = hashlib.sha256(b"two\n").hexdigest()[:8]
    page = little.page(
        "labs/lab12/task-1.md", f'3 s {{{{ evidence("a.txt", lines="1", sha256="{pin}") }}}}\n'
    )
    shell = Shell(little.root)
    assert shell.lab("check").stdout.count("[moved-") == 1
    ended = shell.lab("check", "--fix")
    assert (ended.returncode, ended.stderr) == (1, "1 range written\n")
    assert ended.stdout.count("[number-") == 1
    assert "[moved-" not in ended.stdout
    assert page.read_text() == f'3 s {{{{ evidence("a.txt", lines="2:2", sha256="{pin}") }}}}\n'
    again = shell.lab("check", "--fix")
    assert (again.returncode, again.stderr) == (1, "")


def test_nothing_to_check(shell: Shell) -> None:
    """A project without evidence and pages of labs has exit status 1 and a remedy."""
    (shell.root / "docs").mkdir()
    ended = shell.lab("check")
    assert ended.returncode == 1
    assert "nothing to check" in ended.stdout
    assert "lab new" in ended.stdout


@pytest.mark.parametrize(
    "words",
    [("--json", "--annotations"), ("--fix", "FILE"), ("--annotations", "FILE"), ("FILE",)],
    ids=" ".join,
)
def test_wrong_use(little: Little, words: tuple[str, ...]) -> None:
    """Options that exclude each other, and a missing --evidence, have exit status 2."""
    file = little.page("x.md", "x\n")
    ended = Shell(little.root).lab("check", *(str(file) if word == "FILE" else word for word in words))
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


def test_a_new_lab(one_lab: Shell) -> None:
    """A lab that `lab new` made has no findings once it is captured."""
    assert one_lab.lab("collect").returncode == 0
    ended = one_lab.lab("check")
    assert (ended.returncode, ended.stdout.splitlines()[-1]) == (0, "no findings"), ended.stdout


@pytest.mark.slow
def test_coverage_on_pages(little: Little) -> None:
    """A build, a dirty build and an export show the counts of `lab check`."""
    little.page("labs/lab12/facts.yml", "n: {file: n.txt, read: count}\n")
    little.capture(CapturedFile("n.txt", b"52\n"))
    little.page("labs/lab12/index.md", "# Lab\n\n{{ coverage() }}\n")
    little.page(
        "labs/lab12/task-2.md", '# Task 2\n\n{{ fact("n") }} {% call claim("n > 50") %}many{% endcall %}\n'
    )
    little.page("labs/lab12/task-9.md", "# Task 9\n\n{{ coverage() }}\n")
    told = Shell(little.root).json("check")
    assert (told["numbers"]["bound"], told["numbers"]["naked"], told["claims"]["holds"]) == (1, 1, 1)
    rows = ("Numbers bound to evidence 1", "Numbers bound to no evidence 1", "Claims that hold 1 of 1")
    index = little.site / "labs/lab12/index.html"
    for words in ((), ("--dirty",)):
        assert little.build(*words).returncode == 0
        shown = " ".join(re.sub("<[^>]+>", " ", index.read_text()).split())
        assert all(row in shown for row in rows), shown
        index.touch()
        (little.root / "docs/labs/lab12/index.md").touch()
    exported = Shell(little.root).lab("export", "lab12", "--full").stdout
    assert "| Numbers bound to evidence | 1 |" in exported


@pytest.mark.slow
def test_secrets_only(little: Little) -> None:
    """--secrets reports secrets and nothing else; waivers apply."""
    ended = Shell(little.root).lab("check", "--secrets")
    assert (ended.returncode, ended.stdout) == (0, "no findings\n")
    little.capture(CapturedFile("a.txt", b"-----BEGIN " + b"PRIVATE KEY-----\n"))
    ended = Shell(little.root).lab("check", "--secrets")
    first, *rest = ended.stdout.splitlines()
    assert ended.returncode == 1
    found = re.fullmatch(
        r"evidence/lab12/a\.txt:1:1: this looks like a secret .* \[(secret-[0-9a-f]{8})\]", first
    )
    assert found
    assert rest == ["1 finding"]
    assert Shell(little.root).json("check", "--secrets")["findings"][0]["id"] == found[1]
    little.page("labs/lab12/waivers.yml", f"{found[1]}: {{reason: made up, expires: 2999-12-31}}\n")
    assert Shell(little.root).lab("check", "--secrets").returncode == 0
    for options in (["--fix", "--secrets"], ["--secrets", "README.md"]):
        (little.root / "README.md").touch()
        assert Shell(little.root).lab("check", *options).returncode == 2


def test_one_lab(little: Little) -> None:
    """`lab check NAME` reports on this lab alone. Without a name each lab has its own sums."""
    little.capture(CapturedFile("a.txt", b"one\ntwo\n"), lab="lab13")
    little.page("labs/lab13/task-1.md", "# Task 1\n\nIt took 4 s and 5 s.\n")
    little.page(
        "labs/lab13/rubric.yml",
        "2031: {a: {requirement: A, page: task-1.md, section: Task 1, shows: [a.txt]}}",
    )
    shell = Shell(little.root)
    told = shell.lab("check", "lab12").stdout
    assert "lab13" not in told
    assert told.splitlines()[-1] == "1 finding"
    assert shell.json("check", "lab13")["numbers"]["naked"] == 2
    lines = shell.lab("check").stdout.splitlines()
    assert "lab12: 1 finding, numbers: 0 bound, 1 naked, claims: none" in lines
    assert "lab13: 4 findings, numbers: 0 bound, 2 naked, claims: none" in lines
    assert "lab13, requirements of 2031: 1 not met" in lines
    assert "numbers: 0 bound, 3 naked" in lines
    assert {name: lab["findings"] for name, lab in shell.json("check")["labs"].items()} == {
        "lab12": 1,
        "lab13": 4,
    }


def test_one_lab_and_its_secrets(little: Little) -> None:
    """--secrets and a name search the files of this lab alone."""
    shell = Shell(little.root)
    key = "-----BEGIN " + "PRIVATE KEY-----"
    little.page("labs/lab13/task-1.md", f"# Task 1\n\n{key}\n")
    assert shell.lab("check", "--secrets", "lab12").returncode == 0
    assert shell.lab("check", "--secrets", "lab13").returncode == 1


def test_a_file_is_told_from_a_lab(little: Little) -> None:
    """With --evidence the name is a file's, though a lab has it, too."""
    (little.root / "lab12").write_text("```1:1:a.txt\none\n```\n")
    shell = Shell(little.root)
    evidence = ("--evidence", "evidence/lab12")
    assert "1 of 1 blocks judged" in shell.lab("check", "lab12", *evidence).stdout
    assert "1 finding" in shell.lab("check", "lab12").stdout
