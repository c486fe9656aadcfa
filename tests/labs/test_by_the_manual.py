"""Two labs that were written by the manual alone, in a repository that `lab init` makes."""

import ast
import re
import shutil
from pathlib import Path

import pytest

from tests.labs.lesson import Reader, reader
from tests.project import REPO

HERE = Path(__file__).parent
LABS = ("compression", "headers")
PROGRAMS = ("curl", "gzip", "hyperfine", "jq", "nginx", "xz", "zstd")
MANUAL = "\n".join(path.read_text() for path in sorted((REPO / "docs" / "manual").rglob("*.md")))


def imports(lab: str) -> set[tuple[str, str]]:
    """Return the module and the name of each import of the tool in the collectors of a lab."""
    trees = [ast.parse(path.read_text()) for path in sorted((HERE / lab / "collectors").glob("*.py.txt"))]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    assert not any(alias.name.startswith("labreport") for node in nodes if isinstance(node, ast.Import)
                   for alias in node.names)  # fmt: skip
    return {
        (node.module or "", alias.name)
        for node in nodes
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("labreport")
        for alias in node.names
    }


@pytest.mark.parametrize("lab", LABS)
def test_the_manual_names_what_the_lab_imports(lab: str) -> None:
    """Each `from labreport… import NAME` stands in the manual, with this module and this name."""
    found = imports(lab)
    assert found
    for module, name in found:
        lines = re.findall(rf"^ *from {re.escape(module)} import (.+)$", MANUAL, re.MULTILINE)
        named = {word.strip() for line in lines for word in line.split(",")}
        assert name in named, f"{module}: {name}"


def copied(to: Path, lab: str) -> None:
    """Put the files of a lab into a project, in place of those of `lab new`."""
    for part, place in (("collectors", f"collectors/{lab}"), ("docs", f"docs/labs/{lab}")):
        for path in (HERE / lab / part).rglob("*"):
            if path.is_file():
                target = to / place / path.relative_to(HERE / lab / part)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target.with_suffix("") if path.name.endswith(".py.txt") else target)


def made(someone: Reader) -> Path:
    """Return a project with both labs, without the examples of `lab new`."""
    project = someone.sh('lab init labs --title "Two labs"\ncd labs\n', someone.folder)
    for lab in LABS:
        someone.sh(f"lab new {lab}\nrm collectors/{lab}/kernel.py docs/labs/{lab}/*", project)
        copied(project, lab)
    return project


@pytest.mark.slow
def test_both_labs_are_captured_checked_and_built(tmp_path: Path) -> None:
    """collect, status, verify, check and build end with exit status 0, and each lab is checked alone, too."""
    search = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
    if missing := [name for name in PROGRAMS if shutil.which(name, path=search) is None]:
        pytest.skip(f"not here: {', '.join(missing)}")
    someone = reader(tmp_path)
    project = made(someone)
    for command in (
        "lab collect",
        "lab status",
        "lab verify",
        "lab check",
        "lab check headers",
        "mkdocs build",
    ):
        someone.sh(command, project)
    page = (project / "site/labs/compression/task-3.html").read_text()
    assert "zstd -q -9 -kf corpus.tar" in page
    assert page.count("<svg") >= 3
    assert "gzip took" in page
    assert "zstd9 took" in page
    assert all(word not in page for word in ("runtime", "container "))
    sizes = (project / "site/labs/compression/task-2.html").read_text()
    assert "size (MB), by tool and level" in sizes
    assert "server_tokens" not in (project / "evidence/headers/headers/hard.txt").read_text()
    assert re.search(r"127\.0\.0\.1:HARD", (project / "evidence/headers/records/hard.json").read_text())
