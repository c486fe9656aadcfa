"""`lab init` creates a repository of content, whose requirements name the tool by its address."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from labreport.cli import init
from labreport.cli.main import COMMANDS
from tests.cli.conftest import Shell
from tests.project import REPO

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PROJECT = REPO / "labreport/templates/project"
WORKFLOWS = sorted((PROJECT / "dot_github/workflows").glob("*.yml"))
MANUAL = REPO / "docs/manual/how-to/verify-a-site.md"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """Return a repository that `lab init` created."""
    ended = Shell(tmp_path).lab("init", "course", "--title", "A course: [2026]")
    assert ended.returncode == 0, ended.stderr
    return tmp_path / "course"


def test_it_holds_content_only(made: Path) -> None:
    """It creates pages, settings, workflows and the requirement, and no file of the tool."""
    created = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}
    assert created == {
        ".gitattributes",
        ".github/workflows/evidence.yml",
        ".github/workflows/site.yml",
        ".gitignore",
        "README.md",
        "docs/check.md",
        "docs/evidence.md",
        "docs/hosts.md",
        "docs/index.md",
        "mkdocs.yml",
        "requirements.txt",
    }
    texts = [(made / path).read_text() for path in created]
    assert not [text for text in texts if re.search(r"kata|\$title|\$requirement", text, re.IGNORECASE)]
    assert "evidence/** -text" in (made / ".gitattributes").read_text()
    assert "'A course: [2026]'" in (made / "mkdocs.yml").read_text()
    assert (made / "docs/index.md").read_text().startswith("# A course: \\[2026]\n")


@pytest.mark.parametrize("there", ["notes.txt", ".gitignore", "docs"])
def test_a_folder_that_is_not_empty_is_refused(tmp_path: Path, there: str) -> None:
    """The error names the files in the folder, which stay unchanged."""
    (tmp_path / "course" / there).mkdir(parents=True)
    ended = Shell(tmp_path).lab("init", "course")
    assert ended.returncode == 2
    assert f"course: the folder is not empty: {there}: " in ended.stderr
    assert [path.name for path in (tmp_path / "course").iterdir()] == [there]


def test_an_empty_repository_is_a_fine_place(tmp_path: Path) -> None:
    """The folder may be empty, the current one, or an empty git repository."""
    subprocess.run(["git", "init", "-q", tmp_path / "a"], check=True)
    (tmp_path / "b" / "c").mkdir(parents=True)
    assert Shell(tmp_path).lab("init", "a").returncode == 0
    assert Shell(tmp_path / "b" / "c").lab("init", ".").returncode == 0
    assert "[SITE_NAME, c]" in (tmp_path / "b" / "c" / "mkdocs.yml").read_text()


def test_what_cannot_be_created_is_said(tmp_path: Path) -> None:
    """A file of that name, or a title with a line break, is an error, and nothing is created."""
    (tmp_path / "file").write_text("x\n")
    ended = Shell(tmp_path).lab("init", "file")
    assert (ended.returncode, "file: it is a file" in ended.stderr) == (2, True)
    ended = Shell(tmp_path).lab("init", "course", "--title", "a\nb")
    assert (ended.returncode, "is not one line" in ended.stderr) == (2, True)
    assert not (tmp_path / "course").exists()


def test_a_title_with_markup_is_text(tmp_path: Path) -> None:
    """Themes take the site's name for HTML, so a `<` in it is escaped."""
    title = "Runs of <runC> & <b onclick=x>B</b>"
    assert Shell(tmp_path).lab("init", "course", "--title", title).returncode == 0
    settings = (tmp_path / "course/mkdocs.yml").read_text()
    assert "Runs of &lt;runC> & &lt;b onclick=x>B&lt;/b>" in settings


def test_the_current_folder_is_gone(tmp_path: Path) -> None:
    """The error is about that folder, not about a temporary one."""
    (tmp_path / "gone").mkdir()
    command = 'cd gone && rmdir "$PWD" && exec "$@"'
    argv = ["sh", "-c", command, "sh", sys.executable, "-P", str(REPO / "labreport"), "init", "x"]
    ended = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 4
    assert ended.stderr == "lab: the current folder was removed: change to one that is there: cd FOLDER\n"


