"""What a collector sees: the run, and the files it writes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Generic, TypeVar

from labreport.capture import recorder
from labreport.capture.asked import SAID_BYTES, Asked, ask
from labreport.capture.attempts import OneMoreTry
from labreport.capture.cleanup import leaks, runs
from labreport.capture.declare import Unavailable
from labreport.capture.host_changes import ledger
from labreport.capture.out import Out
from labreport.capture.outcome import CommandFailedError, Result, failure, how_it_ended, outcome_of
from labreport.capture.redact import Redactor
from labreport.capture.session import Session
from labreport.contract.errors import LabError
from labreport.contract.lab_config import Lab
from labreport.contract.records import Command, Image, Outcome, Span, writable_path

T = TypeVar("T")
Argv = Sequence[str] | Callable[["Run"], Sequence[str]]
"""A command: its arguments, or a function of the run that gives them (a container's, say)."""


class CaptureError(LabError):
    """A collector that does not keep to its declaration, or leaves something behind."""


@dataclass(frozen=True)
class Resource(Generic[T]):
    """What was made once in a collect, the settings and images that it rests on, and what puts it away."""

    made: T
    settings: Mapping[str, Any]
    images: Mapping[str, Image]
    stack: ExitStack


class Run:
    """One collector's run: commands, files, settings, and what is to be put away afterwards."""

    def __init__(self, session: Session, lab: Lab, lab_file: str, staging: Path, redact: Redactor) -> None:
        self.session = session
        self.lab = lab
        self.commands: list[Command] = []
        self.spans: dict[str, list[Span]] = {}
        self.settings: dict[str, Any] = {}
        self.images: dict[str, Image] = {}
        self.digests: dict[str, str] = {}
        self.environment: dict[str, str] = dict(recorder.ENVIRONMENT)
        self._lab_file = lab_file
        self._staging = staging
        self._redact = redact

    @property
    def name(self) -> str:
        """The run's name, 11 characters; what is started on the host carries it."""
        return self.session.name

    @property
    def folder(self) -> Path:
        """A folder for sockets and the like, which is gone when the collect ends."""
        return self.session.folder

    @contextmanager
    def file(self, path: str) -> Iterator[Out]:
        """Open the evidence file `path` for writing; it becomes evidence if the collector ends well."""
        target = self._staging / writable_path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("ab") as stream:
            yield Out(self, stream, self.spans.setdefault(path, []), target)

    def redact(self, data: bytes) -> bytes:
        """Return `data` with everything masked that must not be published."""
        return self._redact(data)

    def hide(self, text: str, mask: str) -> None:
        """Have a path or an address of this machine shown as `mask` from now on, in files and records."""
        self._redact.hide(text, mask)

    def command(
        self,
        argv: Argv,
        *,
        timeout: float | None = None,
        refused: Sequence[int] = (),
        env: Mapping[str, str] | None = None,
        stdin: Path = Path(os.devnull),
    ) -> Result:
        """Run a command whose output goes to no file of its own, and record it.

        Commands run in the folder where the collector's evidence files grow: one that reads a file written
        before names it as the lab does, `bench/curl-3012.txt`.

        Exit status 0 is an answer, one in `refused` a refusal; raise CommandFailedError for any other end.
        """
        return self.record(argv, Asked(timeout=timeout, refused=refused, env=env or {}, stdin=stdin))[0]

    def record(self, argv: Argv, asked: Asked) -> tuple[Result, int, str]:
        """Run and record a command; return its result, its index and what was cut (see Command and Span).

        One that hangs and has one more try is recorded twice; what is returned is of the second attempt.
        """
        if isinstance(argv, OneMoreTry):
            return self._tried_again(argv, asked)
        return self._record(argv(self) if callable(argv) else argv, asked)

    def _tried_again(self, command: OneMoreTry, asked: Asked) -> tuple[Result, int, str]:
        """Run and record an attempt; if it hangs, clear what it left, and make another one."""
        asked = replace(asked, timeout=asked.timeout or command.timeout)
        attempt = command.attempt(self)
        try:
            return self._record(attempt.argv, asked)
        except CommandFailedError as error:
            if not command.hung(self.commands[-1], error):
                raise
            first = error
        self.session.working("clearing up after a start that hung")
        attempt.clear()
        attempt = command.attempt(self)
        try:
            return self._record(attempt.argv, asked)
        except CommandFailedError as error:
            text = f"{error}\n  this was the second attempt; the first one hung: {first.how}"
            if command.hung(self.commands[-1], error):
                attempt.clear()
                text += f"\n  {command.remedy}"
            raise CommandFailedError(text, error.printed, error.how) from error

    def _record(self, words: Sequence[str], asked: Asked) -> tuple[Result, int, str]:
        """Run and record one command, once."""
        recorder.check(words)
        self.session.working(" ".join(words)[:120])
        environment = recorder.environment(self.name, asked.env)
        found = recorder.executable(words[0], environment.get("PATH"))
        timeout = asked.timeout or recorder.TIMEOUT
        cwd = self._staging if self._staging.exists() else self.folder
        printed = ask(words, asked, environment, cwd, timeout)
        ended = printed.ended
        outcome = Outcome.FAILED if printed.too_large else outcome_of(ended, asked.answered, asked.refused)
        data = self._redact(printed.kept)
        self.environment |= {key: self._redact.text(value) for key, value in asked.env.items()}
        self.commands.append(
            Command(
                argv=[self._redact.text(word).encode("utf-8", "backslashreplace").decode() for word in words],
                executable=found.model_copy(update={"path": self._redact.text(found.path)}),
                exit_status=None if ended.timed_out else ended.exit_status,
                outcome=outcome,
                start=printed.start,
                seconds=round(ended.seconds, 6),
                bytes=printed.size,
                timed_out=ended.timed_out,
                stderr=self._redact(printed.said)[:SAID_BYTES].decode("utf-8", "backslashreplace"),
            )
        )
        if outcome is Outcome.FAILED:
            how = how_it_ended(ended, timeout) or printed.too_large
            raise CommandFailedError(failure(self.commands[-1], how, data), data, how)
        return Result(outcome, ended.exit_status, data), len(self.commands) - 1, printed.cut

    def setting(self, key: str, kind: type[T]) -> T:
        """Return lab.yml's `settings.<key>` (dots go deeper), which must be a `kind`; noted in the record."""
        value: Any = self.lab.settings
        for part in key.split("."):
            if not isinstance(value, dict) or part not in value:
                raise CaptureError(f"{self._lab_file}: settings.{key}: not there: add it")
            value = value[part]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise CaptureError(f"{self._lab_file}: settings.{key}: {value!r} is no {kind.__name__}")
        self.settings[key] = value
        return value

    def resource(self, factory: Callable[[Run], AbstractContextManager[T]]) -> T:
        """Return what `factory` makes, made once in a collect and put away at its end (a containerd, say).

        Every collector that uses it rests on the settings and images that it was made with.
        """
        if factory not in self.session.resources:
            before, stack = leaks.find(self.name), ExitStack()
            made = stack.enter_context(factory(self))
            self.session.stack.callback(stack.close)
            self.session.known |= leaks.find(self.name) - before
            self.session.resources[factory] = Resource(made, dict(self.settings), dict(self.images), stack)
        found: Resource[T] = self.session.resources[factory]
        self.settings = {**found.settings, **self.settings}
        self.images = {**found.images, **self.images}
        return found.made

    def put_away(self, factory: Callable[[Run], AbstractContextManager[T]]) -> None:
        """Put away what `factory` made in this collect, if it did: who asks for it next has it made anew."""
        if found := self.session.resources.pop(factory, None):
            found.stack.close()

    def start(self, argv: Sequence[str], log: str) -> recorder.Daemon:
        """Start a server; its output goes to `log` in the run's folder. The caller stops it."""
        return recorder.start(argv, log=self.folder / log, env=recorder.environment(self.name))

    def undo(
        self,
        argv: Sequence[str],
        env: Mapping[str, str] | None = None,
        stdin: Path | None = None,
        left: Callable[[], bool] = lambda: True,
    ) -> Callable[[], None]:
        """Write down how a change is undone, before it is made; return what undoes it if anything is `left`.

        If this process is killed, the next collect runs the command instead.
        """
        note = runs.note_undo(self.folder, argv, dict(env or {}), stdin)

        def undo() -> None:
            if note.exists():
                (runs.run_undo if left() else runs.cross_off)(note)

        return undo

    @contextmanager
    def host(self) -> Iterator[ledger.Ledger]:
        """Open the ledger through which this host is changed; raise Unavailable if the collect may not."""
        if not self.session.system:
            raise Unavailable(
                "it changes this host", "allow it: lab collect --containerd system; lab undo puts it back"
            )
        with ledger.opened() as open_ledger:
            yield open_ledger

    def use_image(self, name: str, image: Image) -> None:
        """Note that the collector used an image of lab.yml."""
        self.images[name] = image

    def note_digest(self, name: str, data: bytes) -> None:
        """Note the SHA-256 of something that the result rests on: a configuration, a specification."""
        self.digests[name] = sha256(data).hexdigest()

    def wait_until(self, ready: Callable[[], bool], what: str, timeout: float = 60.0) -> float:
        """Wait until `ready` says so and return the seconds it took; raise CaptureError at the limit.

        What takes long is asked ever less often: to be asked costs a slow host what it has to get ready with.
        """
        self.session.working(f"waiting for {what}")
        began = time.monotonic()
        while not ready():
            waited = time.monotonic() - began
            if waited > timeout:
                raise CaptureError(f"{what}: not ready after {timeout:g} s")
            time.sleep(max(0.005, min(waited / 5, 0.02), waited / 100))
        return time.monotonic() - began
