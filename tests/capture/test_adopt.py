"""Evidence from another machine is taken over intact, or not at all."""

import io
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from labreport.capture.adopt import END, MAX_MEMBERS, MAX_TOTAL, adopt, unpack
from labreport.capture.store import StoreError
from labreport.contract.fields import MAX_BYTES
from labreport.contract.folder import MAX_DEPTH
from labreport.contract.reader import read_host
from tests.capture.throwaway import PAIR, Throwaway

OTHER = PAIR.replace('"echo", "b"', '"echo", "other"')


def copied(project: Throwaway) -> Path:
    """Return a copy of the set."""
    copy = project.root / "incoming" / project.name
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
    assert sorted(adopt(project.folder, incoming)) == ["first", "second"]
    assert project.read("a.txt") == b"a\n"
    assert project.verify().verdict == "intact"
    assert read_host(project.folder, project.record("first").host)
    assert {row.name for row in project.state().collectors} >= {"first", "second"}
    assert not list(project.folder.glob(".staging*"))


def test_only_what_is_different_is_taken(project: Throwaway) -> None:
    """A record that is the same here is left untouched, with its files."""
    project.module(PAIR)
    project.collect()
    before = (project.folder / "records/first.json").stat().st_mtime_ns
    incoming = elsewhere(project, pair=OTHER)
    record = incoming / "records/first.json"
    record.write_bytes((project.folder / "records/first.json").read_bytes())
    assert adopt(project.folder, incoming) == ["second"]
    assert project.read("b.txt") == b"other\n"
    assert (project.folder / "records/first.json").stat().st_mtime_ns == before


def test_what_was_damaged_here_is_repaired(project: Throwaway) -> None:
    """A file that is no longer as its record says is taken, although the record is the same."""
    project.module(PAIR)
    project.collect()
    incoming = copied(project)
    (project.folder / "a.txt").write_bytes(b"spoilt\n")
    assert adopt(project.folder, incoming) == ["first"]
    assert project.read("a.txt") == b"a\n"


def test_what_is_gone_there_goes_here(project: Throwaway) -> None:
    """If a collector's record was removed elsewhere, its files are removed here."""
    project.module(PAIR)
    project.collect()
    incoming = copied(project)
    (incoming / "records/second.json").unlink()
    (incoming / "b.txt").unlink()
    set_state(incoming, "second", "missing")
    assert adopt(project.folder, incoming) == ["second"]
    assert not (project.folder / "b.txt").exists()
    assert project.verify().verdict == "intact"


def set_state(incoming: Path, name: str, state: str) -> None:
    """Write another state of a collector into state.json."""
    path = incoming / "records/state.json"
    content = json.loads(path.read_text())
    for row in content["collectors"]:
        row["state"] = state if row["name"] == name else row["state"]
    path.write_text(json.dumps(content))


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


