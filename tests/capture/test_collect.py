"""One collect: what becomes evidence, what does not, and what state.json says about it."""

import os
from pathlib import Path

import pytest

from labreport.capture import store
from labreport.capture.declare import DeclarationError
from labreport.contract.reader import RecordError
from labreport.contract.records import Status
from tests.capture.throwaway import ONE, PAIR, Throwaway


def test_a_collect_leaves_evidence_records_and_state(project: Throwaway) -> None:
    """The captured evidence is intact and fresh. A second collect captures nothing."""
    assert project.collect()["one"].status is Status.CAPTURED
    assert project.read("one.txt") == b"ours\ntheirs\n"
    assert project.verify().verdict == "intact"
    assert [(row.name, row.state, row.writes) for row in project.state().collectors] == [
        ("one", Status.CAPTURED, ["one.txt"])
    ]
    before = project.record("one")
    assert project.collect()["one"].status is Status.CAPTURED
    assert project.record("one") == before
    assert project.watch.begun == ["one"]
    assert project.collect("one")["one"].record != before


def test_nothing_else_is_in_the_folder(project: Throwaway) -> None:
    """A collect leaves evidence and records, and no lock, staging folder or partial file."""
    project.collect()
    found = {path.relative_to(project.folder).as_posix() for path in project.folder.rglob("*")}
    hosts = {path for path in found if path.startswith("records/host-")}
    assert found - hosts == {"one.txt", "records", "records/one.json", "records/state.json"}
    assert len(hosts) == 1


def test_the_order_is_that_of_after(project: Throwaway) -> None:
    """A collector runs after the ones it names, whatever its own name and place."""
    project.module(PAIR.format(first=""))
    project.collect()
    assert project.watch.begun == ["first", "second"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("pass", "declares x.txt and did not write it"),
        ("with run.file('../' + 'y.txt') as out: pass", "hidden part or leaves the evidence folder"),
        ("with run.file('records/' + 'state.json') as out: pass", "in a folder of the tool's own"),
        ('raise KeyError("x")', "steps.py:8: KeyError: 'x'"),
        ('raise SystemExit("bye")', "steps.py:8: SystemExit: bye"),
        ('open("/nonexistent/x")', "steps.py:8: FileNotFoundError"),
        ("import os, pathlib; p = run._staging / 'x.txt'; os.mkfifo(p); run.spans['x.txt'] = []", "a FIFO"),
        (
            "p = run._staging / 'x.txt'; p.symlink_to('/etc/passwd'); run.spans['x.txt'] = []",
            "a symbolic link",
        ),
    ],
)
def test_a_mistake_in_a_collector_is_a_failed_capture(project: Throwaway, body: str, reason: str) -> None:
    """The reason names file and line, and nothing becomes evidence."""
    standing = project.probe(body)
    assert standing.status is Status.FAILED
    assert reason in standing.reason
    assert not (project.folder / "x.txt").exists()
    assert str(project.root) not in standing.reason
    assert project.verify().verdict == "intact"


def test_a_file_that_is_not_declared_is_refused_at_once(project: Throwaway) -> None:
    """No command for it runs, the mistake is one error with file and line, and nothing is left."""
    marker = project.root / "it-ran"
    body = f"name = 'y' + '.txt'\nwith run.file(name) as out:\n    out.run(['touch', {str(marker)!r}])"
    with pytest.raises(DeclarationError) as error:
        project.probe(body)
    assert "steps.py:" in error.value.place
    assert error.value.what == "probe: it writes y.txt, which it does not declare"
    assert error.value.exit_status == 2
    assert not marker.exists()
    assert project.verify().verdict == "intact"


def test_a_failure_leaves_the_last_good_evidence(project: Throwaway) -> None:
    """The files and the record of the last capture are unchanged."""
    project.probe('with run.file("x.txt") as out:\n    out.line("good")')
    record = (project.folder / "records/probe.json").read_bytes()
    standing = project.probe('with run.file("x.txt") as out:\n    out.line("bad")\n    out.run(["false"])')
    assert standing.status is Status.FAILED
    assert (project.read(), (project.folder / "records/probe.json").read_bytes()) == (b"good\n", record)
    assert project.verify().verdict == "intact"


