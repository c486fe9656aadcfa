"""A problem of a report, and the error behind it."""

import difflib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Self

from labreport.contract.errors import ExitStatus, LabError

_ALIKE = 0.7
"""How alike two names have to be, from 0 to 1, so that one may be meant by the other."""


@dataclass(frozen=True)
class Problem:
    """Something in a report that has to be fixed; `what` and `remedy` are those of a `LabError`.

    `path` is the page below docs/, and `reference` the macro call on it. A problem of another file has no
    `path`, and that file as its `reference`. `line` is 1-based, 0 if unknown. `error` is the cause, if there
    is one. `causes` identify the mistakes behind it, such as a fact without a value; a problem that only
    repeats the causes of others is not listed again.
    """

    reference: str
    what: str
    remedy: str
    path: str = ""
    line: int = 0
    error: LabError | None = field(default=None, compare=False, repr=False)
    causes: frozenset[str] = field(default=frozenset(), compare=False, repr=False)

    @classmethod
    def of(cls, error: LabError, reference: str) -> Self:
        """Return the problem of a macro call that raised `error`; `what` includes the error's own place."""
        what = f"{error.place}: {error.what}" if error.place else error.what
        return cls(reference, what, error.remedy, error=error)

    @classmethod
    def of_file(cls, error: LabError) -> Self:
        """Return the problem of a file that is not a page, which `error` names."""
        return cls(error.path, error.what, error.remedy, line=error.line)

    def __str__(self) -> str:
        place, *references = (self.path, self.reference) if self.path else (self.reference,)
        place = f"{place}:{self.line}" if self.line else place
        return ": ".join(one_line(part) for part in (place, *references, self.what, self.remedy) if part)


@dataclass
class Problems:
    """The problems of a render pass. `tell` is called with each, and whether it fails a build.

    `noted` has everything that was noted of an owner, such as a page, also what is not listed again.
    """

    tell: Callable[[Problem, bool], None] = lambda _problem, _fails: None
    found: list[Problem] = field(default_factory=list)
    owner: str = ""
    silent: bool = False
    """Whether nothing is told, because all will be listed again."""
    noted: dict[str, list[tuple[Problem, bool]]] = field(default_factory=dict)
    _uses: Counter[str] = field(default_factory=Counter)

    def add(self, problem: Problem, *, fails: bool = True) -> None:
        """Note a problem of the owner, and tell it.

        One of a file that is not a page is told only once, and so is one with the causes of others.
        """
        self.noted.setdefault(self.owner, []).append((problem, fails))
        self._list(problem, fails=fails)

    def _list(self, problem: Problem, *, fails: bool) -> None:
        if not problem.path and problem in self.found:
            return
        self._uses.update(problem.causes)
        if problem.causes and problem.causes <= {cause for one in self.found for cause in one.causes}:
            return
        if fails:
            self.found.append(problem)
        if not self.silent:
            self.tell(problem, fails)

    def list_again(self, owners: Iterable[str]) -> None:
        """List and tell what was noted of these owners, in their order, and nothing else."""
        self.found.clear()
        self._uses.clear()
        self.silent = False
        for owner in owners:
            for problem, fails in self.noted.get(owner, ()):
                self._list(problem, fails=fails)

    def elsewhere(self, problem: Problem) -> str:
        """Return in how many more places a problem's causes show, in words; empty if in none."""
        more = max((self._uses[cause] - 1 for cause in problem.causes), default=0)
        return f"(and in {more} more place{'s' * (more > 1)})" if more else ""


class FaultError(LabError):
    """A page, or one of the report's files, asks for something that it cannot have."""

    exit_status = ExitStatus.WRONG_USE


def meant(name: str, known: Iterable[str], otherwise: str) -> str:
    """Return a remedy for a name that nobody knows: the known one that is most alike, or `otherwise`.

    >>> meant("secnds", ["seconds", "samples"], "use one of two"), meant("x", ["seconds"], "use another")
    ('is seconds meant?', 'use another')
    """
    close = similar(name, known)
    return f"is {close} meant?" if close else otherwise


def similar(name: str, known: Iterable[str]) -> str:
    """Return the known name that a wrong one is most like; empty if it is like none."""
    return next(iter(difflib.get_close_matches(name, sorted(known), n=1, cutoff=_ALIKE)), "")


def one_line(text: str) -> str:
    """Return `text` with line ends and control characters escaped, so that it cannot forge a log line."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text
    )
