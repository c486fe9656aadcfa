"""Run a command through the recorder, and through sh alone with the same safe options."""

import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile

import pydantic
import rich.console
import sh

from labreport.capture import recorder
from labreport.capture.out import Out
from labreport.capture.redact import Redactor, identity
from labreport.capture.run import Run
from labreport.capture.session import session
from labreport.contract.lab_config import Lab
from tests.bench.measure import Compared, compare, seconds_of
from tests.project import make

COMMANDS = 100
SMALL_COMMANDS = 200
COLLECTOR = f'''"""Small commands."""

from labreport.capture import Run, collector


@collector(writes=["small.txt"])
def small(run: Run) -> None:
    """Two hundred small commands."""
    with run.file("small.txt") as out:
        for _ in range({SMALL_COMMANDS}):
            out.run(["uname", "-a"])
'''
BARE = f"""
import sh

uname = sh.Command("uname")
with open("small.txt", "wb") as out, open("/dev/null", "rb") as null:
    for _ in range({SMALL_COMMANDS}):
        uname("-a", _in=null, _out=out, _err=out, _new_session=True)
"""
LOADED = (pydantic, rich.console)
"""Imported as in a collect: a fork copies the page tables of all that is loaded."""


def capture(folder: Path, pairs: int) -> Compared:
    """Compare the seconds of `uname -a`: the median of each round of a hundred."""
    staging = folder / "files"
    staging.mkdir(parents=True)
    lab = Lab(title="bench", editions={})
    with session(lambda _text: None) as shared:
        run = Run(shared, lab, "lab.yml", staging, Redactor(identity(folder)))
        with run.file("bench.txt") as out:
            return compare(
                partial(_recorded, out),
                partial(_bare, recorder.environment(shared.name)),
                against="a bare sh call: files, null input, own session, own environment, waited for",
                bound=1.5,
                pairs=pairs,
            )


def commands(folder: Path, python: str, pairs: int) -> Compared:
    """Compare a collect of two hundred small commands with a script that runs them by sh."""
    project = make(folder / "project").root
    lab = project / "collectors" / "bench"
    (project / "collectors").unlink()  # a link to ours
    lab.mkdir(parents=True)
    (lab / "lab.yml").write_text("title: Bench\neditions: {}\n")
    (lab / "small.py").write_text(COLLECTOR)
    lab_command = [python, str(Path(__file__).parents[2] / "labreport")]
    collect = [*lab_command, "collect", "bench/small", "--as", "bench"]
    bare = [python, "-c", BARE]
    return compare(
        partial(seconds_of, collect, project, os.environ),
        partial(seconds_of, bare, folder, os.environ),
        against="a Python script that runs the same 200 commands by bare sh, into one file",
        bound=1.3,
        pairs=pairs,
    )


def _recorded(out: Out) -> float:
    return _median(lambda: out.run(["uname", "-a"]))


def _bare(env: dict[str, str]) -> float:
    return _median(lambda: _call(env))


def _call(env: dict[str, str]) -> None:
    """Run the command with sh's options for the same safety."""
    with TemporaryFile() as stdout, TemporaryFile() as stderr, Path(os.devnull).open("rb") as stdin:
        running = sh.Command("/usr/bin/uname")(
            "-a",
            _bg=1,
            _bg_exc=False,
            _new_session=True,
            _ok_code=range(-64, 256),
            _in=stdin,
            _out=stdout,
            _err=stderr,
            _env=env,
        )
        running.wait()
        stdout.seek(0)
        stdout.read()


def _median(call: Callable[[], object]) -> float:
    """Return the median seconds of a call in one round."""
    seconds = []
    for _ in range(COMMANDS):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)
