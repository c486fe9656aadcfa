"""Room on the disk and in memory."""

from pathlib import Path

import pytest

from labreport.capture.checks import Fit
from labreport.containers.host import places
from tests.containers.host.test_overlay import mounted


def test_a_full_disk(tmp_path: Path) -> None:
    """The disk of the existing part of each folder counts, and folders on one disk are named together."""
    with mounted("tmpfs", tmp_path / "small", "size=4m") as small:
        found = places.disk([small / "a/b", small / "c"])
        assert found.is_finding
        detail = f"4 MiB free for {small}/a/b and {small}/c; {places.DISK_MIB} may be needed"
        assert found.detail == detail
        assert places.file_system(small) == "tmpfs"


def test_room_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk with more than the limit is fit."""
    monkeypatch.setattr(places, "DISK_MIB", 1)
    assert places.disk([tmp_path / "x"]).fit is Fit.YES


@pytest.mark.parametrize(("mib", "fit"), [(1023, Fit.NO), (1024, Fit.YES)])
def test_memory(mib: int, fit: Fit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What programs can still have counts. Containers run with less, so it is no finding."""
    (tmp_path / "meminfo").write_text(f"MemTotal: 9 kB\nMemAvailable:   {mib << 10} kB\n")
    monkeypatch.setattr(places, "MEMINFO", tmp_path / "meminfo")
    found = places.memory()
    assert found.fit is fit
    assert f"{mib} MiB available" in found.detail
    assert not found.is_finding
