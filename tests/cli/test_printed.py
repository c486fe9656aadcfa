"""Text of files that acts on a terminal: every command escapes it, because all print in one place."""

import ast
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Shell, shown_by
from tests.project import CapturedFile, Little, make, row

EVIL = "evil\x1b[31m\x9b5n\u202e\u2028\x07"
SHOWN = r"evil\x1b[31m\x9b5n\u202e\u2028\x07"
ACTING = set("\x1b\x9b\u202e\u2028\x07")


def test_everything_is_printed_in_one_place() -> None:
    """No command calls print, click.echo, a console or a stream itself; `labreport.cli.output` does."""
    found = []
    for path in sorted((ROOT / "labreport" / "cli").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            call = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if call in {"print", "click.echo", "click.secho", "echo", "sys.stdout.write", "sys.stderr.write"}:
                found.append((path.name, call))
    assert {place for place in found if place[0] != "output.py"} == set()


@pytest.fixture
def evil(tmp_path: Path) -> Little:
    """Make a project in which everything that is text of somebody else acts on a terminal."""
    little = make(tmp_path / "project")
    data = f"{EVIL}\n::error ::x\n##[error]y\ntook 3 s\n".encode()
    little.capture(CapturedFile("a.txt", data, (("sh", "-c", EVIL),)), title=EVIL, tools={"x": EVIL})
    little.state(
        row("a.txt", "a.txt", state="captured"), row("b", "b.txt", reason=EVIL, remedy=EVIL, command=EVIL)
    )
    little.page(
        "labs/lab12/facts.yml", 'took: {file: a.txt, read: "seconds took"}\nbad: {file: a.txt, read: count}\n'
    )
    calls = f"{{{{ evidence('b.txt') }}}} {{{{ evidence('{EVIL}') }}}}"
    text = f"# {EVIL}\n\n[x](gone{EVIL}.md) {calls}\n\nIt took 5 s {EVIL}.\n"
    little.page("labs/lab12/task-1.md", text)
    (little.root / "evidence/lab12" / f"stray{EVIL}").write_text("x")
    (little.root / "evidence/lab12/records" / f"{EVIL}.json").write_text("{}")
    return little


@pytest.mark.slow_after(2)
@pytest.mark.parametrize(
    "words",
    [
        "verify",
        "check",
        "check --annotations",
        "check --json",
        "facts",
        "facts --json",
        "diff evidence",
        "verify --json",
        "export lab12 --to x.md",
    ],
)
def test_text_of_files(evil: Little, words: str) -> None:
    """Reasons, paths, titles, excerpts and fields of records are escaped, in JSON and in annotations too."""
    ended = Shell(evil.root).lab(*words.split())
    printed = ended.stdout + ended.stderr
    assert "Traceback" not in printed
    assert not ACTING & set(printed)
    assert "##[" not in printed
    starts = {line.split()[0] for line in printed.splitlines() if line.strip().startswith("::")}
    assert starts == ({"::warning"} if "--annotations" in words else set())
    if "--json" in words:
        json.loads(ended.stdout)


def test_words_of_the_command_line(tmp_path: Path) -> None:
    """What a caller passes on is escaped as well."""
    make(tmp_path / "project")
    for words in (["new", EVIL], ["check", EVIL], ["diff", EVIL], [EVIL], ["status", EVIL]):
        ended = Shell(tmp_path / "project").lab(*words)
        assert ended.returncode in {1, 2}
        assert not ACTING & set(ended.stdout + ended.stderr), words
        assert SHOWN.partition("[")[0] in ended.stderr


@pytest.mark.slow
@pytest.mark.parametrize("words", ["export lab12", "diff evidence", "verify", "check"])
def test_on_a_terminal(evil: Little, words: str) -> None:
    """Standard output that is a terminal gets nothing but printable characters, and our own colours."""
    ours, theirs = pty.openpty()
    env = {**os.environ, "TERM": "dumb", "NO_COLOR": "1"}
    argv = [sys.executable, str(ROOT / "labreport"), *words.split()]
    with subprocess.Popen(argv, cwd=evil.root, env=env, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown = shown_by(ours)
    assert process.returncode in {0, 1}
    assert not ACTING & set(shown.decode())
    assert ("evil" in shown.decode()) == ("diff" not in words)


@pytest.mark.slow
def test_export_to_a_pipe_has_the_bytes(evil: Little) -> None:
    """Only a terminal changes them: a report that is handed in is checked byte for byte."""
    evil.page("labs/lab12/task-1.md", "# T\n\n{{ evidence('a.txt') }}\n")
    shell = Shell(evil.root)
    argv = [sys.executable, str(ROOT / "labreport"), "export", "lab12", "--full"]
    printed = subprocess.run(argv, cwd=evil.root, capture_output=True, check=False).stdout
    assert f"{EVIL}\n".encode() in printed
    shell.lab("export", "lab12", "--full", "--to", "x.md")
    assert (evil.root / "x.md").read_bytes() == printed
