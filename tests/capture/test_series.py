"""Series of real commands by the real hyperfine. Samples are raw, and a failure is a row like any other."""

import csv
import io
import json

import pytest

from labreport.capture.declare import DeclarationError
from labreport.capture.series import HYPERFINE, Contender, in_turn, series, series_files
from labreport.contract.lab_config import Lab
from labreport.contract.records import Record
from tests.capture.throwaway import Throwaway

STEPS = """
from pathlib import Path

from labreport.capture.command import Attempt
from labreport.capture.series import Contender, series, series_files

COUNTER = Path("{counter}")


@collector(writes=series_files("bench/x"))
def probe(run: Run) -> None:
    \"\"\"Probe.\"\"\"
    def cleared() -> None:
        COUNTER.with_suffix(".cleared").open("a").write("x")

    good = Contender("good", ["sleep", "0.02"], lambda _run: Attempt(["sleep", "0.02"], cleared))
    odd = Contender("odd one", ["true"], lambda _run: Attempt({odd}, cleared))
    series(run, "bench/x", [good, odd], 4, {limit})
"""


@pytest.fixture(autouse=True)
def hyperfine() -> None:
    """Skip, with what is missing, if there is no hyperfine."""
    if reason := HYPERFINE.reason(Lab(title="x", editions={})):
        pytest.skip(reason)


def captured(project: Throwaway, odd: list[str], limit: float = 5) -> tuple[list[dict[str, str]], Record]:
    """Capture a series of four runs whose second contender is `odd`; return its rows and its record."""
    counter = project.root / "counter"
    project.module(STEPS.format(counter=counter, odd=odd, limit=limit))
    standing = project.collect("probe")["probe"]
    assert standing.status == "captured", standing.reason
    assert not project.verify().findings
    return list(csv.DictReader(io.StringIO(project.read("bench/x.csv").decode()))), project.record()


def rows_named(rows: list[dict[str, str]]) -> list[str]:
    """Return the first three cells of each row, which are a sample's name in hyperfine."""
    return [",".join([row["run"], row["order"], row["contender"]]) for row in rows]


def test_in_turn() -> None:
    """The order alternates (A B, B A, A B), so that neither is always first."""
    a, b = (Contender(name, ["true"], lambda _run: pytest.fail("not started")) for name in "ab")
    assert [(run, order, one.name) for run, order, one in in_turn([a, b], 3)] == [
        (1, 1, "a"), (1, 2, "b"), (2, 1, "b"), (2, 2, "a"), (3, 1, "a"), (3, 2, "b")
    ]  # fmt: skip


def test_a_contender_can_be_a_command(project: Throwaway) -> None:
    """Without a function, each run is the command that warms up."""
    project.module(
        "from labreport.capture.series import HYPERFINE, Contender, series, series_files\n"
        '@collector(writes=series_files("x"), needs=[HYPERFINE])\n'
        "def probe(run: Run) -> None:\n"
        '    """Probe."""\n'
        '    two = [Contender("a", ["true"]), Contender("b", lambda run: ["sleep", "0"])]\n'
        '    series(run, "x", two, 2, 5)\n'
    )
    assert project.collect("probe")["probe"].status == "captured"
    rows = project.read("x.csv").decode().splitlines()[1:]
    assert [row.split(",")[2] for row in rows] == ["a", "b", "b", "a"]
    assert all(row.endswith(",0") for row in rows)
    assert {"hyperfine", "jq", "busybox", "timeout"} <= project.record().tools.keys()


def test_a_lab_names_what_it_compares(project: Throwaway) -> None:
    """The column of the contenders has the lab's word. A word that no column can have is wrong use."""
    project.module(
        "from labreport.capture.series import Contender, series, series_files\n"
        '@collector(writes=series_files("x"))\n'
        "def probe(run: Run) -> None:\n"
        '    """Probe."""\n'
        '    series(run, "x", [Contender("a", ["true"])], 1, 5, noun="tool")\n'
    )
    assert project.collect("probe")["probe"].status == "captured"
    assert project.read("x.csv").decode().startswith("run,order,tool,seconds,exit_status\n1,1,a,0.")
    for noun in ("a,b", "", "Tool", "tool\n", "=1"):
        with pytest.raises(DeclarationError, match="noun of the series x is"):
            series(None, "x", [], 1, 5, noun=noun)  # type: ignore[arg-type] # refused before it runs


@pytest.mark.parametrize("name", ["a,b", 'a"b', "", " a", "a\nb", "a / b", 7])
def test_a_name_that_no_contender_can_have(name: str) -> None:
    """A name is a cell of the CSV and a word of an expression."""
    with pytest.raises(DeclarationError, match="a contender cannot be called"):
        Contender(name, ["true"])


