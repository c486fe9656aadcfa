"""One collect's session: the name of everything that it starts, and the resources its collectors share."""

import secrets
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from labreport.capture import processes, signals
from labreport.capture.cleanup import leaks, runs
from labreport.contract.errors import LabError
from labreport.contract.records import Image, InstalledArchive

T = TypeVar("T")


END_SECONDS = 2.0
"""Seconds that a process may take to end by itself: a server's child outlives its request for a moment."""

CLEAN = "nothing was left behind; the next collect goes on"
"""What an interrupted collect says if it has left nothing to the next run."""

LISTED = 10
"""How many leaks a message lists at most."""


class LeakError(LabError):
    """A collector left something behind: a process, a mount or the like. It has been removed."""


@dataclass(frozen=True)
class Allowed:
    """What a collect may do to this host.

    `system`: change the host, through the ledger, and use its containerd. `escapes`: try to break out of
    containers. `skip`: the names of collectors that do not run.
    """

    system: bool = False
    escapes: bool = False
    skip: frozenset[str] = frozenset()


NOTHING = Allowed()


@dataclass(frozen=True)
class Resource(Generic[T]):
    """A resource of a session: what its factory made, and what of lab.yml and of tools it depends on.

    `hidden` are the masks of paths and addresses that it brings along.
    """

    made: T
    settings: Mapping[str, Any]
    images: Mapping[str, Image]
    archives: Mapping[str, InstalledArchive]
    tools: Mapping[str, str]
    hidden: Mapping[str, str]
    stack: ExitStack


@dataclass
class Session:
    """What the collectors of one collect share.

    `name` is the run's name, `folder` its folder. `working` takes a text that says what is being done.
    `stack` is closed at the end. `resources` holds one object per factory or key. `owned` are the processes,
    mounts and so on of the session's resources: they are not leaks. `servers` are the servers that run now by
    pid: their children are not leaks either, whenever they start. nginx starts its workers after it listens.
    """

    name: str
    folder: Path
    working: Callable[[str], None] = lambda _text: None
    allowed: Allowed = NOTHING
    stack: ExitStack = field(default_factory=ExitStack)
    resources: dict[Any, Any] = field(default_factory=dict)
    owned: set[leaks.Leak] = field(default_factory=set)
    servers: set[int] = field(default_factory=set)

    @property
    def system(self) -> bool:
        """Whether the collect may change this host and use its containerd."""
        return self.allowed.system

    def teardown(self, factory: Callable[..., AbstractContextManager[Any]]) -> None:
        """Tear down the resource that `factory` made, if there is one. The next use makes a new one."""
        if resource := self.resources.pop(factory, None):
            resource.stack.close()

    def teardown_resources(self) -> None:
        """Tear down all resources, the last one first. The next use of each makes a new one."""
        for factory in reversed(list(self.resources)):
            if isinstance(self.resources.get(factory), Resource):
                self.teardown(factory)

    def _owned(self) -> set[leaks.Leak]:
        """Return what belongs to the session now. A process that left its parent belongs to nobody."""
        below = processes.descendants(self.servers) if self.servers else ()
        return self.owned | {leaks.Leak("process", str(pid)) for pid in below}

    def look_for_leaks(self) -> None:
        """Remove what a collector left behind, if anything, and raise LeakError.

        When this returns or raises, no process of the collector writes to its files any more.
        """
        patience = signals.Patience(END_SECONDS)
        while (left := leaks.find(self.name) - self._owned()) and not patience.over():
            if any(leak.kind != "process" for leak in left):
                break
            time.sleep(0.02)
        left |= leaks.take_killed(self.name)
        if left:
            raise LeakError(_left(left, self._remove(left)))

    def _remove(self, left: set[leaks.Leak]) -> set[leaks.Leak]:
        """Remove `left`, and what is found then, which is added to it; return what cannot be removed."""
        patience = signals.Patience(leaks.PATIENCE)
        leaks.kill_descendants(self.name, self._owned())
        leaks.remove(left)
        while (remaining := leaks.find(self.name) - self._owned()) and not patience.over():
            left |= remaining
            leaks.kill_descendants(self.name, self._owned())
            leaks.remove(remaining)
        return remaining


def _left(left: set[leaks.Leak], remaining: Collection[leaks.Leak]) -> str:
    """Return the message about leaks; `remaining` are those that are still there."""
    cleared = ", ".join(map(str, sorted(left.difference(remaining))[:LISTED]))
    kept = ", ".join(map(str, sorted(remaining)[:LISTED]))
    parts = [f"left behind, and cleared: {cleared}"] if cleared else []
    parts += [f"left behind, and cannot be removed: {kept}"] if kept else []
    more = len(left) - LISTED
    return "; ".join(parts) + (f", and more ({len(left)} in all)" if more > 0 else "")


@contextmanager
def session(working: Callable[[str], None], allowed: Allowed = NOTHING) -> Iterator[Session]:
    """Open a session; at its end, tear down everything that was started in it, whatever happened.

    Raise LeakError if something was left after the teardown. It is removed as well.
    """
    name = f"lab{secrets.token_hex(4)}"
    folder = runs.runs_folder() / name
    with runs.begin(folder):
        shared = Session(name=name, folder=folder, working=working, allowed=allowed)
        try:
            yield shared
        except KeyboardInterrupt:
            try:
                _, remaining = _end(shared)
            except KeyboardInterrupt:  # a second signal; to end twice does no harm
                _, remaining = _end(shared)
            raise KeyboardInterrupt(_for_the_next_run(shared, remaining)) from None
        except BaseException:
            _end(shared)
            raise
        left, remaining = _end(shared)
    if left:
        raise LeakError(_left(left, remaining))


def _end(shared: Session) -> tuple[set[leaks.Leak], set[leaks.Leak]]:
    """Tear down a session; return what its collectors left behind, and what of that is still there."""
    with signals.deferred():
        try:
            shared.stack.close()
        finally:
            left = leaks.find(shared.name) | leaks.take_killed(shared.name)
            runs.clear(shared.name, shared.folder)
            remaining = leaks.find(shared.name) if left else set()
    return left, remaining


def _for_the_next_run(shared: Session, remaining: Collection[leaks.Leak]) -> str:
    """Return what an interrupted session has left to the next run."""
    kept = ["its undo commands"] if shared.folder.exists() else []
    kept += [str(leak) for leak in sorted(remaining)[:LISTED]]
    return f"left for the next run to clear: {', '.join(kept)}" if kept else CLEAN
