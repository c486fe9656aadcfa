"""A copy of the working tree, in which a campaign changes the source and runs a test."""

import compileall
import os
import py_compile
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECONDS = 120.0
"""The time limit of a test run. A defence that was taken out may let a test wait for ever."""


class Copy:
    """A copy of the files that git tracks or would track."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        git = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(git, check=True, capture_output=True, text=True).stdout
        for path in sorted({path for path in listed.split("\0") if path and (ROOT / path).is_file()}):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, folder / path, follow_symlinks=False)
        by_hash = py_compile.PycInvalidationMode.CHECKED_HASH  # a change within a second keeps date and size
        for package in ("collectors", "labreport", "tests"):
            compileall.compile_dir(folder / package, quiet=2, invalidation_mode=by_hash)

    @contextmanager
    def changed(self, file: str, text: str) -> Iterator[None]:
        """Give a file another text for the time of a `with`."""
        path = self.folder / file
        before = path.read_text()
        path.write_text(text)
        try:
            yield
        finally:
            path.write_text(before)

    def passes(self, tests: Sequence[str], seconds: float = SECONDS) -> bool:
        """Run tests in the copy; return whether all passed. A run that takes too long has failed."""
        argv = [sys.executable, "-m", "pytest", "-n", "0", "-x", "-q", "-p", "no:cacheprovider", *tests]
        env = {**os.environ, "PYTHONPATH": str(self.folder), "PYTHONHASHSEED": "0"}
        env.pop("PYTHONDONTWRITEBYTECODE", None)  # pytest would compile all its plugins again, for a second
        null = subprocess.DEVNULL
        with subprocess.Popen(
            argv, cwd=self.folder, env=env, start_new_session=True, stdout=null, stderr=null
        ) as process:
            try:
                return process.wait(seconds) == 0
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                return False
