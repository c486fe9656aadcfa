"""@collector: declares when a step of a lab can run, and which files it writes."""

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

from labreport.capture.checks import Check
from labreport.contract.errors import ExitStatus, LabError
from labreport.contract.fields import writable_path
from labreport.contract.lab_config import Lab

KEEPABLE = frozenset({"ip", "mac"})
"""The redaction rules that a collector can switch off."""

MEASURE, BUILD, ESCAPE = "measure", "build", "escape"
ROLES = frozenset({MEASURE, BUILD, ESCAPE})

NAME = re.compile(r"(?!state$)[a-z0-9][a-z0-9_]{0,119}")
"""A collector's name is also its record's file name, and `state.json` is another file."""


class DeclarationError(LabError):
    """A mistake in a collector's declaration, in lab.yml, or in how a lab or collector is named."""

    exit_status = ExitStatus.WRONG_USE


class NotApplicable(Exception):
    """A collector raises this if its question makes no sense on this host. The text says why.

    That is a result, and it is recorded.
    """


class Unavailable(LabError):
    """A collector raises this if something that it needs cannot be had. The collector stays missing."""

    exit_status = ExitStatus.CANNOT_RUN


@dataclass(frozen=True)
class Lack:
    """Why something is missing on this host, what to do, and the Debian packages that would provide it."""

    reason: str
    remedy: str
    packages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Need:
    """Something that a collector cannot run without.

    `missing` returns why it is missing, or an empty text. `packages` are the Debian packages that provide it.
    Where the remedy depends on the reason, `explain` returns both, or None. `checks` returns what `lab
    doctor` says about the host for this need. `archive` is the archive of lab.yml that it takes.

    `tools` are commands, each as argv, that print a version for the record. A private containerd may have
    from an archive what the system's has to have installed: `explain_in_system` and `system_tools` are about
    the latter.
    """

    name: str
    missing: Callable[[Lab], str]
    remedy: str
    packages: tuple[str, ...] = ()
    tools: tuple[tuple[str, ...], ...] = ()
    explain: Callable[[Lab], Lack | None] | None = None
    explain_in_system: Callable[[Lab], Lack | None] | None = None
    system_tools: tuple[tuple[str, ...], ...] = ()
    archive: str = ""
    checks: Callable[[], Iterable[Check]] | None = None

    def lacks(self, lab: Lab, *, system: bool = False) -> Lack | None:
        """Return what is missing in a collect with the system's containerd, or with a private one."""
        if explain := (self.explain_in_system if system else None) or self.explain:
            return explain(lab)
        reason = self.missing(lab)
        return Lack(reason, self.remedy, self.packages) if reason else None


def reason_by(explain: Callable[[Lab], Lack | None]) -> Callable[[Lab], str]:
    """Return the `missing` of a need that has this `explain`."""

    def missing(lab: Lab) -> str:
        lack = explain(lab)
        return lack.reason if lack else ""

    return missing


@dataclass(frozen=True)
class Collector:
    """One step of a lab: a function that takes the Run, and its declaration (see `collector`).

    `by_hand` is the command of `lab record`.
    """

    name: str
    function: Callable[[Any], None]
    writes: tuple[str, ...]
    edition: int | None = None
    task: int | None = None
    needs: tuple[Need, ...] = ()
    after: tuple["Collector", ...] = ()
    keep: frozenset[str] = frozenset()
    role: str = MEASURE
    by_hand: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The first line of the function's docstring."""
        return (inspect.getdoc(self.function) or self.name).split("\n", 1)[0]

    @property
    def module(self) -> str:
        """The dotted name of the module that defines it."""
        return self.function.__module__

    @property
    def path(self) -> Path:
        """The file that defines it."""
        return Path(inspect.getsourcefile(self.function) or "")

    @property
    def line(self) -> int:
        """The line of its decorator, 1-based."""
        code: CodeType = inspect.unwrap(self.function).__code__
        return code.co_firstlineno


def collector(  # noqa: PLR0913 - a declaration has a keyword for each property
    *,
    writes: Sequence[str],
    edition: int | None = None,
    task: int | None = None,
    needs: Sequence[Need] = (),
    after: Sequence[Collector] = (),
    keep: Sequence[str] = (),
    role: str = MEASURE,
) -> Callable[[Callable[[Any], None]], Collector]:
    """Declare a function as a collector. The function takes the Run.

    `writes` lists all evidence files that it writes. `edition` and `task` say where it belongs. `needs` is
    what it cannot run without. It runs after the collectors in `after`. `keep` names redaction rules that do
    not apply ("ip", "mac"). `role` is "build" for a build, which may run on another host than the
    measurements, and "escape" for an attempt to break out of a container. Raise DeclarationError for a
    declaration that makes no sense.
    """

    def declare(function: Callable[[Any], None]) -> Collector:
        declared = Collector(
            name=function.__name__,
            function=function,
            writes=tuple(writes),
            edition=edition,
            task=task,
            needs=tuple(needs),
            after=tuple(after),
            keep=frozenset(keep),
            role=role,
        )
        if isinstance(writes, str):
            raise _mistake(declared, "writes is a text", "write a list of files")
        _check(declared)
        return declared

    return declare


def _mistake(collector: Collector, what: str, remedy: str) -> DeclarationError:
    return DeclarationError(f"{collector.module}.{collector.name}: {what}", remedy)


def _check(collector: Collector) -> None:
    """Raise DeclarationError if the declaration makes no sense."""
    if not NAME.fullmatch(collector.name):
        raise _mistake(
            collector, "not a valid name", "use small letters, digits and _; `state` is not allowed"
        )
    if not collector.writes:
        raise _mistake(collector, "writes nothing", "name the files that it writes")
    for path in collector.writes:
        try:
            writable_path(path)
        except ValueError as error:
            raise _mistake(collector, f"writes: {error}", "name a file below the evidence folder") from error
    if not collector.keep <= KEEPABLE:
        raise _mistake(
            collector, f"keep: {', '.join(sorted(collector.keep - KEEPABLE))}", "only ip and mac can be kept"
        )
    if collector.role not in ROLES:
        raise _mistake(collector, f"role: {collector.role!r}", "use measure, build or escape")
    if not collector.function.__doc__:
        raise _mistake(
            collector, "no docstring", "write one; its first line is the collector's title on the pages"
        )
