"""lab doctor."""

from dataclasses import dataclass

import click
from rich.markup import escape

from labreport.capture.declare import Need
from labreport.capture.host import this_host
from labreport.capture.labs import FoundLab, find_lab, lab_names
from labreport.cli import show
from labreport.cli.project import root
from labreport.contract.errors import ExitStatus


@click.command()
@click.option("--packages", is_flag=True, help="Print only the Debian packages that would help, one a line.")
@click.option("--json", "json_", is_flag=True, help="Print the result as JSON on standard output.")
@click.pass_context
def doctor(ctx: click.Context, *, packages: bool, json_: bool) -> None:
    """Show what this host is, what the labs need, what of it is there, and how to get the rest.

    Exit status 1 if something is missing.
    """
    project = root()
    asked = [one for name in lab_names(project) for one in _asked(find_lab(project, name))]
    lacking = [one for one in asked if one.reason]
    host = this_host()
    if packages:
        wanted = sorted({package for one in lacking for package in one.need.packages})
        click.echo("".join(f"{name}\n" for name in wanted), nl=False)
        return
    if json_:
        fields = {"id": host.id, **host.model_dump(mode="json", by_alias=True)}
        show.as_json({"host": fields, "needs": [one.as_json() for one in asked]})
    else:
        click.echo(
            f"{host.cpu}, {host.cores} cores, {host.memory_mib} MiB, {host.distribution}, "
            f"kernel {host.kernel}; class: {host.host_class}"
        )
        show.table("What the labs need", HEADS, [one.cells() for one in asked])
        for one in lacking:
            click.echo(f"- {one.need.name}: {one.need.remedy}")
    ctx.exit(ExitStatus.FINDINGS if lacking else 0)


HEADS = ("lab", "need", "there", "reason", "collectors")


@dataclass(frozen=True)
class Asked:
    """A need of a lab, why it is not there (empty if it is), and how many collectors want it."""

    lab: str
    need: Need
    reason: str
    collectors: int

    def cells(self) -> list[str]:
        """Return the row of the table."""
        there = "[yellow]no[/]" if self.reason else "[green]yes[/]"
        return [self.lab, self.need.name, there, escape(self.reason), str(self.collectors)]

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


def _asked(lab: FoundLab) -> list[Asked]:
    """Return every need of a lab once, asked of this host."""
    needs = {need.name: need for one in lab.collectors for need in one.needs}
    return [
        Asked(lab.name, need, need.missing(lab.config), sum(need in one.needs for one in lab.collectors))
        for need in needs.values()
    ]
