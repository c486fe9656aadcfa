"""Whatever the system refuses, a command ends with one line and a status that the manual lists.

Each case makes one fault. The same words are then tried by a real process where the streams matter.
"""

import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from labreport.cli.main import COMMANDS
from tests.cli.conftest import ROOT, Shell

LAB = str(ROOT / "labreport")
STATUSES = {0, 1, 2, 3, 4}
"""The documented ends of a command in which the tool has no fault: 5 and 141 have tests of their own."""


def one_line_of(ended: subprocess.CompletedProcess[str]) -> str:
    """Return the line of an error: the only one on standard error, without a traceback."""
    assert "Traceback" not in ended.stderr + ended.stdout
    assert ended.stderr.count("\n") == 1, ended.stderr
    return ended.stderr


@contextmanager
def small(folder: Path, options: str = "size=64k") -> Iterator[None]:
    """Mount a small file system of its own at a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        pytest.skip("only root can mount: root is not on this machine")
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tests", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(folder: Path) -> None:
    """Leave no room on the file system of a folder."""
    with (folder / "filler").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return


def process(shell: Shell, words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run `lab` as a shell does; `words` may redirect its streams."""
    argv = ["bash", "-c", f'set -o pipefail; "$PYTHON" "$LAB" {words}']
    environment = {**os.environ, "PYTHON": sys.executable, "LAB": LAB, **env}
    return subprocess.run(
        argv, cwd=shell.root, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


# Output paths

PATHS: list[tuple[str, int, str]] = [
    ("export mine --to .", 2, "directory"),
    ("export mine --to gone/x.md", 2, "gone/x.md: No such file or directory: create it, or correct the path"),
    ("export mine --to mkdocs.yml/x.md", 2, "Not a directory: name a folder, not a file"),
    (f"export mine --to {'x' * 300}", 2, "File name too long: choose a shorter name"),
    ("export mine --to loop", 2, "Too many levels of symbolic links: correct the symbolic link"),
    ("export mine --to /dev/full", 4, "/dev/full: No space left on device: make room there"),
    ("export mine --to /proc/x.md", 2, "/proc/x.md: No such file or directory"),
    ("init mkdocs.yml", 2, "it is a file"),
    ("init mkdocs.yml/x", 2, "Not a directory"),
    (f"init {'x' * 300}", 2, "File name too long"),
    ("init loop", 2, "loop: File exists: choose another name"),
    ("check gone.md --evidence evidence", 2, "gone.md: no such file"),
    ("check mkdocs.yml --evidence gone", 2, "gone' does not exist"),
    ("facts --try 'count x' evidence", 2, "is a directory"),
    ("diff gone", 2, "gone is neither a folder nor a commit"),
]


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(("words", "status", "said"), PATHS)
def test_paths(one_lab: Shell, words: str, status: int, said: str) -> None:
    """A path that cannot be written or read is named, with what to do."""
    (one_lab.root / "loop").symlink_to("loop")
    assert one_lab.lab("collect").returncode == 0
    ended = process(one_lab, words)
    assert (ended.returncode, said in one_line_of(ended)) == (status, True), ended.stderr


# Disks

FULL: list[tuple[str, str]] = [
    ("export mine --to full/x.md", "full"),
    ("init full/new", "full"),
    ("new other", "collectors"),
    ("new other", "docs"),
    ("collect", "evidence"),
    ("record mine/x.txt -- echo x", "evidence"),
]


@pytest.mark.slow
@pytest.mark.parametrize("options", ["size=64k", "size=64k,ro"])
@pytest.mark.parametrize(("words", "where"), FULL)
def test_a_full_or_read_only_disk(shell: Shell, words: str, where: str, options: str) -> None:
    """The line names what has no room or cannot be written, and the command does not seem to succeed."""
    folder = shell.root / where
    with small(folder):
        if where != "collectors":
            assert shell.lab("new", "mine").returncode == 0
        fill(folder)
        if options.endswith("ro"):
            subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        ended = process(shell, words)
    assert ended.returncode in {1, 4}, ended.stderr
    assert "Traceback" not in ended.stderr
    assert re.search("No space left on device|the disk is full|[Rr]ead-only", ended.stderr + ended.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("words", ["diff", "diff --json", "collect", "record mine/x.txt -- echo x", "check"])
@pytest.mark.parametrize("options", ["size=4k", "size=64k,ro"])
def test_a_temporary_folder_that_cannot_be_used(one_lab: Shell, words: str, options: str) -> None:
    """A command that needs one says so; another does not mind."""
    scratch = one_lab.root.parent / "scratch"
    with small(scratch, options):
        if not options.endswith("ro"):
            fill(scratch)
        ended = process(one_lab, words, TMPDIR=str(scratch))
    assert ended.returncode in STATUSES, ended.stderr
    assert "Traceback" not in ended.stderr + ended.stdout


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("words", ["status", "status --json", "verify", "doctor", "facts", "--help"])
def test_standard_output_that_is_full(one_lab: Shell, words: str) -> None:
    """/dev/full as standard output is an error of one line."""
    ended = process(one_lab, f"{words} >/dev/full")
    line = one_line_of(ended)
    assert "No space left on device" in line
    assert ended.returncode == 4


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("words", ["status --json", "--help", "verify", "export mine", "doctor --json"])
def test_a_reader_that_is_gone(one_lab: Shell, words: str) -> None:
    """`lab status | head -1` prints no error. The status is that of a process that SIGPIPE ends."""
    assert one_lab.lab("collect").returncode == 0
    ended = process(one_lab, f"{words} | sleep 0")
    assert ended.stderr == ""
    assert ended.returncode in {*STATUSES, 141}


def test_a_closed_pipe_is_141(one_lab: Shell) -> None:
    """The reader has closed the pipe before the first line is written."""
    read, write = os.pipe()
    os.close(read)
    argv = [sys.executable, LAB, "status"]
    ended = subprocess.run(argv, cwd=one_lab.root, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (ended.returncode, ended.stderr) == (141, b"")


@pytest.mark.slow
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams(one_lab: Shell, closed: str) -> None:
    """No evidence file gets the number of a closed stream, and so what is printed."""
    ended = process(one_lab, f"record mine/x.txt -- sh -c 'echo out; echo err >&2' {closed}")
    assert ended.returncode == 0
    assert (one_lab.root / "evidence/mine/x.txt").read_text() == "out\n"
    assert process(one_lab, f"status {closed}").returncode in {0, 1}


# Words, names, environment


@pytest.mark.slow_after(3)
@pytest.mark.parametrize(
    "words",
    [
        r"record mine/x.txt -- echo $'\xff'",
        r"record $'mine/\xff.txt' -- echo x",
        r"new $'\xff'",
        r"init $'\xff'",
        r"status $'\xff'",
        r"collect $'mine/\xff'",
        r"facts $'\xff'",
        r"export $'\xff'",
        r"diff $'\xff'",
        r"status --as $'\xff'",
        r"check $'\xff'",
        r"$'\xff'",
        r"--$'\xff'",
    ],
)
def test_words_that_are_not_utf_8(one_lab: Shell, words: str) -> None:
    """They are wrong use, or lead to a finding; the byte is escaped."""
    ended = process(one_lab, words)
    assert ended.returncode in {1, 2}, ended.stderr
    assert "Traceback" not in ended.stderr + ended.stdout
    assert re.search(r"\\udcff|\ufffd|not UTF-8", ended.stderr + ended.stdout)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [b"a\xff", b"a b", "é字".encode(), b"-x", b"a'\"b", b"a\nb", b"%s{}[red]", b"a\x1b[31m"]
)
def test_a_project_in_an_odd_folder(one_lab: Shell, name: bytes) -> None:
    """A project works in any folder, or says in one line why it does not."""
    folder = Path(os.fsdecode(os.fsencode(one_lab.root.parent) + b"/" + name))
    one_lab.root.rename(folder)
    shell = Shell(folder)
    for words in ("collect", "status", "verify", "facts", "record mine/x.txt -- echo x", "doctor"):
        ended = process(shell, words)
        assert "Traceback" not in ended.stderr + ended.stdout, (words, ended.stderr)
        if name == b"a\xff":
            assert (ended.returncode, "is not UTF-8" in one_line_of(ended)) == (2, True)
        else:
            assert ended.returncode in {0, 1}, (words, ended.stderr)


NARROW = [{"COLUMNS": "20"}, {"COLUMNS": "1"}, {"COLUMNS": "0"}, {"COLUMNS": "-5"}, {"COLUMNS": "x"}]
PLAIN = [{"LANG": "C", "LC_ALL": "C"}, {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}]
ENCODED = [
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "cp1252"},
    {"TERM": "dumb"},
    {"HOME": "/nowhere"},
]


@pytest.mark.slow
@pytest.mark.parametrize("env", [*NARROW, *PLAIN, *ENCODED], ids=str)
def test_terminals_and_languages(one_lab: Shell, env: dict[str, str]) -> None:
    """A narrow terminal and an encoding without the characters of a text change only how it looks."""
    config = one_lab.root / "collectors/mine/lab.yml"
    config.write_text(config.read_text().replace("title: ", "title: é字✓ ", 1))
    for words in ("collect", "status", "verify", "facts", "doctor", "--help", "collect --help"):
        ended = process(one_lab, words, **env)
        assert "Traceback" not in ended.stderr + ended.stdout, (words, ended.stderr)
        assert ended.returncode in {0, 1}, (words, ended.stderr)


@pytest.mark.slow_after(3)
@pytest.mark.parametrize("epoch", ["", " ", "-1", "x", "1.5", "1e9", "0x10", "١٢٣", "4294967296", "9" * 30])
@pytest.mark.parametrize("words", ["check", "export mine", "diff evidence"])
def test_source_date_epoch(one_lab: Shell, words: str, epoch: str) -> None:
    """What is no time is wrong use; the line says what would be right."""
    ended = one_lab.lab(*words.split(), SOURCE_DATE_EPOCH=epoch)
    assert ended.returncode == 2
    assert "SOURCE_DATE_EPOCH is" in one_line_of(ended)
    assert "git log -1 --format=%ct" in ended.stderr


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    "data",
    [
        b"#!/no/such/interpreter\n",
        b"#!\n",
        b"#!/no/such/interpreter",
        b"",
        b"\0\1\2",
        b"\x7fELF",
        b"#!/bin/sh -\xff\necho x\n",
        b"#!" + b"x" * 300,
    ],
)
def test_a_script_that_cannot_start(one_lab: Shell, data: bytes) -> None:
    """A missing interpreter, or a file that is no program, is a failed command with a reason."""
    script = one_lab.root / "script"
    script.write_bytes(data)
    script.chmod(0o755)
    ended = process(one_lab, "record mine/x.txt -- ./script")
    assert "Traceback" not in ended.stderr + ended.stdout
    assert ended.returncode in {0, 1, 2, 4}, ended.stderr
    assert ended.returncode or data.startswith((b"#!\n", b""))


