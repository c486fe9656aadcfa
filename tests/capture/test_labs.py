"""Finding labs: mistakes in a lab are one error with the file, the line and the remedy."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from labreport.capture.declare import DeclarationError
from labreport.capture.labs import find_lab, lab_names
from labreport.contract.sets import sets
from tests.capture.throwaway import CONFIG, ONE, Throwaway
from tests.project import REPO

CASES = yaml.safe_load((Path(__file__).parent / "cases/lab_yml.yml").read_text())


def wrong(project: Throwaway) -> str:
    """Return the error for a project with a mistake; it has one or two lines."""
    with pytest.raises(DeclarationError) as error:
        project.target()
    assert len(str(error.value).splitlines()) <= 2
    assert str(project.root) not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["says"])
def test_lab_yml(project: Throwaway, case: dict[str, Any]) -> None:
    """Unknown keys, wrong types, repeated keys and invalid YAML: the error names the file and the key."""
    project.config(case["text"])
    error = wrong(project)
    assert error.startswith(f"collectors/{project.name}/lab.yml")
    assert case["says"] in error


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"title: \xff\n", "not UTF-8 (byte 7): save it as UTF-8"),
        (b"title: x\0y\n", "not YAML: "),
        (b"a: " + b"[" * 5000, "nested too deeply"),
    ],
)
def test_lab_yml_that_is_no_text(project: Throwaway, data: bytes, says: str) -> None:
    """Bytes that are not YAML are an error like any other."""
    (project.lab / "lab.yml").write_bytes(data)
    assert says in wrong(project)


def test_the_converters_of_a_lab_are_not_imported(project: Throwaway) -> None:
    """They are code of the report, so a capture needs nothing of what publishing needs."""
    (project.lab / "converters.py").write_text("raise SystemExit('it ran')\n")
    assert project.target()


def test_a_lab_that_is_not_there(project: Throwaway) -> None:
    """The error names the labs that exist."""
    with pytest.raises(
        DeclarationError, match=f"collectors/other/lab.yml: not there: the labs are: {project.name}"
    ):
        find_lab(project.root, "other")


@pytest.mark.parametrize("name", ["Lab", "hosts", "../x", "a b", ""])
def test_a_name_that_no_lab_can_have(project: Throwaway, name: str) -> None:
    """A lab's name is the name of a folder and part of a record, so its characters are limited."""
    with pytest.raises(DeclarationError, match="is not a name for a lab"):
        find_lab(project.root, name)


def test_labs_are_found_and_not_listed(project: Throwaway) -> None:
    """Every folder with a lab.yml is a lab."""
    (project.root / "collectors/none").mkdir()
    assert lab_names(project.root) == [project.name]


