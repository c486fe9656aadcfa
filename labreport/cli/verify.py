"""lab verify."""

from dataclasses import replace
from pathlib import Path

import click

from labreport.cli import show
from labreport.cli.project import root
from labreport.contract.errors import ExitStatus
from labreport.contract.sums import differences, sums
from labreport.contract.verify import stand_ins
from labreport.contract.verify import verify as verify_all

NOTHING = "nothing to check"


@click.command()
@click.option("--pinned", is_flag=True, help="Report every record of another image than lab.yml pins.")
@click.option("--as", "host", metavar="NAME", help="With --pinned: the records of evidence/hosts/NAME.")
@click.option(
    "--signed",
    "signers",
    metavar="SIGNERS",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Check evidence/evidence.sums too, signed by a key in the file SIGNERS.",
)
@click.option("--sums", "prints_sums", is_flag=True, help="Print the list of all evidence, to be signed.")
@click.option("--json", "json_", is_flag=True, help="Print the result as JSON on standard output.")
@click.pass_context
def verify(  # noqa: PLR0913 - the options of the command
    ctx: click.Context,
    *,
    pinned: bool,
    host: str | None,
    signers: Path | None,
    prints_sums: bool,
    json_: bool,
) -> None:
    """Check every evidence file against its record: intact, interrupted, or altered (and which file).

    Exit status 1 if anything is not intact, or if there is nothing to check. SECURITY.md says what this
    proves and what it does not. With --signed, every file also has to be the one in a signed list, so that an
    old file with its old record is found. SIGNERS is a file of allowed signers, as ssh-keygen reads it, from
    a place that you trust.
    """
    evidence = root() / "evidence"
    if prints_sums:
        show.document(sums(evidence))
        return
    report = verify_all(evidence)
    if signers:
        from labreport.capture.signature import signed_list

        listed, signer = signed_list(evidence, signers)
        report = replace(report, findings=(*report.findings, *differences(evidence, listed)))
        show.line(f"the list of {len(listed.splitlines())} files is signed by {signer}", err=True)
    if pinned:
        report = replace(report, findings=(*report.findings, *stand_ins(evidence, host)))
    nothing = not (report.files or report.records or report.findings)
    verdict = NOTHING if nothing else report.verdict
    if json_:
        findings = [finding.as_json() for finding in report.findings]
        counts = {"files": report.files, "records": report.records}
        show.as_json({"verdict": verdict, **counts, "findings": findings})
    else:
        for finding in report.findings:
            show.line(str(finding))
        remedy = ": capture a lab with `lab collect`" if nothing else ""
        show.line(f"{verdict}: {report.files} files, {report.records} records{remedy}")
    ctx.exit(ExitStatus.FINDINGS if report.findings or nothing else 0)
