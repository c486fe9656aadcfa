"""`lab status`: its output, its JSON and its exit status."""

import json
import shutil

import pytest

from tests.cli.conftest import Shell

TWICE = """from labreport.capture import collector


@collector(writes=["a.txt"])
def release(run):
    \"\"\"A.\"\"\"
"""


def test_records_of_version_0_1_are_said_once(one_lab: Shell) -> None:
    """Records of version 0.1 count as captured; the last line counts them, and JSON marks each."""
    one_lab.collector(
        "mine",
        '@collector(writes=["a.txt"])\ndef a(run: Run) -> None:\n    """A."""\n'
        '    with run.file("a.txt") as out:\n        out.run(["echo", "a"])\n',
    )
    assert one_lab.lab("collect").returncode == 0
    fresh = one_lab.lab("status")
    assert (fresh.returncode, "captured by" in fresh.stdout) == (0, False)
    record = one_lab.root / "evidence/mine/records/a.json"
    text = json.loads(record.read_text())
    del text["collector"]["hash_rule"]
    text["collector"]["sha256"] = "0" * 64
    record.write_text(json.dumps(text))
    ended = one_lab.lab("status")
    assert ended.returncode == 0
    assert ended.stdout.splitlines()[-1] == (
        "1 of 2 collectors were captured by version 0.1: changes of their source cannot be found; "
        "collect them by name to capture them again"
    )
    assert {row["name"]: row["captured_by"] for row in one_lab.json("status")} == {
        "a": "version 0.1",
        "release": "",
    }


def test_a_lab_that_was_removed(one_lab: Shell) -> None:
    """After a lab's folders are removed, the other lab is unchanged, and no command names the removed one."""
    assert one_lab.lab("new", "other").returncode == 0
    assert one_lab.lab("collect").returncode == 0
    for folder in ("collectors", "docs/labs", "evidence"):
        shutil.rmtree(one_lab.root / folder / "mine")
    for words in (["status"], ["verify"], ["doctor"], ["collect"]):
        ended = one_lab.lab(*words)
        assert (ended.returncode, "mine" in ended.stdout + ended.stderr) == (0, False), words
    assert one_lab.lab("status", "mine").returncode == 2


MISTAKES = {
    "an import": ("more.py", "import no_such_module\n"),
    "lab.yml": ("lab.yml", "title: [\n"),
    "two of one name": ("more.py", "from collectors.broken.kernel import release as other\n" + TWICE),
    "an edition": ("more.py", TWICE.replace("writes", "edition=1999, writes")),
}


@pytest.mark.slow
@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=list(MISTAKES))
def test_a_broken_lab_stops_no_other(one_lab: Shell, mistake: tuple[str, str]) -> None:
    """status, collect, doctor and check work on the other labs. The mistake is one line, the status 2."""
    assert one_lab.lab("new", "broken").returncode == 0
    (one_lab.root / "collectors/broken" / mistake[0]).write_text(mistake[1])
    for words in (("status",), ("collect",), ("collect", "--dry-run"), ("doctor",)):
        ended = one_lab.lab(*words)
        assert ended.returncode == 2, words
        assert ended.stderr.count("lab: collectors/broken") == 1
        assert words == ("doctor",) or "mine" in ended.stdout
        assert "Traceback" not in ended.stderr
    assert (one_lab.root / "evidence/mine/kernel/release.txt").exists()
    assert [row["lab"] for row in one_lab.json("status")] == ["mine"]
    assert one_lab.lab("status", "mine").returncode == 0
    assert one_lab.lab("check", "mine").returncode == 0
    only = one_lab.lab("status", "broken")
    assert (only.returncode, only.stdout) == (2, "")
