"""The files that `lab audit --to` writes: the name of a file says which form it has."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from labreport.audit.as_json import class_as_json
from labreport.audit.model import ReportAudit, Unread
from labreport.audit.outputs import gradescope
from labreport.audit.outputs.folder import INDEX, OutputFolder
from labreport.audit.outputs.markdown import markdown
from labreport.audit.outputs.result import Result
from labreport.audit.outputs.sheets import findings_csv, gradebook
from labreport.cli import show
from labreport.site.audit_pages import class_page, file_names, report_page

RESULTS = "results.json"
"""The name under which Gradescope expects the results of an autograder."""
GRADEBOOK = "gradebook.csv"
"""The name of the gradebook; any other .csv has the findings."""


def as_json(result: Result) -> dict[str, Any]:
    """Return a result as plain data."""
    return class_as_json(result.audit, result.grades)


def write(path: Path, result: Result, *, is_folder: bool) -> None:
    """Write a result to a folder, or to a file in the form that its name says."""
    if is_folder:
        write_folder(OutputFolder(path), result)
    else:
        show.save(path, _form(path)(result).encode())


def _form(path: Path) -> Callable[[Result], str]:
    """Return what makes the text of a file."""
    if path.name.lower() == RESULTS:
        return lambda result: _text_of(gradescope.results(_one_of(path, result), result.grades))
    if path.name.lower() == GRADEBOOK:
        return gradebook
    return {
        ".csv": findings_csv,
        ".html": _page,
        ".json": lambda result: _text_of(as_json(result)),
        ".md": markdown,
    }[path.suffix.lower()]


def check(path: Path, result: Result) -> None:
    """Raise UsageError if a file of this name has one report only, and there are several."""
    if path.name.lower() == RESULTS:
        _one_of(path, result)


def _one_of(path: Path, result: Result) -> ReportAudit | Unread:
    reports: list[ReportAudit | Unread] = [*result.audit.reports, *result.audit.unread]
    if len(reports) != 1:
        raise click.UsageError(f"--to {path}: is for one report: name a folder for a class")
    return reports[0]


def _page(result: Result) -> str:
    """Return the page of the only report, or that of a class, without links."""
    return report_page(result.single, result) if result.single else class_page(result, {})


def _text_of(value: object) -> str:
    return json.dumps(value, indent=1) + "\n"


def write_folder(folder: OutputFolder, result: Result) -> None:
    """Write every form of a result, and delete the pages of reports that are not in it any more."""
    names = file_names([report.name for report in result.audit.reports])
    folder.write(INDEX, _text_of(as_json(result)).encode())
    pages = {name: f"reports/{file}.html" for name, file in names.items()}
    folder.write("index.html", class_page(result, pages).encode())
    folder.write("findings.csv", findings_csv(result).encode())
    folder.write(GRADEBOOK, gradebook(result).encode())
    written: dict[str, set[str]] = {"reports": set(), "comments": set(), "gradescope": set()}
    for report in result.audit.reports:
        for part, suffix, text in _of_report(result, report):
            name = f"{names[report.name]}{suffix}"
            folder.write(f"{part}/{name}", text.encode())
            written[part].add(name)
    for part, kept in written.items():
        folder.clean(part, kept)


def _of_report(result: Result, report: ReportAudit) -> Iterator[tuple[str, str, str]]:
    """Yield the forms of one report: the folder, the end of the name, and the text."""
    yield "reports", ".html", report_page(report, result, "../index.html")
    yield "comments", ".md", markdown(result.only(report))
    yield "gradescope", ".json", _text_of(gradescope.results(report, result.grades))
