"""A crate describes each file and each capture, and a validator that is not ours finds nothing wrong."""

import hashlib
import json
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from labreport.capture.importing import UNKNOWN_HOST
from labreport.contract.records import Import
from labreport.report.export.archive import tar_of, zip_of
from labreport.report.export.crate import METADATA, CrateSubject, crate_members
from labreport.report.problems import FaultError
from labreport.report.source.evidence import Evidence
from labreport.report.source.evidence_set import EvidenceSet
from tests.project import REPO, CapturedFile, Little, make

SUBJECT = CrateSubject("Lab 12 — Two", "## Lab 12 — Two\n\ntext\n", "1.2.3", date(2026, 5, 6))
CONTEXT = "rocrate/data/ro-crate.jsonld"


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Make a project with two files."""
    made = make(tmp_path / "project")
    made.capture(
        CapturedFile("a b/ü.txt", b"one\n", collector="first"), tools={"runc": "1.1\nmore", "bash": "5"}
    )
    made.capture(CapturedFile("wide.bin", "x".encode("utf-16"), ()))
    return made


def set_of(little: Little) -> EvidenceSet:
    """Return the set of the lab."""
    return Evidence(little.root / "evidence").set("lab12")


def graph_of(members: dict[str, bytes]) -> dict[str, dict[str, Any]]:
    """Return the entities of a crate by their ids."""
    return {entity["@id"]: entity for entity in json.loads(members[METADATA])["@graph"]}


def test_every_file_is_described(little: Little) -> None:
    """With its size, its hash and its kind; the root names all of them, and nothing else is in the crate."""
    members = crate_members(SUBJECT, set_of(little))
    graph = graph_of(members)
    parts = {unquote(one["@id"]): graph[one["@id"]] for one in graph["./"]["hasPart"]}
    assert parts.keys() == members.keys() - {METADATA}
    for name, entity in parts.items():
        assert entity["sha256"] == hashlib.sha256(members[name]).hexdigest()
        assert entity["contentSize"] == str(len(members[name]))
    assert parts["evidence/lab12/a b/ü.txt"]["encodingFormat"] == "text/plain"
    assert parts["evidence/lab12/wide.bin"]["encodingFormat"] == "application/octet-stream"


def test_every_capture_is_an_action(little: Little) -> None:
    """With its files as results, its times, its tools, and the record that has the rest."""
    graph = graph_of(crate_members(SUBJECT, set_of(little)))
    actions = [graph[one["@id"]] for one in graph["./"]["mentions"]]
    action = next(one for one in actions if "%C3%BC" in one["result"][0]["@id"])
    assert (action["startTime"], action["endTime"]) == (
        "2026-03-04T05:06:07+00:00",
        "2026-03-04T05:06:08.500000+00:00",
    )
    assert unquote(action["subjectOf"]["@id"]) == "evidence/lab12/records/first.json"
    needed = [graph[one["@id"]] for one in graph[action["instrument"]["@id"]]["softwareRequirements"]]
    assert [(one["name"], one["softwareVersion"]) for one in needed] == [("runc", "1.1\nmore"), ("bash", "5")]
    assert graph["./"]["datePublished"] == "2026-03-04"


def test_an_import_states_no_time(little: Little) -> None:
    """The action is the import: it has no time, and its object is the report."""
    imported = Import(report="r.md", sha256="0" * 64)
    little.capture(CapturedFile("i.txt", b"x\n", ()), host=UNKNOWN_HOST, start=None, imported=imported)
    graph = graph_of(crate_members(SUBJECT, set_of(little)))
    action = graph["#run-i.txt"]
    assert action["object"] == [{"@id": "#imported-report"}]
    assert not {"startTime", "endTime"} & action.keys()
    assert graph["#imported-report"]["name"] == "r.md"


def test_without_evidence_there_is_no_crate(tmp_path: Path) -> None:
    """It is an error that says how to get some."""
    with pytest.raises(FaultError, match="has no evidence for a crate"):
        crate_members(SUBJECT, set_of(make(tmp_path / "empty")))


def test_archives_have_the_same_bytes_twice() -> None:
    """Whatever the order of the members; stock tools read them."""
    members = {"b/ü.txt": b"x" * 1000, "a.txt": b"", "c" * 150 + "/d": b"1"}
    backwards = dict(reversed(members.items()))
    assert zip_of(members) == zip_of(backwards)
    assert tar_of(members) == tar_of(backwards)


@pytest.fixture(scope="session")
def validator() -> Path:
    """Return the Python of an environment with requirements/crate.txt, which is made if it is not there."""
    lock = REPO / "requirements/crate.txt"
    folder = REPO / ".venv/validator"
    stamp = folder / "installed"
    python = folder / "bin/python"
    if not stamp.is_file() or stamp.read_bytes() != lock.read_bytes():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "-r", lock], check=True)
        stamp.write_bytes(lock.read_bytes())
    return python


@pytest.mark.slow
def test_the_validator_finds_nothing(little: Little, validator: Path, tmp_path: Path) -> None:
    """roc-validator, for Process Run Crate 0.5: every check passes, and none is skipped. It finds a fault.

    It has no network: the context is in its cache.
    """
    imported = Import(report="r.md", sha256="0" * 64)
    little.capture(CapturedFile("i.txt", b"x\n", ()), host=UNKNOWN_HOST, start=None, imported=imported)
    members = crate_members(SUBJECT, set_of(little))
    told = validated(members, validator, tmp_path / "good.zip")
    assert (told["failed"], told["skipped"]) == ([], [])
    assert told["passed"] == told["checks"] > 40
    described = json.loads(members[METADATA])
    for entity in described["@graph"]:
        if entity["@type"] == "CreateAction":
            del entity["instrument"]
    told = validated(members | {METADATA: json.dumps(described).encode()}, validator, tmp_path / "bad.zip")
    assert any("instrument" in one for one in told["failed"])


def validated(members: dict[str, bytes], python: Path, crate: Path) -> dict[str, Any]:
    """Return what the validator says of a crate."""
    crate.write_bytes(zip_of(members))
    assert zipfile.ZipFile(crate).testzip() is None
    context = next((python.parents[1] / "lib").glob(f"python*/site-packages/{CONTEXT}"))
    words = [python, Path(__file__).with_name("validator.py"), crate, context, crate.with_suffix(".cache")]
    blocked = {"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
    ended = subprocess.run(words, check=True, capture_output=True, text=True, env=blocked)
    told: dict[str, Any] = json.loads(ended.stdout)
    return told
