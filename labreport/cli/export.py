"""lab export."""

import os
import stat
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import click

from labreport.cli import show
from labreport.cli.project import complete, is_utf8, root
from labreport.contract.errors import ExitStatus

BUNDLE = ("bundle", "bundle.tar", "bundle.zip")
"""How the name of a bundle ends."""


@click.command()
@click.argument("lab", shell_complete=complete)
@click.option(
    "--to", type=click.Path(dir_okay=False, path_type=Path), help="The file or folder; else standard output."
)
@click.option("--prefix", default="labs/{lab}/", show_default=True, help="What stands before evidence paths.")
@click.option("--full", is_flag=True, help="Everything that the pages say and show.")
@click.pass_context
def export(ctx: click.Context, lab: str, *, to: Path | None, prefix: str, full: bool) -> None:
    """Write LAB as one file: a Markdown report, a page, a PDF, a crate; or as a bundle.

    With --to report.html, all pages of the lab are one page, which needs no other file and loads nothing.
    With --to report.pdf that page is printed, which needs Chromium. With any other name, and without --to,
    the task pages are one plain Markdown report, in the form in which reports are handed in.

    With --to crate.zip, or any other zip, the lab is an RO-Crate 1.1 with the profile Process Run Crate 0.5:
    its report in full, its evidence and its records. `lab adopt` takes the evidence over again.

    With --to bundle it is a folder with the site, the evidence and SHA256SUMS, which `sha256sum -c` checks
    without this tool. bundle.tar and bundle.zip are the same as one file; lab12-bundle works as well.

    The report has what the course sheet asks for: the files that lab.yml names, at most 15 lines of each,
    with the sentence before them, and the sections that rubric.yml names. --full gives the whole pages.

    Every block is a fence whose info string is start:end:path; gaps are said in words. Charts and
    images are files beside the report, in NAME-files/; without --to, values and alternative texts stand for
    them. `lab check FILE` reads such a report back. Exit status 1 if a page has a problem that a build would
    fail on.
    """
    from labreport.check.project import late_table_of
    from labreport.check.rubric import asked_of
    from labreport.report.export import export as render
    from labreport.report.today import today
    from labreport.site.pages import Site

    if not is_utf8(lab):
        raise click.UsageError(f"there is no lab {lab}: name one of docs/labs/")
    if to is not None and to.suffix.lower() in {".html", ".pdf"}:
        ctx.exit(_export_page(lab, to))
    if to is not None and to.name.lower().endswith((*BUNDLE, ".zip", ".tar")):
        from labreport.cli.package import package

        ctx.exit(package(lab, to, is_bundle=to.name.lower().endswith(BUNDLE)))
    site = Site(root()).pages()
    prefix = prefix.replace("{lab}", lab)
    asked = None if full else asked_of(site, lab)
    folder = f"{to.stem}-files" if to else ""
    exported = render(site, lab, prefix, lambda shown: late_table_of(site, shown, today()), asked, folder)
    for problem in exported.problems:
        show.line(f"lab: {problem}", err=True)
    if to is None:
        _print(exported.markdown)
    else:
        _save(to, exported.markdown, exported.files)
    ctx.exit(ExitStatus.FINDINGS if exported.problems else ExitStatus.FINE)


def _save(to: Path, markdown: str, files: Mapping[str, bytes]) -> None:
    """Write a report, and the files beside it."""
    show.save(to, markdown.encode())
    for path, data in files.items():
        _save_beside(to.parent.resolve(), path, data)
    beside = f", with {to.stem}-files/ beside it" if files else ""
    show.line(f"{to}: written{beside}", err=True)


def _save_beside(top: Path, path: str, data: bytes) -> None:
    """Write a file below the folder `top`, whose folders are made; raise EvidenceError for a link.

    Nobody named these files, and a clone may have links of their names, which would lead anywhere.
    """
    from labreport.contract.folder import EvidenceError, opened

    *folders, name = path.split("/")
    for folder in folders:
        with suppress(FileExistsError), opened(top) as parent:
            os.mkdir(folder, dir_fd=parent.descriptor)
        top /= folder
    with opened(top) as parent:
        if parent.mode(name) and not stat.S_ISREG(parent.mode(name)):
            raise EvidenceError("is no plain file", "move it away", path=path)
        parent.replace(name, data)


def _export_page(lab: str, to: Path) -> ExitStatus:
    """Write a lab as one page, or print it."""
    from labreport.site.one_page import one_page
    from labreport.site.pdf import engine, pdf_of

    is_pdf = to.suffix.lower() == ".pdf"
    if is_pdf:
        engine()  # before the build, which takes a while
    page = one_page(root(), lab)
    show.save(to, pdf_of(page.html) if is_pdf else page.html.encode())
    show.line(f"{to}: written", err=True)
    return ExitStatus.FINE if page.is_whole else ExitStatus.FINDINGS


def _print(report: str) -> None:
    """Print a report: byte for byte to a file or a pipe, escaped on a terminal, on which it could act."""
    if not sys.stdout.isatty():
        show.write(report.encode())
        return
    for line in report.removesuffix("\n").split("\n"):
        show.line(line)
