"""lab facts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labreport.cli import show
from labreport.cli.project import ProjectError, root
from labreport.contract.errors import ExitStatus
from labreport.report.locales import LOCALES

if TYPE_CHECKING:
    from labreport.report.facts.converters import Converted
    from labreport.report.facts.facts import Fact
    from labreport.report.facts.readings import NoValue, Reading
    from labreport.report.locales import LocaleName


@click.command()
@click.argument("labs", nargs=-1, metavar="[LAB]...")
@click.option("--try", "trial", type=(str, click.Path(exists=True, dir_okay=False, path_type=Path)),
              metavar="CONVERTER FILE",
              help='Print what a converter, such as "meminfo MemTotal", reads in FILE.')  # fmt: skip
@click.option(
    "--locale",
    type=click.Choice(LOCALES),
    help="With --try: how FILE writes numbers, as `locale` in facts.yml.",
)
@click.option("--json", "json_", is_flag=True, help="Print the result as JSON on standard output.")
@click.pass_context
def facts(
    ctx: click.Context,
    labs: tuple[str, ...],
    *,
    trial: tuple[str, Path] | None,
    locale: LocaleName | None,
    json_: bool,
) -> None:
    """Print the value of every fact that docs/labs/LAB/facts.yml declares, and where it was read.

    With --try, name a LAB to use its own converters. The exit status is 1 if a fact has no value: the reason
    and the remedy are printed.
    """
    if trial is not None:
        _print_trial(ctx, _try(labs, *trial, locale), json_=json_)
        return
    if locale is not None:
        raise click.UsageError("--locale goes with --try; facts.yml has `locale` for a fact")
    from labreport.report.facts.readings import NoValue

    rows = [(lab, name, fact, reading) for lab in _labs(labs) for name, fact, reading in _readings(lab)]
    if json_:
        show.as_json([_row_json(*row) for row in rows])
    else:
        _print(rows)
    ctx.exit(ExitStatus.FINDINGS if any(isinstance(reading, NoValue) for *_, reading in rows) else 0)


def _labs(named: Sequence[str]) -> Sequence[str]:
    """Return the named labs, or all that have a facts.yml; raise ProjectError if one has none."""
    from labreport.report.facts.facts import FACTS_FILE

    found = sorted(path.parent.name for path in (root() / "docs" / "labs").glob(f"*/{FACTS_FILE}"))
    for lab in named:
        if lab not in found:
            known = f"labs with one: {', '.join(found)}" if found else "manual/reference/facts.md says how"
            raise ProjectError(f"there is no docs/labs/{lab}/{FACTS_FILE}", known)
    if not found:
        remedy = f"write docs/labs/LAB/{FACTS_FILE} as manual/reference/facts.md says"
        raise ProjectError(f"no lab has a {FACTS_FILE}", remedy)
    return named or found


def _readings(lab: str) -> list[tuple[str, Fact, Reading | NoValue]]:
    """Return every fact of a lab with its reading."""
    from labreport.report.facts.converters.own import lab_converters
    from labreport.report.facts.facts import FACTS_FILE, load_facts
    from labreport.report.facts.readings import Readings
    from labreport.report.source.evidence import Evidence

    project = root()
    converters = lab_converters(project, lab, run_code=True)
    loaded = load_facts(project / "docs" / "labs" / lab / FACTS_FILE, converters)
    readings = Readings(loaded, Evidence(project / "evidence", frozenset({lab})))
    return [(name, fact, readings.all[name]) for name, fact in loaded.facts.items()]


def _try(labs: Sequence[str], how: str, file: Path, locale: LocaleName | None) -> Converted | NoValue:
    """Return what a converter reads in one file, or why it reads nothing."""
    from labreport.contract.reader import read_evidence
    from labreport.report.facts.converters import CONVERTERS
    from labreport.report.facts.converters.own import lab_converters
    from labreport.report.facts.readings import read_bytes

    if len(labs) > 1:
        raise click.UsageError("--try uses the converters of one LAB")
    converters = lab_converters(root(), labs[0], run_code=True) if labs else CONVERTERS
    data = read_evidence(file.parent.resolve(), file.name)
    return read_bytes(data, how, file.name, converters=converters, locale=locale)


def _print_trial(ctx: click.Context, read: Converted | NoValue, *, json_: bool) -> None:
    """Print what a converter read; exit with 1 if it read nothing."""
    from labreport.report.facts.readings import NoValue

    if json_:
        show.as_json(_outcome_json(read))
    elif isinstance(read, tuple):
        for value in read:
            show.line(str(value))
    else:
        show.line(str(read))
    ctx.exit(ExitStatus.FINDINGS if isinstance(read, NoValue) else 0)


def _value_json(read: Converted) -> dict[str, Any]:
    """Return a value, digits as text so that none is lost, and its unit; a series is a list."""
    if isinstance(read, str):
        return {"value": read, "unit": ""}
    if isinstance(read, tuple):
        units = sorted({one.unit for one in read})
        return {"value": [f"{one.value:f}" for one in read], "unit": " ".join(units)}
    return {"value": f"{read.value:f}", "unit": read.unit}


def _outcome_json(read: Converted | NoValue) -> dict[str, Any]:
    from labreport.report.facts.readings import NoValue

    if isinstance(read, NoValue):
        return {"value": None, "absence": read.absence, "reason": read.reason, "remedy": read.remedy}
    return _value_json(read)


def _row_json(lab: str, name: str, fact: Fact, reading: Reading | NoValue) -> dict[str, Any]:
    """Return a fact as `--json` prints it."""
    from labreport.report.facts.readings import NoValue

    row = {"lab": lab, "name": name, "volatile": fact.volatile}
    if isinstance(reading, NoValue):
        return {**row, **_outcome_json(reading), "file": f"{lab}/{fact.file}"}
    return {
        **row,
        **_value_json(reading.read),
        "file": reading.file,
        "lines": str(reading.lines),
        "host": reading.host_id,
        "host_class": reading.host.host_class if reading.host else None,
    }


def _print(rows: list[tuple[str, str, Fact, Reading | NoValue]]) -> None:
    """Print the table of facts, and below it why some have no value."""
    from labreport.report.facts.readings import Absence, NoValue
    from labreport.report.tables import Table

    cells: list[tuple[object, ...]] = []
    reasons = []
    for lab, name, fact, reading in rows:
        if isinstance(reading, NoValue):
            cells.append((name, reading.absence, "", f"{lab}/{fact.file}", ""))
            reasons.append(f"- {lab}: {name}: {reading}")
            continue
        host_class = reading.host.host_class if reading.host else "unknown"
        cells.append((name, *_value_cells(reading.read), f"{reading.file}:{reading.lines}", host_class))
    head = ("name", "value", "unit", "file:lines", "host class")
    show.table("Facts", Table.of(head, cells), dict.fromkeys(Absence, "red"))
    for reason in reasons:
        show.line(reason)


def _value_cells(read: Converted) -> tuple[str, str]:
    """Return a value and its unit; a series is counted."""
    shown = _value_json(read)
    value = f"{len(shown['value'])} values" if isinstance(shown["value"], list) else shown["value"]
    return value, shown["unit"]
