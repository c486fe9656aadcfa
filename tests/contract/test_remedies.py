"""The commands in errors are whole: pasted into a shell, they do what the error says."""

import pytest

from labreport.contract.records import Source
from labreport.contract.remedies import capture_again, record_by_hand
from tests.project import HOST, CapturedFile, record_of


@pytest.mark.parametrize(
    ("name", "source", "command"),
    [
        ("lab12", "collectors/lab12/a.py", "`lab collect lab12/probe`"),
        ("hosts/big/lab12", "collectors/lab12/a.py", "`lab collect --as big lab12/probe`"),
        ("lab12", "", "`lab record lab12/a/b.txt -- COMMAND`"),
        ("hosts/big/lab12", "", "`lab record --as big lab12/a/b.txt -- COMMAND`"),
    ],
)
def test_a_file_is_captured_again(name: str, source: str, command: str) -> None:
    """By its collector with the lab, or by hand; the set of another host needs its name."""
    record = record_of(CapturedFile("a/b.txt", b"x\n"), "probe", "lab12", HOST)
    record = record.model_copy(update={"collector": Source(name="probe", file=source)})
    assert capture_again(record, name, "a/b.txt") == command


def test_a_file_in_no_set_has_its_own_path() -> None:
    """A path that names no set is left as it is."""
    assert record_by_hand("hosts/x.txt") == "`lab record hosts/x.txt -- COMMAND`"
