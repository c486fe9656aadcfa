"""Asks for a check in another process: with other mounts, another network, or fewer privileges."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[3]
PROGRAM = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from labreport.containers.host import cgroups, kvm, network, overlay, places, privileges
print(json.dumps(asdict(eval(sys.argv[1]))))
"""
READING = ("--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search")
"""Options of setpriv with which another user can still read the project and its Python."""

OTHER_USER = ("setpriv", "--reuid", "54321", "--clear-groups", *READING)


class Answer(NamedTuple):
    """What a check says, without its name."""

    fit: str
    detail: str
    remedy: str
    required: bool


def ask(expression: str, *before: str, script: str = "") -> Answer:
    """Return the result of a check, an expression in PROGRAM, below the words `before`, such as unshare.

    `script` is run by a shell first, in the same namespaces.
    """
    if os.geteuid() != 0:
        pytest.skip("not root: nothing can be changed for a process")
    search = os.pathsep.join([str(ROOT), *filter(None, sys.path)])
    words: Sequence[str] = [sys.executable, "-c", PROGRAM, expression]
    if script:
        words = ["sh", "-ec", f'{script}\nexec "$@"', "sh", *words]
    environment = {**os.environ, "PYTHONPATH": search}
    ended = subprocess.run(
        [*before, *words], check=False, env=environment, cwd="/", capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    answer = json.loads(ended.stdout)
    answer.pop("name")
    return Answer(**answer)
