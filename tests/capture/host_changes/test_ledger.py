"""Changes of a host are undone: every byte, mode and owner, after a kill at any moment."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labreport.capture.host_changes.ledger import Ledger, LedgerError, opened
from labreport.capture.host_changes.undo import undo
from tests.capture.host_changes.changes import MEMBERS, change, fill, snapshot

ROOT = Path(__file__).parents[3]


def test_everything_is_put_back(host: Path, tmp_path: Path) -> None:
    """Files, links, folders and trees are restored, whether they were made, replaced or changed twice."""
    before = snapshot(host)
    with opened(tmp_path / "ledger") as noted:
        change(noted, host)
        assert (host / "opt/kata/bin/shim").read_text() == "new"
        assert not (host / "opt/kata/bin/old").exists()
        assert (host / "etc/containerd/config.toml").read_bytes() == b"two"
        assert (host / "etc/containerd/config.toml").stat().st_mode & 0o777 == 0o640
    with opened(tmp_path / "ledger") as noted:
        done, left = undo(noted)
    assert done
    assert left == []
    assert snapshot(host) == before
    assert not (tmp_path / "ledger").exists()


def test_nothing_to_undo(tmp_path: Path) -> None:
    """An empty ledger is deleted with its folder."""
    with opened(tmp_path / "lab/ledger") as noted:
        assert undo(noted) == ([], [])
    assert list(tmp_path.iterdir()) == []


def test_what_somebody_else_changed_stays(host: Path, tmp_path: Path) -> None:
    """What somebody else changed is reported and kept; once that is fixed, undo restores it too."""
    with opened(tmp_path / "ledger") as noted:
        change(noted, host)
        (host / "etc/containerd/config.toml").write_text("foreign")
        (host / "opt/other/thesis").write_text("foreign")
        (host / "etc/new/deep/theirs").write_text("foreign")
        _done, left = undo(noted)
    assert [line.split(": ")[0] for line in left] == [
        str(host / "opt/other"), str(host / "etc/new/deep"), str(host / "etc/new"),
        str(host / "etc/containerd/config.toml"),
    ]  # fmt: skip
    assert (host / "opt/other/thesis").read_text() == "foreign"
    assert (host / "opt/kata/bin/old").read_text() == "old"
    (host / "etc/containerd/config.toml").write_text("two")
    (host / "opt/other/thesis").unlink()
    (host / "etc/new/deep/theirs").unlink()
    with opened(tmp_path / "ledger") as noted:
        assert undo(noted)[1] == []
    assert (host / "etc/containerd/config.toml").read_text() == "version = 2\n"


def test_what_somebody_made_of_our_change_is_kept(host: Path, tmp_path: Path) -> None:
    """If a file of the tool was edited by hand and then written again, undo restores the edit."""
    config = host / "etc/containerd/config.toml"
    with opened(tmp_path / "ledger") as noted:
        noted.write(config, b"ours")
        config.write_bytes(b"ours, and their edit")
        noted.write(config, b"ours again")
        _done, left = undo(noted)
    assert config.read_bytes() == b"ours, and their edit"
    assert len(left) == 1
    assert "somebody else changed it since" in left[0]


def test_what_somebody_changed_in_a_tree_stays(host: Path, tmp_path: Path) -> None:
    """A file in the tool's tree that was edited by hand is removed neither by undo nor by another install."""
    edited = host / "opt/kata/bin/shim"
    with opened(tmp_path / "ledger") as noted:
        noted.place(host / "opt/kata", MEMBERS, fill)
        edited.write_text("edited by hand")
        mine = snapshot(host)
        with pytest.raises(LedgerError, match="bin/shim is not the tool's, or was changed"):
            noted.place(host / "opt/kata", MEMBERS, fill)
        assert snapshot(host) == mine
        _done, left = undo(noted)
        (line,) = left
        assert "opt/kata: bin/shim is not the tool's, or was changed" in line
        assert edited.read_text() == "edited by hand"
        edited.unlink()
        assert undo(noted)[1] == []
    assert (host / "opt/kata/bin/old").read_text() == "old"


def test_entries_that_were_left_are_not_written_over(host: Path, tmp_path: Path) -> None:
    """After an undo that left some entries, new entries do not overwrite them."""
    before = snapshot(host)
    config = host / "etc/containerd/config.toml"
    with opened(tmp_path / "ledger") as noted:
        noted.write(host / "a", b"a")
        noted.write(config, b"ours")
        config.write_bytes(b"theirs")
        assert len(undo(noted)[1]) == 1
        for name in ("b", "c", "d"):
            noted.write(host / name, b"x")
        config.write_bytes(b"ours")
        assert undo(noted)[1] == []
    assert snapshot(host) == before


def test_what_was_removed_comes_back(host: Path, tmp_path: Path) -> None:
    """A removed file and a removed link are restored."""
    before = snapshot(host)
    with opened(tmp_path / "ledger") as noted:
        noted.remove(host / "etc/containerd/config.toml")
        noted.remove(host / "etc/link")
        noted.remove(host / "etc/nothing")
        assert snapshot(host) != before
        assert undo(noted)[1] == []
    assert snapshot(host) == before


