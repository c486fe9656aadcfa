"""A refresh: what did not change stays as it was, and the set notes when that was found."""

from collections.abc import Callable

import pytest

from labreport.capture import collect, host, recapture
from labreport.capture.plan import CollectorStatus
from labreport.contract.reader import parse
from labreport.contract.records import Status
from labreport.contract.refresh import CheckResult, RefreshCheck
from tests.capture.throwaway import Throwaway

TWO = '''
@collector(writes=["clock.txt"])
def clock(run: Run) -> None:
    """The time, which is declared volatile."""
    with run.file("clock.txt") as out:
        out.run(["date", "+at %s.%N s"], volatile=r"[0-9]+\\.[0-9]+")


@collector(writes=["word.txt"])
def word(run: Run) -> None:
    """A word that somebody may change."""
    with run.file("word.txt") as out:
        out.run(["cat", run.setting("word", str)])
'''
NEVER: Callable[[bytes, bytes], bool] = lambda _old, _new: False  # noqa: E731 - no file is a series


@pytest.fixture
def two(project: Throwaway) -> Throwaway:
    """Return a set of two collectors, captured."""
    project.module(TWO)
    word = project.root / "word"
    word.write_text("one\n")
    project.config(f"title: Two\neditions: {{}}\nsettings: {{word: {word}}}\n")
    project.collect()
    return project


def again(
    project: Throwaway, same: Callable[[bytes, bytes], bool] = NEVER, *, replace: bool = False
) -> dict[str, CollectorStatus]:
    """Refresh the set; return the status of each collector by name."""
    found = recapture.refresh(project.target(), (), project.watch, lambda _old, _new: same, replace=replace)
    return {one.collector.name: one for one in found}


def files(project: Throwaway) -> dict[str, bytes]:
    """Return the set's files and records, without checked.json."""
    return {
        path.relative_to(project.folder).as_posix(): path.read_bytes()
        for path in project.folder.rglob("*")
        if path.is_file() and path.name not in {".lock", "checked.json"}
    }


def checked(project: Throwaway) -> RefreshCheck:
    """Return checked.json."""
    return parse(RefreshCheck, (project.folder / "records/checked.json").read_bytes(), "checked.json")


@pytest.mark.slow
def test_nothing_is_changed_for_nothing(two: Throwaway) -> None:
    """Files and records are unchanged. One small file says when that was found."""
    before = files(two)
    found = again(two)
    assert files(two) == before
    assert {one.reason for one in found.values()} == {recapture.KEPT}
    first = checked(two)
    assert first.collectors == {"clock": CheckResult.SAME, "word": CheckResult.SAME}
    assert first.host == host.this_host().id
    assert two.verify().verdict == "intact"
    assert (two.folder / "records/checked.json").stat().st_size < 1000


@pytest.mark.slow
def test_only_what_changed_is_replaced(two: Throwaway) -> None:
    """The word changed: its file and record are new, and those of the clock are unchanged."""
    before = files(two)
    (two.root / "word").write_text("two\n")
    found = again(two)
    assert two.read("word.txt") == b"two\n"
    assert {path for path, data in files(two).items() if before[path] != data} == {
        "word.txt",
        "records/word.json",
        "records/state.json",
    } - (
        {"records/state.json"} if files(two)["records/state.json"] == before["records/state.json"] else set()
    )
    assert checked(two).collectors == {"clock": CheckResult.SAME, "word": CheckResult.CHANGED}
    assert found["word"].status is Status.CAPTURED
    assert two.verify().verdict == "intact"


@pytest.mark.slow
def test_a_series_is_judged_by_the_caller(two: Throwaway) -> None:
    """The caller's function gets both versions of a file. What it calls the same is kept."""
    before = files(two)
    (two.root / "word").write_text("two\n")
    asked: list[tuple[bytes, bytes]] = []

    def same(old: bytes, new: bytes) -> bool:
        asked.append((old, new))
        return old == b"one\n"

    again(two, same)
    assert (b"one\n", b"two\n") in asked
    assert files(two) == before


SUMMED = '''
@collector(writes=["numbers.txt", "sum.txt", "whole.txt"])
def numbers(run: Run) -> None:
    """Numbers, what was made of them, and a file that lab.yml may call volatile."""
    with run.file("numbers.txt") as out:
        out.run(["date", "+%N"])
    with run.file("sum.txt") as out:
        out.line("the sum:")
        out.run(["awk", "{ sum += $1 } END { print sum }", "numbers.txt"])
    with run.file("whole.txt") as out:
        out.run(["cat", run.setting("word", str)])
'''


