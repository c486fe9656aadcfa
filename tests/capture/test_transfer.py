"""Evidence from another machine is taken over intact, or not at all."""

import io
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from labreport.capture import transfer
from labreport.capture.store import StoreError
from labreport.contract.reader import RecordError, read_host
from tests.capture.throwaway import PAIR, Throwaway

OTHER = PAIR.replace('"echo", "b"', '"echo", "other"')


def copied(project: Throwaway) -> Path:
    """Return a copy of the set."""
    copy = project.root / "incoming"
    shutil.copytree(project.folder, copy)
    return copy


def elsewhere(project: Throwaway, *, pair: str = PAIR) -> Path:
    """Return the set as it was captured elsewhere, with the project's own set as it was before."""
    kept = project.root / "kept"
    if project.folder.exists():
        shutil.copytree(project.folder, kept)
    project.module(pair)
    project.collect()
    incoming = copied(project)
    shutil.rmtree(project.folder)
    if kept.exists():
        kept.rename(project.folder)
    return incoming


def test_a_new_set_comes_whole(project: Throwaway) -> None:
    """Files, records, hosts and state of a new set are taken over."""
    incoming = elsewhere(project)
    assert sorted(transfer.adopt(project.folder, incoming)) == ["first", "second"]
    assert project.read("a.txt") == b"a\n"
    assert project.verify().verdict == "intact"
    assert read_host(project.folder, project.record("first").host)
    assert {row.name for row in project.state().collectors} >= {"first", "second"}
    assert not (project.folder / ".staging").exists()


def test_only_what_is_different_is_taken(project: Throwaway) -> None:
    """A record that is the same here is left untouched, with its files."""
    project.module(PAIR)
    project.collect()
    before = (project.folder / "records/first.json").stat().st_mtime_ns
    incoming = elsewhere(project, pair=OTHER)
    record = incoming / "records/first.json"
    record.write_bytes((project.folder / "records/first.json").read_bytes())
    assert transfer.adopt(project.folder, incoming) == ["second"]
    assert project.read("b.txt") == b"other\n"
    assert (project.folder / "records/first.json").stat().st_mtime_ns == before


def test_what_is_gone_there_goes_here(project: Throwaway) -> None:
    """If a collector's record was removed elsewhere, its files are removed here."""
    project.module(PAIR)
    project.collect()
    incoming = copied(project)
    (incoming / "records/second.json").unlink()
    (incoming / "b.txt").unlink()
    assert transfer.adopt(project.folder, incoming) == ["second"]
    assert not (project.folder / "b.txt").exists()
    assert project.verify().verdict == "intact"


def link(path: Path) -> None:
    """Replace a file by a link to a file of this machine."""
    path.unlink()
    path.symlink_to("/etc/hostname")


def replace(path: Path, old: str, new: str) -> None:
    """Replace a string in a file."""
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def host(incoming: Path) -> Path:
    """Return the host file of a set."""
    return next((incoming / "records").glob("host-*.json"))


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        (lambda incoming: (incoming / "b.txt").write_bytes(b"othex\n"), StoreError),
        (lambda incoming: (incoming / "b.txt").unlink(), StoreError),
        (lambda incoming: link(incoming / "b.txt"), StoreError),
        (lambda incoming: host(incoming).unlink(), RecordError),
        (lambda incoming: replace(host(incoming), '"cores": ', '"cores": 9'), RecordError),
        (lambda incoming: link(host(incoming)), RecordError),
        (lambda incoming: replace(incoming / "records/second.json", '"second"', '"first"'), RecordError),
        (lambda incoming: (incoming / "records/state.json").write_text("{"), RecordError),
        (lambda incoming: (incoming / "records/checked.json").write_text("{}"), RecordError),
    ],
)
def test_nothing_is_taken_from_a_damaged_set(
    project: Throwaway, damage: Callable[[Path], object], error: type[Exception]
) -> None:
    """If one file differs from its record, or one record is damaged, the set here is left untouched."""
    project.module(PAIR)
    project.collect()
    incoming = elsewhere(project, pair=OTHER)
    before = {path: path.read_bytes() for path in project.folder.rglob("*") if path.is_file()}
    damage(incoming)
    with pytest.raises(error):
        transfer.adopt(project.folder, incoming)
    assert {path: path.read_bytes() for path in project.folder.rglob("*") if path.is_file()} == before
    assert project.read("b.txt") == b"b\n"
    assert project.verify().verdict == "intact"


def test_what_failed_there_is_shown_here(project: Throwaway) -> None:
    """The output of a failed capture is copied, as if it had failed here."""
    incoming = elsewhere(project)
    (incoming / "failed/third").mkdir(parents=True)
    (incoming / "failed/third/why.txt").write_text("because\n")
    transfer.adopt(project.folder, incoming)
    assert (project.folder / "failed/third/why.txt").read_text() == "because\n"


def packed(*members: tuple[str, bytes, bytes]) -> io.BytesIO:
    """Return a tar of members, each with name, type, and content or link target."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, kind, content in members:
            member = tarfile.TarInfo(name)
            member.type = kind
            member.linkname = content.decode() if kind != tarfile.REGTYPE else ""
            member.size = len(content) if kind == tarfile.REGTYPE else 0
            tar.addfile(member, io.BytesIO(content))
    stream.seek(0)
    return stream


def test_a_set_is_unpacked(tmp_path: Path) -> None:
    """Regular files are unpacked below the folder."""
    transfer.unpack(packed(("./a/b.txt", tarfile.REGTYPE, b"x"), ("c", tarfile.REGTYPE, b"")), tmp_path)
    assert (tmp_path / "a/b.txt").read_bytes() == b"x"
    assert (tmp_path / "c").read_bytes() == b""


@pytest.mark.parametrize(
    "member",
    [
        ("../x", tarfile.REGTYPE, b"x"),
        ("a/../../x", tarfile.REGTYPE, b"x"),
        ("/x", tarfile.REGTYPE, b"x"),
        ("x", tarfile.SYMTYPE, b"/etc/passwd"),
        ("x", tarfile.LNKTYPE, b"a"),
        ("x", tarfile.CHRTYPE, b""),
        ("x", tarfile.FIFOTYPE, b""),
        ("x", tarfile.REGTYPE, b"\0" * (8 * 1024 * 1024 + 1)),
    ],
)
def test_no_member_leaves_the_folder(tmp_path: Path, member: tuple[str, bytes, bytes]) -> None:
    """Anything but a regular file below the folder, of at most MAX_BYTES, is refused."""
    inside = tmp_path / "inside"
    inside.mkdir()
    with pytest.raises(StoreError):
        transfer.unpack(packed(("a", tarfile.REGTYPE, b"a"), member), inside)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inside"]
    assert {path.name for path in inside.iterdir()} <= {"a"}


@pytest.mark.parametrize(
    "data", [b"", b"no tar at all" * 100, packed(("a", tarfile.REGTYPE, b"a" * 9000)).read(2000)]
)
def test_what_is_no_tar_is_refused(tmp_path: Path, data: bytes) -> None:
    """An archive that is empty, garbage or truncated is refused."""
    with pytest.raises(StoreError):
        transfer.unpack(io.BytesIO(data), tmp_path)