@pytest.mark.parametrize(
    ("files", "names", "runs", "says"),
    [
        (["x.csv", "x.json"], "ab", 2, "writes x-host.txt, which it does not declare"),
        (series_files("x"), "aa", 2, "has the contenders a, a: give each a name of its own"),
        (series_files("x"), "", 2, "has the contenders none"),
        (series_files("x"), "ab", 0, "has 0 runs: use at least 1"),
    ],
)
def test_a_wrong_series_is_refused_at_once(
    project: Throwaway, files: list[str], names: str, runs: int, says: str
) -> None:
    """It is wrong use, and no contender runs, not even to warm up."""
    marker = project.root / "it-ran"
    project.module(
        "from labreport.capture.series import Contender, series\n"
        f"@collector(writes={files!r})\n"
        "def probe(run: Run) -> None:\n"
        '    """Probe."""\n'
        f'    several = [Contender(name, ["touch", {str(marker)!r}]) for name in {names!r}]\n'
        f'    series(run, "x", several, {runs}, 5)\n'
    )
    with pytest.raises(DeclarationError) as error:
        project.collect("probe")
    assert says in str(error.value)
    assert error.value.exit_status == 2
    assert not marker.exists()


def test_every_sample_is_kept_as_hyperfine_said_it(project: Throwaway) -> None:
    """There is a row for each run, in order, with the seconds of hyperfine's export."""
    rows, record = captured(project, ["sleep", "0.01"])
    assert [(row["run"], row["order"], row["contender"]) for row in rows] == [
        ("1", "1", "good"), ("1", "2", "odd one"), ("2", "1", "odd one"), ("2", "2", "good"),
        ("3", "1", "good"), ("3", "2", "odd one"), ("4", "1", "odd one"), ("4", "2", "good"),
    ]  # fmt: skip
    assert {row["exit_status"] for row in rows} == {"0"}
    decoder, text = json.JSONDecoder(), project.read("bench/x.json").decode()
    exported = []
    while text := text.lstrip():
        one, end = decoder.raw_decode(text)
        exported += [result["times"][0] for result in one["results"]]
        text = text[end:]
    assert [float(row["seconds"]) for row in rows] == [round(one, 6) for one in exported]
    assert all(0.01 <= one < 1 for one in exported)
    samples = [one for one in record.commands if one.argv[0] == "hyperfine"]
    assert [one.exit_status for one in samples] == [0]
    assert [word for word in samples[0].argv if word in rows_named(rows)] == rows_named(rows)
    spans = {file.path: file.spans for file in record.files}
    assert [record.commands[span.command or 0].argv[0] for span in spans["bench/x.json"]] == ["hyperfine"]
    head, body = spans["bench/x.csv"]
    assert head.command is None
    assert record.commands[body.command or 0].argv[0] == "jq"


@pytest.mark.slow
def test_a_long_series_says_where_it_is(project: Throwaway) -> None:
    """The progress shows once a second which command is timed, and the number of the run."""
    captured(project, ["sleep", "0.7"])
    told = [text for text in project.watch.doing if " of 4" in text]
    runs = [int(text.split(" of ")[0].split()[-1]) for text in told]
    assert len(runs) >= 2
    assert runs == sorted(runs)
    assert {text.partition(", run ")[0] for text in told} <= {"good", "odd one"}


def test_the_host_is_told_of_and_the_warm_up_is_apart(project: Throwaway) -> None:
    """A file has the number of runs, fixed beforehand, the load before and after, and the warm-up runs."""
    rows, record = captured(project, ["echo", "loud"])
    told = project.read("bench/x-host.txt").decode().splitlines()
    assert told[0].startswith("Fixed beforehand: 4 runs of each")
    assert [line for line in told if line.startswith(("To warm", "What", "Load"))] == [
        "To warm up, not in the series: good",
        "To warm up, not in the series: odd one",
        "What they read is in the page cache from now on. Load and memory before:",
        "Load after:",
    ]
    assert [one.argv for one in record.commands[:2]] == [["sleep", "0.02"], ["true"]]
    assert len(rows) == 8
    assert "loud" not in project.read("bench/x.json").decode()


def test_a_start_that_fails_is_counted_and_cleared(project: Throwaway) -> None:
    """It is a row with its exit status and its seconds. It is not repeated, and another hyperfine goes on."""
    rows, record = captured(project, ["sh", "-c", "exit 3"])
    assert [row["exit_status"] for row in rows] == ["0", "3", "3", "0", "0", "3", "3", "0"]
    samples = [one for one in record.commands if one.argv[0] == "hyperfine"]
    assert [one.exit_status for one in samples] == [1, 1, 1, 1, 0]
    assert [word for one in samples for word in one.argv if word == "3,2,odd one"] == ["3,2,odd one"] * 3
    assert (project.root / "counter.cleared").read_text() == "xxxx"


@pytest.mark.slow
def test_a_start_that_does_not_end_is_ended_and_counted(project: Throwaway) -> None:
    """Its row has the exit status of timeout, 124, and the seconds of the limit."""
    rows, _record = captured(project, ["sleep", "60"], limit=0.3)
    ended = [row for row in rows if row["contender"] == "odd one"]
    assert {row["exit_status"] for row in ended} == {"124"}
    assert all(0.3 <= float(row["seconds"]) < 5 for row in ended)
    assert (project.root / "counter.cleared").read_text() == "xxxx"


def test_a_command_that_cannot_be_started_has_failed(project: Throwaway) -> None:
    """Its row has exit status 127, as in a shell, so that it does not pass for a fast run."""
    rows, _record = captured(project, ["no-such-program-here"])
    assert {row["exit_status"] for row in rows if row["contender"] == "odd one"} == {"127"}
