"""The project at hand, its labs, and the sets of evidence that an option names."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from labreport.cli.output import line
from labreport.contract.errors import ExitStatus, LabError
from labreport.contract.records import HOSTS

if TYPE_CHECKING:  # publishing needs none of what capturing needs
    import click

    from labreport.capture.capture import Target


class ProjectError(LabError):
    """There is no project here, it has no lab, or the name of a host is not valid."""

    exit_status = ExitStatus.WRONG_USE


def root() -> Path:
    """Return the folder at or above the current one that has a mkdocs.yml; raise ProjectError."""
    start = Path.cwd()
    for folder in (start, *start.parents):
        if (folder / "mkdocs.yml").is_file():
            if not is_utf8(str(folder)):
                raise ProjectError(
                    "the path of this project is not UTF-8", "rename the folder", path=str(folder)
                )
            return folder
    raise ProjectError(
        "no mkdocs.yml here or in a folder above",
        "change to the project's folder, or create a project with lab init",
    )


def is_utf8(text: str) -> bool:
    """Return whether a text from the command line or the file system has only bytes of UTF-8 (PEP 383)."""
    return not any("\udc80" <= char <= "\udcff" for char in text)


def sets_folder(project: Path, host: str | None) -> Path:
    """Return the folder of the report's sets, or of the sets of the host `host`; raise ProjectError."""
    if host is None:
        return project / "evidence"
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", host):
        raise ProjectError(
            f"--as {host}: not a valid name",
            "use small letters, digits and hyphens, such as lab-pc-3",
        )
    return project / "evidence" / HOSTS / host


def evidence_folder(project: Path, lab: str, host: str | None) -> Path:
    """Return the folder of a lab's set: the report's, or that of the host `host`."""
    return sets_folder(project, host) / lab


def target(project: Path, lab: str, host: str | None) -> Target:
    """Return a lab with one of its sets; raise DeclarationError if there is no such lab."""
    from labreport.capture.capture import Target
    from labreport.capture.labs import find_lab

    return Target(find_lab(project, lab), evidence_folder(project, lab, host), project)


class BrokenLabs:
    """The labs with a mistake in lab.yml or in a collector. They do not stop the other labs."""

    def __init__(self) -> None:
        self.status: int = ExitStatus.FINE

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Print the mistake of a lab, if its block raises one, and go on with the next lab."""
        from labreport.capture.declare import DeclarationError

        try:
            yield
        except DeclarationError as error:
            line(f"lab: {error}", err=True)
            self.status = error.exit_status

    def end(self, ctx: click.Context, *, nothing_else: bool) -> None:
        """End the command if there is `nothing_else` to show than what was printed already."""
        if self.status and nothing_else:
            ctx.exit(self.status)


def by_lab(project: Path, names: Sequence[str]) -> dict[str, list[str]]:
    """Return the collectors that are named, by lab. An empty list stands for the whole lab.

    `lab12` names a lab, `lab12/health` one collector, and no name every lab. Raise ProjectError if the
    project has no lab.
    """
    from labreport.capture.labs import lab_names

    there = lab_names(project)
    if not there:
        raise ProjectError("this project has no lab", "make one with `lab new NAME`")
    chosen: dict[str, list[str]] = {}
    for name in names or there:
        lab, _, collector = name.partition("/")
        chosen.setdefault(lab, []).extend([collector] if collector else [])
    return chosen


def lab_folders(project: Path) -> list[str]:
    """Return the names of the labs that have collectors, pages or evidence, sorted."""
    places = (project / "collectors", project / "docs" / "labs", project / "evidence")
    names = {
        folder.name for place in places if place.is_dir() for folder in place.iterdir() if folder.is_dir()
    }
    return sorted(name for name in names - {HOSTS} if name[0] not in "._")


def new_lab_folders(project: Path, name: str) -> dict[str, Path]:
    """Return the folders of a lab that is to be made, by kind.

    Raise ProjectError unless a lab can have this name, and nothing has it.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", name) or keyword.iskeyword(name) or name == HOSTS:
        raise ProjectError(f"{name!r} cannot name a lab", "use small letters, digits and _, such as lab13")
    folders = {
        "collectors": project / "collectors" / name,
        "docs": project / "docs" / "labs" / name,
        "evidence": project / "evidence" / name,
    }
    for folder in folders.values():
        if folder.exists() or folder.is_symlink():
            path = folder.relative_to(project).as_posix()
            raise ProjectError("it exists already", "choose another name", path=path)
    return folders


def complete(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the labs, and the collectors of a lab that is typed already, for the shell's completion."""
    from labreport.capture.labs import find_lab, lab_names

    project = root()
    names = lab_names(project)
    lab = incomplete.partition("/")[0]
    if "/" in incomplete and lab in names:
        names = [f"{lab}/{collector.name}" for collector in find_lab(project, lab).collectors]
    return [name for name in names if name.startswith(incomplete)]
