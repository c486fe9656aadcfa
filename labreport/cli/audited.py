"""The outputs of `lab audit`: what it prints, and the files of `--to`."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from labreport.cli import show
from labreport.cli.annotations import annotation_line
from labreport.contract.errors import ExitStatus

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from labreport.audit.cache import Pairs
    from labreport.audit.outputs.result import Result
    from labreport.check.rubric import Requirement

C = TypeVar("C", bound=Callable[..., Any])

FORMS = (".csv", ".html", ".json", ".md")


def output_options(command: C) -> C:
    """Add the options that say what is written, and how."""
    file = click.Path(exists=True, dir_okay=False, path_type=Path)
    for option in (
        click.option("--all", "all_", is_flag=True, help="Print what is fine as well, for a class too."),
        click.option("--json", "json_", is_flag=True, help="Print the result as JSON on standard output."),
        click.option(
            "--annotations", is_flag=True, help="Print the findings as annotations for GitHub Actions."
        ),
        click.option("--edition", type=int, help="The edition of the rubric; the newest by default."),
        click.option("--rubric", type=file, help="A rubric.yml, whose requirements are judged."),
        click.option(
            "--to",
            type=click.Path(path_type=Path),
            multiple=True,
            metavar="FOLDER|FILE",
            help="Write everything to a folder, or one form to a file; can be given several times.",
        ),
    ):
        command = option(command)
    return command


@dataclass(frozen=True)
class Output:
    """What the user wants to have: `audited` audits, and `finish` writes and prints."""

    to: tuple[Path, ...] = ()
    rubric: Path | None = None
    edition: int | None = None
    annotations: bool = False
    json_: bool = False
    all_: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be written before anything is read."""
        if self.annotations and self.json_:
            raise click.UsageError("--annotations and --json exclude each other: give one of them")
        if self.edition is not None and self.rubric is None:
            raise click.UsageError("--edition is that of a rubric: give --rubric FILE")
        for path in self.to:
            if not _is_folder(path) and path.suffix.lower() not in FORMS:
                raise click.UsageError(
                    f"--to {path}: name a folder, or a file that ends in {', '.join(FORMS)}"
                )

    def audited(self, reports: "Pairs", skipped: "Counter[str]", prefix: str) -> "Result":
        """Return the audit of reports, with grades if there is a rubric.

        With a folder in `--to`, reports that have not changed since its last audit are not audited again.
        """
        from labreport.audit.audit import audit_class
        from labreport.audit.cache import audit_changed
        from labreport.audit.model import Unread
        from labreport.audit.outputs.folder import CacheFolder, OutputFolder
        from labreport.audit.outputs.result import Result
        from labreport.audit.requirements import grade_report

        required = self._requirements()
        texts: dict[str, bytes] = {}

        def read() -> "Pairs":
            for one in reports:
                if required and not isinstance(one, Unread):
                    texts[one[0].name] = one[0].data
                yield one

        folder = next(filter(_is_folder, self.to), None)
        if folder:
            audit = audit_changed(read(), CacheFolder(OutputFolder(folder)), skipped, prefix)
        else:
            audit = audit_class(read(), skipped, prefix)
        if required is None:
            return Result(audit)
        return Result(
            audit, {one.name: grade_report(*required, one, texts[one.name]) for one in audit.reports}
        )

    def _requirements(self) -> "tuple[int, dict[str, Requirement]] | None":
        from labreport.audit.requirements import requirements_of
        from labreport.check.rubric import read_rubric_file

        if self.rubric is None:
            return None
        return requirements_of(read_rubric_file(self.rubric, str(self.rubric)).value, self.edition)

    def finish(self, result: "Result") -> ExitStatus:
        """Write the files, print the result, and return the exit status."""
        from labreport.cli.audit_files import as_json, check, write
        from labreport.cli.audit_summary import in_words

        for path in self.to:
            check(path, result)
        for one in result.audit.unread:
            show.line(f"lab: {one.name}: {one.why}", err=True)
        for path in self.to:
            write(path, result, is_folder=_is_folder(path))
        if self.json_:
            show.as_json(as_json(result))
        elif self.annotations:
            show.document("".join(f"{line}\n" for line in annotations(result)))
        else:
            for line in in_words(result, everything=self.all_):
                show.line(line)
        for path in self.to:
            show.line(f"{path}: written", err=True)
        return status(result)


def status(result: "Result") -> ExitStatus:
    """Return the exit status of an audit: what could not be read comes before findings."""
    if result.audit.unread or not result.audit.reports:
        return ExitStatus.WRONG_USE
    found = any(one.findings for one in result.audit.reports)
    return ExitStatus.FINDINGS if found else ExitStatus.FINE


def _is_folder(path: Path) -> bool:
    return path.is_dir() or not path.suffix


def annotations(result: "Result") -> "Iterator[str]":
    """Yield a workflow command of GitHub Actions for each finding."""
    from labreport.audit.outputs.result import title_of

    for report in result.audit.reports:
        for one in report.findings:
            file = one.report.file if one.report else report.file
            place = (file, one.line, one.column)
            yield annotation_line("error", place, one.id, f"{title_of(one)}: {one.why}")
