"""What an audit reads: odd files, folders of reports, commits of a repository; and how its command ends."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from labreport.audit.choose import Wanted, chosen
from labreport.audit.evidence import read_evidence
from labreport.audit.inputs import git
from labreport.audit.inputs.text import decode, fold, lines_of
from labreport.audit.inputs.tree import FolderTree
from labreport.audit.model import BlockVerdict
from tests.audit.conftest import FILES, REPORT, Audit
from tests.cli.conftest import Shell

QUOTE = "From `odd.txt`:\n\n```\nfirst line\nsecond line\n```\n"


@pytest.mark.parametrize(
    ("data", "verdict"),
    [
        ("first line\nsecond line\n".encode("utf-16"), BlockVerdict.WHOLE),
        (b"\xef\xbb\xbffirst line\nsecond line\n", BlockVerdict.WHOLE),
        (b"first line\nsecond line", BlockVerdict.WHOLE),
        (b"first line\r\nsecond line\r\n", BlockVerdict.LINE_ENDS),
        (b"first line\rsecond line\r", BlockVerdict.LINE_ENDS),
        ("\x1b[1mfirst\x1b[0m line\n\u200esecond\u00a0line\n".encode(), BlockVerdict.SPACING),
        (b"first line\nsecond line\n" + b"x" * 3_000_000 + b"\n", BlockVerdict.PART),
        (b"\x1b[31m" * 78_000 + b"first line\nsecond line\n", BlockVerdict.SPACING),
    ],
)
def test_odd_files(audit: Audit, data: bytes, verdict: BlockVerdict) -> None:
    """Encodings, line ends, escape sequences and long lines are no difference of content."""
    (block,) = audit(QUOTE, {"odd.txt": data}, only=True).blocks
    assert block.verdict is verdict


def test_a_report_with_other_line_ends(audit: Audit) -> None:
    """A report with CRLF, with a byte order mark and in UTF-16 has the same verdicts."""
    expected = [(one.rule, one.line) for one in audit().judgements]
    for data in (
        REPORT.replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + REPORT.encode(),
        REPORT.encode("utf-16"),
        REPORT.replace("\n", "\r").encode(),
    ):
        assert [(one.rule, one.line) for one in audit(data).judgements] == expected


def test_wrapping_and_renumbering(audit: Audit) -> None:
    """Text that is wrapped anew, and sections with other numbers, change neither a verdict nor an id."""
    text = REPORT.replace("startup took 1.62 s and the boxed", "startup\ntook 1.62 s\nand the boxed")
    text = text.replace("Task 1", "Task 4").replace("Task 2", "Task 5").replace("# Lab\n", "# Lab\n\nMore.\n")
    assert text.count("\n") == REPORT.count("\n") + 4
    assert [one.id for one in audit(text).judgements] == [one.id for one in audit().judgements]


def test_where_differs_is_shown(audit: Audit) -> None:
    """However long a line is, both sides of a difference are shown where they differ."""
    line = f"{'word ' * 400}one {'word ' * 400}"
    (block,) = audit(
        f"From `a.txt`:\n\n```\n{line}\n```\n", {"a.txt": line.replace("one", "two")}, only=True
    ).blocks
    (difference,) = block.differences
    sides = [
        [part.text for part in side if not part.same] for side in (difference.report, difference.evidence)
    ]
    assert sides == [["one"], ["two"]]
    assert sum(len(part.text) for part in difference.report) < 200


def test_names_and_links(tmp_path: Path) -> None:
    """A name with blanks or U+200E is read; a link is not followed; a file cannot be reached by `..`."""
    (tmp_path / "in").mkdir()
    (tmp_path / "secret").write_text("secret\n")
    for name in (" a.txt", "b\u200e.txt", os.fsdecode(b"c\xff.txt")):
        (tmp_path / "in" / name).write_text("x y z\n")
    (tmp_path / "in/link.txt").symlink_to(tmp_path / "secret")
    tree = FolderTree(tmp_path / "in")
    evidence = read_evidence(tree, tree.files())
    assert {path: file.unread for path, file in evidence.files.items()} == {
        " a.txt": "", "b\u200e.txt": "", "c\ufffd.txt": "", "link.txt": "a symbolic link",
    }  # fmt: skip


def test_decoding_and_folding() -> None:
    """Lines are counted at LF; what has no width is left out."""
    assert decode(b"\0\1") is None
    assert [one.number for one in lines_of("a\rb\nc")] == [1, 1, 2]
    assert fold("\x1b]0;title\x07 a \u200b:  b") == "a:b"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository with two pull requests; its configuration would start a program."""
    folder = tmp_path / "repo"
    environment = {"GIT_CONFIG_GLOBAL": os.devnull, "PATH": os.environ["PATH"], "HOME": str(tmp_path)}

    def run(*words: str) -> None:
        subprocess.run(
            ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@example.org", *words],
            check=True, capture_output=True, env=environment,
        )  # fmt: skip

    folder.mkdir()
    run("init", "-q")
    for number, latency in enumerate(("0.0026s", "0.0099s"), 1):
        for path, content in FILES.items():
            (folder / "labs/lab7" / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / "labs/lab7" / path).write_text(content)
        (folder / "labs/lab7.md").write_text("# The sheet\n")
        (folder / "labs/submission7.md").write_text(REPORT.replace("avg=0.0026s", f"avg={latency}"))
        run("add", ".")
        run("commit", "-qm", str(number))
        run("update-ref", f"refs/pull/{number}/head", "HEAD")
    run("config", "core.fsmonitor", f"touch {tmp_path}/started")
    run("config", "core.sshCommand", f"touch {tmp_path}/started")
    return folder