# Files in a project

LEFT: dict[str, Callable[[Path], object]] = {
    "#x.py": lambda path: path.symlink_to("user@host.1234:5678"),
    ".#x.py": lambda path: path.symlink_to("user@host.1234:5678"),
    "x.py~": lambda path: path.write_bytes(b"\xff"),
    ".x.py.swp": lambda path: path.write_bytes(b"b0VIM \xff"),
    "4913": lambda path: path.touch(),
    "gone": lambda path: path.symlink_to("nowhere"),
    "loop": lambda path: path.symlink_to("loop"),
    "pipe": os.mkfifo,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LEFT)
@pytest.mark.parametrize(
    "where", ["collectors", "collectors/mine", "evidence", "evidence/mine", "docs/labs/mine", "."]
)
def test_what_editors_and_accidents_leave(one_lab: Shell, where: str, name: str) -> None:
    """Lock files, backups, dangling links and FIFOs end no command in a traceback, and none hangs."""
    assert one_lab.lab("collect").returncode == 0
    LEFT[name](one_lab.root / where / name)
    for words in ("status", "verify", "collect", "facts", "doctor", "record mine/x.txt -- echo x"):
        ended = one_lab.lab(*words.split())
        assert "Traceback" not in ended.stderr + ended.stdout, (words, ended.stderr)
        assert ended.returncode in STATUSES, (words, ended.stderr)


_LAUGHS = (f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9) if n else 'x'}]\n" for n in range(9))
YAML = {"deep": "[" * 100_000, "laughs": "".join(_LAUGHS),
        "twice": "a: 1\na: 2\n", "date": "a: 2026-13-45\n", "huge": f"a: {'1' * 5000}\n"}  # fmt: skip


@pytest.mark.slow_after(3)
@pytest.mark.parametrize("kind", YAML)
@pytest.mark.parametrize(
    ("file", "words"), [("collectors/mine/lab.yml", "status"), ("docs/labs/mine/facts.yml", "facts")]
)
def test_yaml_of_every_file(one_lab: Shell, file: str, words: str, kind: str) -> None:
    """The line names the file and the line in it."""
    (one_lab.root / file).write_text(YAML[kind])
    ended = one_lab.lab(*words.split())
    assert ended.returncode == 2
    assert re.match(rf"lab: .*{file}:\d+", one_line_of(ended))


JSON = {
    "deep": b"[" * 100_000,
    "huge": b'{"schema": ' + b"1" * 5000 + b"}",
    "half": b'{"schema"',
    "nul": b"\0",
}


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("kind", JSON)
@pytest.mark.parametrize("file", ["release.json", "state.json", "checked.json", "host-x.json", "x.json"])
def test_json_of_every_file(one_lab: Shell, file: str, kind: str) -> None:
    """A file of records/ that cannot be read is named by verify, and ends no command."""
    assert one_lab.lab("collect").returncode == 0
    (one_lab.root / "evidence/mine/records" / file).write_bytes(JSON[kind])
    for words in ("verify", "status", "facts", "collect"):
        ended = one_lab.lab(*words.split())
        assert "Traceback" not in ended.stderr + ended.stdout, (words, ended.stderr)
        assert ended.returncode in STATUSES, (words, ended.stderr)