def test_a_ledger_that_others_can_write_is_refused(tmp_path: Path) -> None:
    """A ledger that others can write would let them put files anywhere."""
    (tmp_path / "ledger").mkdir()
    (tmp_path / "ledger").chmod(0o777)
    with pytest.raises(LedgerError, match="other users can write in it"), opened(tmp_path / "ledger"):
        pass


def test_what_is_in_the_way_is_refused(host: Path, tmp_path: Path) -> None:
    """A folder in the place of a file, or a file in the place of a tree, is refused and left untouched."""
    before = snapshot(host)
    with opened(tmp_path / "ledger") as noted:
        with pytest.raises(LedgerError, match="a folder, where a file has to be"):
            noted.write(host / "etc", b"")
        with pytest.raises(LedgerError, match="not a folder"):
            noted.place(host / "etc/link", MEMBERS, fill)
    assert snapshot(host) == before


def test_a_fill_that_fails_changes_nothing(host: Path, tmp_path: Path) -> None:
    """The old tree stays in its place until the new one is complete."""
    before = snapshot(host)

    def broken(new: Path) -> None:
        fill(new)
        raise OSError("disk full")

    with opened(tmp_path / "ledger") as noted:
        with pytest.raises(OSError, match="disk full"):
            noted.place(host / "opt/kata", MEMBERS, broken)
        assert snapshot(host) == before
        undo(noted)
    assert snapshot(host) == before


def test_one_at_a_time(tmp_path: Path) -> None:
    """Two labs cannot change a host at the same time."""
    with (
        opened(tmp_path / "ledger"),
        pytest.raises(LedgerError, match="another lab"),
        opened(tmp_path / "ledger"),
    ):
        pass


def test_a_service_is_restarted_once_all_is_back(host: Path, tmp_path: Path) -> None:
    """The noted command runs after all files are restored."""
    seen = tmp_path / "seen"
    with opened(tmp_path / "ledger") as noted:
        noted.restart(["cp", str(host / "etc/containerd/config.toml"), str(seen)])
        noted.write(host / "etc/containerd/config.toml", b"two")
        noted.restart(["false"])
        _done, left = undo(noted)
        assert left == ["false: failed: run it by hand"]
    assert seen.read_text() == "version = 2\n"


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["write", "link", "place"]),
        st.sampled_from(["a", "b", "d/a", "d/e/f", "t", "u/t"]),
        st.sampled_from(["one", "two", "a"]),
    ),
    max_size=8,
)


@pytest.mark.slow
@given(start=STEPS, changes=STEPS)
@settings(max_examples=60, deadline=None)
def test_any_changes_of_any_host(
    tmp_path_factory: pytest.TempPathFactory, start: list[Any], changes: list[Any]
) -> None:
    """Any changes of any host are undone."""
    root = tmp_path_factory.mktemp("any")
    (root / "host").mkdir()
    with opened(root / "scratch") as noted:
        play(noted, root / "host", start)
    before = snapshot(root / "host")
    with opened(root / "ledger") as noted:
        play(noted, root / "host", changes)
        assert undo(noted)[1] == []
    assert snapshot(root / "host") == before


def play(noted: Ledger, host: Path, steps: list[tuple[str, str, str]]) -> None:
    """Apply these steps, and skip those that are refused."""
    for verb, name, text in steps:
        try:
            if verb == "write":
                noted.write(host / name, text.encode())
            elif verb == "link":
                noted.link(host / name, text)
            else:
                noted.place(host / name, MEMBERS, fill)
        except (LedgerError, OSError):
            continue


DRIVER = """
import sys
from pathlib import Path
from labreport.capture.host_changes.ledger import opened
from labreport.capture.host_changes.undo import undo
from tests.capture.host_changes.changes import change
host, folder, verb = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
with opened(folder) as noted:
    print("open", flush=True)
    if verb == "change":
        change(noted, host)
    else:
        undo(noted)
"""


@pytest.mark.slow
def test_killed_at_any_moment(host: Path, tmp_path: Path) -> None:
    """After twenty kills of changes and twenty of undos, at seeded moments, everything can be restored."""
    before = snapshot(host)
    chance = random.Random(10)  # noqa: S311 - seeded moments
    killed = 0
    for number in range(40):
        verb = ("change", "undo")[number % 2]
        argv = [sys.executable, "-B", "-c", DRIVER, str(host), str(tmp_path / "ledger"), verb]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(argv, cwd=ROOT, env=environment, stdout=subprocess.PIPE) as process:
            assert process.stdout
            process.stdout.readline()
            time.sleep(chance.uniform(0, 0.02))
            killed += process.poll() is None
            process.send_signal(signal.SIGKILL)
        if number % 8 == 7:
            with opened(tmp_path / "ledger") as noted:
                assert undo(noted)[1] == []
            assert snapshot(host) == before
    assert killed >= 20, "too few of the kills came in time to test anything"
