"""Sets of several hosts, and evidence that was recorded by hand."""

import pytest

from labreport.capture import collect
from labreport.capture.declare import DeclarationError
from labreport.contract.reader import read_host
from labreport.contract.records import Record, Status, dump
from tests.capture.throwaway import ONE, PAIR, Throwaway


def from_elsewhere(project: Throwaway) -> Record:
    """Make another host the measuring host of `one`, and return its record."""
    record = project.record("one")
    host = read_host(project.folder, record.host)
    other = host.model_copy(update={"cores": host.cores + 90})
    (project.folder / f"records/host-{host.id}.json").unlink(missing_ok=True)
    changed = record.model_copy(update={"host": other.id})
    (project.folder / f"records/host-{other.id}.json").write_bytes(dump(other))
    (project.folder / "records/one.json").write_bytes(dump(changed))
    return changed


def test_evidence_of_another_host_is_not_mixed(project: Throwaway) -> None:
    """A collect on another host is refused and changes nothing; --as makes a set of its own."""
    project.collect()
    from_elsewhere(project)
    with pytest.raises(collect.OtherHostError, match=r"--as NAME.*--replace"):
        project.collect()
    assert project.collect(host="mine")["one"].status is Status.CAPTURED
    assert project.verify().verdict == "intact"


def test_replace_makes_this_host_the_sets(project: Throwaway) -> None:
    """Evidence of another host is captured again, or removed with its host file."""
    project.module(ONE + PAIR.format(first=""))
    project.collect()
    other = from_elsewhere(project).host
    project.module(ONE.replace("ours", "here") + PAIR.format(first=""))
    assert project.collect(replace=True)["one"].status is Status.CAPTURED
    assert project.read("one.txt") == b"here\ntheirs\n"
    assert not (project.folder / f"records/host-{other}.json").exists()
    from_elsewhere(project)
    project.module(
        ONE.replace("    with", '    raise Unavailable("x", "y")\n    with') + PAIR.format(first="")
    )
    assert project.collect(replace=True)["one"].status is Status.MISSING
    assert not (project.folder / "one.txt").exists()
    assert project.read("a.txt") == b"a\n"
    assert project.verify().verdict == "intact"


def test_this_machines_own_set_follows_the_machine(project: Throwaway) -> None:
    """The set hosts/here is captured again after an update of the kernel, without an option."""
    project.collect(host="here")
    away = Throwaway(project.root, f"hosts/here/{project.name}")
    text = next((away.folder / "records").glob("host-*.json"))
    record = away.folder / "records/one.json"
    record.write_text(record.read_text().replace(text.stem.removeprefix("host-"), "0" * 12))
    assert project.collect(host="here")["one"].status is Status.CAPTURED
    assert project.verify().verdict == "intact"


def test_recording_by_hand(project: Throwaway) -> None:
    """One command is captured with a record and a row of state.json, under a unique name."""
    target = project.target()
    for path in ("a/b.txt", "a-b.txt", "A/b.txt"):
        assert collect.record_by_hand(target, path, ["echo", path], project.watch).status is Status.CAPTURED
    assert project.read("a/b.txt") == b"a/b.txt\n"
    assert project.read("a-b.txt") == b"a-b.txt\n"
    assert {row.writes[0] for row in project.state().collectors if row.name.startswith("by-hand-")} == {
        "a/b.txt",
        "a-b.txt",
        "A/b.txt",
    }
    assert project.verify().verdict == "intact"


@pytest.mark.parametrize(
    ("path", "reason"),
    [("one.txt", "written by the collector one"), ("failed/x", "folder of the tool's own")],
)
def test_recording_by_hand_where_it_may_not(project: Throwaway, path: str, reason: str) -> None:
    """A file of a collector, or in a folder of the tool's own, is refused."""
    with pytest.raises(DeclarationError, match=reason):
        collect.record_by_hand(project.target(), path, ["true"], project.watch)
