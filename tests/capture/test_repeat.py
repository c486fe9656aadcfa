"""A repeat: the answers are the same, except for what is declared volatile; differences are named."""

import re
import time

import pytest

from labreport.capture.plan import CollectorStatus
from labreport.capture.recapture import repeat
from labreport.contract.records import Status
from tests.capture.throwaway import Throwaway

CHANGING = '''
@collector(edition=2025, task=1, writes=["one.txt"])
def one(run: Run) -> None:
    """One."""
    with run.file("one.txt") as out:
        out.line("ours")
        out.run(["echo", "steady"])
        out.run({command}, volatile={volatile!r})
        out.run(["sh", "-c", "echo $LAB_RUN"])
'''
NANOSECONDS = '["date", "+at %s.%N s"]'
LENGTH = '["sh", "-c", "seq $(expr $(date +%N) % 50 + 2)"]'


def again(project: Throwaway, *names: str) -> dict[str, CollectorStatus]:
    """Repeat the set; return the status of each collector by name."""
    found = repeat(project.target(), names, project.watch)
    return {one.collector.name: one for one in found}


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    ("command", "volatile"),
    [(NANOSECONDS, r"\d+\.\d+"), (NANOSECONDS, "(?s).+"), (LENGTH, "(?s).+")],
)
def test_what_is_declared_volatile_may_differ(project: Throwaway, command: str, volatile: str) -> None:
    """A part of a line, or a whole output and its length, may differ. The run's name needs no declaration."""
    project.module(CHANGING.format(command=command, volatile=volatile))
    project.collect()
    before = project.read("one.txt")
    found = again(project)["one"]
    assert (found.status, found.reason) == (Status.CAPTURED, "")
    assert project.read("one.txt") == before, "the set is as it was"
    assert project.verify().verdict == "intact"


def test_what_is_not_declared_is_named(project: Throwaway) -> None:
    """The reason has the file, the line, and both texts. The set is not changed."""
    project.module(CHANGING.format(command=NANOSECONDS, volatile=""))
    project.collect()
    before = project.read("one.txt")
    found = again(project)["one"]
    assert found.status is Status.STALE
    assert re.fullmatch(
        r"not the same again: one\.txt:3: was 'at \d+\.\d+ s', is 'at \d+\.\d+ s'", found.reason
    ), found.reason
    assert "volatile=" in found.remedy
    assert project.read("one.txt") == before


@pytest.mark.slow
def test_a_pattern_of_a_record_is_not_run(project: Throwaway) -> None:
    """A record that came with a clone may have a pattern that backtracks without end, or hides everything.

    Only patterns that the new capture has, from the collector's code, mask anything.
    """
    project.module(CHANGING.format(command='["sh", "-c", "printf %040d $$"]', volatile=r"\d+"))
    project.collect()
    path = project.folder / "records" / "one.json"
    for pattern in ("(?s).*", "(", r"(\\d+)+x", r"(\\d|\\d)*x"):
        text = path.read_text()
        path.write_text(text.replace(r'"volatile": "\\d+"', f'"volatile": "{pattern}"'))
        began = time.monotonic()
        assert again(project)["one"].status is Status.STALE
        assert time.monotonic() - began < 5
        path.write_text(text)
    assert again(project)["one"].status is Status.CAPTURED


def test_a_volatile_field_hides_nothing_else(project: Throwaway) -> None:
    """A difference on the same line as a volatile number is found."""
    command = '["sh", "-c", "echo $(date +%N) ${LAB_RUN#lab}"]'
    project.module(CHANGING.format(command=command, volatile=r"^\d+"))
    project.collect()
    assert again(project)["one"].reason.startswith("not the same again: one.txt:3: was ")


def test_a_capture_that_fails_again_is_a_failure(project: Throwaway) -> None:
    """The collector failed, and the last evidence is kept."""
    project.module(CHANGING.format(command='["true"]', volatile=""))
    project.collect()
    project.module(CHANGING.format(command='["false"]', volatile=""))
    found = again(project, "one")["one"]
    assert found.status is Status.FAILED
    assert "exit status 1" in found.reason


def test_nothing_to_compare_with(project: Throwaway) -> None:
    """A collector without evidence is missing if it is named, and left out otherwise."""
    assert again(project, "one")["one"].reason == "nothing to compare with"
    assert again(project)["one"].reason == "not captured yet"
    assert project.watch.begun == ["one"]
    assert not (project.folder / "one.txt").exists()
