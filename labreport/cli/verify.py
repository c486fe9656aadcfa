"""lab verify."""

from dataclasses import replace

import click

from labreport.cli.project import root
from labreport.contract.errors import ExitStatus
from labreport.contract.verify import stand_ins
from labreport.contract.verify import verify as verify_all


@click.command()
@click.option("--pinned", is_flag=True, help="Report every record of another image than lab.yml pins.")
@click.option("--as", "host", metavar="NAME", help="With --pinned: the records of evidence/hosts/NAME.")
@click.option("--json", "json_", is_flag=True, help="Print the result as JSON on standard output.")
@click.pass_context
def verify(ctx: click.Context, *, pinned: bool, host: str | None, json_: bool) -> None:
    """Check every evidence file against its record: intact, interrupted, or altered (and which file).

    Exit status 1 if anything is not intact. SECURITY.md says what this proves and what it does not.
    """
    evidence = root() / "evidence"
    report = verify_all(evidence)
    if pinned:
        report = replace(report, findings=(*report.findings, *stand_ins(evidence, host)))
    if json_:
        from labreport.cli.show import as_json

        findings = [finding.as_json() for finding in report.findings]
        as_json({"verdict": report.verdict, "files": report.files, "records": report.records,
                 "findings": findings})  # fmt: skip
    else:
        for finding in report.findings:
            click.echo(str(finding))
        click.echo(f"{report.verdict}: {report.files} files, {report.records} records")
    ctx.exit(ExitStatus.FINDINGS if report.findings else 0)