def test_what_is_made_of_a_series_follows_it(two: Throwaway) -> None:
    """A summary is the same if its samples are the same, and changed if they changed."""
    two.module(SUMMED)
    two.collect()
    before = files(two)
    again(two, lambda old, new: old != before["sum.txt"] and old == before["numbers.txt"] and new != old)
    assert files(two) == before
    again(two)
    assert files(two)["sum.txt"] != before["sum.txt"]
    assert checked(two).collectors["numbers"] is CheckResult.CHANGED


@pytest.mark.slow
def test_lab_yml_calls_a_file_volatile(two: Throwaway) -> None:
    """A file that lab.yml calls volatile may change as a whole."""
    two.module(SUMMED)
    two.config((two.lab / "lab.yml").read_text() + "volatile: [whole.txt]\n")
    two.collect()
    before = files(two)
    (two.root / "word").write_text("two\n")
    again(two, lambda old, _new: old == before["numbers.txt"])
    assert files(two) == before


def test_a_capture_that_fails_leaves_the_last_evidence(two: Throwaway) -> None:
    """The collector failed, with its reason, and its output is in failed/. The rest is taken over."""
    before = files(two)
    (two.root / "word").unlink()
    found = again(two)
    assert found["word"].status is Status.FAILED
    assert "the last evidence stands" in found["word"].remedy
    assert files(two).items() >= before.items()
    assert (two.folder / "failed/word/why.txt").is_file()
    assert checked(two).collectors["word"] is CheckResult.FAILED
    assert two.verify().verdict == "intact"


def test_what_lacks_something_now_has_failed(two: Throwaway) -> None:
    """If a need is no longer met, the collector failed, and its evidence is kept."""
    before = files(two)
    lacking = TWO.replace(
        'writes=["word.txt"]', 'writes=["word.txt"], needs=[Need("thing", lambda _lab: "gone", "get it")]'
    )
    two.module(lacking)
    found = again(two)
    assert found["word"].status is Status.FAILED
    assert found["word"].reason == "needs thing: gone"
    assert files(two)["word.txt"] == before["word.txt"]


def test_a_changed_collector_is_taken_over(two: Throwaway) -> None:
    """The record is of the new collector, even if it prints the same."""
    two.module(TWO.replace('["cat", ', '["head", '))
    again(two)
    assert two.record("word").commands[0].argv[0] == "head"
    assert checked(two).collectors["word"] is CheckResult.CHANGED


def test_a_changed_docstring_changes_nothing(two: Throwaway) -> None:
    """The collector does the same, so its record stays as it was."""
    before = files(two)
    two.module(TWO.replace("A word that somebody may change.", "Another title."))
    again(two)
    after = files(two)
    assert {path for path in before if before[path] != after[path]} <= {"records/state.json"}
    assert checked(two).collectors["word"] is CheckResult.SAME


@pytest.fixture
def elsewhere(two: Throwaway, monkeypatch: pytest.MonkeyPatch) -> Throwaway:
    """Return the set, on another host."""
    other = host.this_host().model_copy(update={"cores": 999})
    for module in ("capture", "collect"):
        monkeypatch.setattr(f"labreport.capture.{module}.this_host", lambda: other)
    return two


@pytest.mark.slow
def test_another_host_takes_all_or_nothing(elsewhere: Throwaway) -> None:
    """Without `replace` it is refused. With it, all is taken over if anything changed, else nothing."""
    before = files(elsewhere)
    with pytest.raises(collect.OtherHostError):
        again(elsewhere)
    again(elsewhere, replace=True)
    assert files(elsewhere) == before
    (elsewhere.root / "word").write_text("two\n")
    again(elsewhere, replace=True)
    hosts = {elsewhere.record(name).host for name in ("clock", "word")}
    assert len(hosts) == 1
    assert files(elsewhere)["records/clock.json"] != before["records/clock.json"]
    assert elsewhere.verify().verdict == "intact"


def test_a_failure_on_another_host_takes_nothing(elsewhere: Throwaway) -> None:
    """A set never mixes two hosts, so nothing is taken over if a collector failed."""
    before = files(elsewhere)
    elsewhere.module(TWO.replace('"date", "+at', '"false", "+at'))
    (elsewhere.root / "word").write_text("two\n")
    found = again(elsewhere, replace=True)
    assert found["clock"].status is Status.FAILED
    assert {path: data for path, data in files(elsewhere).items() if "failed/" not in path} == before
