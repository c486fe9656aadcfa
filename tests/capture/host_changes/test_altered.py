"""What somebody changed since, or in the ledger itself, is neither destroyed nor put back, and is named."""

import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from labreport.capture import signals
from labreport.capture.host_changes import ledger
from labreport.capture.host_changes.ledger import LedgerError, opened
from labreport.capture.host_changes.undo import undo
from tests.capture.host_changes.changes import MEMBERS, change, fill, snapshot


@pytest.mark.parametrize("text", ["{}}", "[]", "{}x", "\udcff", "[" * 100_000, '{"kind": "other"}'])
def test_an_entry_that_cannot_be_read(host: Path, tmp_path: Path, text: str) -> None:
    """A damaged entry is named by undo, which undoes the others, and is an error for another change."""
    with opened(tmp_path / "ledger") as noted:
        noted.write(host / "etc/other", b"ours")
        (tmp_path / "ledger/000001.json").write_text(text, errors="surrogateescape")
        with pytest.raises(LedgerError, match=r"000001.json: cannot be read"):
            noted.write(host / "etc/another", b"ours")
        done, left = undo(noted)
    assert done == [f"{host}/etc/other: removed"]
    assert len(left) == 1
    assert "000001.json: cannot be read" in left[0]
    assert "\n" not in left[0]
    assert ledger.PLACE.is_absolute()


def test_what_a_user_changed_is_seen_by_its_content(host: Path, tmp_path: Path) -> None:
    """A file in the tool's tree that was changed and has its old size and time is left alone, and named."""
    edited = host / "opt/kata/bin/shim"
    with opened(tmp_path / "ledger") as noted:
        noted.place(host / "opt/kata", MEMBERS, fill)
        status = edited.stat()
        edited.write_text("NEW")
        os.utime(edited, ns=(status.st_atime_ns, status.st_mtime_ns))
        (line,) = undo(noted)[1]
        assert "opt/kata: bin/shim is not the tool's, or was changed" in line
        assert edited.read_text() == "NEW"


def test_what_is_behind_a_users_link_stays(host: Path, tmp_path: Path) -> None:
    """A folder of the tool's tree that a user replaced by a link is not followed, whatever it leads to."""
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "shim").write_text("new")
    with opened(tmp_path / "ledger") as noted:
        noted.place(host / "opt/other", MEMBERS, fill)
        (host / "opt/other/bin").rename(tmp_path / "moved")
        (host / "opt/other/bin").symlink_to(theirs)
        (line,) = undo(noted)[1]
    assert "opt/other: bin is not the tool's" in line
    assert (theirs / "shim").read_text() == "new"


def altered(ledger_folder: Path, path: Path) -> Path:
    """Return the ledger's entry about a path."""
    (entry,) = (file for file in ledger_folder.glob("*.json") if f'"path": "{path}"' in file.read_text())
    return entry


@pytest.mark.parametrize("how", ["is gone", "was altered", "link", "folder"])
def test_a_kept_copy_that_is_gone_or_altered(host: Path, tmp_path: Path, how: str) -> None:
    """Nothing is put back from it; one line says so and what to do, and everything else is undone."""
    before = snapshot(host)
    config = host / "etc/containerd/config.toml"
    original = config.read_bytes()
    with opened(tmp_path / "ledger") as noted:
        change(noted, host)
        kept = altered(noted.folder, config).with_suffix(".json.bytes")
        data = kept.read_bytes()
        kept.unlink()
        if how == "was altered":
            kept.write_bytes(bytes([data[0] ^ 1]) + data[1:])
        elif how == "link":
            (tmp_path / "same").write_bytes(data)
            kept.symlink_to(tmp_path / "same")
        elif how == "folder":
            kept.mkdir()
        done, left = undo(noted)
        (line,) = left
        assert line.startswith(f"{config}: {kept}, which kept what was there, ")
        assert ("is gone: restore" if how == "is gone" else "was altered: restore") in line
        assert "\n" not in line
        assert len(done) > 5
        assert config.read_bytes() == b"two"
        config.write_bytes(original)
        assert undo(noted)[1] == []
    assert snapshot(host) == before


