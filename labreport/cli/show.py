"""What the commands print: lines, tables, JSON, and the progress of a collect.

Every command prints here, so that no text from a file can act on the terminal or on a CI runner. rich is
imported where it is used.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from labreport.cli.output import document, line, save, write
from labreport.contract.records import Status
from labreport.contract.state import CollectorState
from labreport.report.printed import printed_json, printed_line

if TYPE_CHECKING:  # publishing needs none of what capturing needs
    from types import TracebackType

    from rich.console import RenderableType

    from labreport.capture.declare import Collector
    from labreport.capture.plan import CollectorStatus
    from labreport.report.tables import Table

__all__ = ["document", "line", "save", "write"]

COLOURS: Mapping[str, str] = {
    Status.CAPTURED: "green",
    Status.STALE: "yellow",
    Status.MISSING: "yellow",
    Status.FAILED: "red",
    Status.NOT_APPLICABLE: "cyan",
}


def as_json(value: Any) -> None:
    """Print a value as indented JSON on standard output."""
    document(f"{printed_json(value)}\n")


def rich_text(shown: RenderableType, *, soft_wrap: bool = False) -> None:
    """Print what rich can show on standard output; texts in it are escaped already."""
    from rich.console import Console

    console = Console(highlight=False)
    with console.capture() as capture:
        console.print(shown, soft_wrap=soft_wrap)
    document(capture.get())


def table(title: str, shown: Table, colours: Mapping[str, str], *, is_plain: bool = False) -> None:
    """Print a table on standard output; a cell whose text is in `colours` has that colour.

    If it `is_plain`, it has no lines.
    """
    from rich.box import HEAVY_HEAD
    from rich.table import Column
    from rich.table import Table as RichTable
    from rich.text import Text

    columns = [Column(Text(printed_line(head)), overflow="fold") for head in shown.head]  # people copy names
    printed = RichTable(
        *columns,
        title=Text(printed_line(title)) if title else None,
        title_justify="left",
        box=None if is_plain else HEAVY_HEAD,
        pad_edge=not is_plain,
    )
    for row in shown.rows:
        printed.add_row(*(Text(printed_line(cell.text), colours.get(cell.text, "")) for cell in row))
    rich_text(printed)


def statuses(title: str, rows: Sequence[tuple[str, CollectorState]]) -> None:
    """Print the status of collectors, each with its lab, and below the table each remedy once."""
    from labreport.report.tables import Table

    cells = (
        (f"{lab}/{row.name}", row.state, row.reason, "" if row.seconds is None else f"{row.seconds:.1f}")
        for lab, row in rows
    )
    table(title, Table.of(("collector", "state", "reason", "seconds"), cells), COLOURS)
    remedies: dict[str, list[str]] = {}
    for lab, row in rows:
        if row.remedy:
            remedies.setdefault(row.remedy, []).append(f"{lab}/{row.name}")
    for remedy, names in remedies.items():
        line(f"- {', '.join(names)}:")
        line(f"  {remedy}")


def row_json(lab: str, row: CollectorState) -> dict[str, Any]:
    """Return a collector's row of state.json, with its lab, for `--json`."""
    return {"lab": lab, **row.model_dump(mode="json")}


class PlainProgress:
    """Shows a collect in a log: a line for each collector and each note, on standard error.

    Of the collectors that are missing for one reason, the first has a line; the summary counts the others.
    """

    def __init__(self) -> None:
        self._head = ""
        self._reasons: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Do nothing; a terminal's moving line ends here."""

    def begin(self, collector: Collector, number: int, total: int) -> None:
        """Show which collector begins."""
        self._head = f"{number}/{total} {collector.name}"
        self.working("")

    def working(self, text: str) -> None:
        """Do nothing; a terminal shows here what is being done."""

    def end(self, status: CollectorStatus) -> None:
        """Show how the collector ended."""
        if status.status is Status.MISSING and status.reason in self._reasons:
            return
        self._reasons.add(status.reason)
        self.show_end(status.status, f": {status.reason}" if status.reason else "")

    def show_end(self, status: Status, reason: str) -> None:
        """Show the end of the collector that began last."""
        self.note(f"{self._head}: {status}{reason}")

    def note(self, text: str) -> None:
        """Show a line."""
        line(text, err=True)


class TerminalProgress(PlainProgress):
    """Shows a collect on a terminal: colours, and a moving line with what is being done."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.status import Status as Spinner

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
        """Show the command that is running."""
        from rich.markup import escape

        self._spinner.update(f"{escape(self._head)} [dim]{escape(printed_line(text[:100]))}[/]")

    def show_end(self, status: Status, reason: str) -> None:
        """Show the end of the collector that began last, in its colour."""
        from rich.markup import escape

        coloured = f"[{COLOURS[status]}]{status}[/]"
        ended = f"{escape(self._head)}: {coloured}{escape(printed_line(reason))}"
        self._console.print(ended, highlight=False, soft_wrap=True)

    def note(self, text: str) -> None:
        """Show a line."""
        self._console.print(printed_line(text), markup=False, highlight=False, soft_wrap=True)


def progress() -> PlainProgress:
    """Return how to show a collect: for a terminal, or with FORCE_COLOR, TerminalProgress."""
    if sys.stderr.isatty() or os.environ.get("FORCE_COLOR"):
        return TerminalProgress()
    return PlainProgress()