def collector(name: str = "probe", arguments: str = 'writes=["x.txt"]', doc: str = '"""Probe."""') -> str:
    """Return the source of a collector."""
    return f"\n@collector({arguments})\ndef {name}(run: Run) -> None:\n    {doc}\n"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (collector(arguments="writes=[]"), "writes nothing: name the files that it writes"),
        (collector(arguments='writes="x.txt"'), "writes is a text: write a list of files"),
        (collector(arguments='writes=["../x"]'), "'../x' has a hidden part or leaves the evidence folder"),
        (collector(arguments='writes=["/x"]'), "'/x' is not a plain relative path"),
        (collector(arguments='writes=["a/.b"]'), "'a/.b' has a hidden part"),
        (collector(arguments='writes=["records/probe.json"]'), "in a folder of the tool's own"),
        (collector(arguments='writes=["x"], keep=["dns"]'), "only ip and mac can be kept"),
        (
            collector(arguments='writes=["x"], role="play"'),
            "role: 'play': use measure, build, long or escape",
        ),
        (collector(arguments='writes=["x"], needs=["zstd"]'), "needs: 'zstd' is no need: write on_path("),
        (
            collector(arguments='writes=["x"], after=["one"]'),
            "after: 'one' is no collector: name the function",
        ),
        (collector(arguments='writes=["x"], uses="a.conf"'), "uses is a text: write a list of files"),
        (
            collector(arguments='writes=["x"], needs=Need("x", len, "")'),
            "needs is one need: write a list: needs=[",
        ),
        (collector(arguments='writes=["x"], needs="zstd"'), "needs is a text: write a list"),
        (collector(arguments='writes=["x"], after=7'), "after is 7: write a list: after=[earlier]"),
        (
            collector("a") + collector(arguments='writes=["y"], after=a'),
            "after is one collector: write a list: after=[earlier]",
        ),
        (collector(arguments='writes=["x", 1]'), "writes: 1 is no text: write a list of files"),
        (collector(arguments='writes=["x"], keep=[[]]'), "keep: [] is no text: write a list"),
        (
            collector(arguments='writes=["x"], edition="2025"'),
            "edition: '2025' is no number: write",
        ),
        (collector(arguments='writes=["x"], task=True'), "task: True is no number: write task=1, without"),
        (
            collector(arguments='writes=["x"], edition=2026'),
            "probe: lab.yml has no edition 2026: its editions are: 2025",
        ),
        (
            collector(arguments='writes=["x"], edition=2025, task=9'),
            "probe: lab.yml has no task 9 in its edition 2025: its tasks are: 1",
        ),
        (collector(arguments='writes=["x"], task=9'), "probe: lab.yml has no task 9: its tasks are: 1"),
        (
            collector(doc='"""Probe."""\n    with run.file("y.txt"):\n        pass'),
            "steps.py:9: probe writes y.txt, which it does not declare: add it to writes=",
        ),
        (
            collector(doc='"""Probe."""\n    with run.image("y.png"):\n        pass'),
            "steps.py:9: probe writes y.png, which it does not declare: add it to writes=",
        ),
        (
            'from labreport.capture.series import Contender\nContender("a, b", ["true"])\n',
            "a contender cannot be called 'a, b': , separates names: leave out ,",
        ),
        (
            collector(arguments='writes=["x"], uses=["a.conf"]'),
            "probe uses 'a.conf', which is no file of the",
        ),
        (
            collector(arguments='writes=["x"], uses=["../../mkdocs.yml"]'),
            "which is no file of the lab's folder",
        ),
        (collector(doc="pass"), "no docstring: write one; its first line is the collector's title"),
        (collector("state"), "not a valid name: use small letters, digits and _; `state` is not allowed"),
        (collector("Probe"), "small letters, digits and _"),
        (
            collector() + collector(arguments='writes=["y.txt"]'),
            "two collectors are called probe: rename one",
        ),
        (collector("a") + collector("b"), "a and b both write x.txt: rename one file"),
        ("def x(:\n", "steps.py:5: SyntaxError"),
        ("\n\nimport no_such_module\n", "steps.py:7: ModuleNotFoundError"),
        ("1 / 0\n", "steps.py:5: ZeroDivisionError: division by zero"),
        ("raise SystemExit(4)\n", "steps.py:5: SystemExit: 4"),
        ("from collectors.LAB.other import x\n", "other.py:5: SyntaxError"),
    ],
)
def test_a_module_that_is_written_wrongly(project: Throwaway, source: str, says: str) -> None:
    """Each mistake has one error; a mistake in an imported module names that module."""
    if "other" in source:
        project.module("x = (\n", "other")
    project.module(source.replace("LAB", project.name))
    error = wrong(project)
    assert says in error
    assert error.startswith(f"collectors/{project.name}")


def test_two_of_one_name_in_two_modules(project: Throwaway) -> None:
    """A collector's name is its record's name, so it is unique in a lab."""
    project.module(collector(), "a")
    project.module(collector(arguments='writes=["y.txt"]'), "b")
    assert "two collectors are called probe: rename one" in wrong(project)


def test_a_circle(project: Throwaway) -> None:
    """Two collectors that come after each other need a circular import, and the error says so."""
    for mine, other in (("a", "b"), ("b", "a")):
        head = f"from collectors.{project.name}.{other} import {other}\n"
        project.module(head + collector(mine, f'writes=["{mine}.txt"], after=[{other}]'), mine)
    assert "circular import" in wrong(project)


