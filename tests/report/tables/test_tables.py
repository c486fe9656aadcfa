"""Tables and lists agree with the records, on the site and in the export."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from labreport.contract.records import HostClass
from labreport.report.export.markdown import runs_markdown, table_markdown
from labreport.report.pages.calls import Call
from labreport.report.source.cite import Gap
from labreport.report.tables import Cell, Table
from labreport.report.tables.runs import CommandRun, CommandRuns
from labreport.site.html.blocks import runs_html, table_html
from tests.project import HOST, CapturedFile, Little, make, row

EMULATED = HOST.model_copy(update={"host_class": HostClass.EMULATED})
BAD = '</code><img src=x onerror="alert(1)"> | `x` *y*\n'


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory) -> Little:
    """Return a lab of three captured collectors and a missing one, and evidence of a second host."""
    made = make(tmp_path_factory.mktemp("tables") / "project")
    made.page("labs/lab12/index.md", "# Lab\n")
    made.capture(CapturedFile("b.txt", b"1\n2\n", (("nproc",), ("free", "-m")), "second"), task=2)
    made.capture(CapturedFile("a.txt", b"1\n", (("sh", "-c", "echo 'a b'"),), "first"), task=1)
    made.capture(CapturedFile("z.txt", b"1\n", (), "facts"), task=None)
    late = datetime(2027, 1, 1, tzinfo=UTC)
    other = HOST.model_copy(update={"cores": 64})
    made.capture(CapturedFile("a.txt", b"1\n"), lab="hosts/big/lab12", host=other, start=late)
    made.state(
        row("first", "a.txt", state="captured", seconds=1.25),
        row(
            "kata",
            "kata.txt",
            state="not applicable here",
            reason="no KVM",
            remedy="a KVM host",
            command="lab x",
        ),
        row("second", "b.txt", state="stale", task=2, reason="its code has changed"),
    )
    return made


def show(little: Little, name: str, *args: object, page: str = "labs/lab12/x.md", **named: Any) -> Any:
    """Return the result of a macro on a page."""
    context = little.context(page)
    return Call(name, args, tuple(named.items())).run(context)


def texts(table: object) -> list[list[str]]:
    """Return the text of a table's cells."""
    assert isinstance(table, Table)
    return [[cell.text for cell in cells] for cells in table.rows]


def test_commands_come_in_the_tasks_order(little: Little) -> None:
    """Commands are sorted by task. A collector without commands says why."""
    runs = show(little, "commands")
    assert isinstance(runs, tuple)
    assert [(one.title, [ran.line for ran in one.commands], one.note) for one in runs] == [
        ("Task 1, first", ["sh -c 'echo '\"'\"'a b'\"'\"''"], ""),
        ("Task 1, kata", [], "not applicable here: no KVM; a KVM host; lab x"),
        ("Task 2, second", ["nproc", "free -m"], ""),
        ("facts", [], "no command was run"),
    ]
    assert runs[0].commands[0].how == "exit status 0, 0.250 s, 2026-03-04 05:06:07 UTC, virtual"


def test_a_command_by_the_lines_that_it_printed(little: Little) -> None:
    """The macro shows all commands of a file, those of some lines, or the n-th."""
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, ["nproc", "free -m"]),
        ({"lines": "2"}, ["free -m"]),
        ({"n": 1}, ["nproc"]),
    ]
    for named, lines in cases:
        (runs,) = show(little, "command", "b.txt", **named)
        assert [ran.line for ran in runs.commands] == lines
    assert isinstance(show(little, "command", "kata.txt"), Gap)


def test_the_state_of_every_collector(little: Little) -> None:
    """Each row has reason, remedy, command and seconds."""
    assert texts(show(little, "state")) == [
        ["first", "2025, 1", "captured", "", "", "", "1.2"],
        ["kata", "2025, 1", "not applicable here", "no KVM", "a KVM host", "lab x", ""],
        ["second", "2025, 2", "stale", "its code has changed", "", "", ""],
    ]
    assert show(little, "state", "lab12", page="index.md") == show(little, "state")


def test_stale_evidence_says_so_in_its_block(little: Little) -> None:
    """A stale block is shown with a note."""
    assert show(little, "evidence", "b.txt").notes == ("stale: its code has changed",)
    assert show(little, "evidence", "a.txt").notes == ()


