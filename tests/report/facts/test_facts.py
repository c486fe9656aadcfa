"""What a facts.yml may declare, what is read from the evidence, and why a fact has no value."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from labreport.contract.reader import read_evidence
from labreport.contract.records import HostClass, Outcome, dump
from labreport.report.facts.converters import CONVERTERS, convert
from labreport.report.facts.converters.own import lab_converters
from labreport.report.facts.expressions.evaluate import EvaluationState, evaluate
from labreport.report.facts.facts import Facts, FactsFile, load_facts
from labreport.report.facts.readings import Absence, NoValue, Reading, Readings
from labreport.report.source import evidence_set as evidence_module
from labreport.report.source import patterns
from labreport.report.source.evidence import Evidence
from labreport.report.yaml_file import YamlError
from labreport.site.raw import write_schemas
from tests.project import HOST, REPO, CapturedFile, Little, make, row

COUNTS = b"=== Entries ===\nHost:\n245\nKata VM:\n52\n"
TWO = (("ls", "/proc"), ("ctr", "run"))


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Return a project with one evidence file."""
    made = make(tmp_path / "project")
    made.capture(CapturedFile("x/counts.txt", COUNTS))
    return made


def facts(little: Little, text: str) -> Facts:
    """Return the facts of a facts.yml that contains `text`."""
    return load_facts(little.page("labs/lab12/facts.yml", text))


def readings(little: Little, **given: str) -> Readings:
    """Return the readings of one fact, `it`; the default is the fixture's file."""
    fact = {"file": "x/counts.txt", "read": "count Kata VM", **given}
    loaded = facts(little, yaml.safe_dump({"it": fact}))
    return Readings(loaded, Evidence(little.root / "evidence", frozenset({"lab12"})))


def reading(little: Little, **given: str) -> Reading:
    """Return the reading of the fact, which must have a value."""
    found = readings(little, **given).all["it"]
    assert isinstance(found, Reading), found
    return found


def no_value(little: Little, **given: str) -> NoValue:
    """Return why the fact has no value."""
    values = readings(little, **given)
    found = values.all["it"]
    assert isinstance(found, NoValue), found
    assert "it" not in values.values
    assert found.remedy
    return found


def ended(little: Little, path: str, data: bytes, number: int, **how: object) -> None:
    """Capture a file of two commands, each of which printed one half, and change how one of them ended."""
    record = little.capture(CapturedFile(path, data, TWO))
    commands = list(record.commands)
    commands[number] = commands[number].model_copy(update=how)
    name = record.collector.name
    target = little.root / "evidence" / "lab12" / "records" / f"{name}.json"
    target.write_bytes(dump(record.model_copy(update={"commands": commands})))


def test_a_value_says_where_it_is_from(little: Little) -> None:
    """A value has its file, its lines, its host and the host class."""
    found = reading(little, start="^Kata VM:")
    assert (str(found.read), found.file, str(found.lines)) == ("52", "lab12/x/counts.txt", "4:5")
    value = found.value
    assert value is not None
    assert (value.file, value.line, value.host, value.host_class) == (
        "lab12/x/counts.txt", 4, HOST.id, HostClass.VIRTUAL,
    )  # fmt: skip
    assert not value.emulated


def test_emulated_is_a_mark_of_the_value(little: Little) -> None:
    """A value of an emulated host marks the result of an expression."""
    slow = HOST.model_copy(update={"host_class": HostClass.EMULATED})
    little.capture(CapturedFile("x/counts.txt", COUNTS), host=slow)
    assert evaluate("it + 1", readings(little).values).emulated


def test_a_host_that_cannot_be_read_leaves_the_class_unknown(little: Little) -> None:
    """The host class is unknown, and the host id is known."""
    (little.root / f"evidence/lab12/records/host-{HOST.id}.json").write_text("{")
    value = reading(little).value
    assert value is not None
    assert (value.host, value.host_class, value.emulated) == (HOST.id, None, False)


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({"read": "count", "lines": "3"}, "245"),
        ({"read": "count", "lines": "2:3"}, "245"),
        ({"start": "^Kata"}, "52"),
        ({"read": "count Host", "start": "^Host", "end": "^Kata"}, "245"),
        ({"read": "count", "lines": "5", "unit": "MiB"}, "52 MiB"),
    ],
    ids=str,
)
def test_lines_are_named_by_number_or_by_content(little: Little, given: dict[str, str], value: str) -> None:
    """A fact selects lines as a page does. A plain number gets the unit."""
    assert str(reading(little, **given).read) == value


