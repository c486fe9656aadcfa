"""lab audit."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labreport.cli.audited import Output, output_options
from labreport.contract.errors import ExitStatus, LabError

if TYPE_CHECKING:
    from labreport.audit.inputs.tree import Tree
    from labreport.audit.outputs.result import Result


class AuditError(LabError):
    """Something that an audit needs cannot be used. That is no finding."""

    exit_status = ExitStatus.WRONG_USE


@click.command()
@click.argument("report", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--evidence", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="The evidence folder of the file REPORT.")  # fmt: skip
@click.option("--git", "repository", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="A git repository whose commits have the reports.")  # fmt: skip
@click.option("--refs", default="refs/heads/*", show_default=True, help="With --git: the refs to read.")
@click.option("--path", default="", help="The evidence folder in each commit, or in each folder of REPORT.")
@click.option("--report", "pattern", default="", help="The path of the report there, as a pattern.")
@click.option("--prefix", default="", help="The start of every path in the report, such as labs/lab12/.")
@output_options
@click.pass_context
def audit(  # noqa: PLR0913 # its options
    ctx: click.Context,
    /,
    report: Path | None,
    *,
    evidence: Path | None,
    repository: Path | None,
    refs: str,
    path: str,
    pattern: str,
    prefix: str,
    **output: Any,
) -> None:
    """Compare reports that somebody handed in with the evidence beside them.

    REPORT is a Markdown file, whose evidence --evidence names, or a folder with one folder for each report.
    With --git, each commit that --refs names is such a folder, read without a checkout.

    Each quoted block, each number with a unit and each name in the text gets a verdict; the manual says what
    a verdict means. The exit status is 1 if there is a finding, and 2 if a report could not be read.
    """
    from labreport.audit.choose import Wanted, handed_in

    wanted = Output(**output)
    if (report is None) == (repository is None):
        raise click.UsageError("give a REPORT, or --git REPOSITORY")
    is_file = report is not None and report.is_file()
    if is_file and evidence is None:
        raise click.UsageError("REPORT is compared with an evidence folder: give --evidence FOLDER")
    if evidence is not None and not is_file:
        raise click.UsageError("--evidence is for one REPORT: name the folder in each one with --path")
    try:
        if report is not None and evidence is not None:
            result = audited_file(wanted, report, evidence, prefix)
        else:
            skipped: Counter[str] = Counter()
            with _trees(report, repository, refs) as trees:
                reports = handed_in(trees, Wanted(path.strip("/"), pattern), skipped)
                result = wanted.audited(reports, skipped, prefix)
        status = wanted.finish(result)
    except LabError as error:
        if error.exit_status is not ExitStatus.FINDINGS:
            raise
        raise AuditError(error.what, error.remedy, path=error.path, line=error.line) from error
    ctx.exit(status)


def audited_file(wanted: Output, report: Path, evidence: Path, prefix: str) -> "Result":
    """Return the audit of one report with its evidence folder."""
    from labreport.audit.evidence import read_evidence
    from labreport.audit.inputs.text import encodable
    from labreport.audit.inputs.tree import FolderTree
    from labreport.audit.report import Report

    tree = FolderTree(evidence.resolve(), str(evidence))
    file = report.name if report.is_absolute() else encodable(str(report))
    only = Report(report.name, file, report.read_bytes())
    return wanted.audited([(only, read_evidence(tree, tree.files()))], Counter(), prefix)


@contextmanager
def _trees(report: Path | None, repository: Path | None, refs: str) -> Iterator[Iterator["Tree"]]:
    """Open the folders or the commits that have the reports."""
    from labreport.audit import choose
    from labreport.audit.inputs import git

    if report is not None:
        yield choose.folders(report.resolve())
    elif repository is not None:
        found = git.refs(repository, refs)
        if not found:
            raise click.UsageError(f"no ref of {repository} fits {refs}: see git for-each-ref")
        with git.opened(repository) as opened:
            yield choose.commits(opened, found)
