"""Escapes from real containers under runc, to a folder of the test: the marker decides."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from labreport.capture.command import CommandFailedError
from labreport.capture.run import CaptureError, Run
from labreport.containers import ctr
from labreport.containers.escapes import (
    MISSED,
    PROVED_NOTHING,
    REACHED,
    Escape,
    Trial,
    attempt,
    check_differences,
    judge,
    new_trial,
)

pytestmark = pytest.mark.usefixtures("host")


def escape(run: Run, script: str, **given: object) -> Escape:
    """Return an escape to the host's folder. The script may contain `{marker}` and `{wrong}`."""
    where = new_trial(run, "alpine")
    (where.folder / "file").write_text("untouched\n")
    known: dict[str, object] = {
        "look": ["cat", str(where.folder / "file")],
        "options": ["--mount", f"type=bind,src={where.folder},dst=/host,options=rbind:rw"],
        "changes": [f"^[+-]{where.folder}/file "],
        **given,
    }
    text = script.format(marker=where.marker, wrong="marker-" + "0" * 16, folder=where.folder)
    return Escape(where, "the host's file", "it holds the marker", text, **known)  # type: ignore[arg-type]


def tried(run: Run, one: Escape) -> str:
    """Try an escape under runc and return the verdict."""
    with run.file("x.txt") as out:
        return attempt(run, out, one, ctr.RUNC)


def lines(run: Run) -> list[str]:
    """Return the lines of the evidence file."""
    return (run._staging / "x.txt").read_text().splitlines()


def test_reached(run: Run) -> None:
    """The marker is on the host, and only the file differs there."""
    one = escape(run, "echo {marker} >/host/file")
    assert tried(run, one) == REACHED
    found = lines(run)
    assert found[-1] == f"=> {REACHED}"
    at = found.index("--- what differs on the host")
    changed = [line for line in found[at:] if line[:1] in "+-" and not line.startswith(("--- ", "+++ "))]
    assert [line[1:].split()[0] for line in changed] == [str(one.trial.folder / "file")] * 2
    assert [line[0] for line in changed] == ["-", "+"]
    assert found[found.index("--- the host, looked at from outside") + 1] == one.trial.marker


@pytest.mark.slow
@pytest.mark.parametrize(
    "script",
    [
        "exit 0",
        "echo {wrong} >/host/file.txt 2>/dev/null; rm -f /host/file.txt; exit 0",
        "echo {marker}; exit 0",
        "echo {marker} >/file; exit 0",
    ],
)
def test_a_fake_success_is_judged_by_the_marker(run: Run, script: str) -> None:
    """With exit status 0 and the marker only in the container, the host was not reached."""
    assert tried(run, escape(run, script)) == MISSED
    assert lines(run)[-2:] == ["nothing", f"=> {MISSED}"]
    assert [one.exit_status for one in run.commands if "run" in one.argv] == [0]


@pytest.mark.slow
@pytest.mark.parametrize("status", [1, 125, 137])
def test_a_fake_refusal_is_judged_by_the_marker(run: Run, status: int) -> None:
    """With an error and the marker on the host, the host was reached."""
    script = f"echo {{marker}} >/host/file; echo Permission denied >&2; exit {status}"
    assert tried(run, escape(run, script)) == REACHED
    assert [one.exit_status for one in run.commands if "run" in one.argv] == [status]


@pytest.mark.slow
def test_a_refusal(run: Run) -> None:
    """If the folder is mounted read-only, the message is in the evidence, and nothing differs."""
    where = new_trial(run, "alpine")
    read_only = ["--mount", f"type=bind,src={where.folder},dst=/host,options=rbind:ro"]
    assert tried(run, escape(run, "echo {marker} >/host/file", options=read_only)) == MISSED
    assert any("Read-only file system" in line for line in lines(run))
    assert lines(run)[-2:] == ["nothing", f"=> {MISSED}"]


@pytest.mark.slow
def test_a_start_that_failed_proves_nothing(run: Run) -> None:
    """A start that a runtime is known to refuse proves nothing. Any other failed start is an error."""
    missing = ["--mount", "type=bind,src=/no/such/folder,dst=/host,options=rbind:rw"]
    known = escape(run, "true", options=missing, not_started="no such file or directory")
    assert tried(run, known) == PROVED_NOTHING
    with pytest.raises(CommandFailedError, match=r"the container did not start: .*/no/such/folder"):
        tried(run, escape(run, "true", options=missing))


@pytest.mark.slow
def test_a_host_that_differs_in_more_than_the_result_says(run: Run) -> None:
    """A second file beside the marker fails the collector, and so does a file without the marker."""
    with pytest.raises(CaptureError, match=r"the host differs in what the result does not say: .*/second"):
        tried(run, escape(run, "echo {marker} >/host/file; echo x >/host/second"))
    with pytest.raises(CaptureError, match=r"the host differs in what the result does not say: .*/file"):
        tried(run, escape(run, "echo x >/host/file"))


@pytest.mark.slow
def test_a_host_that_does_not_show_the_result(run: Run) -> None:
    """A change that the result says must be on the host."""
    with pytest.raises(CaptureError, match="the host does not show what the result says: elsewhere"):
        tried(run, escape(run, "echo {marker} >/host/file", changes=["/host-folder/file ", "elsewhere"]))


@pytest.mark.slow
def test_what_finds_the_marker_must_not_name_it(run: Run) -> None:
    """The command that looks for the marker must not contain it: an error may repeat its arguments."""
    where = Trial("marker-" + "1" * 16, Path("/x"), Path("/etc/x"), "alpine")
    with pytest.raises(CaptureError, match="an error message would prove the escape"):
        Escape(where, "t", "p", "true", look=["cat", f"/x/{where.marker}"])
    with pytest.raises(CaptureError, match="an error message would prove the escape"):
        Escape(where, "t", "p", f"cat /x/{where.marker}")
    assert tried(run, escape(run, "true")) == MISSED


@pytest.mark.parametrize(
    ("said", "seen", "verdict"),
    [
        ("started-1", "marker-1", REACHED),
        ("", "marker-1", REACHED),
        ("started-1", "untouched", MISSED),
        ("started-2", "untouched", PROVED_NOTHING),
    ],
)
def test_verdicts(said: str, seen: str, verdict: str) -> None:
    """The marker decides first. Without it, the container must have printed that it started."""
    assert judge(said, seen, "started-1", "marker-1") == verdict


@pytest.mark.parametrize(
    ("differs", "changes", "words"),
    [([], [], ""), (["+a"], ["a$"], ""), (["+a", "+b"], ["a$"], "differs in"), ([], ["a$"], "does not show")],
)
def test_accounts(differs: Sequence[str], changes: Sequence[str], words: str) -> None:
    """Each change must be there, and nothing else."""
    if not words:
        check_differences(differs, changes)
        return
    with pytest.raises(CaptureError, match=words):
        check_differences(differs, changes)
