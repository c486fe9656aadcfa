"""How a collect is shown on standard error: a line for each collector; on a terminal a moving one, too."""

import os
import sys
from types import TracebackType
from typing import Self

import click

from labreport.capture.declare import Collector
from labreport.capture.plan import CollectorStatus


class Watch:
    """Shows a collect where nobody looks on: a line for what has ended, and each note."""

    def __init__(self) -> None:
        self._head = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """End the moving line, where there is one."""

    def begin(self, one: Collector, number: int, total: int) -> None:
        """Show which collector begins."""
        self._head = f"{number}/{total} {one.name}"
        self.working("")

    def working(self, text: str) -> None:
        """Show what it does at the moment, where a line can move."""

    def end(self, standing: CollectorStatus) -> None:
        """Show how it ended."""
        reason = f": {standing.reason}" if standing.reason else ""
        self.note(f"{self._head}: {standing.status}{reason}")

    def note(self, text: str) -> None:
        """Show a line."""
        click.echo(text, err=True)


def watching() -> Watch:
    """Return what shows a collect here; rich, 20 ms more to import, is for a terminal only."""
    if sys.stderr.isatty() or os.environ.get("FORCE_COLOR"):
        from labreport.cli.live import LiveWatch

        return LiveWatch()
    return Watch()