ADDRESSES = (
    ("https://example.org/o/labreport.git", f"git+https://example.org/o/labreport.git@{COMMIT}"),
    ("https://me:secret@example.org/o/r.git", f"git+https://example.org/o/r.git@{COMMIT}"),
    ("https://example.org:8443/r?token=secret#x", f"git+https://example.org:8443/r@{COMMIT}"),
    ("git@example.org:o/r.git", f"git+ssh://git@example.org/o/r.git@{COMMIT}"),
    ("ssh://git:secret@example.org:2222/o/r.git", f"git+ssh://git@example.org:2222/o/r.git@{COMMIT}"),
    ("/srv/git/labreport.git", ""),
    ("file:///srv/git/labreport.git", ""),
    ("../labreport", ""),
    ("C:\\labreport", ""),
    ("https://", ""),
    ("", ""),
)


@pytest.mark.parametrize(("address", "pinned"), ADDRESSES)
def test_a_checkout_pins_its_own_address_and_commit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, address: str, pinned: str
) -> None:
    """The address is that of the remote `origin`, without a password. A local path is not an address."""
    (tmp_path / ".git").mkdir()
    monkeypatch.setattr(init, "CHECKOUT", tmp_path)
    answers = {"config": address, "rev-parse": COMMIT}
    monkeypatch.setattr("labreport.capture.recorder.output", lambda argv: answers[argv[argv.index("-C") + 2]])
    assert init.tool_requirement() == (f"labreport[publish,collect] @ {pinned}" if pinned else "")


INSTALLED: tuple[tuple[dict[str, Any] | None, str], ...] = (
    (
        {"url": "https://example.org/r.git", "vcs_info": {"vcs": "git", "commit_id": COMMIT}},
        f"git+https://example.org/r.git@{COMMIT}",
    ),
    (
        {"url": "https://example.org/a.whl", "archive_info": {"hashes": {"sha256": "ab"}}},
        "https://example.org/a.whl#sha256=ab",
    ),
    ({"url": "https://example.org/a.whl", "archive_info": {}}, ""),
    ({"url": "file:///tmp/a.whl", "archive_info": {"hashes": {"sha256": "ab"}}}, ""),
    ({"url": "file:///home/me/labreport", "dir_info": {"editable": True}}, ""),
    (None, ""),
)


@pytest.mark.parametrize(("origin", "pinned"), INSTALLED)
def test_an_installed_tool_pins_what_pip_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, origin: dict[str, Any] | None, pinned: str
) -> None:
    """direct_url.json (PEP 610) gives a commit, or an archive with its hash. A bare name is never written."""
    info = tmp_path / "labreport-0.2.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: labreport\nVersion: 0.2.0\n")
    if origin:
        (info / "direct_url.json").write_text(json.dumps(origin))
    monkeypatch.setattr(init, "CHECKOUT", tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    assert init.tool_requirement() == (f"labreport[publish,collect] @ {pinned}" if pinned else "")


def test_an_unknown_address_is_a_line_to_fill_in(tmp_path: Path) -> None:
    """The line is a comment, so pip installs nothing. A message on standard error says so once."""
    clone = tmp_path / "clone"
    (clone / ".git").mkdir(parents=True)
    (clone / "labreport").symlink_to(REPO / "labreport")
    argv = [sys.executable, str(clone / "labreport"), "init", "course"]
    ended = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.count("course/requirements.txt: the address of the tool is unknown") == 1
    lines = (tmp_path / "course/requirements.txt").read_text().splitlines()
    assert lines[-1].startswith("# labreport[publish,collect] @ git+https://HOST/")
    assert all(line.startswith("#") for line in lines)


def test_check_this_report_yourself_is_the_manual_s_page() -> None:
    """The commands are those of the manual's page, which tests/site/test_reader.py runs."""
    blocks = [
        re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
        for page in (PROJECT / "docs/check.md", MANUAL)
    ]
    assert blocks[0]
    assert blocks[0] == [
        text.replace("lab12/isolation/dmesg.txt", "LAB/kernel/release.txt") for text in blocks[1]
    ]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_its_workflows_are_commands(path: Path) -> None:
    """The workflows have no shell logic, least permissions, and the pinned actions of this repository."""
    text = path.read_text()
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())
    lines = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    for line in lines:
        assert "${{" not in line
        assert re.fullmatch(r"((sudo )?\.venv/bin/\w+|python3 -m venv|tar|git|gh) [^\n;|&]*", line), line
        if lab := re.search(r"bin/lab (\w+)", line):
            assert lab[1] in COMMANDS
    ours = "".join(one.read_text() for one in (REPO / ".github/workflows").glob("*.yml"))
    for used in re.findall(r"uses: (.*)", text):
        assert used in ours


def test_zizmor_finds_nothing_in_its_workflows(made: Path) -> None:
    """The linter zizmor, one of the locked requirements, finds nothing."""
    zizmor = Path(sys.executable).with_name("zizmor")
    argv = [str(zizmor), "--offline", "--quiet", str(made / ".github/workflows")]
    found = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout
