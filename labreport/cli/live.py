"""A collect on a terminal: colours, and a line that moves."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.status import Status as Spinner

from labreport.capture.plan import CollectorStatus
from labreport.cli.show import state
from labreport.cli.watch import Watch


class LiveWatch(Watch):
    """Shows what is being done in a line that moves, and below it stays how each collector ended."""

    def __init__(self) -> None:
        super().__init__()
        self._console = Console(stderr=True)
        self._spinner = Spinner("", console=self._console)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._spinner.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._spinner.stop()

    def working(self, text: str) -> None:
        """Show the command that runs."""
        self._spinner.update(f"{escape(self._head)} [dim]{escape(text[:100])}[/]")

    def end(self, standing: CollectorStatus) -> None:
        """Show how it ended, in its colour."""
        reason = f": {standing.reason}" if standing.reason else ""
        line = f"{escape(self._head)}: {state(standing.status)}{escape(reason)}"
        self._console.print(line, highlight=False, soft_wrap=True)

    def note(self, text: str) -> None:
        """Show a line."""
        self._console.print(escape(text), highlight=False, soft_wrap=True)
