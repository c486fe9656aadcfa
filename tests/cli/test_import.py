"""`lab import`: somebody else's report becomes a lab, and what is not known stays unknown."""

import json
from pathlib import Path

import pytest

from labreport.capture.importing import UNKNOWN_HOST
from tests.cli.conftest import Shell
from tests.project import CapturedFile, Little, make

REPORT = """# Lab 9 — Kernels

## Task 1 — The kernel

```sh
uname -r | tee labs/lab9/kernel.txt
```

`labs/lab9/kernel.txt` says:

```text
6.12.0-kata of the guest
second line of it
```

A block of nothing:

```text
invented
```

{{ 7 * 7 }} is no sum.
"""


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Make a project, and beside it a report with its evidence."""
    labs = tmp_path / "theirs/labs/lab9"
    labs.mkdir(parents=True)
    (labs / "kernel.txt").write_bytes(b"6.12.0-kata of the guest\nsecond line of it\nend\n")
    (labs / "time.txt").write_bytes(b"took: 3.2 s\nthen: 1.1 s\n")
    (tmp_path / "theirs/report.md").write_text(REPORT)
    return make(tmp_path / "project")


def imported(little: Little, *more: str) -> "Shell":
    """Import the report as the lab `lab9`."""
    shell, theirs = Shell(little.root), little.root.parent / "theirs"
    words = ["import", str(theirs / "report.md"), "--evidence", str(theirs / "labs/lab9"), "--lab", "lab9"]
    ended = shell.lab(*words, *more)
    assert ended.returncode in {0, 1}, ended.stderr
    return shell


def test_an_import_says_what_is_unknown(little: Little) -> None:
    """The record has no time and an unknown host, and the command is the report's. The set is intact."""
    shell = imported(little)
    folder = little.root / "evidence/lab9"
    record = json.loads((folder / "records/imported.json").read_text())
    assert record["start"] is None
    assert record["host"] == UNKNOWN_HOST.id
    assert record["commands"] == []
    stated = record["imported"]["commands"]["kernel.txt"]
    assert stated == {"command": "uname -r | tee labs/lab9/kernel.txt", "line": 6}
    assert (folder / "kernel.txt").read_bytes() == b"6.12.0-kata of the guest\nsecond line of it\nend\n"
    assert shell.lab("verify").stdout.startswith("intact: 2 files")


@pytest.mark.slow
def test_the_pages_show_lines_of_the_evidence(little: Little) -> None:
    """The block that is in the evidence is embedded, and marked as imported; the other one stays."""
    imported(little)
    built = little.build("-q")
    assert built.returncode == 0, built.stdout + built.stderr
    page = (little.site / "labs/lab9/task-1.html").read_text()
    assert 'data-evidence="lab9/kernel.txt" data-lines="1:2"' in page
    assert "imported, not captured here" in page
    assert "as the report states it, in line 6" in page
    assert "{{ 7 * 7 }} is no sum" in page
    assert "invented" in page


def test_what_is_to_decide_is_listed(little: Little) -> None:
    """Blocks, secrets, addresses, links: each with its place. Nothing is masked. Exit status 1."""
    theirs = little.root.parent / "theirs"
    secret = "password = 'Tr0ub4dor-and-3'"  # noqa: S105 # to be found
    (theirs / "labs/lab9/env.txt").write_text(f"x\n{secret}\nby 192.0.2.77 of a@example.com\n")
    with (theirs / "report.md").open("a") as report:
        report.write("\n[more](other.md)\n")
    shell = Shell(little.root)
    words = ("import", str(theirs / "report.md"), "--evidence", str(theirs / "labs/lab9"), "--lab", "lab9")
    ended = shell.lab(*words, "--json")
    assert ended.returncode == 1
    told = {(one["kind"], one["path"], one["line"]) for one in json.loads(ended.stdout)["decisions"]}
    assert told >= {
        ("block not found", "report.md", 18), ("link", "report.md", 24), ("secret", "env.txt", 2),
        ("name or address", "env.txt", 3),
    }  # fmt: skip
    assert secret in (little.root / "evidence/lab9/env.txt").read_text()


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--lab", "Lab 9"), "'Lab 9' cannot name a lab"),
        (("--lab", "hosts"), "'hosts' cannot name a lab"),
        (("--lab", "class"), "'class' cannot name a lab"),
        (("--lab", "there"), "docs/labs/there: it exists already: choose another name"),
    ],
)
def test_a_name_that_cannot_be(little: Little, words: tuple[str, ...], what: str) -> None:
    """It is wrong use, and nothing is written."""
    little.page("labs/there/index.md", "# There\n")
    theirs = little.root.parent / "theirs"
    ended = Shell(little.root).lab(
        "import", str(theirs / "report.md"), "--evidence", str(theirs / "labs/lab9"), *words
    )
    assert ended.returncode == 2
    assert what in ended.stderr
    assert not (little.root / "evidence/lab9").exists()


