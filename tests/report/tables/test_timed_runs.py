"""What a series timed is shown, and not the long command line that timed it."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from labreport.report.pages.calls import Call
from labreport.report.tables.runs import CommandRun
from tests.project import CapturedFile, Little, make

LIMIT = "timeout --foreground --kill-after=10 60"
ROWS = b"run,order,runtime,seconds,exit_status\n1,1,gzip,0.40,0\n1,2,zstd,0.10,0\n"


def hyperfine(*samples: tuple[str, str]) -> tuple[str, ...]:
    """Return a command line of hyperfine that times these samples: a name and a command each."""
    named = (word for name, line in samples for word in ("--command-name", name, line))
    return ("hyperfine", "--runs", "1", "--export-json", "/x.json", *named)


def series(root: Path, argv: Sequence[str]) -> Little:
    """Return a lab with a series that this command line timed."""
    little = make(root)
    record = "times"
    names = {"b/x.csv": ROWS, "b/x.json": b"{}\n", "b/x-host.txt": b"load\n"}
    captured = [CapturedFile(path, data, (tuple(argv),), record) for path, data in names.items()]
    files = [file for one in captured for file in little.capture(one).files]
    little.capture(captured[0], files=files)
    return little


def shown(little: Little, *args: object) -> list[CommandRun]:
    """Return the commands that the macro shows."""
    found: Any = Call("command", args, ()).run(little.context())
    return [command for runs in found for command in runs.commands]


def test_the_commands_of_a_series_are_those_that_it_timed(tmp_path: Path) -> None:
    """Each contender has its command without the time limit, how often it ran, and the limit."""
    timed = [("1,1,gzip", f"{LIMIT} gzip -6 -k 'a b'"), ("1,2,zstd", f"{LIMIT} zstd -q x")]
    again = [("2,1,zstd", f"{LIMIT} zstd -q x"), ("2,2,gzip", f"{LIMIT} gzip -6 -k 'a b'")]
    little = series(tmp_path, hyperfine(*timed, *again))
    for path in ("b/x.csv", "b/x.json"):
        first, second = shown(little, path)
        assert (first.line, second.line) == ("gzip -6 -k 'a b'", "zstd -q x")
        assert first.how == (
            "gzip: timed 2 times by hyperfine, at most 60 s each, from 2026-03-04 05:06:07 UTC, virtual"
        )
    (load,) = shown(little, "b/x-host.txt")
    assert load.line.startswith("hyperfine --runs 1")
    (lines,) = shown(little, "b/x.csv", "2:3")
    assert lines.line.startswith("hyperfine --runs 1")


def test_commands_that_differ_are_said_to_differ(tmp_path: Path) -> None:
    """A container has a new name in each run: the first command is shown."""
    little = series(tmp_path, hyperfine(("1,1,runc", "ctr run a"), ("2,1,runc", "ctr run b")))
    (only,) = shown(little, "b/x.csv")
    assert only.line == "ctr run a"
    assert only.how.startswith("runc: timed 2 times by hyperfine, the first command, others differ in names,")


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (("jq", "-r", "."), "jq -r ."),
        (("hyperfine", "--command-name"), "hyperfine --command-name"),
        (hyperfine(("1,1,x", "")), ""),
        (hyperfine(("x", "echo 'y")), "echo 'y"),
        (hyperfine(("1,1,x", "timeout --foreground")), "timeout --foreground"),
    ],
)
def test_a_record_is_hostile(tmp_path: Path, argv: tuple[str, ...], line: str) -> None:
    """Any words in a record are shown as they are."""
    (only,) = shown(series(tmp_path, argv), "b/x.csv")
    assert only.line == line


def test_the_files_beside_the_rows_of_a_series_need_not_be_shown(tmp_path: Path) -> None:
    """A page shows the rows. If it does not, the series is one finding."""
    little = series(tmp_path, hyperfine(("1,1,x", "true")))
    day = date(2026, 3, 4)
    page = little.page("labs/lab12/x.md", "# Page\n")
    assert [one.file for one in little.check(day).findings] == ["evidence/lab12/b/x.csv"]
    page.write_text('# Page\n\n{{ evidence("b/x.csv") }}\n')
    assert [one.kind for one in little.check(day).findings] == []
    little.capture(CapturedFile("other.json", b"{}\n"))
    assert [one.file for one in little.check(day).findings] == ["evidence/lab12/other.json"]
