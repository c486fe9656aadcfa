"""The sets below an evidence root."""

from pathlib import Path

from labreport.contract.sets import is_set, sets


def test_a_set_is_asked_for_as_it_is_listed(tmp_path: Path) -> None:
    """A lab's own folder is a set; hidden folders, files, links and the sets of other hosts are none."""
    for name in ("lab12", "empty", ".staging", "hosts/there/lab12"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to("lab12")
    names = ["lab12", "empty", ".staging", "hosts", "file", "link", "none"]
    assert [name for name in names if is_set(tmp_path, name)] == ["lab12", "empty"]
    assert set(sets(tmp_path)) == {"lab12", "empty", "hosts/there/lab12"}
    assert not is_set(tmp_path / "none", "lab12")
