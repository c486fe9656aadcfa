"""The raw files of a site are complete, have hashes, and none has a name that a browser would run."""

import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from tests.project import CapturedFile, Little, as_json, clean_environment, make


def files(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file below a folder, by path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.mark.slow
def test_sums_hold_and_name_every_file(hostile: Little) -> None:
    """`sha256sum -c` passes in site/evidence, and the list covers every file there."""
    folder = hostile.site / "evidence"
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
    named = {line[66:] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    assert named == files(folder).keys() - {"SHA256SUMS"}


@pytest.mark.slow
def test_evidence_is_there_byte_for_byte(hostile: Little) -> None:
    """Each file is published under its name or with .txt appended; hosts/here and failed/ are not."""
    found = files(hostile.site / "evidence")
    kept = files(hostile.root / "evidence")
    assert sorted(path for path in found if path.startswith("lab12/raw/")) == [
        "lab12/raw/code.js.txt",
        "lab12/raw/page.html.txt",
        "lab12/raw/page.html.txt.txt",
        "lab12/raw/paper.PDF.txt",
        "lab12/raw/picture.svg.txt",
        "lab12/raw/plain.txt",
    ]
    assert found["lab12/raw/page.html.txt"] == kept["lab12/raw/page.html"]
    assert found["lab12/raw/page.html.txt.txt"] == kept["lab12/raw/page.html.txt"]
    assert found["lab12/hostile.txt"] == kept["lab12/hostile.txt"]
    assert "hosts/there/lab12/there.txt" in found
    assert not [path for path in found if "here/" in path and "there/" not in path]
    assert not [path for path in found if "failed" in path]


def test_evidence_is_never_a_page(hostile: Little) -> None:
    """A Markdown file in evidence is copied and not rendered. The site has no page for it."""
    pages = {path.relative_to(hostile.site).as_posix() for path in hostile.site.rglob("*.html")}
    assert not [page for page in pages if page.startswith("evidence/")]


def test_schemas_describe_the_records(hostile: Little) -> None:
    """The JSON Schemas of a site accept its records."""
    schema = as_json(hostile.site / "schema" / "record-1.json")
    assert isinstance(schema, dict)
    for path in (hostile.site / "evidence/lab12/records").glob("raw-*.json"):
        jsonschema.validate(as_json(path), schema)
    assert (hostile.site / "schema" / "state-1.json").is_file()


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Create a project with one evidence file."""
    made = make(tmp_path / "a" / "project")
    made.capture(CapturedFile("x.txt", b"x\n"))
    made.page(
        "labs/lab12/task-1.md", '# Task 1\n\n{{ evidence("x.txt") }}\n\n{{ commands() }}\n\n{{ index() }}\n'
    )
    return made


@pytest.mark.slow
def test_a_link_is_not_followed(little: Little, tmp_path: Path) -> None:
    """A symbolic link in evidence fails the build, which names it. Its target is not published."""
    (tmp_path / "secret").write_text("secret\n")
    (little.root / "evidence/lab12/link.txt").symlink_to(tmp_path / "secret")
    built = little.build("--quiet")
    assert built.returncode == 1
    assert "evidence/lab12/link.txt" in built.stderr
    assert "secret\n" not in files(little.site / "evidence")
    assert not (little.site / "evidence/lab12/link.txt").exists()


@pytest.mark.slow
def test_two_builds_are_the_same_bytes(little: Little, tmp_path: Path) -> None:
    """With SOURCE_DATE_EPOCH, even from another folder and with another order of sets."""
    other = make(tmp_path / "b" / "elsewhere")
    other.capture(CapturedFile("x.txt", b"x\n"))
    for path in (little.root / "docs").rglob("*.md"):
        other.page(path.relative_to(little.root / "docs").as_posix(), path.read_text())
    for project, seed in ((little, "1"), (other, "2")):
        env = {**clean_environment(), "SOURCE_DATE_EPOCH": "1700000000", "PYTHONHASHSEED": seed}
        argv = [sys.executable, "-m", "mkdocs", "build", "--quiet"]
        subprocess.run(argv, cwd=project.root, env=env, check=True)
    first, second = files(little.site), files(other.site)
    assert first.keys() == second.keys()
    assert [path for path in first if first[path] != second[path]] == []
