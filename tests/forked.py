"""Run `lab` and `mkdocs` in forks of a process that has imported them: imports take longer than most runs."""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from mkdocs.__main__ import cli as mkdocs_main

from labreport.cli.main import COMMANDS
from labreport.cli.main import main as lab_main

REPO = Path(__file__).parents[1]
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        "mkdocs.commands.build",
        "labreport.site.plugin",
        "labreport.check.project",
        *(f"labreport.cli.{name}" for name in COMMANDS),
        __name__,
    ]
)


def lab(words: Sequence[str], folder: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `lab` with these words in a folder, with this environment and no other."""
    return _fork(["lab", *words], folder, env)


def mkdocs(words: Sequence[str], folder: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `python -m mkdocs` with these words in a folder, with this environment and no other."""
    return _fork(["mkdocs", *words], folder, env)


def _fork(argv: list[str], folder: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
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
    """Take the output files, environment, folder, import path and arguments of the program, and run it."""
    for number, path in enumerate(outputs, 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    sys.argv = argv
    sys.path = [str(REPO if argv[0] == "lab" else folder), *(path for path in sys.path if path != str(REPO))]
    if argv[0] == "lab":
        lab_main()
    else:
        mkdocs_main()
