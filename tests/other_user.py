"""Commands of another user than root: one who owns nothing and has no rights."""

import os
import shutil
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
UID = 54321
RUNS = Path(f"/tmp/lab-{UID}")  # noqa: S108 - where that user's runs have their folders


def python_of_another_user() -> list[str]:
    """Return a command that runs Python with our packages as the other user, or skip the test."""
    if os.geteuid() != 0:
        pytest.skip("not root: nobody else can be asked")
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv (util-linux) is not on PATH")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = Path(sys.modules["pydantic"].__file__ or "").parents[1]
    user = ["setpriv", "--reuid", str(UID), "--regid", str(UID), "--clear-groups"]
    reading = [*user, "--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"]
    programs = (sys.executable, shutil.which(version, path="/usr/local/bin:/usr/bin:/bin") or "false")
    for way, program in product((user, reading), programs):  # a checkout in /root can be read the second way
        path = f"PYTHONPATH={ROOT}:{packages}"
        command = [*way, "env", "-u", "SUDO_UID", "TMPDIR=/tmp", "HOME=/", path, program, "-B"]
        asked = [*command, "-c", "import sh, pydantic, yaml, filelock, labreport.capture, tests.capture"]
        if subprocess.run(asked, cwd="/", check=False, capture_output=True).returncode == 0:
            return command
    pytest.skip(f"no {version} with our packages is there for another user")