@pytest.mark.slow
def test_imported_values_are_never_compared(little: Little) -> None:
    """Not with captured ones, and not with each other: a ratio and a claim are not comparable."""
    imported(little)
    little.page(
        "labs/lab9/facts.yml",
        'first: {file: time.txt, lines: "1", read: quantity took}\n'
        'second: {file: time.txt, lines: "2", read: quantity then}\n',
    )
    little.page("labs/lab9/task-2.md", "# Task 2\n\n{% call claim('first > second') %}it is{% endcall %}\n")
    built = little.build("-q")
    assert built.returncode == 1
    assert "not comparable" in built.stdout + built.stderr
    assert "(unknown)" in built.stdout + built.stderr


def test_a_diff_of_imported_evidence_is_refused(little: Little) -> None:
    """Both sides are of the class unknown, which is no class in common."""
    imported(little)
    shell = Shell(little.root)
    git = little.root.parent / "before"
    (little.root / "evidence").rename(git)
    theirs = little.root.parent / "theirs"
    (theirs / "labs/lab9/time.txt").write_text("took: 9.9 s\nthen: 1.1 s\n")
    (little.root / "docs/labs/lab9").rename(little.root.parent / "pages")
    imported(little)
    ended = shell.lab("diff", str(git))
    assert "not comparable" in ended.stdout, ended.stdout + ended.stderr


def test_a_lost_file_is_to_be_imported_again(little: Little) -> None:
    """No remedy makes it a measurement of this host."""
    shell = imported(little)
    (little.root / "evidence/lab9/kernel.txt").write_text("altered")
    ended = shell.lab("verify")
    assert "import it again: `lab import REPORT --evidence FOLDER --lab lab9`" in ended.stdout + ended.stderr
    assert "lab record" not in ended.stdout + ended.stderr


@pytest.mark.slow
def test_a_page_with_active_content_fails_the_build(little: Little) -> None:
    """If a page of an imported lab gets a script, the build says so."""
    imported(little)
    little.page(
        "labs/lab9/task-2.md", '# Task 2\n\n<p onclick="x">a</p> [b](javascript:c)\n\n<script>d</script>\n'
    )
    built = little.build("-q")
    assert built.returncode == 1
    for what in ("<script>", "the attribute onclick of <p>", "the attribute href of <a>"):
        assert f"an imported page has {what}, which acts in a browser" in built.stdout + built.stderr


@pytest.mark.slow
def test_an_export_that_is_imported_is_exported_again(little: Little, tmp_path: Path) -> None:
    """The same text, from the evidence of the first set."""
    little.capture(CapturedFile("a/b.txt", b"one\ntwo\n 1%\r 2%\n"))
    little.capture(CapturedFile("crlf.txt", b"HTTP/1.1 200\r\nx\r\n"))
    little.page("labs/lab12/index.md", "# Lab 12: Two\n")
    little.page(
        "labs/lab12/task-1.md",
        '# Task 1: x\n\ntext with `{{ "{{" }}`\n\n{{ evidence("a/b.txt") }}\n\n- item [w](<https://example.org>)\n\n'
        '    {{ evidence("a/b.txt", lines="2") }}\n\n## Sub\n\n{{ evidence("crlf.txt") }}\n\n#### Deep\n',
    )
    little.page("labs/lab12/task-2.md", "# Task 2: y\n\n{{ index() }}\n")
    full = tmp_path / "full.md"
    shell = Shell(little.root)
    assert shell.lab("export", "lab12", "--full", "--to", str(full)).returncode == 0
    other = make(tmp_path / "other")
    (other.root / "collectors").unlink()  # it is a link to the labs of this repository
    there = Shell(other.root)
    ended = there.lab(
        "import", str(full), "--evidence", str(little.root / "evidence/lab12"), "--lab", "lab12"
    )
    assert "3 of 3 blocks" in ended.stdout
    again = tmp_path / "again.md"
    assert there.lab("export", "lab12", "--full", "--to", str(again)).returncode == 0
    assert again.read_bytes() == full.read_bytes()
