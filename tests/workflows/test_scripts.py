"""scripts/check and scripts/test: which tools they run, with what, and their exit status."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKED = ("ruff", "mypy", "lint-imports", "vulture", "zizmor")
OTHERS = ("shellcheck", "actionlint")
SYSTEM = ("bash", "cat", "dirname", "env", "grep", "nproc", "sh", "sha256sum")
STUB = """#!/bin/sh
echo "${0##*/} $*" >>"$LOG"
[ "${0##*/}" != "$BAD" ]
"""


@dataclass(frozen=True)
class Checkout:
    """The scripts in a folder of their own, where each tool is a stub that logs its call."""

    folder: Path

    def install(self, *tools: str) -> None:
        """Install stubs of these tools, in the environment or among the system's programs."""
        for tool in tools:
            stub = self.folder / ("bin" if tool in OTHERS else ".venv/bin") / tool
            stub.write_text(STUB)
            stub.chmod(0o755)

    def run(self, script: str, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a script. BAD names a tool that finds something; no other program is on PATH."""
        given = {"PATH": str(self.folder / "bin"), "LOG": str(self.folder / "log"), "PYTHON": sys.executable}
        argv: list[str | Path] = [self.folder / "scripts" / script, *words]
        return subprocess.run(argv, env={**given, **env}, capture_output=True, text=True, check=False)

    def called(self) -> list[str]:
        """Return the calls of the stubs."""
        return (self.folder / "log").read_text().splitlines()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Return the scripts with an environment that is up to date and holds Python alone."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "bin").mkdir()
    for program in SYSTEM:
        (tmp_path / "bin" / program).symlink_to(shutil.which(program) or pytest.fail(program))
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    locked = subprocess.check_output(
        ["sha256sum", "pyproject.toml", "requirements/dev.txt"], cwd=tmp_path, text=True
    )
    (tmp_path / ".venv" / "installed").write_text(locked.rstrip("\n"))
    made = Checkout(tmp_path)
    made.install("python")
    return made


def test_every_tool_is_run(checkout: Checkout) -> None:
    """Each once; ruff twice, to check and to format."""
    checkout.install(*LOCKED, *OTHERS)
    ended = checkout.run("check")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert sorted(call.split()[0] for call in checkout.called()) == sorted(
        [*LOCKED, *OTHERS, "python", "ruff"]
    )


@pytest.mark.parametrize("bad", [*LOCKED, *OTHERS])
def test_a_finding_stops_no_other_tool(checkout: Checkout, bad: str) -> None:
    """The others run, and the exit status is 1."""
    checkout.install(*LOCKED, *OTHERS)
    assert checkout.run("check", BAD=bad).returncode == 1
    assert {call.split()[0] for call in checkout.called()} == {*LOCKED, *OTHERS, "python"}


@pytest.mark.parametrize("missing", [*LOCKED, *OTHERS])
def test_a_missing_tool_is_named(checkout: Checkout, missing: str) -> None:
    """The others run. It is an error in CI only, and there only if CI installs it."""
    there = {*LOCKED, *OTHERS} - {missing}
    checkout.install(*there)
    ended = checkout.run("check")
    assert ended.returncode == 0
    assert f"not installed, so not run: {missing}\n" in ended.stderr
    assert {call.split()[0] for call in checkout.called()} == there | {"python"}
    assert checkout.run("check", CI="true").returncode == (missing != "actionlint")


def test_an_index_address_in_a_lock_is_a_finding(checkout: Checkout) -> None:
    """It would be this machine's."""
    lock = checkout.folder / "requirements" / "publish.txt"
    lock.write_text("--index-url https://index.invalid/simple\n" + lock.read_text())
    checkout.install(*LOCKED, *OTHERS)
    ended = checkout.run("check")
    assert ended.returncode == 1
    assert "publish.txt:1:--index-url" in ended.stdout


@pytest.mark.parametrize(
    ("words", "given"),
    [
        ([], ["-m", "not slow"]),
        (["--all"], []),
        (["tests/box", "-k", "ssh or kvm"], ["-m", "not slow", "tests/box", "-k", "ssh or kvm"]),
        (["--all", "tests/box", "-n", "0"], ["tests/box", "-n", "0"]),
    ],
)
def test_pytest_is_given_paths_and_options(checkout: Checkout, words: list[str], given: list[str]) -> None:
    """As they were given to scripts/test; slow tests run with --all alone."""
    assert checkout.run("test", *words).returncode == 0
    assert checkout.called() == [
        "python -m compileall -q labreport",
        " ".join([f"python -m pytest -n {len(os.sched_getaffinity(0)) + 1}", *given]),
    ]


def test_a_clone_with_autocrlf_has_line_feeds(tmp_path: Path) -> None:
    """Git's setting for Windows changes no file: a script with CRLF does not run, and a hash would differ."""
    shutil.copy(ROOT / ".gitattributes", tmp_path)
    git = ["git", "-C", os.fspath(tmp_path), "-c", "core.autocrlf=true"]
    names = ("script", "page.md", "evidence/lab/a.txt")
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"one\ntwo\n")
    (tmp_path / "evidence/lab/crlf.txt").write_bytes(b"one\r\ntwo\r\n")
    for words in (["init", "-q"], ["add", "."]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    for name in (*names, "evidence/lab/crlf.txt"):
        (tmp_path / name).unlink()
    subprocess.run([*git, "checkout", "-q", "."], check=True)
    assert {(tmp_path / name).read_bytes() for name in names} == {b"one\ntwo\n"}
    assert (tmp_path / "evidence/lab/crlf.txt").read_bytes() == b"one\r\ntwo\r\n"
