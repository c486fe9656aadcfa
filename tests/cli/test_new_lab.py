"""A second lab: three folders, and no line of anything else."""

import subprocess
import sys
from pathlib import Path

from tests.cli.conftest import Shell


def test_a_new_lab_collects_builds_and_exports(clone: Path) -> None:
    """`lab new` in a clone: it collects, its pages build, export and check whole; nothing else changed."""
    shell = Shell(clone)
    assert shell.lab("new", "lab99", "--title", "Lab 99 — A test").returncode == 0
    assert shell.lab("collect", "lab99").returncode == 0
    site = clone.parent / "site"
    build = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(site)]
    said = subprocess.run(build, cwd=clone, capture_output=True, text=True, check=False).stderr
    assert "lab99" not in said
    page = (site / "labs/lab99/task-1.html").read_text()
    assert page.count('data-evidence="lab99/kernel/release.txt"') == 2
    report = clone.parent / "submission99.md"
    exported = shell.lab("export", "lab99", "--to", str(report))
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
