"""Run `python -m mkdocs` in a fork of a process that has imported it: imports take longer than a build."""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from mkdocs.__main__ import cli

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["mkdocs.__main__", "mkdocs.commands.build", "labreport.site.plugin"])


def mkdocs(words: Sequence[str], folder: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run mkdocs with these words in a folder, as a process of its own with this environment."""
    argv = ["mkdocs", *words]
    with TemporaryDirectory() as scratch:
        outputs = (Path(scratch) / "stdout", Path(scratch) / "stderr")
        process = FORKS.Process(target=_run, args=(argv, folder, dict(env), outputs))
        process.start()
        try:
            process.join()
        finally:
            process.kill()
        assert process.exitcode is not None
        return subprocess.CompletedProcess(argv, process.exitcode, *(path.read_text() for path in outputs))


def _run(argv: list[str], folder: Path, env: dict[str, str], outputs: tuple[Path, Path]) -> None:
    """Become the process: its output, environment, folder and arguments."""
    for number, path in enumerate(outputs, 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    sys.path[:0] = [str(folder)]
    cli(argv[1:], prog_name=argv[0])