def without(incoming: Path, *paths: str) -> None:
    """Delete files of a set."""
    for path in paths:
        (incoming / path).unlink()


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (lambda incoming: (incoming / "b.txt").write_bytes(b"othex\n"), "its record says"),
        (lambda incoming: (incoming / "b.txt").unlink(), "b.txt: no such file"),
        (lambda incoming: link(incoming / "b.txt"), "b.txt: a symbolic link, not a file"),
        (lambda incoming: host(incoming).unlink(), "no such file"),
        (lambda incoming: replace(host(incoming), '"cores": ', '"cores": 9'), "its fields are those of host"),
        (lambda incoming: link(host(incoming)), "a symbolic link, not a file"),
        (lambda incoming: replace(incoming / "records/second.json", '"second"', '"first"'),
         "is the record of 'first'"),
        (lambda incoming: (incoming / "records/state.json").write_text("{"), "not whole JSON"),
        (lambda incoming: (incoming / "records/checked.json").write_text("{}"), "when: Field required"),
        (lambda incoming: (incoming / "stray.txt").write_text("x"), "no record says where it came from"),
        (lambda incoming: (incoming / "records/notes.txt").write_text("x"), "not a file of the tool"),
        (lambda incoming: (incoming / ".hidden").write_text("x"), "no record says where it came from"),
        (lambda incoming: without(incoming, "records/second.json", "b.txt"),
         "no record of second, and its state.json says that it is captured"),
        (lambda incoming: without(incoming, "records/second.json", "b.txt", "records/state.json"),
         "no record of second, and no state.json says that it is gone"),
        (lambda incoming: without(incoming, *(path.relative_to(incoming).as_posix() for path in
                                              incoming.rglob("*") if path.is_file())),
         "has no records: nothing says who measured this"),
        (lambda incoming: replace(incoming / "records/first.json", '"lab": "', '"lab": "un'),
         "is of the lab"),
        (lambda incoming: replace(incoming / "records/second.json", '"host": "', '"host": "../../'),
         "host: String should match pattern"),
        (lambda incoming: replace(incoming / "records/second.json", '"b.txt"', '"../b.txt"'),
         "leaves the evidence folder"),
        (lambda incoming: replace(incoming / "records/second.json", '"bytes": 6', '"bytes": 7'),
         "has 6 bytes, its record says 7"),
        (lambda incoming: replace(incoming / "records/second.json", '"lines": 1', '"lines": 2'),
         "has 1 lines, its record says 2"),
    ],
)  # fmt: skip
def test_nothing_is_taken_from_a_damaged_set(
    project: Throwaway, damage: Callable[[Path], object], what: str
) -> None:
    """If one file differs from its record, or one record is damaged, the set here is left untouched."""
    project.module(PAIR)
    project.collect()
    incoming = elsewhere(project, pair=OTHER)
    before = {path: path.read_bytes() for path in project.folder.rglob("*") if path.is_file()}
    damage(incoming)
    with pytest.raises(StoreError, match="nothing was taken over") as raised:
        adopt(project.folder, incoming)
    assert what in str(raised.value)
    assert "(and 0 more)" not in str(raised.value)
    assert {path: path.read_bytes() for path in project.folder.rglob("*") if path.is_file()} == before
    assert project.read("b.txt") == b"b\n"
    assert project.verify().verdict == "intact"


def test_what_failed_there_is_shown_here(project: Throwaway) -> None:
    """The output of a failed capture is copied, as if it had failed here."""
    incoming = elsewhere(project)
    (incoming / "failed/third").mkdir(parents=True)
    (incoming / "failed/third/why.txt").write_text("because\n")
    adopt(project.folder, incoming)
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
    unpack(packed(("./a/b.txt", tarfile.REGTYPE, b"x"), ("c", tarfile.REGTYPE, b"")), tmp_path)
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
        (".x", tarfile.REGTYPE, b"x"),
        ("a/.x/y", tarfile.REGTYPE, b"x"),
        ("x\ny", tarfile.REGTYPE, b"x"),
        ("x\\y", tarfile.REGTYPE, b"x"),
        ("x\udcff", tarfile.REGTYPE, b"x"),
        ("d/" * 33 + "x", tarfile.REGTYPE, b"x"),
        ("n" * 256, tarfile.REGTYPE, b"x"),
        ("../d", tarfile.DIRTYPE, b""),
        ("a", tarfile.REGTYPE, b"again"),
        ("a/below", tarfile.REGTYPE, b"x"),
    ],
)
def test_no_member_leaves_the_folder(tmp_path: Path, member: tuple[str, bytes, bytes]) -> None:
    """Anything but a regular file below the folder, of at most MAX_BYTES, is refused."""
    inside = tmp_path / "inside"
    inside.mkdir()
    with pytest.raises(StoreError):
        unpack(packed(("a", tarfile.REGTYPE, b"a"), member), inside)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inside"]
    assert {path.name for path in inside.iterdir()} <= {"a"}