def test_a_value_is_converted_into_its_unit(little: Little) -> None:
    """The value keeps the evidence's digits. A unit that does not fit, or of a text, is an error."""
    little.capture(CapturedFile("t.txt", b"real\t0m1.620s\n"))
    little.capture(CapturedFile("k.txt", b"6.12.47\n"))
    assert str(reading(little, file="t.txt", read="seconds", unit="ms").read) == "1620 ms"
    assert no_value(little, file="t.txt", read="seconds", unit="MiB").absence is Absence.UNREADABLE
    assert no_value(little, file="k.txt", read="kernel", unit="s").absence is Absence.UNREADABLE


def test_a_series_is_read_and_is_no_value_of_an_expression(little: Little) -> None:
    """A series has values for charts. An expression says why it gets none."""
    little.capture(CapturedFile("series.txt", b"0.0029\n0.0031\n"))
    found = readings(little, file="series.txt", read="samples")
    one = found.all["it"]
    assert isinstance(one, Reading)
    assert isinstance(one.read, tuple)
    assert [str(value) for value in one.read] == ["0.0029 s", "0.0031 s"]
    assert one.value is None
    assert found.why_not("it") == "it is a series of 2 values, not one"
    assert evaluate("it < 1 s", found.values).state is EvaluationState.NO_EVIDENCE


@pytest.mark.parametrize(
    "how",
    [
        {"outcome": Outcome.FAILED, "exit_status": 1},
        {"outcome": Outcome.REFUSED, "exit_status": 126},
        {"timed_out": True, "exit_status": None},
        {"exit_status": None},
    ],
    ids=str,
)
def test_a_number_from_a_failed_run_is_no_value(little: Little, how: dict[str, object]) -> None:
    """If the command behind the lines failed, the fact has no value. Lines of another command keep theirs."""
    ended(little, "two.txt", b"245\n52\n", 1, **how)
    found = no_value(little, file="two.txt", read="count", lines="2")
    assert found.absence is Absence.FAILED_RUN
    assert "lines 2:2 of lab12/two.txt: ctr " in found.reason
    assert str(reading(little, file="two.txt", read="count", lines="1").read) == "245"


def test_an_answer_with_another_status_is_a_value(little: Little) -> None:
    """The outcome decides, not the exit status: the 1 of diff is an answer."""
    ended(little, "two.txt", b"245\n52\n", 1, exit_status=1)
    assert str(reading(little, file="two.txt", read="count", lines="2").read) == "52"


def test_text_of_a_failure_is_no_value(little: Little) -> None:
    """A number beside the message of a failure is not read."""
    little.capture(CapturedFile("f.txt", b"ctr: failed to create shim\n52\n"))
    assert no_value(little, file="f.txt", read="count").absence is Absence.UNREADABLE


def test_what_is_absent_says_why(little: Little) -> None:
    """Each kind of absence is told apart."""
    assert no_value(little, lines="9").absence is Absence.NOT_THERE
    assert no_value(little, start="^Guest").absence is Absence.NOT_THERE
    assert no_value(little, read="kernel").absence is Absence.NOT_THERE
    assert no_value(little, read="count").absence is Absence.UNREADABLE
    folder = little.root / "evidence" / "lab12"
    (folder / "bare.txt").write_text("52\n")
    assert no_value(little, file="bare.txt", read="count").absence is Absence.NO_RECORD
    (folder / "x/counts.txt").write_bytes(COUNTS.replace(b"52", b"53"))
    assert no_value(little).absence is Absence.ALTERED
    little.capture(CapturedFile("b.bin", b"\x00\xff\n"))
    assert no_value(little, file="b.bin", read="count").absence is Absence.UNREADABLE


def test_missing_evidence_has_the_reason_and_the_command(little: Little) -> None:
    """The reason and the command come from state.json. A file that no collector writes is an error."""
    missing = row("boots", "y.txt", reason="no KVM", remedy="use the box", command="lab collect lab12/boots")
    little.state(missing, row("counts", "x/counts.txt", state="captured"))
    found = no_value(little, file="y.txt")
    assert found.absence is Absence.NOT_CAPTURED
    assert "no KVM" in found.reason
    assert found.remedy == "use the box (`lab collect lab12/boots`)"
    typing_error = no_value(little, file="x/count.txt")
    assert (typing_error.absence, typing_error.remedy) == (Absence.NOT_THERE, "is x/counts.txt meant?")


