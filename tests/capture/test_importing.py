"""Evidence of a report becomes a set, or nothing of it stays."""

from pathlib import Path

import pytest

from labreport.capture.importing import import_evidence
from labreport.capture.store import Staging, StoreError
from labreport.contract.records import Import, Record

IMPORT = Import(report="report.md", sha256="0" * 64)


def test_an_import_that_is_interrupted_can_be_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file of the host does not stay behind, which would look like a set."""
    folder = tmp_path / "evidence/lab9"
    folder.mkdir(parents=True)

    def interrupted(_staging: Staging, _record: Record, _as_written: bytes = b"") -> None:
        assert list((folder / "records").glob("host-*.json"))
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Staging, "commit", interrupted)
        with pytest.raises(KeyboardInterrupt):
            import_evidence(folder, {"a.txt": b"1\n"}, IMPORT)
    assert not [path for path in folder.rglob("*") if path.is_file()]
    import_evidence(folder, {"a.txt": b"1\n"}, IMPORT)
    assert (folder / "a.txt").read_bytes() == b"1\n"
    with pytest.raises(StoreError, match="there is evidence already"):
        import_evidence(folder, {"a.txt": b"2\n"}, IMPORT)
