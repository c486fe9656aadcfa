"""A kata-static archive: what is accepted, what is refused, and what is unpacked."""

import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labreport.containers.kata.archive import ArchiveError, contents, find_shim, unpack

FILE, LINK, HARD, FOLDER = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE
Member = tuple[str, bytes, str]
GOOD: list[Member] = [
    ("./", FOLDER, ""),
    ("./opt/", FOLDER, ""),
    ("./opt/kata/", FOLDER, ""),
    ("./opt/kata/VERSION", FILE, "3.23.0\n"),
    ("./opt/kata/runtime-rs/bin/containerd-shim-kata-v2", FILE, "#!/bin/sh\n"),
    ("./opt/kata/share/vmlinux-6.12", FILE, "kernel"),
    ("./opt/kata/share/vmlinux", LINK, "vmlinux-6.12"),
    ("./opt/kata/share/absolute", LINK, "/opt/kata/share/vmlinux"),
    ("./opt/kata/share/same", HARD, "./opt/kata/share/vmlinux-6.12"),
]


def packed(path: Path, members: list[Member], mode: int = 0o644, how: str = "w") -> Path:
    """Write a tar with these members: name, type, and content or link target."""
    with tarfile.open(path, how) as tar:  # type: ignore[call-overload]  # one of tarfile's own modes
        for name, kind, content in members:
            member = tarfile.TarInfo(name)
            member.type, member.mode, member.uid = kind, mode, 1234
            data = content.encode() if kind == FILE else b""
            member.linkname, member.size = ("" if kind == FILE else content), len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


@pytest.mark.parametrize("how", ["w", "w:gz", "w:xz"])
def test_a_good_archive(tmp_path: Path, how: str) -> None:
    """Files, links and folders are unpacked without the prefix /opt/kata. Absolute links hold."""
    archive = packed(tmp_path / "a.tar", GOOD, 0o755, how)
    found = contents(archive)
    assert {"VERSION", "share/vmlinux", "share/same"} <= set(found.members)
    assert found.bytes == len("3.23.0\n#!/bin/sh\nkernel")
    assert find_shim(found.members) == "runtime-rs/bin/containerd-shim-kata-v2"
    unpack(archive, tmp_path / "kata")
    assert (tmp_path / "kata/share/vmlinux").read_text() == "kernel"
    assert (tmp_path / "kata/share/same").stat().st_nlink == 2
    assert (tmp_path / "kata/share/absolute").read_text() == "kernel"
    assert (tmp_path / "kata/runtime-rs/bin/containerd-shim-kata-v2").stat().st_mode & 0o777 == 0o755
    assert {path.lstat().st_uid for path in (tmp_path / "kata").rglob("*")} == {tmp_path.stat().st_uid}


HOSTILE: list[Member] = [
    ("./opt/kata/../../etc/cron.d/x", FILE, "x"),
    ("/opt/kata/x", FILE, "x"),
    ("./etc/passwd", FILE, "x"),
    ("./opt/other/x", FILE, "x"),
    ("./opt/katax", FILE, "x"),
    ("./opt/kata", FILE, "x"),
    ("./opt", LINK, "/etc"),
    ("./opt/kata", LINK, "/etc"),
    ("./opt/kata/x", LINK, "/etc/passwd"),
    ("./opt/kata/x", LINK, "../../etc/passwd"),
    ("./opt/kata/x", LINK, "/opt/kata/../etc"),
    ("./opt/kata/x", LINK, "/opt/kata"),
    ("./opt/kata/x", HARD, "/etc/passwd"),
    ("./opt/kata/x", HARD, "./opt/kata/../../etc/passwd"),
    ("./opt/kata/x", HARD, "etc/passwd"),
    ("./opt/kata/x", tarfile.CHRTYPE, ""),
    ("./opt/kata/x", tarfile.BLKTYPE, ""),
    ("./opt/kata/x", tarfile.FIFOTYPE, ""),
]


@pytest.mark.parametrize("member", HOSTILE)
def test_a_hostile_member_is_refused_by_name(tmp_path: Path, member: Member) -> None:
    """An archive is refused if a member would leave /opt/kata or is a device. The error names it."""
    with pytest.raises(ArchiveError) as error:
        contents(packed(tmp_path / "a.tar", [*GOOD, member]))
    assert member[0].removesuffix("/") in str(error.value)