def test_all_facts_are_read_when_one_is_asked_for_and_each_file_once(
    little: Little, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file is read once, and nothing is read before the first value is needed."""
    read: list[str] = []

    def counting(folder: Path, path: str) -> bytes:
        read.append(path)
        return read_evidence(folder, path)

    monkeypatch.setattr(evidence_module, "read_evidence", counting)
    little.capture(CapturedFile("other.txt", b"1\n"))
    text = (
        "host: {file: x/counts.txt, read: count Host}\n"
        "kata: {file: x/counts.txt, read: count Kata VM}\n"
        "other: {file: other.txt, read: count}\n"
        "gone: {file: gone.txt, read: count}\n"
    )
    found = Readings(facts(little, text), Evidence(little.root / "evidence", frozenset({"lab12"})))
    assert read == []
    for _ in range(3):
        assert str(evaluate("host - kata", found.values).value) == "193"
    assert read == ["x/counts.txt", "other.txt", "gone.txt"]
    assert list(found.values) == ["host", "kata", "other"]
    assert found.why_not("host") == ""
    assert "not captured" in found.why_not("gone")
    assert found.why_not("nobody") == "docs/labs/lab12/facts.yml declares no nobody"
    assert evaluate("nobody", found.values).state is EvaluationState.NO_EVIDENCE


def test_the_patterns_of_all_facts_share_one_limit(little: Little, monkeypatch: pytest.MonkeyPatch) -> None:
    """After five patterns that took too long, no other one is tried; facts without patterns have values."""
    monkeypatch.setattr(patterns, "SECONDS", 0.05)
    little.capture(CapturedFile("x.txt", b"x" * 3000 + b"\n"))
    slow = [f"f{n}: {{file: x.txt, read: 'pattern (x+x+)+{n}y'}}\n" for n in range(7)]
    text = "".join([*slow, "host: {file: x/counts.txt, read: count Host}\n"])
    found = Readings(facts(little, text), Evidence(little.root / "evidence", frozenset({"lab12"})))
    assert ["took too long, so" in found.why_not(f"f{n}") for n in range(7)] == [False] * 5 + [True] * 2
    assert "takes more than" in found.why_not("f0")
    assert found.why_not("host") == ""


def test_a_locale_of_a_fact(little: Little) -> None:
    """`locale` says how the file writes numbers. One that nobody knows, or does not need, is an error."""
    little.capture(CapturedFile("t.txt", b"total: 1,091 ms\n"))
    given = {"file": "t.txt", "read": "quantity total"}
    assert no_value(little, **given).remedy == "say which with `locale: en` (1091) or `locale: de` (1.091)"
    assert str(reading(little, **given, locale="en").read) == "1091 ms"
    assert str(reading(little, **given, locale="de").read) == "1.091 ms"


def test_a_count_of_lines_rests_on_all_of_them(little: Little) -> None:
    """The lines of a count are those among which it was counted, not the first that would give the same."""
    little.capture(CapturedFile("h.txt", b"HTTP 200\nHTTP 200\nHTTP 404\n"))
    found = reading(little, file="h.txt", read="matches 429 of ^HTTP")
    assert (str(found.read), str(found.lines)) == ("0", "1:3")


BAD = {
    "": "holds no keys",
    "- a": "holds no keys",
    "a: [": ": not YAML: ",
    "a: {file: x.txt, read: count}\na: {file: y.txt, read: count}": ":2: a is given twice",
    "a: {file: x.txt, read: count, read: cpu}": ":1: read is given twice",
    "a: &it {b: *it}": ":1:4: an alias names what it is part of",
    "a: {file: x.txt}": ":1: a.read: Field required",
    "a: 3 s": ":1: a: ",
    "b: {file: x.txt, read: cpu}\na: {file: x.txt, read: counts}": ":2: a.read: there is no converter",
    "a: {file: x.txt, read: meminfo}": "a.read: meminfo needs an argument: write what to read after it",
    "a: {file: ../x.txt, read: count}": "a.file: ",
    "a: {file: x.txt, read: count, value: 3}": "a.value: there is no key 'value': use one of",
    "a: {file: x.txt, reed: count}": "a.reed: there is no key 'reed': is read meant?",
    "a: {fil: x, read: cpu}\nb: {file: x, rad: cpu}": "'fil' (and 1 more): is file meant?",
    "a: {file: x.txt, read: count, lines: 3:7}": (
        'a.lines: YAML reads 3:7 as a number, not as text: write it in quotes: "3:7"'
    ),
    'a: {file: x.txt, read: count, lines: "x"}': 'a.lines: \'x\' is not a range of lines: write "3" or "3:7"',
    "a: {file: x.txt, read: yes}": "a.read: YAML reads yes as true or false, not as text: write it",
    "no: {file: x.txt, read: cpu}": ":1: no: YAML reads no as true or false, not as text: write it",
    "a: {file: x, read: pattern ^P: (x)}": "fix that line; a text needs quotes if it contains `: `",
    'a: {file: x.txt, read: count, lines: "1", end: b}': "a: lines are given by number and by content",
    "a: {file: x.txt, read: count, start: '('}": "a.start: '(' is not a regular expression",
    "a: {file: x.txt, read: cpu, locale: en}": "a.read: cpu reads no numbers of a locale: remove locale",
    "a: {file: x.txt, read: count, locale: pt}": "a.locale: ",
    "a: {file: x.txt, read: pattern (}": "a.read: ( is not a regular expression",
    "a: {file: x.txt, read: 'json a['}": "a.read: not a path of JMESPath",
    "a: {file: x.txt, read: secnds}": "a.read: there is no converter 'secnds': is seconds meant?",
    "a: {file: x.txt, read: count, unit: sec}": "a.unit: there is no unit 'sec': is s meant?",
    "a: {file: x.txt, read: count, unit: KB}": "a.unit: there is no unit 'KB': is kB meant?",
    "a: {file: x.txt, read: count, unit: parsec}": "a.unit: there is no unit 'parsec': use one of %, ns",
    "a: {file: x.txt, read: count, volatile: often}": "a.volatile: ",
    "a-b: {file: x.txt, read: count}": "a-b: 'a-b' is not a name: use letters",
    "and: {file: x.txt, read: count}": "and: 'and' is not a name",
    "a..b: {file: x.txt, read: count}": "a..b: 'a..b' is not a name",
    "1.50: {file: x.txt, read: count}": ":1: 1.50: YAML reads 1.50 as a number",
    "[a]: {file: x.txt, read: count}": ":1:1: ",
    "a: 2026-99-99": ": month must be in 1..12",
    "a: !!python/object:os.system {}": ": could not determine a constructor",
}


@pytest.mark.parametrize("text", BAD)
def test_a_bad_file_is_an_error_that_says_what_and_where(little: Little, text: str) -> None:
    """The error has the file, the line, the key, what is wrong and a remedy, and no path of this machine."""
    with pytest.raises(YamlError) as caught:
        facts(little, text)
    said = str(caught.value)
    assert said.startswith("docs/labs/lab12/facts.yml:")
    assert BAD[text] in said
    assert "\n" not in said
    assert caught.value.remedy


def test_a_file_that_cannot_be_read_is_an_error(little: Little, tmp_path: Path) -> None:
    """A missing file, a folder and another encoding are errors."""
    folder = little.root / "docs/labs/lab12"
    with pytest.raises(match="no such file"):
        load_facts(folder / "facts.yml")
    (folder / "facts.yml").mkdir(parents=True)
    with pytest.raises(match="cannot be read") as caught:
        load_facts(folder / "facts.yml")
    assert str(tmp_path) not in str(caught.value)
    (folder / "facts.yml").rmdir()
    (folder / "facts.yml").write_bytes(b"\xff")
    with pytest.raises(match="not UTF-8"):
        load_facts(folder / "facts.yml")


@pytest.mark.parametrize(
    "path", sorted(REPO.glob("docs/labs/*/facts.yml")), ids=lambda path: path.parent.name
)
def test_the_labs_facts_are_whole(path: Path, tmp_path: Path) -> None:
    """The facts.yml of each lab is valid, by its loader and by the published schema."""
    assert load_facts(path, lab_converters(REPO, path.parent.name, run_code=True)).facts
    write_schemas(tmp_path)
    schema = json.loads((tmp_path / "schema/facts-1.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(yaml.safe_load(path.read_text()), schema)


def test_the_reference_names_every_key_and_every_converter() -> None:
    """The manual lists every key, converter and kind of absence. Each sample has the value beside it."""
    page = (REPO / "docs/manual/reference/facts.md").read_text()
    keys, _, converters = page.partition("## Converters\n")
    (model,) = FactsFile.model_json_schema()["$defs"].values()
    named = re.findall(r"^\| (`.*?) \|", keys, re.MULTILINE)
    assert {key for cell in named for key in re.findall(r"`(\w+)`", cell)} - {"read"} == set(
        model["properties"]
    ) - {"read"}
    rows = re.findall(r"^\| `([^`]+)` \| .* \| `([^`]+)` \| `([^`]+)` \|$", converters, re.MULTILINE)
    assert [how.split()[0] for how, _sample, _value in rows] == list(CONVERTERS)
    for how, sample, value in rows:
        read = convert(how, sample.replace("⏎", "\n"))
        assert ", ".join(map(str, read if isinstance(read, tuple) else (read,))) == value
    assert {f"| {one} |" for one in Absence} <= set(re.findall(r"^\| [a-z ]+ \|", converters, re.MULTILINE))