@pytest.mark.parametrize(
    "data", [b"", b"no tar at all" * 100, packed(("a", tarfile.REGTYPE, b"a" * 9000)).read(2000)]
)
def test_what_is_no_tar_is_refused(tmp_path: Path, data: bytes) -> None:
    """An archive that is empty, garbage or truncated is refused."""
    with pytest.raises(StoreError):
        unpack(io.BytesIO(data), tmp_path)


@pytest.mark.parametrize("members", [1, 2])
def test_a_tar_that_is_cut_between_members_is_refused(tmp_path: Path, members: int) -> None:
    """A tar ends with two empty blocks. Without them it may lack members, whatever its last file has."""
    data = packed(*((str(number), tarfile.REGTYPE, bytes(4096)) for number in range(3))).getvalue()
    with pytest.raises(StoreError, match="the archive is cut: it has no end"):
        unpack(io.BytesIO(data[: members * (512 + 4096)]), tmp_path)


def test_a_sparse_file_is_refused(tmp_path: Path) -> None:
    """A sparse file of a few bytes would fill the disk."""
    (tmp_path / "sparse").write_bytes(b"")
    os.truncate(tmp_path / "sparse", 8 * 1024 * 1024)
    archive = tmp_path / "set.tar"
    subprocess.run(["tar", "--sparse", "-C", tmp_path, "-cf", archive, "sparse"], check=True)
    assert archive.stat().st_size < 20_000
    with archive.open("rb") as stream, pytest.raises(StoreError, match="not a plain file of a set"):
        unpack(stream, tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_what_is_just_small_enough_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits themselves are allowed: bytes of a file and of all, members, levels."""
    deep = "d/" * MAX_DEPTH + "x"
    members = [("a", tarfile.REGTYPE, bytes(MAX_BYTES)), (deep, tarfile.REGTYPE, b"x" * 9)]
    monkeypatch.setattr("labreport.capture.adopt.MAX_MEMBERS", 2)
    monkeypatch.setattr("labreport.capture.adopt.MAX_TOTAL", MAX_BYTES + 9)
    unpack(packed(*members), tmp_path / "to")
    assert (tmp_path / "to/a").stat().st_size == MAX_BYTES
    assert (tmp_path / "to" / deep).read_bytes() == b"x" * 9
    monkeypatch.setattr("labreport.capture.adopt.MAX_TOTAL", MAX_BYTES + 8)
    with pytest.raises(StoreError, match=f"more than {MAX_BYTES + 8} bytes together"):
        unpack(packed(*members), tmp_path / "more")
    with pytest.raises(StoreError, match="more than 2 files"):
        unpack(packed(*((name, tarfile.DIRTYPE, b"") for name in "abc")), tmp_path / "many")


def test_an_error_shows_the_start_of_a_long_name(tmp_path: Path) -> None:
    """A name may have megabytes."""
    with pytest.raises(StoreError) as raised:
        unpack(packed(("n" * 5000, tarfile.REGTYPE, b"x")), tmp_path)
    assert raised.value.path == repr("n" * 200)


@pytest.mark.slow
def test_number_and_size_are_bounded(tmp_path: Path) -> None:
    """Too many members, and too many bytes together, are refused before they are written."""
    many = packed(*((str(number), tarfile.DIRTYPE, b"") for number in range(MAX_MEMBERS + 1)))
    with pytest.raises(StoreError, match="more than 10000 files"):
        unpack(many, tmp_path / "many")
    size = 8 * 1024 * 1024
    headers = [tarfile.TarInfo(str(number)) for number in range(MAX_TOTAL // size + 1)]
    stream = (tmp_path / "big.tar").open("w+b")
    for header in headers:  # the content is a hole
        header.size = size
        stream.write(header.tobuf())
        stream.seek(size, io.SEEK_CUR)
    stream.write(END)
    stream.seek(0)
    with stream, pytest.raises(StoreError, match="bytes together"):
        unpack(stream, tmp_path / "big")