def test_a_collector_after_a_failed_one_is_not_run(project: Throwaway) -> None:
    """It is missing, with the reason of the collector before it. state.json has both."""
    project.module(PAIR.format(first='run.command(["false"])'))
    standings = project.collect()
    assert [one.status for one in standings.values()] == [Status.FAILED, Status.MISSING]
    assert standings["second"].reason == "comes after first, which is failed"
    rows = {row.name: row for row in project.state().collectors}
    assert rows["first"].state is Status.FAILED
    assert rows["second"].command == f"lab collect {project.name}/second"


def test_a_collector_that_is_not_applicable(project: Throwaway) -> None:
    """Not applicable is a result: a record with the reason, without files, fresh until something changes."""
    standing = project.probe('raise NotApplicable("no such thing here")')
    assert (standing.status, standing.reason) == (Status.NOT_APPLICABLE, "no such thing here")
    record = project.record()
    assert (record.state, record.reason, record.files) == (Status.NOT_APPLICABLE, "no such thing here", [])
    assert project.collect()["probe"].status is Status.NOT_APPLICABLE
    assert project.watch.begun == ["probe"]


def test_an_unavailable_collector_is_missing(project: Throwaway) -> None:
    """Reason and remedy are returned and in state.json. Nothing is kept in failed/."""
    standing = project.probe('raise Unavailable("no image", "get one")')
    assert (standing.status, standing.reason, standing.remedy) == (Status.MISSING, "no image", "get one")
    (row, *_rest) = project.state().collectors
    assert (row.reason, row.remedy) == ("no image", "get one")
    assert not (project.folder / "failed").exists()


MOON = """
def day(_lab):
    with open({log!r}, "a") as out:
        out.write("x")
    return "it is day"


MOON = Need("moon", day, "wait")


@collector(writes=["a.txt"], needs=[MOON])
def a(run: Run) -> None:
    "A."


@collector(writes=["b.txt"], needs=[MOON])
def b(run: Run) -> None:
    "B."
"""


def test_a_need_is_asked_once_for_all(project: Throwaway, tmp_path: Path) -> None:
    """A need that several collectors share is looked for once."""
    log = tmp_path / "asked"
    project.module(MOON.format(log=str(log)))
    assert [one.reason for one in project.target().statuses()] == ["needs moon: it is day"] * 2
    assert log.read_text() == "x"


LATER = """
@collector(writes=["c.txt"], after=[a])
def c(run: Run) -> None:
    "C."


@collector(writes=["d.txt"], after=[c])
def d(run: Run) -> None:
    "D."
"""


def test_what_comes_after_what_is_missing(project: Throwaway, tmp_path: Path) -> None:
    """It is missing as well, before a collect and after it."""
    project.module(MOON.format(log=str(tmp_path / "asked")) + LATER)
    expected = ["comes after a, which is missing", "comes after c, which is missing"]
    assert [one.reason for one in project.target().statuses()][2:] == expected
    project.collect()
    assert [one.reason for one in project.target().statuses()][2:] == expected


def test_a_need_that_is_not_there(project: Throwaway) -> None:
    """The collector does not run. Its reason and remedy are those of the need."""
    need = 'Need("moon", lambda lab: "it is day", "wait")'
    standing = project.probe("raise RuntimeError", f'writes=["x.txt"], needs=[{need}]')
    assert (standing.status, standing.reason, standing.remedy) == (
        Status.MISSING,
        "needs moon: it is day",
        "wait",
    )


def test_a_file_that_only_the_sheet_names_is_in_the_state(project: Throwaway) -> None:
    """A file that the sheet names and no collector writes has a row of its own."""
    project.probe('with run.file("x.txt") as out: out.line("x")')
    row = project.state().writer("one.txt")
    assert row is not None
    assert (row.state, row.reason) == (Status.MISSING, "no collector of this lab writes it yet")


def test_a_name_that_no_collector_has(project: Throwaway) -> None:
    """The error lists the collectors that exist. Nothing is changed."""
    with pytest.raises(DeclarationError, match="no collector two: choose from: one"):
        project.collect("two")
    assert not project.folder.exists()


