"""lab import."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from labreport.cli import show
from labreport.cli.project import new_lab_folders, root
from labreport.contract.errors import ExitStatus
from labreport.contract.records import Import
from labreport.report.imports import Decision, DecisionKind, ImportFault

MAX_REPORT = 8 * 1024 * 1024


@click.command("import")
@click.argument("report", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--evidence",
    "folder",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of the report's evidence.",
)
@click.option("--lab", "name", required=True, metavar="NAME", help="The lab to make. It must not be there.")
@click.option("--json", "json_", is_flag=True, help="Print the result as JSON on standard output.")
@click.pass_context
def import_(ctx: click.Context, report: Path, *, folder: Path, name: str, json_: bool) -> None:
    """Make somebody else's REPORT and its evidence a lab: docs/labs/NAME and evidence/NAME.

    The evidence gets a record that says what is known: the host and the time are unknown, the command is the
    one that the report states. It is never compared with anything. Each block of the report that is whole in
    the evidence becomes a call that shows these lines; the others stay as they are.

    Nothing is run, and nothing is masked. What you have to decide is listed: possible secrets, names and
    addresses, blocks that were not found, files that were left out or renamed, links, HTML. Exit status 1 if
    there is anything to decide.
    """
    from labreport.capture import signals, writing
    from labreport.capture.importing import import_evidence
    from labreport.report.imports.evidence import read_evidence_of
    from labreport.report.imports.pages import make_pages
    from labreport.report.imports.quotes import find_quotes
    from labreport.report.imports.text import read_report

    project = root()
    folders = new_lab_folders(project, name)
    data = _read(report)
    shown = report.name.encode("utf-8", "backslashreplace").decode()
    text = read_report(shown, data)
    theirs = read_evidence_of(folder, report)
    quotes = find_quotes(text, theirs.files)
    made = make_pages(name, text, quotes)
    decisions = [
        *text.decisions, *quotes.decisions, *made.decisions, *theirs.decisions,
        *_private(shown, data, theirs.files),
    ]  # fmt: skip
    imported = Import(
        report=shown,
        sha256=hashlib.sha256(data).hexdigest(),
        commands=dict(quotes.commands),
        names=theirs.names,
    )
    with signals.interruptible():
        record = import_evidence(folders["evidence"], theirs.files, imported)
        for page, markdown in made.pages.items():
            writing.write(folders["docs"] / page, markdown.encode())
    counts = {
        "files": len(record.files),
        "pages": len(made.pages),
        "blocks": len(quotes.fences),
        "found": len(quotes.found),
    }
    _print(name, counts, decisions, json_=json_)
    ctx.exit(ExitStatus.FINDINGS if decisions else ExitStatus.FINE)


def _read(report: Path) -> bytes:
    with report.open("rb") as file:
        data = file.read(MAX_REPORT + 1)
    if len(data) > MAX_REPORT:
        raise ImportFault(f"more than {MAX_REPORT} bytes", "import a part of it", path=str(report))
    return data


def _private(report: str, data: bytes, files: Mapping[str, bytes]) -> Iterator[Decision]:
    """Yield each line that may have a secret, a name or an address, in the report and in the evidence.

    The rules are those of a capture, which would mask it. Here it stays: a person decides.
    """
    from labreport.capture.redact import Identity, Redactor
    from labreport.check.secret_scan import scan

    redactor = Redactor(Identity())
    for path, content in {report: data, **files}.items():
        lines = content.split(b"\n")
        masked = redactor(content).split(b"\n")
        for number, (line, hidden) in enumerate(zip(lines, masked, strict=False), 1):
            if line != hidden:
                kinds = sorted(
                    set(re.findall(rb"\[[a-z-]+\]", hidden)) - set(re.findall(rb"\[[a-z-]+\]", line))
                )
                what = f"a capture would mask it: {b', '.join(kinds).decode() or 'a part of it'}"
                yield Decision(DecisionKind.PERSONAL, path, number, what)
        for secret in scan(content.decode(errors="replace")):
            yield Decision(DecisionKind.SECRET, path, secret.line, f"looks like a secret ({secret.kind})")


def _print(name: str, counts: dict[str, int], decisions: list[Decision], *, json_: bool) -> None:
    if json_:
        show.as_json({**counts, "decisions": [one.as_json() for one in decisions]})
        return
    for decision in decisions:
        show.line(str(decision))
    show.line(
        f"evidence/{name}: {counts['files']} files; docs/labs/{name}: {counts['pages']} pages;"
        f" {counts['found']} of {counts['blocks']} blocks are lines of the evidence"
    )
    if decisions:
        show.line(f"{len(decisions)} to decide: look at each line above; nothing was masked")
