"""Shared by all tests: clones of the working tree, a runs folder for each worker, no skips in CI."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).parents[1]

settings.register_profile("no deadline", deadline=None)  # an example may take long on a busy machine
settings.load_profile("no deadline")

EXCUSED = ("KATA_ARCHIVE is not set", "actionlint is not here", "is not on this machine")
"""Reasons of skips that CI accepts: what is missing is in no package of Debian and in no lock of ours."""

os.environ["LAB_NO_CACHE"] = "1"
"""Tests neither read nor fill the cache of the user who runs them. A test of the cache has one of its own."""

signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
"""A background job ignores Ctrl-C, and nohup ignores a hangup. What the tests start would inherit that."""

CLONE_NEWNS = 0x20000
"""unshare(2): mounts of our own. os.unshare has come with Python 3.12."""

OWN_FOLDERS = (Path("/run/lab"), Path("/run/containerd/s"), Path("/run/netns"), Path("/var/lib/lab/staging"))
"""Where runs, containerd's shims, network namespaces, and notes of captures and changes are listed."""


def pytest_configure() -> None:
    """Hide from each process that runs tests what others list in OWN_FOLDERS.

    Every collect clears the runs that were killed. In a shared folder it would also clear those of a test in
    another worker, before that test has looked at them. Without root, a run's folder is in TMPDIR.
    """
    if os.geteuid() != 0:
        tempfile.tempdir = os.environ["TMPDIR"] = tempfile.mkdtemp(prefix="lab-tests-")
    elif ctypes.CDLL(None).unshare(CLONE_NEWNS) == 0:
        subprocess.run(["mount", "--make-rslave", "/"], check=True)
        for folder in OWN_FOLDERS:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=700", "tests", folder], check=True)


def pytest_collection_finish() -> None:
    """Have Python keep nothing compiled from here on; the tests are, so collecting again takes 6 s, not 15.

    Tests write collectors of the same size in the same second, which Python takes for unchanged.
    """
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"


TOGETHER = {"box": "box", "containers": "host", "hosts": "host", "lab12": "host"}
"""Folders whose tests share a worker: they boot one box, or compare the host before and after."""


class Groups(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives xdist's workers a file at a time, and the folders of a group to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return TOGETHER.get(folder_of(nodeid), path)


def folder_of(nodeid: str) -> str:
    """Return the folder of tests/ that a test is in; a file of tests/ itself is its own."""
    return nodeid.partition("::")[0].split("/")[1]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Groups:
    """Have xdist distribute the tests in groups."""
    config.option.loadscopereorder = False
    return Groups(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the cases after the first N of a test that is marked slow_after(N), and sort the tests.

    Slow tests and large groups start first: what is long and starts last runs alone in the end.
    """
    cases: Counter[str] = Counter()
    for item in items:
        test = item.nodeid.partition("[")[0]
        cases[test] += 1
        if (mark := item.get_closest_marker("slow_after")) and cases[test] > mark.args[0]:
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: (not item.get_closest_marker("slow"), folder_of(item.nodeid) not in TOGETHER))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:  # noqa: ARG001
    """In CI, fail a test that is skipped for another reason than EXCUSED: nothing else may be missing."""
    outcome: Any = yield
    report = outcome.get_result()
    excused = any(reason in str(report.longrepr) for reason in EXCUSED)
    if report.skipped and not excused and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where nothing may be missing: {report.longrepr}"


@pytest.fixture(scope="session")
def tracked() -> list[str]:
    """Return the paths of the project that git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return sorted(path for path in set(listed.stdout.split("\0")) if path and (ROOT / path).is_file())


@pytest.fixture(scope="session")
def origin(tmp_path_factory: pytest.TempPathFactory, tracked: list[str]) -> Path:
    """Return a repository with one commit: the project as the working tree has it."""
    folder = tmp_path_factory.mktemp("origin") / "project"
    for path in tracked:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, folder / path, follow_symlinks=False)
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@invalid", "-C", str(folder)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "clone"], check=True)
    subprocess.run([*git, "repack", "-adq"], check=True)  # a clone then links one file, not hundreds
    return folder


@pytest.fixture
def clone(origin: Path, tmp_path: Path) -> Path:
    """Return a clone of the project as the working tree has it, without a remote."""
    return cloned(origin, tmp_path / "clone")


def cloned(origin: Path, folder: Path) -> Path:
    """Clone a repository of this disk into a folder; the clone has no remote."""
    subprocess.run(["git", "clone", "-q", origin, folder], check=True)
    subprocess.run(["git", "-C", folder, "remote", "remove", "origin"], check=True)
    return folder
