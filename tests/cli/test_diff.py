"""The command `lab diff`: commits, folders, formats and exit statuses."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from labreport.contract.records import HostClass
from tests.cli.conftest import Shell
from tests.project import HOST, CapturedFile, Little

NOBODY = 65534
PAGE = '# Task\n\n{% call claim("count < 5") %}There are few{% endcall %}\n'


def git(shell: Shell, *words: str) -> str:
    """Run git in the project."""
    argv = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-C", str(shell.root), *words]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def committed(shell: Shell) -> Shell:
    """Return a project with two commits, whose counts are 3 and 4."""
    little = Little(shell.root)
    little.page("labs/lab12/task-1.md", PAGE)
    (shell.root / "docs/labs/lab12/facts.yml").write_text("count: {file: count.txt, read: count}\n")
    git(shell, "init", "-q")
    for number in (3, 4):
        little.capture(CapturedFile("count.txt", b"%d\n" % number))
        git(shell, "add", "-A")
        git(shell, "commit", "-qm", f"{number}")
    return shell


def test_head_and_current_evidence(committed: Shell) -> None:
    """The default compares HEAD with the current evidence; a turned claim has exit status 1."""
    ended = committed.lab("diff")
    assert (ended.returncode, ended.stdout) == (0, "Nothing changed.\n"), ended.stderr
    Little(committed.root).capture(CapturedFile("count.txt", b"6\n"))
    ended = committed.lab("diff")
    assert ended.returncode == 1
    assert "Claims that turned" in ended.stdout
    assert "+6" in ended.stdout
    assert "+6" not in committed.lab("diff", "--no-raw").stdout


def test_a_page_that_is_not_utf8(committed: Shell) -> None:
    """The other pages are compared, and an export reports the page."""
    (committed.root / "docs/labs/lab12/task-2.md").write_bytes(b"# caf\xe9\n")
    ended = committed.lab("diff")
    assert "Traceback" not in ended.stderr
    assert (ended.returncode, ended.stdout) == (0, "Nothing changed.\n"), ended.stderr
    exported = committed.lab("export", "lab12", "--full")
    assert "labs/lab12/task-2.md:1: not UTF-8: save it as UTF-8" in exported.stderr
    assert "Traceback" not in exported.stderr


def test_two_commits_and_a_folder(committed: Shell, tmp_path: Path) -> None:
    """A side can be a commit, the folder of a project, or a folder of evidence."""
    told = json.loads(committed.lab("diff", "HEAD~1", "HEAD", "--json").stdout)
    (fact,) = told["sets"][0]["facts"]
    assert (fact["name"], fact["before"], fact["after"]) == ("count", "3", "4")
    elsewhere = Little(tmp_path / "elsewhere")
    elsewhere.capture(CapturedFile("count.txt", b"3\n"))
    for folder in (elsewhere.root, elsewhere.root / "evidence"):
        assert json.loads(committed.lab("diff", str(folder), "HEAD", "--json").stdout)["sets"][0][
            "facts"
        ] == [fact]
    assert committed.lab("diff", "HEAD~1", "HEAD", "--markdown").stdout.startswith("**no claims turned;")


def test_host_classes(committed: Shell) -> None:
    """Two host classes have exit status 2, and the reason is printed."""
    for path in (committed.root / "evidence/lab12/records").glob("*.json"):
        path.unlink()
    bare = HOST.model_copy(update={"host_class": HostClass.BARE_METAL})
    Little(committed.root).capture(CapturedFile("count.txt", b"9\n"), host=bare)
    ended = committed.lab("diff")
    assert ended.returncode == 2
    assert "virtual before, bare metal now: not comparable" in ended.stdout


def test_wrong_use(committed: Shell) -> None:
    """An unknown name and an option are errors; a commit without evidence is not."""
    ended = committed.lab("diff", "nowhere")
    assert (ended.returncode, "neither a folder nor a commit" in ended.stderr) == (2, True)
    assert committed.lab("diff", "--", "--output=x").returncode == 2
    git(committed, "rm", "-rq", "--cached", "evidence")
    git(committed, "commit", "-qm", "none")
    ended = committed.lab("diff", "HEAD")
    assert ended.returncode == 0 or "Claims that turned" in ended.stdout
    assert "count.txt: new" in ended.stdout


def test_without_git_the_reason_is_git_s_own(committed: Shell, tmp_path: Path) -> None:
    """A project that was downloaded as a zip has no commits, and can be compared with a folder."""
    (committed.root / ".git").rename(tmp_path / "away")
    ended = committed.lab("diff")
    assert ended.returncode == 2
    assert "(fatal: not a git repository" in ended.stderr
    assert "name a commit, or the folder of another copy" in " ".join(ended.stderr.split())
    assert committed.lab("diff", str(committed.root)).returncode == 0


def test_a_repository_of_somebody_else_is_read(committed: Shell) -> None:
    """Through sudo, git refuses a repository that is not root's; the comparison does not."""
    for path in (committed.root, *committed.root.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    assert committed.lab("diff").returncode == 0