def test_a_second_collect_at_the_same_time(project: Throwaway) -> None:
    """It is refused at once, with the reason."""
    project.folder.mkdir(parents=True)
    with (
        store.locked(project.folder),
        pytest.raises(store.StoreError, match="another collect is writing this evidence: wait for it"),
    ):
        project.collect()


def test_a_truncated_record_is_captured_again(project: Throwaway) -> None:
    """A record that is truncated is stale, and the next collect replaces it."""
    project.collect()
    path = project.folder / "records/one.json"
    path.write_bytes(path.read_bytes()[:100])
    assert project.verify().verdict == "altered"
    assert "not whole JSON" in project.target().statuses()[0].reason
    assert project.collect()["one"].status is Status.CAPTURED
    assert project.verify().verdict == "intact"


def test_a_newer_record_is_not_replaced(project: Throwaway) -> None:
    """The record of a newer version is not replaced. The error says to update the tool."""
    project.collect()
    path = project.folder / "records/one.json"
    path.write_text(path.read_text().replace('"schema": 1', '"schema": 2'))
    text = path.read_bytes()
    with pytest.raises(RecordError, match="schema 2, this version reads up to 1: update the tool"):
        project.collect("one")
    assert path.read_bytes() == text


def test_a_file_that_changes_hands_has_one_owner(project: Throwaway) -> None:
    """If another collector writes a file now, the last owner's record loses it, and the file stays."""
    project.module(ONE.replace('["one.txt"]', '["one.txt", "x.txt"]') + '    with run.file("x.txt") as out:\n'
                   '        out.line("old")\n')  # fmt: skip
    project.collect()
    moved = ONE + '\n@collector(writes=["x.txt"])\ndef a(run: Run) -> None:\n    """A."""\n    with '
    project.module(moved + 'run.file("x.txt") as out:\n        out.line("new")\n')
    project.collect("a")
    assert project.verify().verdict == "intact"
    project.collect()
    assert project.read("x.txt") == b"new\n"
    assert [file.path for file in project.record("one").files] == ["one.txt"]
    assert project.verify().verdict == "intact"


def test_a_file_that_is_no_longer_written_goes(project: Throwaway) -> None:
    """The next capture removes the file from the set."""
    project.probe('with run.file("x.txt") as out: out.line("x")')
    project.probe('with run.file("y.txt") as out: out.line("y")', 'writes=["y.txt"]')
    assert not (project.folder / "x.txt").exists()
    assert project.verify().verdict == "intact"


def test_through_sudo_all_belongs_to_the_caller(project: Throwaway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Evidence, records, folders and failed captures belong to the caller, not to root."""
    if os.geteuid() != 0:
        pytest.skip("not root: files cannot be given away")
    monkeypatch.setenv("SUDO_UID", "12345")
    monkeypatch.setenv("SUDO_GID", "12346")
    fail = '\n@collector(writes=["sub/f.txt"])\ndef f(run: Run) -> None:\n    """F."""\n    with '
    project.module(ONE + fail + 'run.file("sub/f.txt") as out:\n        out.run(["false"])\n')
    project.collect(host="some")
    evidence = project.root / "evidence"
    owners = {(path.lstat().st_uid, path.lstat().st_gid) for path in (evidence, *evidence.rglob("*"))}
    assert (evidence / f"hosts/some/{project.name}/failed/f/sub/f.txt").exists()
    assert owners == {(12345, 12346)}


@pytest.mark.parametrize(
    ("role", "remedy"),
    [
        ("build", "name it: a build is collected only on request"),
        ("long", "name it: it takes minutes, so it is collected only on request"),
    ],
)
def test_what_takes_long_is_collected_where_it_is_named(project: Throwaway, role: str, remedy: str) -> None:
    """A collect without names leaves it out, and says how to get it."""
    project.collector('with run.file("x.txt") as out: out.line("made")', f'writes=["x.txt"], role="{role}"')
    left = project.collect()["probe"]
    assert (left.status, left.remedy) == (Status.MISSING, remedy)
    assert project.collect("probe")["probe"].status is Status.CAPTURED
