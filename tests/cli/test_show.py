"""How a collect is shown: plain lines in a file; colours and a moving line on a terminal."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from labreport.capture.cleanup import runs
from labreport.capture.declare import Collector
from labreport.capture.plan import CollectorStatus
from labreport.cli import show
from labreport.contract.records import Status
from labreport.report.tables import Table
from tests.cli.conftest import ROOT, Shell, shown_by

COLOUR = re.compile(r"\x1b\[(?:\d+;)*3[0-7]m")


def test_in_a_file(one_lab: Shell) -> None:
    """There is one line for each collector, and nothing else. Standard output has only the JSON."""
    runs.clear_dead_runs()  # those of other tests: a collect would say that it clears them
    ended = one_lab.lab("collect", "mine", "--json")
    assert ended.returncode == 0
    assert re.fullmatch(r"(\d+/\d+ \w+: captured\n)+", ended.stderr)
    assert "\x1b" not in ended.stdout + ended.stderr


def test_a_reason_has_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Of the collectors that are missing for one reason, the first has a line. Every failure has one."""

    def step(name: str) -> Collector:
        return Collector(name, lambda _run: None, (f"{name}.txt",))

    missing, failed = Status.MISSING, Status.FAILED
    ends = [("a", missing, "no KVM"), ("b", missing, "no KVM"), ("c", missing, "no network"),
            ("d", failed, "no KVM"), ("e", failed, "no KVM")]  # fmt: skip
    progress = show.PlainProgress()
    for number, (name, status, reason) in enumerate(ends, 1):
        progress.begin(step(name), number, len(ends))
        progress.end(CollectorStatus(step(name), status, reason))
    assert capsys.readouterr().err.splitlines() == [
        "1/5 a: missing: no KVM",
        "3/5 c: missing: no network",
        "4/5 d: failed: no KVM",
        "5/5 e: failed: no KVM",
    ]


def on_a_terminal(project: Path, *words: str, **env: str) -> str:
    """Run `lab` with a terminal as its standard error; return what it shows."""
    ours, theirs = pty.openpty()
    argv = [sys.executable, str(ROOT / "labreport"), *words]
    whole = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", **env}
    with subprocess.Popen(argv, cwd=project, env=whole, stdout=subprocess.DEVNULL, stderr=theirs) as process:
        os.close(theirs)
        shown = shown_by(ours)
    assert process.returncode == 0
    return shown.decode()


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("env", [{}, {"NO_COLOR": "1"}])
def test_on_a_terminal(one_lab: Shell, monkeypatch: pytest.MonkeyPatch, env: dict[str, str]) -> None:
    """The running command is shown, and each collector's status stays, in colour unless NO_COLOR is set."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    shown = on_a_terminal(one_lab.root, "collect", "mine", **env)
    assert re.search(r"1/\d+ \w+: (?:\x1b\[32m)?captured", shown)
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h") == 1  # no cursor while the line moves
    assert bool(COLOUR.search(shown)) is not bool(env)


def test_tables(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells are text: markup and control characters are printed as they are, or escaped; colours by text."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    rows = [("[red]x[/]", "no"), ("a\x1b[31mb\nc", 3)]
    show.table("Title", Table.of(("name", "there"), rows), {"no": "yellow"})
    printed = capsys.readouterr().out
    assert "[red]x[/]" in printed
    assert "a\\x1b[31mb\\nc" in printed
    assert "\x1b[33mno" in printed
    assert "Title" in printed
