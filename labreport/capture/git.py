"""How git is asked about a project."""

from pathlib import Path

_OPTIONS = ("--no-optional-locks", "-c", "safe.directory=*", "-c", "core.fsmonitor=false")


def git(root: Path) -> list[str]:
    """Return the words of a question to git about the repository at `root`, without the question.

    Through sudo, git refuses a folder that is not root's, and files that it refreshes would become root's.
    A folder that did not come by `git clone` may have settings of a stranger, and one of them names a program
    that tells git which files changed.
    """
    return ["git", *_OPTIONS, "-C", str(root)]
