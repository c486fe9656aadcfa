"""@collector: when a step of a lab can run, and what it will leave."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING

from labreport.contract.errors import ExitStatus, LabError
from labreport.contract.lab_config import Lab
from labreport.contract.records import writable_path

if TYPE_CHECKING:
    from labreport.capture.run import Run


class DeclarationError(LabError):
    """A collector, or a lab, that is written wrongly; the text names it and what to do."""

    exit_status = ExitStatus.WRONG_USE


class NotApplicable(Exception):
    """Raised by a collector: the question makes no sense on this host. The text says why; it is a result."""


class Unavailable(Exception):
    """Raised where something a collector needs turns out not to be had: the collector stays missing.

    `remedy` says how to get it.
    """

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.remedy = remedy


@dataclass(frozen=True)
class Need:
    """What a collector cannot run without.

    `missing` gives the reason why it is not there, or an empty text; `packages` are the Debian packages that
    bring it; `tools` the commands that print the versions worth recording, each as argv.
    """

    name: str
    missing: Callable[[Lab], str]
    remedy: str
    packages: tuple[str, ...] = ()
    tools: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Collector:
    """One step of a lab: a decorated function with its declaration."""

    name: str
    function: Callable[[Run], None]
    writes: tuple[str, ...]
    edition: int | None = None
    task: int | None = None
    needs: tuple[Need, ...] = ()
    after: tuple[Collector, ...] = ()
    keep: frozenset[str] = frozenset()
    role: str = "measure"
    by_hand: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The first line of the function's docstring."""
        return (inspect.getdoc(self.function) or self.name).split("\n", 1)[0]

    @property
    def module(self) -> str:
        """The dotted name of the module it is written in."""
        return self.function.__module__

    @property
    def path(self) -> Path:
        """The file it is written in."""
        return Path(inspect.getsourcefile(self.function) or "")

    @property
    def line(self) -> int:
        """The line of its decorator, 1-based."""
        code: CodeType = inspect.unwrap(self.function).__code__
        return code.co_firstlineno


KEEPABLE = frozenset({"ip", "mac"})
BUILD, ESCAPE = "build", "escape"
ROLES = frozenset({"measure", BUILD, ESCAPE})
NAME = re.compile(r"(?!state$)[a-z0-9][a-z0-9_]{0,119}")
"""A collector's name is its record's: `state.json` is another file."""


def collector(  # noqa: PLR0913 - a declaration: each is one word of the vocabulary, by name
    *,
    writes: Sequence[str],
    edition: int | None = None,
    task: int | None = None,
    needs: Sequence[Need] = (),
    after: Sequence[Collector] = (),
    keep: Sequence[str] = (),
    role: str = "measure",
) -> Callable[[Callable[[Run], None]], Collector]:
    """Declare a function of one argument, the run, as a collector.

    `writes` are the evidence files it leaves, `needs` what it cannot run without, `after` the collectors it
    must follow, `keep` the redaction rules that do not apply ("ip", "mac"), `role` "build" for what may be
    made on another host than the one that is measured, "escape" for what tries to break out of a container.
    Raise DeclarationError for what makes no sense.
    """

    def declare(function: Callable[[Run], None]) -> Collector:
        where = f"{function.__module__}.{function.__name__}"
        if not NAME.fullmatch(function.__name__):
            raise DeclarationError(f"{where}: give it a name of small letters, digits and _, and not `state`")
        if isinstance(writes, str):
            raise DeclarationError(f"{where}: writes: a list of files, not a text")
        if not writes:
            raise DeclarationError(f"{where}: writes nothing: name the files that it leaves")
        for path in writes:
            try:
                writable_path(path)
            except ValueError as error:
                raise DeclarationError(f"{where}: writes: {error}") from error
        if not set(keep) <= KEEPABLE:
            raise DeclarationError(
                f"{where}: keep: {sorted(set(keep) - KEEPABLE)}: only ip and mac can be kept"
            )
        if role not in ROLES:
            raise DeclarationError(f"{where}: role: {role!r}: measure, build or escape")
        if not function.__doc__:
            raise DeclarationError(f"{where}: has no docstring: its first line is its title on the page")
        return Collector(
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

    return declare