def test_after_a_collector_of_another_lab(project: Throwaway) -> None:
    """A collector can follow only collectors of its own lab."""
    stranger = 'from labreport.capture.declare import Collector\nother = Collector("other", print, ("o",))\n'
    project.module(stranger + collector(arguments='writes=["x.txt"], after=[other]'))
    assert "probe is after other, which is not in this lab" in wrong(project)


def test_a_lab_that_is_hidden_by_another_project(project: Throwaway, tmp_path: Path) -> None:
    """A lab cannot have the name of a lab that this process has loaded from another project."""
    find_lab(project.root, project.name)
    folder = tmp_path / "other/collectors" / project.name
    folder.mkdir(parents=True)
    for path in project.lab.iterdir():
        if path.is_file():
            shutil.copy(path, folder)
    with pytest.raises(DeclarationError, match="is loaded already: give the lab another name"):
        find_lab(tmp_path / "other", project.name)


BARE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from labreport.capture.labs import find_lab, lab_names, source_of
for root in map(Path, sys.argv[2:]):
    for name in lab_names(root):
        for one in find_lab(root, name).collectors:
            source = source_of(one, root)
            print(root.name, one.module, one.name, source.file, *source.modules)
print(*sorted(name for name in sys.modules if name.startswith("collectors")))
"""


LOADED = [f"collectors.{name}{part}" for name in ("lab12", "mine") for part in ("", ".steps", ".words")]


def test_projects_of_content_only(tmp_path: Path) -> None:
    """One process finds the labs of two projects without `__init__.py`, even a lab called lab12."""
    for name, lab in (("one", "mine"), ("two", "lab12")):
        folder = tmp_path / name / "collectors" / lab
        folder.mkdir(parents=True)
        (folder / "lab.yml").write_text("title: x\neditions: {}\n")
        (folder / "words.py").write_text("WORD = 1\n")
        head = (
            f"from labreport.capture import *\nfrom collectors.{lab} import words\nfrom .words import WORD\n"
        )
        (folder / "steps.py").write_text(head + collector(name))
    argv = [sys.executable, "-I", "-c", BARE, str(REPO), str(tmp_path / "one"), str(tmp_path / "two")]
    ended = subprocess.run(argv, cwd=REPO, capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines() == [
        "one collectors.mine.steps one collectors/mine/steps.py collectors/mine/words.py",
        "two collectors.lab12.steps two collectors/lab12/steps.py collectors/lab12/words.py",
        f"collectors {' '.join(LOADED)}",
    ]


def test_a_lab_is_removed_with_its_folders(project: Throwaway) -> None:
    """After a lab's folders are removed, no file, no list of labs and no status names it."""
    root = project.root
    project.collect()
    other = Throwaway(root, f"{project.name}b")
    other.lab.mkdir()
    other.config((project.lab / "lab.yml").read_text())
    other.module(ONE)
    other.collect()
    assert lab_names(root) == [project.name, other.name]
    shutil.rmtree(project.lab)
    shutil.rmtree(project.folder)
    assert lab_names(root) == [other.name]
    assert list(sets(root / "evidence")) == [other.name]
    assert other.verify().verdict == "intact"
    assert [one.reason for one in other.target().statuses()] == [""]
    with pytest.raises(DeclarationError, match=f"not there: the labs are: {other.name}$"):
        find_lab(root, project.name)
    left = [path for path in root.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    named = f"{project.name}/".encode()
    assert [path for path in left if named in path.read_bytes() or named in bytes(path)] == []


def test_the_order_is_by_after_then_task_then_place(project: Throwaway) -> None:
    """Collectors run in the order of their tasks, unless `after` says otherwise."""
    more = "      2: {title: B, files: []}\n      3: {title: C, files: []}\n"
    project.config(CONFIG.replace("settings:", f"{more}settings:"))
    project.module(
        collector("late", 'writes=["1"], task=2')
        + collector("early", 'writes=["2"], task=1')
        + collector("first", 'writes=["3"], task=3')
        + collector("follows", 'writes=["4"], task=1, after=[first]')
    )
    project.module(ONE, "a")
    names = [one.name for one in project.target().lab.collectors]
    assert names == ["early", "one", "late", "first", "follows"]
