"""How git is asked about a project."""

from pathlib import Path


def git(root: Path) -> list[str]:
    """Return the words of a question to git about the repository at `root`, without the question.

    Through sudo, git refuses a folder that is not root's, and files that it refreshes would become root's.
    """
    return ["git", "--no-optional-locks", "-c", "safe.directory=*", "-C", str(root)]
