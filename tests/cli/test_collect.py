"""`lab collect`: its options, escapes, and --repeat."""

import json
import socket

import pytest

from tests.cli.conftest import Shell

WILD = '''@collector(task=1, writes=["x/wild.txt"], role="escape")
def wild(run):
    """A way out."""
    with run.file("x/wild.txt") as out:
        out.line("wild")
'''
RESTLESS = '''@collector(task=1, writes=["x/restless.txt"])
def restless(run):
    """Another answer each time."""
    with run.file("x/restless.txt") as out:
        out.run(["date", "+%N"])
'''
LATER = '''

@collector(task=1, writes=["x/later.txt"], after=[restless])
def later(run):
    """The file of another collector."""
    with run.file("x/later.txt") as out:
        out.line("later")
'''


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--allow-escape-tests", "elsewhere"], "escapes would be tried on"),
        (["--allow-escape-tests", "box"], "escapes would be tried on"),
        (["--in-box", "--allow-escape-tests", socket.gethostname()], "escapes would be tried on 'box'"),
        (["--repeat", "--replace"], "--repeat changes no set"),
        (["--repeat", "--dry-run"], "--repeat changes no set"),
        (["--skip", "mine/one", "--refresh"], "--skip goes without --refresh"),
        (["--skip", "mine"], "--skip mine: not a collector of mine"),
        (["--skip", "other/one"], "--skip other/one: not a collector of mine"),
        (["--skip", "mine/none"], "mine: no collector none"),
    ],
)
def test_wrong_use(one_lab: Shell, words: list[str], said: str) -> None:
    """--allow-escape-tests needs the name of the right host, and some options exclude each other."""
    ended = one_lab.lab("collect", "mine", *words)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_escape_is_tried_on_the_host_that_is_named(one_lab: Shell) -> None:
    """Without permission it is missing, with exit status 4 if it was named. With the host's name it runs."""
    one_lab.collector("mine", WILD)
    assert one_lab.lab("collect", "mine").returncode == 0
    ended = one_lab.lab("collect", "mine/wild", "--json")
    assert ended.returncode == 4
    row = {one["name"]: one for one in json.loads(ended.stdout)}["wild"]
    assert (row["state"], row["role"]) == ("missing", "escape")
    assert one_lab.lab("collect", "mine/wild", "--allow-escape-tests", socket.gethostname()).returncode == 0
    assert (one_lab.root / "evidence/mine/x/wild.txt").read_text() == "wild\n"


def test_what_the_box_would_capture(one_lab: Shell) -> None:
    """One line says how much, and about how long it takes. Escapes are counted if they are allowed."""
    one_lab.collector("mine", WILD)
    words = ("collect", "mine", "--in-box", "--dry-run")
    without = one_lab.lab(*words, "--json")
    names = {one["name"] for one in json.loads(without.stdout)}
    assert names
    assert "wild" not in names
    told = one_lab.lab(*words, "--allow-escape-tests", "box").stdout
    assert told == f"mine: the box would capture {len(names) + 1} collectors\n"
    assert one_lab.lab("collect", "mine").returncode == 0
    assert one_lab.lab(*words).stdout == ""


def test_a_collector_is_skipped(one_lab: Shell) -> None:
    """It does not run, nor does what comes after it. The others are captured, and its last evidence stays."""
    one_lab.collector("mine", RESTLESS + LATER)
    assert one_lab.lab("collect", "mine").returncode == 0
    before = (one_lab.root / "evidence/mine/x/restless.txt").read_bytes()
    both = ("mine/restless", "mine/later")
    assert one_lab.lab("collect", *both, "--skip", "mine/restless").returncode == 4
    assert (one_lab.root / "evidence/mine/x/restless.txt").read_bytes() == before
    for name in ("restless", "later"):
        (one_lab.root / f"evidence/mine/records/{name}.json").unlink()
    rows = {one["name"]: one for one in one_lab.json("collect", "mine", "--skip", "mine/restless")}
    assert (rows["restless"]["state"], rows["restless"]["reason"]) == ("missing", "it was skipped (--skip)")
    assert rows["later"]["reason"].startswith("comes after restless")
    assert {row["state"] for name, row in rows.items() if name not in {"restless", "later"}} == {"captured"}
    assert one_lab.lab("collect", "mine").returncode == 0


@pytest.mark.slow
def test_the_same_again(one_lab: Shell) -> None:
    """The exit status is 0 if nothing differs, else 1, and the difference is named. The set is unchanged."""
    assert one_lab.lab("collect", "mine").returncode == 0
    assert one_lab.lab("collect", "mine", "--repeat").returncode == 0
    one_lab.collector("mine", RESTLESS)
    one_lab.lab("collect", "mine")
    before = (one_lab.root / "evidence/mine/x/restless.txt").read_bytes()
    ended = one_lab.lab("collect", "mine", "--repeat", "--json")
    assert ended.returncode == 1
    rows = {one["name"]: one for one in json.loads(ended.stdout)}
    assert rows["restless"]["reason"].startswith("not the same again: x/restless.txt:1: was ")
    assert (one_lab.root / "evidence/mine/x/restless.txt").read_bytes() == before
    assert one_lab.lab("verify").returncode == 0


UNDECLARED = '''from collectors.mine.kernel import release


@collector(writes=["x/named.txt"], after=[release])
def wild(run):
    """A file that it does not declare, with a name that is made while it runs."""
    with run.file("x/" + "other.txt") as out:
        out.line("wild")
'''


def test_a_file_that_is_not_declared_ends_the_collect_of_its_lab(one_lab: Shell) -> None:
    """The mistake is one line with its place, the status 2. Other labs are captured."""
    assert one_lab.lab("new", "other").returncode == 0
    one_lab.collector("mine", UNDECLARED)
    ended = one_lab.lab("collect")
    assert ended.returncode == 2
    assert "lab: collectors/mine/more.py:" in ended.stderr
    assert "wild: it writes x/other.txt, which it does not declare: add it to writes=" in ended.stderr
    for lab in ("mine", "other"):
        assert (one_lab.root / "evidence" / lab / "kernel/release.txt").exists()
    assert not list((one_lab.root / "evidence/mine").glob("**/other.txt"))
    assert one_lab.lab("verify").returncode == 0