def test_hosts_have_one_row_each_and_classes_are_apart(little: Little) -> None:
    """Each host has one row. A class selects its hosts, and an unknown class is a problem."""
    rows = texts(show(little, "hosts"))
    assert [(one[0], one[4], one[6], one[7], one[8]) for one in rows] == [
        ("lab12", "2", "virtual", "3", "2026-03-04"),
        ("hosts/big/lab12", "64", "virtual", "1", "2027-01-01"),
    ]
    assert len(texts(show(little, "host"))) == 1
    assert texts(show(little, "hosts", "virtual")) == rows
    assert [one[0] for one in texts(show(little, "hosts", "emulated"))] == ["none"]
    assert "bare metal, virtual" in show(little, "hosts", "metal").remedy


def test_a_host_that_measured_two_labs_is_one_row(tmp_path: Path) -> None:
    """The row names both sets and counts the files of both."""
    made = make(tmp_path / "project")
    made.capture(CapturedFile("a.txt", b"1\n"))
    made.capture(CapturedFile("b.txt", b"1\n"), lab="lab13", start=datetime(2025, 1, 1, tzinfo=UTC))
    made.capture(CapturedFile("a.txt", b"1\n"), lab="hosts/slow/lab12", host=EMULATED)
    rows = texts(show(made, "hosts"))
    assert [(one[0], one[6], one[7], one[8]) for one in rows] == [
        ("lab12, lab13", "virtual", "2", "2025-01-01"),
        ("hosts/slow/lab12", "emulated", "1", "2026-03-04"),
    ]


def test_labs_have_a_row_each(little: Little, tmp_path: Path) -> None:
    """A lab with pages has a row even if it has no evidence."""
    assert texts(show(little, "labs")) == [["lab12", "1 of 3", "3", "2026-03-04", "virtual"]]
    assert show(little, "labs").rows[0][0].link == "labs/lab12/index.html"
    bare = make(tmp_path / "project")
    bare.page("labs/lab13/index.md", "# Lab\n")
    assert texts(show(bare, "labs")) == [["lab13", "0 of 0", "0", "", ""]]


def test_the_index_names_every_file(little: Little) -> None:
    """On a page of a lab it lists the files of the lab, elsewhere those of all sets."""
    assert [one[0] for one in texts(show(little, "index"))] == ["lab12/a.txt", "lab12/b.txt", "lab12/z.txt"]
    everything = texts(show(little, "index", page="index.md"))
    assert [one[0] for one in everything][-1] == "hosts/big/lab12/a.txt"
    assert everything[0][1] == "1 line, 2 bytes"
    assert show(little, "index").rows[0][3].link == "evidence/lab12/records/first.json"


def test_cells_are_escaped() -> None:
    """Cells are escaped in HTML and in Markdown, and stay on one line there."""
    table = Table((BAD,), ((Cell(BAD, code=True, link='x"y'), Cell(BAD)),))
    html = table_html(table, "../")
    assert "<img" not in html
    assert 'href="../x&#34;y"' in html
    assert len(table_markdown(table).split("\n")) == 3
    assert "<img" not in table_markdown(table).replace("\\<img", "")
    runs = (CommandRuns(BAD, (CommandRun(BAD, BAD, BAD),), BAD),)
    assert "<img" not in runs_html(runs)
    assert "**" in runs_markdown(runs)


def test_nothing_at_all_is_one_error(tmp_path: Path) -> None:
    """For a lab without evidence, each table names the command to run."""
    made = make(tmp_path / "project")
    made.page("labs/lab12/index.md", "# x\n")
    for name in ("state", "host", "commands"):
        assert "lab collect lab12" in show(made, name).remedy
    assert [one[0] for one in texts(show(made, "hosts"))] == ["none"]


def test_a_command_run_many_times_in_a_row_is_shown_once(little: Little) -> None:
    """Equal commands in a row are one line with their number. A later one is another line."""
    argv = (("curl", "x"), ("curl", "x"), ("curl", "x"), ("nproc",), ("curl", "x"))
    little.capture(CapturedFile("times.txt", b"1\n2\n3\n4\n5\n", argv, collector="times"))
    runs = show(little, "commands")
    assert isinstance(runs, tuple)
    (times,) = [one for one in runs if "times" in one.title]
    assert [ran.line for ran in times.commands] == ["curl x", "nproc", "curl x"]
    assert times.commands[0].how.startswith("3 times; the first: exit status 0")
    assert times.commands[2].how.startswith("exit status 0")
