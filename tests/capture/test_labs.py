"""Labs and collectors that are written wrongly: one error, with file, line and what to do."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from labreport.capture.declare import DeclarationError
from labreport.capture.labs import find_lab, lab_names
from tests.capture.throwaway import ONE, Throwaway

CASES = yaml.safe_load((Path(__file__).parent / "cases/lab_yml.yml").read_text())


def wrong(project: Throwaway) -> str:
    """Return the error of a project that is written wrongly; it is one line or two."""
    with pytest.raises(DeclarationError) as error:
        project.target()
    assert len(str(error.value).splitlines()) <= 2
    assert str(project.root) not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["says"])
def test_lab_yml(project: Throwaway, case: dict[str, Any]) -> None:
    """Unknown keys, wrong types, keys that are there twice, no YAML: the file and the key are named."""
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
    """Bytes that are no YAML at all are an error like any other."""
    (project.lab / "lab.yml").write_bytes(data)
    assert says in wrong(project)


def test_a_lab_that_is_not_there(project: Throwaway) -> None:
    """The labs that there are, are named."""
    with pytest.raises(
        DeclarationError, match=f"collectors/other/lab.yml: not there: the labs are: {project.name}"
    ):
        find_lab(project.root, "other")


@pytest.mark.parametrize("name", ["Lab", "hosts", "../x", "a b", ""])
def test_a_name_that_no_lab_can_have(project: Throwaway, name: str) -> None:
    """A lab's name is a folder of the evidence and part of a record."""
    with pytest.raises(DeclarationError, match="no name for a lab"):
        find_lab(project.root, name)


def test_labs_are_found_and_not_listed(project: Throwaway) -> None:
    """A folder with a lab.yml is a lab."""
    (project.root / "collectors/none").mkdir()
    assert lab_names(project.root) == [project.name]


def collector(name: str = "probe", arguments: str = 'writes=["x.txt"]', doc: str = '"""Probe."""') -> str:
    """Return the source of a collector."""
    return f"\n@collector({arguments})\ndef {name}(run: Run) -> None:\n    {doc}\n"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (collector(arguments="writes=[]"), "writes nothing: name the files that it leaves"),
        (collector(arguments='writes="x.txt"'), "writes is a text: write a list of files"),
        (collector(arguments='writes=["../x"]'), "'../x' has a hidden part or leaves the evidence folder"),
        (collector(arguments='writes=["/x"]'), "'/x' is not a plain relative path"),
        (collector(arguments='writes=["a/.b"]'), "'a/.b' has a hidden part"),
        (collector(arguments='writes=["records/probe.json"]'), "in a folder of the tool's own"),
        (collector(arguments='writes=["x"], keep=["dns"]'), "only ip and mac can be kept"),
        (collector(arguments='writes=["x"], role="play"'), "role: 'play': use measure, build or escape"),
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
    """Each mistake has its one error; one in another module names that module."""
    if "other" in source:
        project.module("x = (\n", "other")
    project.module(source.replace("LAB", project.name))
    error = wrong(project)
    assert says in error
    assert error.startswith(f"collectors/{project.name}")


def test_two_of_one_name_in_two_modules(project: Throwaway) -> None:
    """A name is a record's: it is there once in a lab."""
    project.module(collector(), "a")
    project.module(collector(arguments='writes=["y.txt"]'), "b")
    assert "two collectors are called probe: rename one" in wrong(project)


def test_a_circle(project: Throwaway) -> None:
    """Collectors that come after each other cannot be written without a circle of imports, which is said."""
    for mine, other in (("a", "b"), ("b", "a")):
        head = f"from collectors.{project.name}.{other} import {other}\n"
        project.module(head + collector(mine, f'writes=["{mine}.txt"], after=[{other}]'), mine)
    assert "circular import" in wrong(project)


def test_after_a_collector_of_another_lab(project: Throwaway) -> None:
    """A collector can follow those of its own lab only."""
    stranger = 'from labreport.capture.declare import Collector\nother = Collector("other", print, ("o",))\n'
    project.module(stranger + collector(arguments='writes=["x.txt"], after=[other]'))
    assert "probe is after other: not in this lab" in wrong(project)


def test_a_lab_that_is_hidden_by_another_project(project: Throwaway, tmp_path: Path) -> None:
    """A lab cannot have the name of one that this process has loaded from elsewhere."""
    find_lab(project.root, project.name)
    folder = tmp_path / "other/collectors" / project.name
    folder.mkdir(parents=True)
    for path in project.lab.iterdir():
        if path.is_file():
            shutil.copy(path, folder)
    with pytest.raises(DeclarationError, match="is there already: give the lab another name"):
        find_lab(tmp_path / "other", project.name)


def test_the_order_is_by_after_then_task_then_place(project: Throwaway) -> None:
    """Collectors run as the sheet has its tasks, as far as `after` lets them."""
    project.module(
        collector("late", 'writes=["1"], task=2')
        + collector("early", 'writes=["2"], task=1')
        + collector("first", 'writes=["3"], task=3')
        + collector("follows", 'writes=["4"], task=1, after=[first]')
    )
    project.module(ONE, "a")
    names = [one.name for one in project.target().lab.collectors]
    assert names == ["early", "one", "late", "first", "follows"]
