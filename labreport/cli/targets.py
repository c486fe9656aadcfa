"""Which lab, which set: what several commands ask in the same words."""

import re
from collections.abc import Sequence
from pathlib import Path

import click

from labreport.capture.capture import Target
from labreport.capture.declare import DeclarationError
from labreport.capture.labs import find_lab, lab_names
from labreport.cli.project import root
from labreport.contract.records import HOSTS


def evidence_folder(project: Path, lab: str, host: str | None) -> Path:
    """Return the folder of a lab's set: the report's, or that of the host called `host`."""
    return sets_folder(project, host) / lab


def sets_folder(project: Path, host: str | None) -> Path:
    """Return the folder of the report's sets, or of the host called `host`; raise if that is no name."""
    if host is None:
        return project / "evidence"
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", host):
        raise DeclarationError(f"--as {host}: a name of small letters, digits and hyphens, such as lab-pc-3")
    return project / "evidence" / HOSTS / host


def target(project: Path, lab: str, host: str | None) -> Target:
    """Return a lab with the set that is meant; raise DeclarationError."""
    return Target(find_lab(project, lab), evidence_folder(project, lab, host), project)


def by_lab(project: Path, names: Sequence[str]) -> dict[str, list[str]]:
    """Return the collectors that are named, by lab: `lab12` is all of it, `lab12/health` one; none means all.

    Raise DeclarationError where the project has no lab.
    """
    if not names:
        names = lab_names(project)
    if not names:
        raise DeclarationError("no lab in collectors/: make one with `lab new NAME`")
    chosen: dict[str, list[str]] = {}
    for name in names:
        lab, _, one = name.partition("/")
        chosen.setdefault(lab, []).extend([one] if one else [])
    return chosen


def complete(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the labs, and the collectors of the one that is being typed, for the shell's completion."""
    project = root()
    names = lab_names(project)
    lab = incomplete.partition("/")[0]
    if "/" in incomplete and lab in names:
        names = [f"{lab}/{one.name}" for one in find_lab(project, lab).collectors]
    return [name for name in names if name.startswith(incomplete)]
