"""What the commands print: tables for people, JSON for scripts (which need no rich)."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click

from labreport.contract.records import CollectorState, Status

COLOURS = {
    Status.CAPTURED: "green",
    Status.STALE: "yellow",
    Status.MISSING: "yellow",
    Status.FAILED: "red",
    Status.NOT_APPLICABLE: "cyan",
}


def as_json(value: Any) -> None:
    """Print a value as indented JSON on standard output."""
    click.echo(json.dumps(value, indent=1, ensure_ascii=False))


def table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table on standard output; cells are rich markup, so data in them is escaped by the caller."""
    from rich.console import Console
    from rich.table import Column, Table

    columns = [Column(head, overflow="fold") for head in heads]  # nothing is cut: a name is copied from here
    shown = Table(*columns, title=title, title_justify="left", show_lines=False, expand=False)
    for row in rows:
        shown.add_row(*row)
    Console(soft_wrap=False).print(shown)


def state(status: Status) -> str:
    """Return a state in its colour."""
    return f"[{COLOURS[status]}]{status}[/]"


def standings(title: str, rows: Sequence[tuple[str, CollectorState]]) -> None:
    """Print where the collectors of labs stand, and below the table each remedy once."""
    from rich.markup import escape

    table(
        title,
        ("collector", "state", "reason", "seconds"),
        [
            [f"{lab}/{row.name}", state(row.state), escape(row.reason), _seconds(row.seconds)]
            for lab, row in rows
        ],
    )
    remedies: dict[str, list[str]] = {}
    for lab, row in rows:
        if row.remedy:
            remedies.setdefault(row.remedy, []).append(f"{lab}/{row.name}")
    for remedy, names in remedies.items():
        click.echo(f"- {', '.join(names)}:\n  {remedy}")


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.1f}"


def row_json(lab: str, row: CollectorState) -> dict[str, Any]:
    """Return a collector's standing as `--json` prints it: the row of state.json, with the lab."""
    return {"lab": lab, **row.model_dump(mode="json")}
