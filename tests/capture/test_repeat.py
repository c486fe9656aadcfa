"""Captured again on one host: the same answers but for what is declared to differ; what differs is named."""

import re

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
    """Capture again and return where each collector stands."""
    found = repeat(project.target(), names, project.watch)
    return {one.collector.name: one for one in found}


@pytest.mark.parametrize(
    ("command", "volatile"),
    [(NANOSECONDS, r"\d+\.\d+"), (NANOSECONDS, "(?s).+"), (LENGTH, "(?s).+")],
)
def test_what_is_declared_volatile_may_differ(project: Throwaway, command: str, volatile: str) -> None:
    """A part of a line, a whole output, even its length; the run's own name needs no declaration."""
    project.module(CHANGING.format(command=command, volatile=volatile))
    project.collect()
    before = project.read("one.txt")
    found = again(project)["one"]
    assert (found.status, found.reason) == (Status.CAPTURED, "")
    assert project.read("one.txt") == before, "the set is as it was"
    assert project.verify().verdict == "intact"


def test_what_is_not_declared_is_named(project: Throwaway) -> None:
    """File, line, what it was and what it is; the set keeps what it has."""
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


def test_a_volatile_field_hides_nothing_else(project: Throwaway) -> None:
    """Beside a masked number another word is seen."""
    command = '["sh", "-c", "echo $(date +%N) ${LAB_RUN#lab}"]'
    project.module(CHANGING.format(command=command, volatile=r"^\d+"))
    project.collect()
    assert again(project)["one"].reason.startswith("not the same again: one.txt:3: was ")


def test_a_capture_that_fails_again_is_a_failure(project: Throwaway) -> None:
    """It is named as one, and the evidence of before stands."""
    project.module(CHANGING.format(command='["true"]', volatile=""))
    project.collect()
    project.module(CHANGING.format(command='["false"]', volatile=""))
    found = again(project, "one")["one"]
    assert found.status is Status.FAILED
    assert "exit status 1" in found.reason


def test_nothing_to_compare_with(project: Throwaway) -> None:
    """A collector that was never captured is named as missing where it is asked for, and else left out."""
    assert again(project, "one")["one"].reason == "nothing to compare with"
    assert again(project)["one"].reason == "not captured yet"
    assert project.watch.begun == ["one"]
    assert not (project.folder / "one.txt").exists()
