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

MEASURE, BUILD, ESCAPE, LONG = "measure", "build", "escape", "long"
ROLES = frozenset({MEASURE, BUILD, ESCAPE, LONG})
ON_REQUEST = frozenset({BUILD, LONG})
"""The roles of collectors that run only if they are named."""

NAME = re.compile(r"(?!state$)[a-z0-9][a-z0-9_]{0,119}")
"""A collector's name is also its record's file name, and `state.json` is another file."""


REMEDIES = {
    "writes": "write a list of files",
    "uses": "write a list of files",
    "needs": 'write a list: needs=[on_path("zstd")]',
    "after": "write a list: after=[earlier]",
    "keep": 'write a list: keep=["ip"]',
}
"""What to do about an argument of `collector` that is no list of the right kind."""
TEXTS = frozenset({"writes", "uses", "keep"})
"""The arguments of `collector` that are lists of texts."""


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


Missing = Callable[[Lab], str | Lack | None]
"""Returns why something is missing: a text, a Lack, or nothing."""


@dataclass(frozen=True)
class Need:
    """Something that a collector cannot run without.

    `missing` returns why it is missing here: an empty text or None if it is not, and a Lack where the remedy
    depends on the reason. `packages` are the Debian packages that provide it. `archive` is the archive of
    lab.yml that it takes. `checks` returns what `lab doctor` says about the host for this need.

    `tools` are commands, each as argv, that print a version for the record. A private containerd may have
    from an archive what the system's has to have installed: `missing_in_system` and `system_tools` are about
    the latter.
    """

    name: str
    missing: Missing
    remedy: str
    packages: tuple[str, ...] = ()
    tools: tuple[tuple[str, ...], ...] = ()
    missing_in_system: Missing | None = None
    system_tools: tuple[tuple[str, ...], ...] = ()
    archive: str = ""
    checks: Callable[[], Iterable[Check]] | None = None

    def lacks(self, lab: Lab, *, system: bool = False) -> Lack | None:
        """Return what is missing in a collect with the system's containerd, or with a private one."""
        found = ((self.missing_in_system if system else None) or self.missing)(lab)
        if isinstance(found, str):
            return Lack(found, self.remedy, self.packages) if found else None
        return found

    def reason(self, lab: Lab) -> str:
        """Return why it is missing, or an empty text."""
        lack = self.lacks(lab)
        return lack.reason if lack else ""


@dataclass(frozen=True)
class Collector:
    """One step of a lab: a function that takes the Run, and its declaration (see `collector`).

    `uses` names files of the lab's folder that it reads. `by_hand` is the command of `lab record`.
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
    uses: tuple[str, ...] = ()
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
    uses: Sequence[str] = (),
) -> Callable[[Callable[[Any], None]], Collector]:
    """Declare a function as a collector. The function takes the Run.

    `writes` lists all evidence files that it writes. `edition` and `task` say where it belongs. `needs` is
    what it cannot run without. It runs after the collectors in `after`. `keep` names redaction rules that do
    not apply ("ip", "mac"). `role` is "build" for a build, which may run on another host than the
    measurements, "long" for what takes minutes and runs only if it is named, and "escape" for an attempt to
    break out of a container. `uses` names files of the lab's folder that it reads, such as a configuration:
    if one changes, the evidence is stale. Raise DeclarationError for a declaration that makes no sense.
    """

    def declare(function: Callable[[Any], None]) -> Collector:
        _check_lists(function, {"writes": writes, "uses": uses, "needs": needs, "after": after, "keep": keep})
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
            uses=tuple(uses),
        )
        _check_kinds(declared)
        _check(declared)
        return declared

    return declare


def _mistake(collector: Collector, what: str, remedy: str) -> DeclarationError:
    return DeclarationError(f"{collector.module}.{collector.name}: {what}", remedy)


def _check_lists(function: Callable[[Any], None], given: dict[str, object]) -> None:
    """Raise DeclarationError for an argument of `collector` that is no list, or no list of texts."""
    place = f"{function.__module__}.{function.__name__}"
    for argument, value in given.items():
        if isinstance(value, str) or not isinstance(value, Iterable):
            what = "a text" if isinstance(value, str) else _kind(value)
            raise DeclarationError(f"{place}: {argument} is {what}", REMEDIES[argument])
        for part in value if argument in TEXTS else ():
            if not isinstance(part, str):
                raise DeclarationError(f"{place}: {argument}: {part!r} is no text", REMEDIES[argument])


def _kind(value: object) -> str:
    """Return what a value is, in a few words."""
    kinds = ((Need, "one need"), (Collector, "one collector"))
    return next((words for kind, words in kinds if isinstance(value, kind)), f"{value!r}")


def _check_kinds(collector: Collector) -> None:
    """Raise DeclarationError for a part of a declaration that is of another kind."""
    for name, number in (("edition", collector.edition), ("task", collector.task)):
        if number is not None and (isinstance(number, bool) or not isinstance(number, int)):
            raise _mistake(collector, f"{name}: {number!r} is no number", f"write {name}=1, without quotes")
    for need in collector.needs:
        if not isinstance(need, Need):
            raise _mistake(collector, f"needs: {need!r} is no need", 'write on_path("zstd"), ROOT or a Need')
    for earlier in collector.after:
        if not isinstance(earlier, Collector):
            raise _mistake(collector, f"after: {earlier!r} is no collector", "name the function itself")


def undeclared(files: Iterable[str], collector: str = "it") -> tuple[str, str]:
    """Return what is wrong with a collector that writes files beside those that it declares, and a remedy."""
    return f"{collector} writes {', '.join(files)}, which it does not declare", "add it to writes="


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
        raise _mistake(collector, f"role: {collector.role!r}", "use measure, build, long or escape")
    if not collector.function.__doc__:
        raise _mistake(
            collector, "no docstring", "write one; its first line is the collector's title on the pages"
        )
