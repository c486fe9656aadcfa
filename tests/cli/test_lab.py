"""Every command: what it prints, and its exit status."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import labreport
from labreport.cli.main import COMMANDS
from tests.cli.conftest import ROOT, Shell

FAILS = '''@collector(task=1, writes=["x/fails.txt"])
def fails(run):
    """A command that fails."""
    with run.file("x/fails.txt") as out:
        out.line("before")
        out.run(["sh", "-c", "echo printed; echo said >&2; exit 7"])
'''
SLOW = '''from collectors.mine.kernel import release


@collector(writes=["x/slow.txt"], after=[release])
def slow(run):
    """A command that takes long."""
    with run.file("x/slow.txt") as out:
        out.run(["sleep", "60"])
'''
NEEDY = '''NEVER = Need("moon", lambda lab: "no moon", "wait for the night", ("moon",))


@collector(task=1, writes=["x/needy.txt"], needs=[NEVER])
def needy(run):
    """What cannot run here."""
'''


def test_help_lists_every_command_with_its_summary(shell: Shell) -> None:
    """`lab --help` names all commands and the exit statuses, without colours if there is no terminal."""
    shown = shell.lab("--help").stdout
    assert all(re.search(rf"^  {name} +\S", shown, re.MULTILINE) for name in COMMANDS)
    assert "4 cannot run" in shown
    assert "\x1b" not in shown


def test_a_lab_host_has_clear_errors_without_what_publishing_needs(tmp_path: Path) -> None:
    """Where Markdown and Jinja are not installed, an error is one line without a traceback."""
    (tmp_path / "mkdocs.yml").touch()
    (tmp_path / "collectors" / "broken").mkdir(parents=True)
    (tmp_path / "collectors" / "broken" / "lab.yml").write_text("title: [")
    code = (
        "import sys; sys.modules.update(markdown=None, jinja2=None, altair=None); "
        f"sys.path.insert(0, {str(ROOT)!r}); sys.argv = ['lab', 'status', 'broken']; "
        "from labreport.cli.main import main; main()"
    )
    argv = [sys.executable, "-c", code]
    ended = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 2, ended.stderr
    assert "collectors/broken/lab.yml:1" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help(shell: Shell, name: str) -> None:
    """`lab COMMAND --help` works in a project without a lab."""
    ended = shell.lab(name, "--help")
    assert ended.returncode == 0
    assert f"lab {name}" in ended.stdout


def test_outside_a_project_is_wrong_use(tmp_path: Path) -> None:
    """Without a project the error says where to go, with exit status 2."""
    ended = Shell(tmp_path).lab("status")
    assert ended.returncode == 2
    assert "change to the project's folder" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_without_a_lab_it_says_how_to_make_one(shell: Shell) -> None:
    """A project without a lab is wrong use, with the remedy."""
    ended = shell.lab("collect")
    assert ended.returncode == 2
    assert "lab new" in ended.stderr


def test_the_version_is_the_packages(shell: Shell) -> None:
    """`lab --version` prints the version of the package."""
    assert shell.lab("--version").stdout == f"lab, version {labreport.__version__}\n"


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("doctor",), 0, "class: "),
        (("verify",), 1, "nothing to check: 0 files, 0 records: capture a lab with `lab collect`"),
        (("status",), 2, "this project has no lab: make one with `lab new NAME`"),
        (("collect", "lab12/health"), 2, "this project has no lab: make one with `lab new NAME`"),
        (("record", "x.txt", "--", "true"), 2, "this project has no lab: make one with `lab new NAME`"),
    ],
)
def test_a_project_needs_only_a_mkdocs_yml(
    tmp_path: Path, words: tuple[str, ...], status: int, said: str
) -> None:
    """A command works in a folder below a mkdocs.yml without collectors/. It says if it needs a lab."""
    (tmp_path / "mkdocs.yml").write_text("site_name: pages only\n")
    (tmp_path / "docs").mkdir()
    ended = Shell(tmp_path / "docs").lab(*words)
    assert ended.returncode == status
    assert said in ended.stdout + ended.stderr
    assert not (tmp_path / "evidence").exists()


def test_collect_captures_once(one_lab: Shell) -> None:
    """A second collect captures nothing. A collector that is named is captured again."""
    assert one_lab.lab("collect").returncode == 0
    record = one_lab.root / "evidence/mine/records/release.json"
    first = record.read_bytes()
    assert one_lab.lab("collect").returncode == 0
    assert record.read_bytes() == first
    assert one_lab.lab("collect", "mine/release").returncode == 0
    assert record.read_bytes() != first


def test_collect_reports_as_json(one_lab: Shell) -> None:
    """`--json` prints a row for each collector, and nothing else on standard output."""
    (row,) = one_lab.json("collect")
    assert row["lab"] == "mine"
    assert (row["name"], row["state"], row["writes"]) == ("release", "captured", ["kernel/release.txt"])


def test_a_dry_run_changes_nothing(one_lab: Shell) -> None:
    """`--dry-run` shows what would be captured and writes no evidence."""
    ended = one_lab.lab("collect", "--dry-run")
    assert ended.returncode == 0
    assert "1 would be captured: release" in ended.stdout
    assert list((one_lab.root / "evidence/mine").iterdir()) == []


def test_a_failed_capture_is_a_finding(one_lab: Shell) -> None:
    """The failed command is named, with its exit status and output. The rest is captured; the status is 1."""
    one_lab.collector("mine", FAILS)
    ended = one_lab.lab("collect")
    assert ended.returncode == 1
    assert "exit status 7" in ended.stderr
    assert "said" in ended.stderr
    assert (one_lab.root / "evidence/mine/kernel/release.txt").exists()
    kept = one_lab.root / "evidence/mine/failed/fails"
    assert (kept / "x/fails.txt").read_text().startswith("before\n")
    assert "exit status 7" in (kept / "why.txt").read_text()


def test_what_cannot_run_here_is_said_with_its_remedy(one_lab: Shell) -> None:
    """A need that is not met leaves its collector missing. The exit status is 4 if it was named, else 0."""
    one_lab.collector("mine", NEEDY)
    plain = one_lab.lab("collect")
    assert plain.returncode == 0
    assert "needs moon: no moon" in plain.stdout
    assert "wait for the night" in plain.stdout
    assert one_lab.lab("collect", "mine/needy").returncode == 4
    rows = {row["name"]: row for row in one_lab.json("status")}
    assert rows["needy"]["command"] == "lab collect mine/needy"


def test_status_says_why_evidence_is_stale(one_lab: Shell) -> None:
    """A setting that changed makes the collectors that read it stale. The exit status is 1."""
    one_lab.lab("collect")
    assert one_lab.lab("status").returncode == 0
    config = one_lab.root / "collectors/mine/lab.yml"
    config.write_text(config.read_text().replace("lines: 5", "lines: 4"))
    ended = one_lab.lab("status")
    assert ended.returncode == 1
    assert "setting kernel.lines was 5, is 4" in ended.stdout


def test_verify_names_the_altered_file(one_lab: Shell) -> None:
    """A changed byte gives exit status 1, and the output names the file, as text and as JSON."""
    one_lab.lab("collect")
    assert one_lab.lab("verify").returncode == 0
    file = one_lab.root / "evidence/mine/kernel/release.txt"
    file.write_bytes(file.read_bytes().replace(b"Linux", b"linux"))
    ended = one_lab.lab("verify")
    assert ended.returncode == 1
    assert "mine/kernel/release.txt: altered" in ended.stdout
    report = one_lab.json("verify")
    assert report["verdict"] == "altered"
    assert report["findings"][0]["path"] == "mine/kernel/release.txt"


def test_record_captures_one_command(one_lab: Shell) -> None:
    """`lab record` makes a file and its record, which verify knows."""
    ended = one_lab.lab("record", "notes/kernel.txt", "--", "uname", "-s")
    assert ended.returncode == 0, ended.stderr
    assert (one_lab.root / "evidence/mine/notes/kernel.txt").read_text() == "Linux\n"
    assert one_lab.json("verify")["files"] == 1


def test_record_says_where_the_command_runs_and_what_it_left_out(one_lab: Shell) -> None:
    """It names the file and the folder. Where only standard error had text, it names --stderr."""
    loud = ("sh", "-c", "pwd; ls; echo loud >&2")
    ended = one_lab.lab("record", "mine/notes/loud.txt", "--", *loud)
    assert "evidence/mine/notes/loud.txt: runs sh -c 'pwd; ls; echo loud >&2' in a new folder" in ended.stderr
    assert "evidence/mine/notes/loud.txt: captured, with its record" in ended.stdout
    assert "--stderr" not in ended.stderr
    quiet = ("record", "mine/notes/quiet.txt", "--", "sh", "-c", "echo loud >&2")
    ended = one_lab.lab(*quiet)
    assert ended.returncode == 0
    assert (
        "quiet.txt: it is empty: the command printed on standard error only: --stderr takes both"
        in ended.stderr
    )
    ended = one_lab.lab("record", "--stderr", *quiet[1:])
    assert (one_lab.root / "evidence/mine/notes/quiet.txt").read_text() == "loud\n"
    assert "it is empty" not in ended.stderr


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("record", "notes/x.txt", "--", "false"), 1, "exit status 1"),
        (("record", "notes/x.txt", "--", "no-such-command"), 1, "not on PATH"),
        (("record", "notes/x.txt", "--"), 2, "no command"),
        (("record", "--stderr", "x.png", "--", "cp", "a.png", "{}"), 2, "--stderr is for text"),
        (("record", "../x.txt", "--", "true"), 2, "leaves the evidence folder"),
        (("record", "/etc/x.txt", "--", "true"), 2, "not a plain relative path"),
        (("record", "records/x.json", "--", "true"), 2, "folder of the tool's own"),
        (("record", "kernel/release.txt", "--", "true"), 2, "written by the collector release"),
        (("collect", "mine/nope"), 2, "no collector nope"),
        (("collect", "nope"), 2, "the labs are: mine"),
        (("collect", "--as", "Bad Name"), 2, "small letters"),
        (("collect", "--as", "x", "--replace"), 2, "give one of them"),
        (("record", "notes/x.txt", "--", "ls | wc"), 2, "lab record notes/x.txt -- sh -c 'ls | wc'"),
        (
            ("record", "notes/x.txt", "--", "uname -s"),
            2,
            "is one word, and no program: write lab record notes/x",
        ),
        (("check", "no-such-file.md"), 2, "is neither a lab nor a file: the labs are mine"),
        (("check", "mime"), 2, "mime is neither a lab nor a file: is mine meant?"),
        (("check", "no-such-file.md", "--evidence", "."), 2, "no-such-file.md: no such file"),
        (("new", "Bad-Name"), 2, "small letters"),
        (("new", "hosts"), 2, "cannot name a lab"),
        (("new", "mine"), 2, "collectors/mine: it exists already"),
        (("no-such-command",), 2, "there is no command 'no-such-command': `lab --help`"),
        (("chekc",), 2, "there is no command 'chekc': is check meant?"),
    ],
)
def test_wrong_use_is_one_clear_error(one_lab: Shell, words: tuple[str, ...], status: int, said: str) -> None:
    """Each mistake gives one error that says what to do, without a traceback. Nothing is captured."""
    ended = one_lab.lab(*words)
    assert ended.returncode == status
    assert said in " ".join(ended.stderr.split())
    assert "Traceback" not in ended.stderr
    assert not list((one_lab.root / "evidence/mine").glob("records/*.json")) or status == 1


@pytest.mark.slow
def test_ctrl_c_leaves_nothing_behind(one_lab: Shell) -> None:
    """The exit status is 3. What was captured stays, and no staged file is left."""
    one_lab.collector("mine", SLOW)
    argv = [sys.executable, str(ROOT / "labreport"), "collect"]
    process = subprocess.Popen(argv, cwd=one_lab.root, stderr=subprocess.PIPE, text=True)
    wait_for(one_lab.root / "evidence/mine", ".staging-*/slow")
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _out, said = process.communicate(timeout=20)
    assert process.returncode == 3
    assert "interrupted" in said
    assert "Traceback" not in said
    assert one_lab.lab("verify").returncode == 0
    assert (one_lab.root / "evidence/mine/kernel/release.txt").exists()
    assert not list((one_lab.root / "evidence/mine").glob(".staging*"))


@pytest.mark.slow
def test_a_second_collect_is_refused_at_once(one_lab: Shell) -> None:
    """While one collect writes a set, another one ends with status 4 and the reason."""
    one_lab.collector("mine", SLOW)
    argv = [sys.executable, str(ROOT / "labreport"), "collect"]
    process = subprocess.Popen(argv, cwd=one_lab.root, stderr=subprocess.DEVNULL)
    wait_for(one_lab.root / "evidence/mine", ".staging-*/slow")
    second = one_lab.lab("collect")
    process.send_signal(signal.SIGINT)
    process.wait(20)
    assert second.returncode == 4
    assert "another collect" in second.stderr


def test_the_shell_completes_labs_and_collectors(one_lab: Shell) -> None:
    """Completion offers commands, labs, and the collectors of a lab that is typed already."""

    def offered(words: str) -> str:
        return one_lab.lab(
            _LAB_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(len(words.split(" ")) - 1)
        ).stdout

    assert "collect" in offered("lab co")
    assert "mine" in offered("lab collect m")
    assert "mine/release" in offered("lab collect mine/")


def wait_for(folder: Path, pattern: str) -> None:
    """Wait until something in a folder matches a pattern."""
    deadline = time.monotonic() + 20
    while not any(folder.glob(pattern)):
        assert time.monotonic() < deadline, (folder, pattern)
        time.sleep(0.02)
