"""`lab new` creates three folders that work as they are, for any title, and changes no other file."""

import html
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import Shell
from tests.project import installed_environment

TITLES = (
    "A: b",
    "[draft] z",
    "{{ 7*7 }}",
    "{% endraw %}{% for x in y %}",
    "{# a comment #}",
    "1.5",
    "yes",
    "null",
    "@x",
    "x # y #",
    "- a *list* _item_ `code` ~~gone~~",
    "a \\ b \\n \\{",
    "\"quoted\" and 'quoted'",
    "<b>bold</b> & &copy; &#64; [link](x.md) ![picture](x.png)",
    "A heading {#id .class}",
    "Prüfung 第三章 🧪",
    "!ENV [PATH, x]",
    "$lab $title_yaml $$ ${year}",
    "==x== ^1 [^1] *[HTML]: x",
)


def test_a_new_lab_collects_builds_and_exports(clone: Path) -> None:
    """In a clone, a new lab collects, builds, exports and checks. No other file changes."""
    shell = Shell(clone)
    assert shell.lab("new", "lab99", "--title", "Lab 99 — A test").returncode == 0
    assert shell.lab("collect", "lab99").returncode == 0
    site = clone.parent / "site"
    build = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(site)]
    said = subprocess.run(build, cwd=clone, capture_output=True, text=True, check=False).stderr
    assert "lab99" not in said
    page = (site / "labs/lab99/task-1.html").read_text()
    assert page.count('<div class="ev" id="') == 2
    assert 'data-evidence="lab99/kernel/release.txt"' in page
    assert os.uname().release in page.partition("The host runs kernel")[2].partition("<pre")[0]
    assert '<a href="task-1.html">Task 1: The kernel</a>' in (site / "labs/lab99/index.html").read_text()
    report = clone.parent / "submission99.md"
    exported = shell.lab("export", "lab99", "--full", "--to", str(report))
    assert exported.returncode == 0, exported.stderr
    checked = shell.lab(
        "check", str(report), "--evidence", str(clone / "evidence/lab99"), "--prefix", "labs/lab99/"
    )
    assert checked.returncode == 0, checked.stdout
    assert "2 of 2 blocks" in checked.stdout
    changed = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=all"],
        cwd=clone,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    places = ("collectors/lab99/", "docs/labs/lab99/", "evidence/lab99/")
    assert changed
    assert all(line.startswith("?? ") and line[3:].startswith(places) for line in changed), changed


@pytest.mark.slow
def test_any_title_is_that_title(tmp_path: Path) -> None:
    """YAML and a reader of the heading get the title: neither Markdown nor Jinja acts on it."""
    shell = Shell(tmp_path / "project")
    assert Shell(tmp_path).lab("init", "project", "--title", "{{ 7*7 }}: [x]").returncode == 0
    for number, title in enumerate(TITLES):
        made = shell.lab("new", f"lab{number}", "--title", title)
        assert made.returncode == 0, made.stderr
        config = (shell.root / f"collectors/lab{number}/lab.yml").read_text()
        assert yaml.safe_load(config)["title"] == title
        for name in ("facts.yml", "rubric.yml"):
            assert yaml.safe_load((shell.root / f"docs/labs/lab{number}/{name}").read_text())
    env = installed_environment(tmp_path / "installed")
    build = [sys.executable, "-m", "mkdocs", "build", "--quiet"]
    built = subprocess.run(build, cwd=shell.root, env=env, capture_output=True, text=True, check=False)
    problems = [line for line in built.stderr.splitlines() if line.startswith("WARNING")]
    assert all("task-1.md" in line for line in problems), "only evidence is missing, which nobody captured"
    for number, title in enumerate(TITLES):
        page = (shell.root / f"site/labs/lab{number}/index.html").read_text()
        shown = re.search(r"<h1[^>]*>(.*?)<a class=.headerlink", page)
        assert shown
        assert html.unescape(shown[1]) == title
        assert not re.search(r"<(?!/?code|/?em)\w", shown[1])
    front = (shell.root / "site/index.html").read_text()
    assert "<title>{{ 7*7 }}: [x]</title>" in front


@pytest.mark.parametrize(
    "title", ["two\nlines", "a\rb", "a\tb", "\x1b[31mred", "a\u2028b", "a\x85b", "", "  "]
)
def test_a_title_is_one_line_of_text(shell: Shell, title: str) -> None:
    """A title with a line break or a control character is refused, and nothing is created."""
    made = shell.lab("new", "lab1", "--title", title)
    assert made.returncode == 2
    assert "the title" in made.stderr
    assert not (shell.root / "docs").exists()
    assert not (shell.root / "collectors/lab1").exists()


@pytest.mark.parametrize(
    "name", ["hosts", "class", "Lab", "1st", "a-b", "a.b", "a/b", "..", "", "l" * 42, "é"]
)
def test_a_name_that_no_lab_can_have_is_refused(shell: Shell, name: str) -> None:
    """Keywords of Python, `hosts`, and names that no module can have are refused."""
    made = shell.lab("new", "--", name)
    assert made.returncode == 2
    assert "cannot name a lab" in made.stderr
    assert "lab13" in made.stderr
    assert not (shell.root / "evidence").exists()


@pytest.mark.parametrize("folder", ["collectors/mine", "docs/labs/mine", "evidence/mine"])
def test_what_exists_is_not_touched(shell: Shell, folder: str) -> None:
    """If one of the three folders exists, the error names it, and nothing is created."""
    (shell.root / folder).mkdir(parents=True)
    made = shell.lab("new", "mine")
    assert made.returncode == 2
    assert f"{folder}: it exists already: choose another name" in made.stderr
    assert not [path for path in shell.root.rglob("*") if path.is_file() and path.name != "mkdocs.yml"]


def test_what_fails_leaves_nothing(shell: Shell) -> None:
    """docs/labs is a file: the error names the place, and the next call works when that is mended."""
    (shell.root / "docs").mkdir()
    (shell.root / "docs/labs").write_text("a file")
    failed = shell.lab("new", "mine")
    assert failed.returncode == 2
    assert "docs/labs/mine: Not a directory" in failed.stderr
    assert not (shell.root / "collectors/mine").exists()
    (shell.root / "docs/labs").unlink()
    assert shell.lab("new", "mine").returncode == 0


def test_it_works_in_any_folder_with_a_mkdocs_yml(tmp_path: Path) -> None:
    """A subfolder works, too. Without a mkdocs.yml, the error names `lab init`."""
    (tmp_path / "mkdocs.yml").write_text("site_name: x\n")
    (tmp_path / "docs").mkdir()
    assert Shell(tmp_path / "docs").lab("new", "mine").returncode == 0
    assert (tmp_path / "collectors/mine/lab.yml").is_file()
    (tmp_path / "mkdocs.yml").unlink()
    nowhere = Shell(tmp_path).lab("new", "other")
    assert nowhere.returncode == 2
    assert "lab init" in nowhere.stderr
