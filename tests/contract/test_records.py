"""The models of records, and the reader of evidence and records."""

import json
import os
import re
import socket
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from labreport.contract.fields import MAX_BYTES
from labreport.contract.folder import EvidenceError
from labreport.contract.reader import (
    PUBLISHED,
    NewerSchemaError,
    RecordError,
    parse,
    read_evidence,
    read_host,
    read_record,
    readable_records,
    recorded,
)
from labreport.contract.records import Host, Record, dump
from tests.capture.throwaway import ONE, Throwaway

RICH = (
    ONE
    + '''

@collector(edition=2025, task=1, writes=["sub/two.bin"], after=[one], keep=["ip"])
def two(run: Run) -> None:
    """Two."""
    run.setting("nested", dict)
    with run.file("sub/two.bin") as out:
        out.run(["printf", "a\\\\000b"], env={"X": "y"})
        out.run(["sh", "-c", "echo no >&2; exit 3"], refused=[3])


@collector(writes=["three.txt"])
def three(run: Run) -> None:
    """Three."""
    raise NotApplicable("never")
'''
)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_schemas_are_schemas(name: str) -> None:
    """Each schema is a valid JSON Schema and allows no unknown keys."""
    schema = PUBLISHED[name].model_json_schema(by_alias=True)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema.get("additionalProperties") is False


def test_what_a_collect_writes_is_valid(project: Throwaway) -> None:
    """Every record, host and state file validates against its published schema, and reads back equal."""
    project.module(RICH)
    project.collect()
    found = []
    for path in sorted((project.folder / "records").glob("*.json")):
        kind = "state-1.json" if path.name == "state.json" else "record-1.json"
        kind = "host-1.json" if path.name.startswith("host-") else kind
        schema = PUBLISHED[kind].model_json_schema(by_alias=True)
        jsonschema.validate(json.loads(path.read_text()), schema, format_checker=jsonschema.FormatChecker())
        assert dump(parse(PUBLISHED[kind], path.read_bytes(), path.name)) == path.read_bytes()
        found.append(kind)
    assert sorted(found) == ["host-1.json", "record-1.json", "record-1.json", "record-1.json", "state-1.json"]
    two = project.record("two")
    assert (two.edition, two.task, two.title) == (2025, 1, "Two.")
    assert two.collector.file == f"collectors/{project.name}/steps.py"
    assert two.environment["X"] == "y"
    assert two.files[0].lines == 0


@pytest.fixture
def captured(project: Throwaway) -> Throwaway:
    """Return a project with one captured collector."""
    project.collect()
    return project


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda text: text[:-20], "not whole JSON"),
        (lambda _text: "", "not whole JSON"),
        (lambda _text: "[1]", "Input should be an object"),
        (lambda text: text.replace('"schema": 1', '"schema": 7'), "reads up to 1: update the tool"),
        (lambda text: text.replace('"schema": 1', '"schema": "x"'), "schema: Input should be 1"),
        (lambda text: text.replace('"lab":', '"bal":'), "lab: Field required"),
        (lambda text: text.replace('"one.txt"', '"../one.txt"'), "leaves the evidence folder"),
        (lambda text: text.replace('"one.txt"', '"records/one.json"'), "folder of the tool's own"),
        (lambda text: text.replace('"command": 0', '"command": 5'), "names command 5, which is not there"),
        (lambda text: text.replace('Z"', '"'), "timezone"),
        (lambda text: text.replace('"start": "20', '"start": "00'), "is not between 1970 and 9000"),
        (lambda text: text.replace('"lab":', '"lab": "x", "lab":'), "has the key 'lab' twice"),
        (lambda text: re.sub('"seconds": [0-9.]+', '"seconds": NaN', text), "has NaN, which is no number"),
        (lambda text: re.sub('"seconds": ', '"seconds": -', text), "greater than or equal to 0"),
        (lambda text: re.sub('"host": "..', '"host": "..', text), "host: String should match pattern"),
        (lambda text: text.replace('"volatile": ""', '"volatile": "("'), "not a regular expression"),
        (lambda text: text.replace('"start": 1', '"start": 2'), "a span of lines 2 to 1 after line 0"),
        (lambda text: text.replace('"lines": 2', '"lines": 1'), "a span ends at line 2 of 1"),
        (lambda text: text.replace('"collectors/', '"/collectors/'), "is not a plain relative path"),
        (lambda text: re.sub('"commit": "', '"commit": "../', text), "commit: String should match pattern"),
        (lambda text: text.replace('"name": "one"', '"name": "two"'), "is the record of 'two': rename it"),
    ],
)  # fmt: skip
def test_a_record_that_is_not_right(captured: Throwaway, change: Callable[[str], str], error: str) -> None:
    """The error names the file and the mistake, and verify reports the record as altered."""
    path = captured.folder / "records/one.json"
    path.write_text(change(path.read_text()))
    with pytest.raises(RecordError) as raised:
        read_record(captured.folder, "one")
    assert str(raised.value).startswith(f"{captured.name}/records/one.json: ")
    assert error in str(raised.value)
    assert isinstance(raised.value, NewerSchemaError) == ("update" in error)
    report = captured.verify()
    assert report.verdict == "altered"
    assert any(one.path == f"{captured.name}/records/one.json" for one in report.findings)