# Interruption


@pytest.mark.slow_after(3)
@pytest.mark.parametrize("delay", [0.0, 0.03, 0.06, 0.09, 0.12, 0.16, 0.2, 0.25, 0.3])
@pytest.mark.parametrize("words", ["status", "--help", "record mine/x.txt -- sleep 9"])
def test_ctrl_c(one_lab: Shell, words: str, delay: float) -> None:
    """Ctrl-C at any moment: no traceback; the status is 3, that of the signal, or that of an end in time."""
    argv = [
        sys.executable,
        "-c",
        f"import os, pathlib, runpy, signal; os.write(1, b'.'); runpy.run_path({LAB!r}, run_name='__main__')",
        *words.split(),
    ]
    with subprocess.Popen(argv, cwd=one_lab.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as started:
        assert started.stdout is not None
        assert started.stdout.read(1) == b"."  # Python itself has started
        time.sleep(0.005 + delay)
        started.send_signal(signal.SIGINT)
        _out, err = started.communicate(timeout=30)
    assert not re.search(rb'^ *File "[^"]*/labreport/', err, re.MULTILINE), err.decode()
    assert started.returncode in {0, 1, 3, -signal.SIGINT, 130}, (started.returncode, err)


# Packages

MODULES = """
mkdocs selectolax regex jmespath markdown_it jinja2 markdown material mkdocs_macros altair
vl_convert pydantic yaml
"""


@pytest.mark.slow
@pytest.mark.parametrize("module", MODULES.split())
def test_a_package_that_is_missing(one_lab: Shell, module: str) -> None:
    """`lab check` names it in one line, and how to install what publishing needs."""
    code = (
        f"import sys; sys.modules[{module!r}] = None; sys.path.insert(0, {str(ROOT)!r})\n"
        "sys.argv = ['lab', 'check']\n"
        "from labreport.__main__ import main; main()"
    )
    argv = [sys.executable, "-c", code]
    ended = subprocess.run(argv, cwd=one_lab.root, capture_output=True, text=True, check=False)
    assert "not installed: pip install -r requirements/publish.txt" in one_line_of(ended)
    assert ended.returncode == 4


# The last handler


def unforeseen(shell: Shell, state: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a `lab status` in which something raises what nobody foresaw."""
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); sys.argv = ['lab', 'verify']\n"
        "import labreport.cli.verify as module\n"
        "def verify_all(folder): raise KeyError('bad\\nkey \\x1b[31m')\n"
        "module.verify_all = verify_all\n"
        "from labreport.cli.main import main; main()"
    )
    environment = {**os.environ, "XDG_STATE_HOME": str(state), "HOME": str(shell.root), **env}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=shell.root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_nobody_foresaw(shell: Shell, tmp_path: Path) -> None:
    """It is one line, status 5, and a file with the traceback that only the user can read."""
    ended = unforeseen(shell, tmp_path / "state")
    line = one_line_of(ended)
    assert ended.returncode == 5
    assert line.startswith(
        r"lab: KeyError: 'bad\nkey \x1b[31m': nobody foresaw this: please report it, with "
    )
    (file,) = (tmp_path / "state" / "labreport").iterdir()
    assert line.endswith(f" {file}\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    assert "Traceback (most recent call last)" in text
    assert "KeyError" in text


def test_a_traceback_has_no_home_in_it(shell: Shell, tmp_path: Path) -> None:
    """The path of the home folder, which names a person, is replaced."""
    unforeseen(shell, tmp_path / "state", HOME=str(ROOT))
    (file,) = (tmp_path / "state" / "labreport").iterdir()
    assert str(ROOT) not in file.read_text()
    assert "~/labreport/cli/main.py" in file.read_text()


def test_a_traceback_that_cannot_be_written(shell: Shell, tmp_path: Path) -> None:
    """Without a state folder it goes to the temporary one; without that, the line has the place."""
    (tmp_path / "file").touch()
    (tmp_path / "scratch").mkdir()
    ended = unforeseen(shell, tmp_path / "file", TMPDIR=str(tmp_path / "scratch"))
    assert str(tmp_path / "scratch") in one_line_of(ended)
    with small(tmp_path / "full"):
        fill(tmp_path / "full")
        ended = unforeseen(shell, tmp_path / "full", TMPDIR=str(tmp_path / "full"))
        assert list((tmp_path / "full").glob("**/traceback*")) == []
    assert ended.returncode == 5
    one_line_of(ended)


@pytest.mark.slow_after(3)
@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"init"}))
def test_without_a_current_folder(shell: Shell, tmp_path: Path, name: str) -> None:
    """A current folder that was removed is an error of one line in every command."""
    gone = tmp_path / "gone"
    gone.mkdir()
    words = {
        "new": "new x",
        "pack": "pack x --as h",
        "adopt": "adopt x",
        "record": "record x/y -- true",
        "export": "export x",
        "box": "box status",
    }
    argv = [
        "bash",
        "-c",
        f'cd "{gone}" && rmdir "{gone}" && "{sys.executable}" "{LAB}" {words.get(name, name)}',
    ]
    ended = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=shell.root)
    assert "Traceback" not in ended.stderr + ended.stdout
    assert ended.returncode in STATUSES, ended.stderr
