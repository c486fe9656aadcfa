"""`lab verify --pinned` reports evidence of another image than the pinned one."""

from tests.cli.conftest import Shell
from tests.project import CapturedFile, Little, stand_in


def test_a_stand_in_is_a_finding(shell: Shell) -> None:
    """Stand-ins of the report's own sets, or of one host, are reported only with the option."""
    little = Little(shell.root)
    little.capture(CapturedFile("a.txt", b"a\n"), lab="mine")
    little.capture(CapturedFile("b.txt", b"b\n"), lab="hosts/other/mine", images={"base": stand_in()})
    assert shell.lab("verify").returncode == 0
    assert shell.lab("verify", "--pinned").returncode == 0
    ended = shell.lab("verify", "--pinned", "--as", "other")
    assert ended.returncode == 1
    assert "hosts/other/mine/records/b.txt.json: a stand-in: alpine:3.19 was sha256:bbbb" in ended.stdout
    assert "a stand-in: 2 files" in ended.stdout
    little.capture(CapturedFile("a.txt", b"a\n"), lab="mine", images={"base": stand_in()})
    found = shell.json("verify", "--pinned")
    assert [one["path"] for one in found["findings"]] == ["mine/records/a.txt.json"]
    assert found["verdict"] == "a stand-in"
