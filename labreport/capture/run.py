"""What a collector works with: the run, and the evidence files that it writes."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from labreport.capture import recorder
from labreport.capture.cleanup import leaks, runs
from labreport.capture.command import (
    CommandFailedError,
    CommandResult,
    CommandSpec,
    RetryOnHang,
    takes,
)
from labreport.capture.declare import DeclarationError, Unavailable, undeclared
from labreport.capture.host_changes import ledger
from labreport.capture.images import image_file
from labreport.capture.out import Out
from labreport.capture.recording import run_and_record
from labreport.capture.redact import PrivateKeys, Redactor
from labreport.capture.session import Resource, Session
from labreport.contract.errors import LabError
from labreport.contract.fields import writable_path
from labreport.contract.lab_config import Lab
from labreport.contract.records import Command, Image, InstalledArchive, Span

T = TypeVar("T")

LOG_TAIL = 400
"""How many characters of the end of a server's log an error shows."""


class CaptureError(LabError):
    """A capture failed, or a collector does not do what it declares."""


class Run:
    """One collector's run: its commands, files and settings, and what has to be torn down afterwards."""

    def __init__(self, session: Session, lab: Lab, lab_file: str, staging: Path, redact: Redactor) -> None:
        self.session = session
        self.lab = lab
        self.commands: list[Command] = []
        self.spans: dict[str, list[Span]] = {}
        self.awaited: set[Path] = set()
        self.settings: dict[str, Any] = {}
        self.images: dict[str, Image] = {}
        self.archives: dict[str, InstalledArchive] = {}
        self.tools: dict[str, str] = {}
        self.digests: dict[str, str] = {}
        self.hidden: dict[str, str] = {}
        self.environment: dict[str, str] = dict(recorder.ENVIRONMENT)
        self.lab_file = lab_file
        self._staging = staging
        self.declared: Collection[str] | None = None  # None allows any file
        self._redact = redact

    @property
    def name(self) -> str:
        """The run's name, 11 characters. Everything that is started on the host carries it."""
        return self.session.name

    @property
    def folder(self) -> Path:
        """A folder for sockets and the like. It is removed when the collect ends."""
        return self.session.folder

    @contextmanager
    def file(self, path: str) -> Iterator[Out]:
        """Open the evidence file `path` for writing. It becomes evidence if the collector does not fail.

        Raise DeclarationError for a file that the collector does not declare.
        """
        target = self._staging / writable_path(path)
        self.check_declared([path])
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("a+b") as stream:
            yield (out := Out(self, stream, self.spans.setdefault(path, []), path))
            out.check_size()

    def image(self, path: str) -> AbstractContextManager[Path]:
        """Yield a path: the image that a command writes there is the evidence `path` (see `image_file`)."""
        self.check_declared([path])
        return image_file(self, path, self._staging, self._redact)

    def check_declared(self, paths: Sequence[str]) -> None:
        """Raise DeclarationError if the collector does not declare one of these files."""
        if self.declared is not None and (more := [path for path in paths if path not in self.declared]):
            raise DeclarationError(*undeclared(more))

    def redact(self, data: bytes, keys: PrivateKeys | None = None) -> bytes:
        """Return `data` with everything masked that must not be published.

        `keys` is the state of the text before `data`, if `data` continues a text.
        """
        return self._redact(data, keys=keys)

    def hide(self, text: str, mask: str) -> None:
        """From now on replace `text`, a path or address of this machine, by `mask` in files and records."""
        if self.hidden.get(text) != mask:
            self.hidden[text] = mask
            self._redact.hide(text, mask)

    @takes(CommandSpec)
    def command(self, command: CommandSpec) -> CommandResult:
        """Run and record a command whose output goes to no evidence file.

        The arguments are those of CommandSpec: `run.command(["true"], timeout=5)`. Raise CommandFailedError
        without an answer or a refusal. A command runs in the folder with the collector's evidence files.
        """
        return self.record(command)

    def record(self, command: CommandSpec) -> CommandResult:
        """Run and record a command; raise CommandFailedError if it fails.

        If a RetryOnHang hangs, both attempts are recorded, and the result is that of the second one.
        """
        argv = command.argv
        if isinstance(argv, RetryOnHang):
            return self._record_with_retry(command, argv)
        return self._record_once(command, argv(self) if callable(argv) else argv)

    def _record_with_retry(self, command: CommandSpec, argv: RetryOnHang) -> CommandResult:
        """Run and record an attempt; if it hangs, remove its leftovers and make another one."""
        command = replace(command, timeout=command.timeout or argv.timeout)
        attempt = argv.attempt(self)
        try:
            return self._record_once(command, attempt.argv)
        except CommandFailedError as error:
            if not argv.hung(self.commands[-1], error):
                raise
            first = error
        self.session.working("removing what a hanging start left")
        attempt.clear()
        attempt = argv.attempt(self)
        try:
            return self._record_once(command, attempt.argv)
        except CommandFailedError as error:
            remedy = error.remedy
            if argv.hung(self.commands[-1], error):
                attempt.clear()
                remedy = argv.remedy
            what = f"{error.what} (second attempt; the first one hung: {first.how})"
            raise CommandFailedError(
                what, remedy, how=error.how, printed=error.printed, said=error.said
            ) from error

    def _record_once(self, command: CommandSpec, argv: Sequence[str]) -> CommandResult:
        """Run and record one command, once."""
        self.session.working(self._redact.shown(recorder.checked(argv))[:120])
        cwd = self._staging if self._staging.exists() else self.folder
        self.environment |= {key: self._redact.variable(key, value) for key, value in command.env.items()}
        spec = replace(command, argv=argv)
        files = [self._staging / path for path in self.spans]
        files += self.awaited
        recorded = run_and_record(spec, len(self.commands), self.name, cwd, self._redact, files)
        self.commands.append(recorded.command)
        if recorded.error:
            raise recorded.error
        return recorded.result

    def setting(self, key: str, kind: type[T]) -> T:
        """Return `settings.<key>` of lab.yml, which must be a `kind`, and note it in the record.

        Dots in `key` go into nested settings. Raise CaptureError.
        """
        value: Any = self.lab.settings
        for part in key.split("."):
            if not isinstance(value, dict) or part not in value:
                raise CaptureError(f"settings.{key}: not there", "add it", path=self.lab_file)
            value = value[part]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            what = f"settings.{key}: {value!r} is not of type {kind.__name__}"
            raise CaptureError(what, "change the value", path=self.lab_file)
        self.settings[key] = value
        return value

    def resource(self, factory: Callable[[Run], AbstractContextManager[T]]) -> T:
        """Return what `factory` makes, such as a containerd: made once per collect, and torn down at its end.

        Every collector that uses it depends on the settings, images and archives that it was made with, and
        hides what was hidden then.
        """
        if factory not in self.session.resources:
            before, stack = leaks.find(self.name), ExitStack()
            made = stack.enter_context(factory(self))
            self.session.stack.callback(stack.close)
            self.session.owned |= leaks.find(self.name) - before
            used = (dict(self.settings), dict(self.images), dict(self.archives), dict(self.tools))
            self.session.resources[factory] = Resource(made, *used, dict(self.hidden), stack)
        resource: Resource[T] = self.session.resources[factory]
        self.settings = {**resource.settings, **self.settings}
        self.images = {**resource.images, **self.images}
        self.archives = {**resource.archives, **self.archives}
        self.tools = {**resource.tools, **self.tools}
        for text, mask in resource.hidden.items():
            self.hide(text, mask)
        return resource.made

    def teardown(self, factory: Callable[[Run], AbstractContextManager[T]]) -> None:
        """Tear down what `factory` made, if anything, before the collect ends. The next use makes it anew."""
        self.session.teardown(factory)

    def start(self, argv: Sequence[str], log: str) -> recorder.Daemon:
        """Start a server that prints to `log` in the run's folder. The caller stops it."""
        env = recorder.environment(self.name)
        return recorder.start(argv, log=self.folder / log, env=env, supervised=True)

    @contextmanager
    def server(
        self, argv: Sequence[str], *, ready: Callable[[], bool], log: str = "", timeout: float = 60.0
    ) -> Iterator[recorder.Daemon]:
        """Run a server beside the commands of the block: start it, wait until it is `ready`, end it.

        It prints to `log` in the run's folder, by default NAME.log. Raise CaptureError, with the end of
        the log, if it ends before it is ready, or is not ready after `timeout` seconds.
        """
        name = Path(argv[0]).name
        daemon = self.start(argv, log or f"{name}.log")
        self.session.servers.add(daemon.pid)
        try:
            failure = ""
            try:
                self.wait_until(lambda: not daemon.alive() or ready(), name, timeout)
            except CaptureError as error:
                failure = error.what
            if not daemon.alive():
                failure = f"{name}: ended before it was ready"
            if failure:
                said = daemon.log.read_text(errors="replace").strip()[-LOG_TAIL:]
                raise CaptureError(
                    f"{failure}: {said or 'it printed nothing'}", "correct what it complains about"
                )
            yield daemon
        finally:
            self.session.servers.discard(daemon.pid)
            daemon.stop()

    def undo(
        self,
        argv: Sequence[str],
        env: Mapping[str, str] | None = None,
        stdin: Path | None = None,
        left: Callable[[], bool] = lambda: True,
    ) -> Callable[[], None]:
        """Store the command that undoes a change, before the change is made; return a function that runs it.

        The function does nothing if `left` returns False: nothing is left to undo. If this process is killed,
        the next collect runs the command.
        """
        note = runs.note_undo(self.folder, argv, dict(env or {}), stdin)

        def undo() -> None:
            if note.exists():
                (runs.run_undo if left() else runs.cross_off)(note)

        return undo

    @contextmanager
    def host(self) -> Iterator[ledger.Ledger]:
        """Open the ledger through which this host is changed; raise Unavailable if that is not allowed."""
        if not self.session.system:
            remedy = "allow it: lab collect --containerd system; lab undo puts it back"
            raise Unavailable("it changes this host", remedy)
        with ledger.opened() as open_ledger:
            yield open_ledger

    def use_image(self, name: str, image: Image) -> None:
        """Note that the collector uses an image of lab.yml."""
        self.images[name] = image

    def note_digest(self, name: str, data: bytes) -> None:
        """Note the SHA-256 of something that the result depends on: a configuration, a specification."""
        self.digests[name] = sha256(data).hexdigest()

    def wait_until(self, ready: Callable[[], bool], what: str, timeout: float = 60.0) -> float:
        """Poll `ready` until it returns True, and return the seconds it took.

        Raise CaptureError after `timeout` seconds. The pause between two polls grows with the time waited,
        because polling slows down a start.
        """
        self.session.working(self._redact.shown(["waiting for", what]))
        began = time.monotonic()
        while not ready():
            waited = time.monotonic() - began
            if waited > timeout:
                raise CaptureError(
                    f"{what}: not ready after {timeout:g} s", "collect again; if that fails, look at its log"
                )
            time.sleep(max(0.01, waited / 50))
        return time.monotonic() - began