def test_a_host_that_is_another(captured: Throwaway) -> None:
    """A host file with changed fields no longer has the id in its name."""
    (path,) = (captured.folder / "records").glob("host-*.json")
    path.write_text(path.read_text().replace('"cores": ', '"cores": 9'))
    with pytest.raises(RecordError, match="its fields are those of host"):
        read_host(captured.folder, path.stem.removeprefix("host-"))
    assert captured.verify().verdict == "altered"


def make_socket(path: Path) -> None:
    """Make a socket at `path`."""
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(path))


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda _path: None, "no such file"),
        (lambda path: path.mkdir(), "a directory, not a file"),
        (lambda path: path.symlink_to("/etc/hostname"), "a symbolic link, not a file"),
        (lambda path: path.symlink_to("nowhere"), "a symbolic link, not a file"),
        (os.mkfifo, "a FIFO, not a file"),
        (make_socket, "a socket, not a file"),
        (
            lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY), MAX_BYTES + 1),
            "compress it, or cut",
        ),
    ],
)
def test_what_is_no_evidence_file(tmp_path: Path, make: Callable[[Path], None], error: str) -> None:
    """Only a regular file of at most MAX_BYTES is read, and no other file blocks the reader."""
    make(tmp_path / "x")
    with pytest.raises(EvidenceError, match=error):
        read_evidence(tmp_path, "x")


def test_a_link_on_the_way(tmp_path: Path) -> None:
    """A symbolic link in the path is refused."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real/x").write_text("x")
    (tmp_path / "sub").symlink_to("real")
    with pytest.raises(EvidenceError, match="sub/ is a symbolic link"):
        read_evidence(tmp_path, "sub/x")


@pytest.mark.parametrize(
    "path", ["", "/etc/passwd", "../x", "a/../b", "a//b", "./a", "a/", ".x", "a\\b", "a\nb", "a\0b"]
)
def test_a_path_that_leaves_the_folder(tmp_path: Path, path: str) -> None:
    """Only a plain path below the folder is accepted."""
    with pytest.raises(EvidenceError):
        read_evidence(tmp_path, path)


def test_models_are_frozen() -> None:
    """A record cannot be changed after it was read."""
    assert Record.model_config["frozen"]
    assert Host.model_config["frozen"]


def test_a_newer_record_is_skipped_only_on_request(tmp_path: Path) -> None:
    """Whoever may replace records has to notice it; damaged records are always skipped."""
    (tmp_path / "records").mkdir()
    (tmp_path / "records/damaged.json").write_text("{")
    assert readable_records(tmp_path) == {}
    (tmp_path / "records/newer.json").write_text('{"schema": 99}')
    with pytest.raises(NewerSchemaError):
        readable_records(tmp_path)
    assert readable_records(tmp_path, skip_newer=True) == {}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (b'{"a": 1, "b": 1, "b": 2}', "x: has the key 'b' twice: "),
        (b"[]", "x: the whole: "),
        (b'{"schema": true}', "more): "),
    ],
)
def test_an_error_names_the_key(text: bytes, error: str) -> None:
    """The key that is twice, or the first one that is wrong, and how many more there are."""
    with pytest.raises(RecordError) as raised:
        parse(Record, text, "x")
    assert error in str(raised.value)
    assert "(and 0 more)" not in str(raised.value)


def test_records_that_are_no_folder(tmp_path: Path) -> None:
    """A set without records/ has none. A file or a link in its place is an error that names it."""
    assert recorded(tmp_path) == []
    (tmp_path / "records").touch()
    with pytest.raises(RecordError, match=rf"^{tmp_path.name}/records: "):
        recorded(tmp_path)
    (tmp_path / "records").unlink()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "records").symlink_to("elsewhere")
    with pytest.raises(RecordError, match=rf"^{tmp_path.name}/records: "):
        recorded(tmp_path)