def test_the_commits_of_a_repository(repository: Path, tmp_path: Path) -> None:
    """Each ref is a report; the exit status is 1 for findings; nothing that the repository names runs."""
    words = ("--git", str(repository), "--refs", "refs/pull/*/head", "--path", "labs/lab7")
    shell = Shell(tmp_path)
    told = json.loads(shell.lab("audit", *words, "--json").stdout)
    found = {one["name"]: one["summary"]["levels"].get("finding", 0) for one in told["reports"]}
    assert found == {"refs/pull/1/head": 0, "refs/pull/2/head": 1}
    assert [one["file"] for one in told["reports"]] == ["labs/submission7.md"] * 2
    assert len(told["shared"]) == len(FILES)
    ended = shell.lab("audit", *words, "--all")
    assert ended.returncode == 1
    assert "no evidence: line 92 of the report" in ended.stdout
    assert "2 reports, 0 could not be read" in ended.stdout
    assert not (tmp_path / "started").exists()


def test_a_tree_that_is_none(repository: Path, tmp_path: Path) -> None:
    """A commit whose tree is damaged is a report that could not be read; the others are audited."""

    def stored(kind: str, data: str) -> str:
        words = ["git", "-C", str(repository), "hash-object", "-t", kind, "--literally", "-w", "--stdin"]
        return subprocess.run(words, input=data, check=True, capture_output=True, text=True).stdout.strip()

    commit = stored("commit", f"tree {stored('tree', '100644 a')}\n\nx\n")
    ref = repository / ".git/refs/pull/3/head"
    ref.parent.mkdir()
    ref.write_text(f"{commit}\n")
    words = ("--git", str(repository), "--refs", "refs/pull/*/head", "--path", "labs/lab7")
    ended = Shell(tmp_path).lab("audit", *words, "--json")
    told = json.loads(ended.stdout)
    assert ended.returncode == 2
    assert [one["name"] for one in told["reports"]] == ["refs/pull/1/head", "refs/pull/2/head"]
    assert [(one["name"], "is no tree" in one["why"]) for one in told["unread"]] == [
        ("refs/pull/3/head", True)
    ]


def test_a_folder_of_reports(repository: Path, tmp_path: Path) -> None:
    """Each folder in it is a report; one without a report is counted; hidden folders are no evidence."""
    (tmp_path / "class/nobody").mkdir(parents=True)
    repository.rename(tmp_path / "class/somebody")
    told = json.loads(Shell(tmp_path).lab("audit", "class", "--path", "labs/lab7", "--json").stdout)
    assert [one["name"] for one in told["reports"]] == ["somebody"]
    assert told["skipped"] == {"no Markdown report": 1}


def test_exit_statuses(tmp_path: Path) -> None:
    """0: no finding; 1: findings; 2: wrong use, or a report that could not be read."""
    (tmp_path / "ev").mkdir()
    (tmp_path / "ev/a.txt").write_text("Host: 449\n")
    (tmp_path / "good.md").write_text("```1:1:a.txt\nHost: 449\n```\n")
    (tmp_path / "bad.md").write_text("```1:1:a.txt\nHost: 448\n```\n")
    (tmp_path / "none.md").write_bytes(b"\0\1")
    shell = Shell(tmp_path)
    for words, status in (
        (("good.md", "--evidence", "ev"), 0),
        (("bad.md", "--evidence", "ev"), 1),
        (("none.md", "--evidence", "ev"), 2),
        (("good.md",), 2),
        ((), 2),
        (("good.md", "--git", "."), 2),
        (("--git", ".", "--refs", "refs/heads/*"), 2),
    ):
        ended = shell.lab("audit", *words)
        assert (words, ended.returncode) == (words, status), ended.stderr
        assert "Traceback" not in ended.stderr


def test_a_repository_that_is_none(tmp_path: Path) -> None:
    """The error says so."""
    with pytest.raises(git.GitError, match="not a git repository"):
        git.refs(tmp_path, "refs/*")


@pytest.mark.parametrize(
    ("path", "folder", "is_report"),
    [
        ("labs/submission7.md", "labs/lab7", True),
        ("labs/lab7/report.md", "labs/lab7", True),
        ("submissions/lab7.md", "labs/lab7", True),
        ("report.md", "evidence", True),
        ("labs/lab7.md", "labs/lab7", False),
        ("labs/submission6.md", "labs/lab7", False),
        ("labs/lab6/report.md", "labs/lab7", False),
        ("README.md", "evidence", False),
    ],
)
def test_which_page_is_the_report(tmp_path: Path, path: str, folder: str, *, is_report: bool) -> None:
    """It has the number of the lab, or is in its folder; the sheet and the pages of other labs are none."""
    for name in (path, f"{folder}/a.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x\n")
    assert (chosen(FolderTree(tmp_path), Wanted(folder)) is not None) == is_report
