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
from tests.bench.measure import Compared, compare

COMMANDS = 100
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
