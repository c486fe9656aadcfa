"""lab doctor."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

import click

from labreport.box.image import missing_packages
from labreport.capture.checks import Check, Fit
from labreport.capture.declare import Lack, Need
from labreport.capture.host import this_host
from labreport.capture.labs import FoundLab, find_lab, lab_names
from labreport.capture.packages import not_installed, package_manager
from labreport.cli import show
from labreport.cli.project import BrokenLabs, root
from labreport.cli.summary import wrapped
from labreport.contract.errors import ExitStatus
from labreport.report.source.evidence_set import processor_words
from labreport.report.tables import Table

COLOURS: Mapping[str, str] = {Fit.YES: "green", Fit.NO: "red", Fit.NOT_TRIED: "yellow"}


@dataclass(frozen=True)
class NeedRow:
    """A need of a lab, what this host lacks of it, and the names of the collectors that have the need."""

    lab: str
    need: Need
    lack: Lack | None
    collectors: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """Return the need as `--json` prints it."""
        return {
            "lab": self.lab,
            "need": self.need.name,
            "there": self.lack is None,
            "reason": self.lack.reason if self.lack else "",
            "remedy": self.lack.remedy if self.lack else "",
            "packages": list(self.lack.packages if self.lack else self.need.packages),
            "collectors": len(self.collectors),
        }


@click.command()
@click.option(
    "--packages",
    is_flag=True,
    help="Print only the packages to install, one a line, as the package manager here names them.",
)
@click.option("--box", is_flag=True, help="With --packages: also those that make and run the box.")
@click.option("--json", "json_", is_flag=True, help="Print the result as JSON on standard output.")
@click.pass_context
def doctor(ctx: click.Context, *, packages: bool, box: bool, json_: bool) -> None:
    """Show what this host is, what the labs need, what is missing, and how to get it.

    What the host is fit for is tried: an overlay is mounted, a cgroup is made, a guest is run under KVM (once
    in a boot). What cannot be tried here, for example without root, is called "not tried". Exit status 1 if
    something is missing, and 2 if a lab has a mistake.
    """
    if box and not packages:
        raise click.UsageError("--box goes with --packages")
    project = root()
    rows: list[NeedRow] = []
    broken = BrokenLabs()
    for name in lab_names(project):
        with broken.aside():
            rows += _rows(find_lab(project, name))
    if packages:
        needed = [package for row in rows if row.lack for package in row.lack.packages]
        needed += missing_packages() if box else []
        for name in not_installed(package_manager(), needed):
            show.line(name)
        ctx.exit(broken.status)
    checks = _checks(rows)
    if json_:
        host = this_host()
        fields = {"id": host.id, **host.model_dump(mode="json", by_alias=True)}
        found = {"needs": [row.as_json() for row in rows], "checks": [asdict(check) for check in checks]}
        show.as_json({"host": fields, **found})
    else:
        for line in _lines(rows):
            show.line(line)
        _show_checks(checks, [row.lack for row in rows if row.lack])
    unfit = any(row.lack for row in rows) or any(check.is_finding for check in checks)
    ctx.exit(broken.status or (ExitStatus.FINDINGS if unfit else 0))


def _rows(lab: FoundLab) -> Iterator[NeedRow]:
    """Yield every need of a lab once, and what this host lacks of it."""
    needs = {need.name: need for collector in lab.collectors for need in collector.needs}
    for need in needs.values():
        having = tuple(collector.name for collector in lab.collectors if need in collector.needs)
        yield NeedRow(lab.name, need, need.lacks(lab.config), having)


def _checks(rows: Sequence[NeedRow]) -> list[Check]:
    """Return what the needs check on the host, each once."""
    looks = dict.fromkeys(row.need.checks for row in rows if row.need.checks)
    return list({check.name: check for look in looks for check in look()}.values())


def _lines(rows: Sequence[NeedRow]) -> Iterator[str]:
    """Yield the host, how many needs of each lab are met, and each reason once, with what depends on it."""
    host = this_host()
    yield from wrapped(
        f"{processor_words(host)}, {host.memory_mib} MiB, {host.distribution}, "
        f"kernel {host.kernel}; class: {host.host_class}",
        "",
    )
    for lab in dict.fromkeys(row.lab for row in rows):
        of_lab = [row for row in rows if row.lab == lab]
        yield f"{lab}: {sum(row.lack is None for row in of_lab)} of {len(of_lab)} needs are met"
    causes: dict[tuple[str, str], list[NeedRow]] = {}
    for row in rows:
        if row.lack:
            causes.setdefault((row.lack.reason, row.lack.remedy), []).append(row)
    collectors = {
        cause: {(row.lab, name) for row in without for name in row.collectors}
        for cause, without in causes.items()
    }
    for reason, remedy in sorted(causes, key=lambda cause: -len(collectors[cause])):
        names = ", ".join(dict.fromkeys(row.need.name for row in causes[reason, remedy]))
        number = len(collectors[reason, remedy])
        count = "1 collector" if number == 1 else f"{number} collectors"
        yield from wrapped(f"{names} ({count}): {reason}", "  ")
        yield from wrapped(f"→ {remedy}", "    ")


def _show_checks(checks: Sequence[Check], known: Sequence[Lack]) -> None:
    """Print what was checked as a table, and below it the remedies. What is `known` is not repeated."""
    if not checks:
        return
    reasons, remedies = {lack.reason for lack in known}, {lack.remedy for lack in known}
    details = ("see above" if check.detail in reasons else check.detail for check in checks)
    cells = ((check.name, check.fit, detail) for check, detail in zip(checks, details, strict=True))
    show.table("", Table.of(("this host", "fit", "detail"), cells), COLOURS, is_plain=True)
    for check in checks:
        if check.fit is Fit.NO and check.remedy and check.remedy not in remedies:
            for line in wrapped(f"→ {check.name}: {check.remedy}", "  "):
                show.line(line)
