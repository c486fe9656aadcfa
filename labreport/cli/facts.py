"""lab facts."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labreport.cli.project import root
from labreport.contract.errors import ExitStatus

if TYPE_CHECKING:
    from labreport.report.facts.converters import Read
    from labreport.report.facts.facts import Fact
    from labreport.report.facts.readings import NoValue, Reading


@click.command()
@click.argument("labs", nargs=-1, metavar="[LAB]...")
@click.option("--try", "trial", type=(str, click.Path(exists=True, dir_okay=False, path_type=Path)),
              metavar="CONVERTER FILE",
              help='Print what a converter, such as "meminfo MemTotal", reads of FILE.')  # fmt: skip
@click.option("--json", "json_", is_flag=True, help="Print the result as JSON on standard output.")
@click.pass_context
def facts(ctx: click.Context, labs: tuple[str, ...], *, trial: tuple[str, Path] | None, json_: bool) -> None:
    """Show the value of every fact that docs/labs/LAB/facts.yml declares, and where it was read.

    Exit status 1 if one has no value: the reason and what to do are shown.
    """
    if trial is not None:
        _try(ctx, *trial, json_=json_)
        return
    from labreport.report.facts.readings import NoValue

    found = [(lab, name, fact, reading) for lab in _labs(labs) for name, fact, reading in _facts(lab)]
    if json_:
        from labreport.cli.show import as_json

        as_json([_row_json(*one) for one in found])
    else:
        _show(found)
    ctx.exit(ExitStatus.FINDINGS if any(isinstance(reading, NoValue) for *_, reading in found) else 0)


def _labs(named: Sequence[str]) -> Sequence[str]:
    """Return the labs that are named, or all that have a facts.yml; raise DeclarationError if none has."""
    from labreport.capture.declare import DeclarationError
    from labreport.report.facts.facts import FACTS_FILE

    found = sorted(path.parent.name for path in (root() / "docs" / "labs").glob(f"*/{FACTS_FILE}"))
    for lab in named:
        if lab not in found:
            known = f"labs with one: {', '.join(found)}" if found else "manual/reference/facts.md says how"
            raise DeclarationError(f"there is no docs/labs/{lab}/{FACTS_FILE}: {known}")
    if not found:
        raise DeclarationError(
            f"no lab has a {FACTS_FILE}: write docs/labs/LAB/{FACTS_FILE} as manual/reference/facts.md says"
        )
    return named or found


def _facts(lab: str) -> "list[tuple[str, Fact, Reading | NoValue]]":
    """Return every fact of a lab with what was read of it."""
    from labreport.report.facts.facts import FACTS_FILE, load
    from labreport.report.facts.readings import Readings
    from labreport.report.source.evidence import Evidence

    project = root()
    loaded = load(project / "docs" / "labs" / lab / FACTS_FILE)
    readings = Readings(loaded, Evidence(project / "evidence", frozenset({lab})))
    return [(name, fact, readings.all[name]) for name, fact in loaded.facts.items()]


def _try(ctx: click.Context, how: str, file: Path, *, json_: bool) -> None:
    """Print what a converter reads of one file, or why it reads nothing."""
    from labreport.contract.reader import read_evidence
    from labreport.report.facts.readings import NoValue, read_text
    from labreport.report.source.slices import as_text

    read = read_text(as_text(read_evidence(file.parent, file.name)), how, file.name)
    if json_:
        from labreport.cli.show import as_json

        as_json(_outcome_json(read))
    else:
        click.echo(str(read) if isinstance(read, NoValue) else "\n".join(map(str, _several(read))))
    ctx.exit(ExitStatus.FINDINGS if isinstance(read, NoValue) else 0)


def _several(read: "Read") -> tuple[object, ...]:
    return read if isinstance(read, tuple) else (read,)


def _read_json(read: "Read") -> dict[str, Any]:
    """Return what was read: digits as a text, so that none is lost; a series is a list."""
    if isinstance(read, str):
        return {"value": read, "unit": ""}
    if isinstance(read, tuple):
        units = sorted({one.unit for one in read})
        return {"value": [f"{one.value:f}" for one in read], "unit": " ".join(units)}
    return {"value": f"{read.value:f}", "unit": read.unit}


def _outcome_json(read: "Read | NoValue") -> dict[str, Any]:
    from labreport.report.facts.readings import NoValue

    if isinstance(read, NoValue):
        return {"value": None, "absence": read.absence, "reason": read.reason, "remedy": read.remedy}
    return _read_json(read)


def _row_json(lab: str, name: str, fact: "Fact", found: "Reading | NoValue") -> dict[str, Any]:
    """Return a fact as `--json` prints it."""
    from labreport.report.facts.readings import NoValue

    row = {"lab": lab, "name": name, "volatile": fact.volatile}
    if isinstance(found, NoValue):
        return {**row, **_outcome_json(found), "file": f"{lab}/{fact.file}"}
    host_class = found.host.host_class if found.host else None
    place = {"file": found.file, "lines": str(found.lines), "host": found.host_id, "host_class": host_class}
    return {**row, **_outcome_json(found.read), **place}


def _show(found: "list[tuple[str, str, Fact, Reading | NoValue]]") -> None:
    """Print the table of facts, and below it why some have no value."""
    from labreport.cli.show import table
    from labreport.report.facts.readings import Absence, NoValue
    from labreport.report.problems import one_line
    from labreport.report.tables.table import Table

    rows, reasons = [], []
    for lab, name, fact, reading in found:
        if isinstance(reading, NoValue):
            rows.append([name, reading.absence, "", f"{lab}/{fact.file}", ""])
            reasons.append(f"- {lab}: {name}: {reading}")
            continue
        host_class = str(reading.host.host_class) if reading.host else "unknown"
        place = f"{reading.file}:{reading.lines}"
        rows.append([name, *_cells(reading.read), place, host_class])
    heads = ("name", "value", "unit", "file:lines", "host class")
    table("Facts", Table.of(heads, rows), dict.fromkeys(Absence, "red"))
    for line in reasons:
        click.echo(one_line(line))


def _cells(read: "Read") -> tuple[str, str]:
    """Return a value and its unit as the table has them."""
    shown = _read_json(read)
    value = f"{len(shown['value'])} values" if isinstance(shown["value"], list) else shown["value"]
    return value, shown["unit"]
