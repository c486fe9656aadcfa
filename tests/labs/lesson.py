"""A page of the manual as a reader follows it: its files are written, and its commands run, in its order."""

import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.project import REPO, installed_environment

FENCE = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Step:
    """A block of the page: a file to write, or commands to run if it has no path."""

    path: str
    text: str


def steps(page: Path) -> list[Step]:
    """Return the files and the commands of a page. Every block is one of them."""
    text = page.read_text().replace("{% raw %}", "").replace("{% endraw %}", "")
    found = [Step(path, body) for _language, path, body in FENCE.findall(text)]
    languages = [language for language, path, _body in FENCE.findall(text) if not path]
    assert set(languages) == {"sh"}, "a block is neither a file nor a command"
    assert len(found) == text.count("\n```") / 2
    return found


@dataclass(frozen=True)
class Reader:
    """Somebody in a folder with `lab` and `mkdocs` on the PATH, as an installation has them."""

    folder: Path
    env: dict[str, str]

    def sh(self, script: str, cwd: Path) -> Path:
        """Run commands in a folder; assert that each succeeds. Return the folder in which they end."""
        ended = subprocess.run(
            ["sh", "-e", "-c", f"{script}\npwd >{shlex.quote(str(self.folder))}/.at"],
            cwd=cwd,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, f"{script}\n{ended.stdout}{ended.stderr}"
        return Path((self.folder / ".at").read_text().strip())

    def follow(self, page: Path) -> Path:
        """Do what a page says; return the folder in which it ends."""
        cwd = self.folder
        for step in steps(page):
            if step.path:
                (cwd / step.path).parent.mkdir(parents=True, exist_ok=True)
                (cwd / step.path).write_text(step.text)
            else:
                cwd = self.sh(step.text, cwd)
        return cwd


def reader(folder: Path) -> Reader:
    """Return a reader in an empty folder."""
    tool, home = folder / "tool", folder / "home"
    for path in (tool, home):
        path.mkdir(parents=True)
    env = installed_environment(folder / "info")
    for name, words in (("lab", [str(REPO / "labreport")]), ("mkdocs", ["-m", "mkdocs"])):
        (tool / name).write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, *words])} "$@"\n')
        (tool / name).chmod(0o755)
    env |= {"GIT_CONFIG_GLOBAL": "/dev/null", "HOME": str(home), "PATH": f"{tool}:{env['PATH']}"}
    return Reader(home, env)
