"""The end of a collect on one screen."""

import hashlib
from pathlib import Path

import pytest

from labreport.capture.cache.archives import obtain
from labreport.capture.declare import Collector, Need
from labreport.capture.labs import FoundLab
from labreport.capture.plan import NOT_YET
from labreport.cli.summary import MOST_NAMES, MOST_REASONS, Durations, downloads, durations, summary
from labreport.contract.lab_config import Archive, Lab
from labreport.contract.records import Status
from labreport.contract.state import CollectorState
from tests.capture.cache.server import NAME, serving
from tests.project import CapturedFile, make


def row(name: str, state: Status = Status.CAPTURED, task: int | None = 1, **fields: str) -> CollectorState:
    """Return the row of a collector of the edition of 2025."""
    edition = None if task is None else 2025
    return CollectorState(name=name, edition=edition, task=task, writes=[], state=state, **fields)


def missing(number: int, reason: str, remedy: str = "install it") -> CollectorState:
    """Return the row of a collector that lacks something."""
    return row(f"probe_{number}", Status.MISSING, reason=reason, remedy=remedy)


def test_what_is_captured_is_counted_by_task() -> None:
    """Each edition has a line; collectors of no task come last."""
    rows = [row("a"), row("b", task=2), row("c", task=None), missing(1, "no network")]
    assert list(summary("demo", rows))[:3] == [
        "demo: 3 of 4 captured",
        "  2025: task 1 1 of 2, task 2 1 of 1",
        "  beyond the tasks 1 of 1",
    ]


def test_a_reason_is_said_once() -> None:
    """Forty collectors with one reason are one paragraph with one remedy. The most frequent comes first."""
    rows = [missing(0, "no network"), *(missing(number, "needs kata") for number in range(1, 41))]
    lines = list(summary("demo", rows))
    text = " ".join(" ".join(lines).split())
    assert text.count("needs kata") == text.count("no network") == 1
    assert text.index("40 not captured, needs kata") < text.index("1 not captured, no network: probe_0")
    assert f"probe_{MOST_NAMES} and {40 - MOST_NAMES} more" in text
    assert len(lines) < 12


def test_a_failure_comes_first() -> None:
    """A failure is told before what is missing, however often that is."""
    failed = row("broken", Status.FAILED, reason="exit status 3", remedy="see failed/broken")
    text = "\n".join(summary("demo", [*(missing(n, "needs kata") for n in range(9)), failed]))
    assert text.index("1 failed, exit status 3: broken") < text.index("needs kata")
    assert "→ see failed/broken" in text


def test_the_reasons_that_are_left_out_are_counted() -> None:
    """More reasons than fit a screen are a line that counts their collectors."""
    rows = [missing(number, f"reason {number}") for number in range(MOST_REASONS + 3)]
    assert list(summary("demo", rows))[-1] == "  3 more, for 3 other reasons: lab status shows them all"


def test_a_plan_names_what_would_be_captured() -> None:
    """Before a collect, what lacks nothing would be captured; what is captured only on request would not."""
    rows = [
        missing(1, NOT_YET, "collect it"),
        missing(2, NOT_YET, "name it: a build is collected only on request"),
    ]
    text = "\n".join(summary("demo", rows, Durations()))
    assert "1 would be captured: probe_1" in text
    assert "1 only on request: probe_2" in text


def test_a_plan_says_in_a_line_what_cannot_be_captured() -> None:
    """The remedies come at the end of the collect."""
    lines = list(
        summary("demo", [missing(number, "needs kata: no KVM") for number in range(30)], Durations())
    )
    assert lines[-1] == "  30 cannot be captured: needs kata: no KVM"


def test_a_plan_says_what_it_downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The size is what the server says. What nothing needs, or the cache has, is not downloaded."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("http_proxy", raising=False)
    data = bytes(2 << 20)
    need = Need("tool", lambda _lab: "", "", archive="tool")
    tool = Collector("tool", lambda _run: None, ("tool.txt",), needs=(need,))
    with serving(data) as server:
        wanted = Archive(url=server.url, sha256=hashlib.sha256(data).hexdigest())
        config = Lab(title="Demo", archives={"tool": wanted}, editions={})
        lab = FoundLab("demo", tmp_path, config, (tool,))
        assert list(downloads(lab, {"tool"})) == [f"  downloads {NAME}, 2 MiB, once"]
        assert list(downloads(lab, set())) == []
        obtain(wanted, lambda _text: None).close()
        assert list(downloads(lab, {"tool"})) == []


@pytest.mark.parametrize("columns", [20, 40, 80, 400])
def test_the_lines_fit_the_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """No line is longer than the terminal, or than 100 characters; nothing is lost."""
    monkeypatch.setenv("COLUMNS", str(columns))
    reason = "needs a machine that can boot a guest and has much more"
    lines = list(summary("demo", [missing(number, reason) for number in range(30)]))
    assert max(map(len, lines)) <= min(max(columns, 40), 100)
    assert reason in " ".join(" ".join(lines).split())


def test_a_reason_cannot_act_on_the_terminal() -> None:
    """What a program printed is escaped."""
    text = "\n".join(summary("demo", [missing(1, "it said \x1b[2J\x07")]))
    assert "\x1b" not in text
    assert "\x07" not in text


def test_a_plan_says_how_long_it_took_before(tmp_path: Path) -> None:
    """The seconds come from the records of the report's own set, with the class of its host."""
    little = make(tmp_path)
    little.capture(CapturedFile("a.txt", b"a\n"))
    known = durations(little.root / "evidence/lab12")
    ((name, (seconds, host_class)),) = known.items()
    assert seconds > 0
    more = Durations(known | {"a": (100.0, host_class), "b": (90.0, host_class)})
    assert more.words(["a", "b"]) == f" (about 3 min on the report's host, of class {host_class})"
    assert more.words(["a", "new"]).endswith(", 1 of them unknown)")
    assert known.words([name])
    assert known.words(["new"]) == ""
