"""What the collectors of one collect share: a name that all they start carries, and its clearing up."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labreport.capture import signals
from labreport.capture.cleanup import leaks, runs
from labreport.contract.errors import LabError


class LeakError(LabError):
    """Something that was started and is still there; the text names it. It has been cleared."""


@dataclass(frozen=True)
class Allowed:
    """What a collect may do to this host.

    `system`: change it, through the ledger, and use its containerd. `escapes`: try to break out of
    containers.
    """

    system: bool = False
    escapes: bool = False


NOTHING = Allowed()


@dataclass
class Session:
    """The run's name and folder, and what was started once: `known` are the leaks that are none yet."""

    name: str
    folder: Path
    working: Callable[[str], None] = lambda _text: None
    allowed: Allowed = NOTHING
    stack: ExitStack = field(default_factory=ExitStack)
    resources: dict[Any, Any] = field(default_factory=dict)
    known: set[leaks.Leak] = field(default_factory=set)

    @property
    def system(self) -> bool:
        """Whether this host may be changed, and its containerd is used."""
        return self.allowed.system

    def look_for_leaks(self) -> None:
        """Raise LeakError if something carries the run's name that is not the session's own."""
        left = leaks.find(self.name) - self.known
        if left:
            leaks.remove(left)
            raise LeakError(_left(left))


def _left(left: set[leaks.Leak]) -> str:
    return f"left behind, and cleared: {', '.join(map(str, sorted(left)))}"


@contextmanager
def session(working: Callable[[str], None], allowed: Allowed = NOTHING) -> Iterator[Session]:
    """Hold what the collectors of one collect share; at the end all of it is put away, whatever happens.

    Raise LeakError if something of the run is still there afterwards (it is cleared first).
    """
    name = f"lab{secrets.token_hex(4)}"
    folder = runs.runs_folder() / name
    with runs.begin(folder):
        shared = Session(name=name, folder=folder, working=working, allowed=allowed)
        try:
            yield shared
        finally:
            with signals.deferred():
                try:
                    shared.stack.close()
                finally:
                    left = leaks.find(name)
                    runs.clear(name, folder)
    if left:
        raise LeakError(_left(left))
