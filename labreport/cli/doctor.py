"""lab doctor."""

from collections.abc import Iterator
from dataclasses import dataclass

import click

from labreport.capture.declare import Need
from labreport.capture.host import this_host
from labreport.capture.labs import FoundLab, find_lab, lab_names
from labreport.capture.packages import names_for, package_manager
from labreport.cli import show
from labreport.cli.project import root
from labreport.contract.errors import ExitStatus
from labreport.report.tables import Table

HEADS = ("lab", "need", "there", "reason", "collectors")


@dataclass(frozen=True)
class NeedRow:
    """A need of a lab: why it is missing here (empty if it is not), and how many collectors have it."""

    lab: str
    need: Need
    reason: str
    collectors: int

    def cells(self) -> tuple[object, ...]:
        """Return the row of the table."""
        return self.lab, self.need.name, "no" if self.reason else "yes", self.reason, self.collectors

    def as_json(self) -> dict[str, object]:
        """Return the need as `--json` prints it."""
        return {
            "lab": self.lab,
            "need": self.need.name,
            "there": not self.reason,
            "reason": self.reason,
            "remedy": self.need.remedy if self.reason else "",
            "packages": list(self.need.packages),
            "collectors": self.collectors,
        }


@click.command()
@click.option(
    "--packages",
    is_flag=True,
    help="Print only the missing packages, one a line, as the package manager here names them.",
)
@click.option("--json", "json_", is_flag=True, help="Print the result as JSON on standard output.")
@click.pass_context
def doctor(ctx: click.Context, *, packages: bool, json_: bool) -> None:
    """Show what this host is, what the labs need, what is missing, and how to get it.

    Exit status 1 if something is missing.
    """
    project = root()
    rows = [row for name in lab_names(project) for row in _rows(find_lab(project, name))]
    missing = [row for row in rows if row.reason]
    host = this_host()
    if packages:
        needed = (package for row in missing for package in row.need.packages)
        for name in names_for(package_manager(), needed):
            show.line(name)
        return
    if json_:
        fields = {"id": host.id, **host.model_dump(mode="json", by_alias=True)}
        show.as_json({"host": fields, "needs": [row.as_json() for row in rows]})
    else:
        show.line(
            f"{host.cpu}, {host.cores} cores, {host.memory_mib} MiB, {host.distribution}, "
            f"kernel {host.kernel}; class: {host.host_class}"
        )
        table = Table.of(HEADS, [row.cells() for row in rows])
        show.table("What the labs need", table, {"yes": "green", "no": "yellow"})
        for row in missing:
            show.line(f"- {row.need.name}: {row.need.remedy}")
    ctx.exit(ExitStatus.FINDINGS if missing else 0)


def _rows(lab: FoundLab) -> Iterator[NeedRow]:
    """Yield every need of a lab once, and whether this host has it."""
    needs = {need.name: need for collector in lab.collectors for need in collector.needs}
    for need in needs.values():
        count = sum(need in collector.needs for collector in lab.collectors)
        yield NeedRow(lab.name, need, need.missing(lab.config), count)