def test_a_member_behind_a_link_is_refused(tmp_path: Path) -> None:
    """A file below a link is refused: it would be written wherever the link leads on this host."""
    members = [*GOOD, ("./opt/kata/dir", LINK, "/opt/kata/share"), ("./opt/kata/dir/x", FILE, "x")]
    with pytest.raises(ArchiveError, match="lies behind 'dir'"):
        contents(packed(tmp_path / "a.tar", members))


WAY_OUT: list[Member] = [
    ("./opt/kata/z", FOLDER, ""),
    ("./opt/kata/a/b/c/up", LINK, "../../../z"),
    ("./opt/kata/d", LINK, "a/b/c/up/../../out"),
    ("./opt/kata/d/x", FILE, "written outside"),
    ("./opt/kata/d", FOLDER, ""),
]
"""`d` seems to stay inside, but `up/../..` is two levels above z. At the end of the archive, `d` is a
folder."""


def test_a_way_out_over_two_links(tmp_path: Path) -> None:
    """A link that goes up after another link is refused, and so is a name with two members."""
    (tmp_path / "out").mkdir()
    with pytest.raises(ArchiveError, match=r"'./opt/kata/d': a link to 'a/b/c/up/../../out'"):
        contents(packed(tmp_path / "a.tar", [*GOOD, *WAY_OUT]))
    turned = [*GOOD, ("./opt/kata/d", LINK, "share"), *WAY_OUT[3:]]
    with pytest.raises(ArchiveError, match=r"'./opt/kata/d(/x)?': (is in it twice|lies behind)"):
        contents(packed(tmp_path / "a.tar", turned))
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("member", "said"),
    [
        (("./opt/kata/VERSION/x", FILE, "x"), "lies behind 'VERSION'"),
        (("./opt/kata/VERSION", FILE, "x"), "is in it twice"),
        (("./opt/kata/x", HARD, "./opt/kata/later"), "a hard link to './opt/kata/later', which is no file"),
        (("./opt/kata/x", HARD, "./opt/kata/share/vmlinux"), "which is no file"),
    ],
)
def test_what_no_packer_makes_is_refused(tmp_path: Path, member: Member, said: str) -> None:
    """Refused are a member below a file, a name that occurs twice, and a hard link to no earlier file."""
    with pytest.raises(ArchiveError, match=said):
        contents(packed(tmp_path / "a.tar", [*GOOD, member]))


def test_a_program_that_takes_its_owners_rights_is_refused(tmp_path: Path) -> None:
    """A member with a set-user-id bit is refused."""
    with pytest.raises(ArchiveError, match="set-user-id"):
        contents(packed(tmp_path / "a.tar", GOOD, 0o4755))


def test_what_is_no_whole_archive(tmp_path: Path) -> None:
    """An archive is refused if it is cut short, empty, garbage, without a shim, or without files of Kata."""
    wholes = [packed(tmp_path / "a.tar", GOOD, how=how).read_bytes() for how in ("w", "w:gz", "w:xz")]
    cut = [wholes[0][: 512 * blocks] for blocks in range(1, 14)]
    cut += [whole[: len(whole) * part // 8] for whole in wholes[1:] for part in range(1, 8)]
    for data in (*cut, b"", b"garbage" * 999):
        (tmp_path / "bad.tar").write_bytes(data)
        with pytest.raises(ArchiveError, match="not a whole tar archive"):
            contents(tmp_path / "bad.tar")
    with pytest.raises(ArchiveError, match="not a kata-static archive"):
        contents(packed(tmp_path / "a.tar", GOOD[:2]))
    with pytest.raises(ArchiveError, match="no shim in it"):
        find_shim(["VERSION"])


PARTS = st.sampled_from(["", ".", "..", "opt", "kata", "a", "b", "/", "etc"])
PATHS = st.lists(PARTS, max_size=6).map("/".join)


@given(
    members=st.lists(
        st.tuples(PATHS, st.sampled_from([FILE, LINK, HARD, FOLDER]), PATHS).filter(lambda one: bool(one[0])),
        max_size=6,
    )
)
def test_nothing_is_ever_written_outside(
    tmp_path_factory: pytest.TempPathFactory, members: list[Member]
) -> None:
    """Any archive is either refused or unpacked below the folder."""
    root = tmp_path_factory.mktemp("any")
    archive = packed(root / "a.tar", members)
    (root / "in").mkdir()
    try:
        contents(archive)
        unpack(archive, root / "in/kata")
    except (ArchiveError, OSError):
        pass
    assert {path.name for path in root.iterdir()} == {"a.tar", "in"}
    assert {path.name for path in (root / "in").iterdir()} <= {"kata"}
