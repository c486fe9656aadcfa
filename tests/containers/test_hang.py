"""A start under Kata that hangs: its shim is killed at the time limit, and the start is retried."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from labreport.capture.cleanup import leaks
from labreport.capture.command import CommandFailedError
from labreport.capture.run import Run
from labreport.capture.session import session
from labreport.containers import ctr
from labreport.containers.container import container, status
from labreport.containers.ctr import KATA, in_kata
from labreport.contract.records import Outcome
from tests.containers.fake_kata import FAILS, GIVES_UP, HANGS, write_shim
from tests.containers.host_state import host_state, new_things

SECONDS = 4.0
"""The time limit of these tests, which is enough for runc on a busy machine."""

Plan = Callable[..., Run]


@pytest.fixture
def plan(
    make_run: Callable[..., Run],
    web: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Plan]:
    """Return a function that makes a run whose starts under Kata follow a plan. Nothing may be left."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("TEST_WEB_ARCHIVE", str(web))
    before = host_state()
    with session(lambda _text: None) as own:

        def planned(*words: str) -> Run:
            write_shim(tmp_path, shutil.which("containerd-shim-runc-v2") or "", *words)
            return make_run(own, alpine={"made_from": "busybox"}, web={"archive_env": "TEST_WEB_ARCHIVE"})

        yield planned
        own.look_for_leaks()
    assert leaks.find(own.name) == set()
    assert new_things(before, own.name) == {}


def starts(run: Run) -> list[tuple[str, bool, Outcome]]:
    """Return the starts under Kata in the record: the container, whether it timed out, and the outcome."""
    words = [one for one in run.commands if KATA in one.argv]
    name = f"{run.name}-"
    ids = [next(word for word in one.argv if word.startswith(name)) for one in words]
    return [(ident, one.timed_out, one.outcome) for ident, one in zip(ids, words, strict=True)]


@pytest.mark.slow
def test_one_more_try(plan: Plan, tmp_path: Path) -> None:
    """The second attempt answers. The file has only its output; the record has both attempts in order."""
    run = plan(HANGS)
    with run.file("kata/test1.txt") as out:
        assert out.run(in_kata("echo", "up"), timeout=SECONDS).text == "up\n"
    first, second = starts(run)
    assert first[1:] == (True, Outcome.FAILED)
    assert second[1:] == (False, Outcome.ANSWERED)
    assert first[0] != second[0]
    (span,) = run.spans["kata/test1.txt"]
    assert second[0] in run.commands[span.command or 0].argv
    assert [path.read_text() for path in tmp_path.glob("staging-*/kata/test1.txt")] == ["up\n"]
    assert [path for path in leaks.CGROUPS.glob(f"**/{run.name}/*") if path.is_dir()] == []
    run.session.look_for_leaks()


@pytest.mark.slow
def test_hangs_twice(plan: Plan) -> None:
    """A guest that hangs twice is a failure that says so. It leaves no shim and no namespace."""
    run = plan(HANGS, HANGS, HANGS)
    with pytest.raises(CommandFailedError, match=f"no end after {SECONDS:g} s") as caught:
        run.command(in_kata("echo", "up"), timeout=SECONDS)
    assert f"(second attempt; the first one hung: no end after {SECONDS:g} s)" in str(caught.value)
    assert str(caught.value).endswith("see manual/how-to/troubleshooting.md")
    assert [end[1] for end in starts(run)] == [True, True]
    run.session.look_for_leaks()


@pytest.mark.slow
def test_gives_up(plan: Plan) -> None:
    """A guest that did not answer within Kata's own limit is started again, too."""
    run = plan(GIVES_UP)
    assert run.command(in_kata("echo", "up")).text == "up\n"
    assert [end[1:] for end in starts(run)] == [(False, Outcome.FAILED), (False, Outcome.ANSWERED)]


@pytest.mark.slow
def test_fails(plan: Plan) -> None:
    """Neither a start that fails for another reason nor a command that fails is retried."""
    run = plan(FAILS)
    with pytest.raises(CommandFailedError, match="cannot load guest kernel"):
        run.command(in_kata("echo", "up"))
    with pytest.raises(CommandFailedError, match="exit status 7"):
        run.command(in_kata("sh", "-c", "exit 7"))
    assert len(starts(run)) == 2


@pytest.mark.slow
def test_container(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container that hangs is started again in a new network, and is reached there."""
    monkeypatch.setattr(ctr, "KATA_SECONDS", SECONDS)
    run = plan(HANGS)
    with container(run, KATA, "web") as box:
        run.wait_until(lambda: status(f"http://{box.address}:3000/") == 200, "the server", 20)
        assert [end[1] for end in starts(run)] == [True, False]
        assert box.running()
    run.session.look_for_leaks()


@pytest.mark.slow
def test_container_hangs_twice(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """After two hangs there is no container, and both networks are removed."""
    monkeypatch.setattr(ctr, "KATA_SECONDS", SECONDS)
    run = plan(HANGS, HANGS)
    with (
        pytest.raises(CommandFailedError, match=f"the first one hung: no end after {SECONDS:g} s"),
        container(run, KATA, "web"),
    ):
        pass
    assert [end[1] for end in starts(run)] == [True, True]
    run.session.look_for_leaks()