@pytest.mark.parametrize(
    "change_text",
    [
        lambda text: text.replace("config.toml", "config.tomb"),
        lambda text: text.replace('"mode": 416', '"mode": 2559'),
        lambda text: text.replace('"uid": 0', '"uid": 1000'),
        lambda text: text.replace('"kind": "path"', '"kind": "restart"'),
    ],
    ids=["path", "mode", "owner", "kind"],
)
def test_an_altered_entry_is_not_carried_out(host: Path, tmp_path: Path, change_text: Any) -> None:
    """An entry that is not what was written is named, and nothing is restored from it."""
    config = host / "etc/containerd/config.toml"
    with opened(tmp_path / "ledger") as noted:
        noted.write(config, b"ours")
        noted.write(host / "etc/other", b"ours")
        entry = altered(noted.folder, config)
        text = entry.read_text()
        assert change_text(text) != text
        entry.write_text(change_text(text))
        after = snapshot(host / "etc/containerd")
        done, left = undo(noted)
        assert done == [f"{host}/etc/other: removed"]
        assert len(left) == 1
        assert f"{entry}: was altered after it was written" in left[0]
        assert snapshot(host / "etc/containerd") == after
        entry.write_text(text)
        assert undo(noted)[1] == []
    assert config.read_text() == "version = 2\n"


@pytest.mark.parametrize("how", ["is gone", "was altered"])
def test_a_kept_tree_that_is_gone_or_altered(host: Path, tmp_path: Path, how: str) -> None:
    """The tool's tree stays, one line says why, and once the kept tree is back, undo goes on."""
    before = snapshot(host)
    aside = host / "opt/.kata.lab-before"
    with opened(tmp_path / "ledger") as noted:
        change(noted, host)
        moved = aside.rename(tmp_path / "moved") if how == "is gone" else aside
        old = moved / "bin/old"
        status = old.stat()
        old.write_text("OLD" if how == "was altered" else "old")
        os.utime(old, ns=(status.st_atime_ns, status.st_mtime_ns))
        (line,) = undo(noted)[1]
        assert line.startswith(f"{host}/opt/kata: {aside}, which kept what was there, {how}: ")
        assert (host / "opt/kata/bin/shim").read_text() == "new"
        old.write_text("old")
        if how == "is gone":
            moved.rename(aside)
        assert undo(noted)[1] == []
    assert snapshot(host) == before


def test_a_tree_that_is_back_already_is_undone(host: Path, tmp_path: Path) -> None:
    """An undo that was killed after it had put a tree back finds that nothing is left to do."""
    before = snapshot(host)
    with opened(tmp_path / "ledger") as noted:
        noted.place(host / "opt/kata", MEMBERS, fill)
        shutil.rmtree(host / "opt/kata")
        (host / "opt/.kata.lab-before").rename(host / "opt/kata")
        assert undo(noted) == ([f"{host}/opt/kata: restored"], [])
    assert snapshot(host) == before


def test_the_ledger_of_version_0_1_is_undone(host: Path, tmp_path: Path) -> None:
    """Its entries have no hash of their own, and its trees have sizes and times."""
    before = snapshot(host)
    with opened(tmp_path / "ledger") as noted:
        change(noted, host)
        for file in noted.folder.glob("*.json"):
            entry = json.loads(file.read_text())
            del entry["sha256"], entry["digest"]
            tree = Path(entry["path"])
            for name, states in entry["members"].items():
                status = (tree / name).lstat()
                old = [f"{status.st_size} bytes of {status.st_mtime_ns}"]
                entry["members"][name] = old if states[0].startswith("file:") else states
            file.write_text(json.dumps(entry))
        assert undo(noted)[1] == []
    assert snapshot(host) == before


def test_a_signal_is_answered_between_two_changes(host: Path, tmp_path: Path) -> None:
    """An interrupted undo has undone a part, and the next one undoes the rest."""
    before = snapshot(host)
    with opened(tmp_path / "ledger") as noted:
        change(noted, host)
        count = len(noted.names())
        forget = noted.forget

        def interrupted(name: str) -> None:
            signal.raise_signal(signal.SIGTERM)
            forget(name)

        noted.forget = interrupted  # type: ignore[method-assign]
        with pytest.raises(KeyboardInterrupt), signals.interruptible():
            undo(noted)
        assert len(noted.names()) == count - 1
        noted.forget = forget  # type: ignore[method-assign]
        assert undo(noted)[1] == []
    assert snapshot(host) == before
