"""Where programs are looked for."""

from pathlib import Path

import pytest

from labreport.capture import program, recorder


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a program in a folder of root's programs that is not on PATH."""
    path = tmp_path / "sbin/lab-tool"
    path.parent.mkdir()
    path.write_text("#!/bin/sh\necho ran\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr(program, "SYSTEM_FOLDERS", (str(path.parent), "/bin"))
    return path


def test_a_program_outside_path_is_found_everywhere(outside: Path) -> None:
    """We find it and run it, and so do the programs that we run, such as containerd, which starts runc."""
    assert program.which("lab-tool") == recorder.find("lab-tool") == str(outside)
    assert recorder.output(["lab-tool"]) == "ran"
    assert recorder.output(["sh", "-c", "lab-tool"]) == "ran"
    assert recorder.executable("lab-tool", recorder.environment("")["PATH"]).path == str(outside)


def test_path_comes_first(outside: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the user put on PATH is taken before root's folders, and no folder is searched twice."""
    assert program.search_path() == f"/usr/bin:/bin:{outside.parent}"
    (tmp_path / "own").mkdir()
    (tmp_path / "own/lab-tool").symlink_to("/bin/true")
    monkeypatch.setenv("PATH", f"{tmp_path}/own:/bin")
    assert program.which("lab-tool") == f"{tmp_path}/own/lab-tool"


def test_more_folders_come_last(tmp_path: Path) -> None:
    """Folders of a caller are searched after all others."""
    (tmp_path / "sh").symlink_to("/bin/true")
    (tmp_path / "lab-tool").symlink_to("/bin/true")
    assert program.which("sh", str(tmp_path)) != f"{tmp_path}/sh"
    assert program.which("lab-tool", str(tmp_path)) == f"{tmp_path}/lab-tool"
    assert program.which("lab-tool") is None


def test_without_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process without PATH has the system's folders."""
    monkeypatch.delenv("PATH")
    assert program.which("sh")
