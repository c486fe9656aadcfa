"""lab cache."""

from dataclasses import asdict

import click

from labreport.capture import signals
from labreport.capture.cache import archives, folder
from labreport.capture.cache.folder import CachedArchive
from labreport.cli import show
from labreport.contract.lab_config import http_address
from labreport.contract.user_cache import remove_made
from labreport.report.tables import Table

HEADS = ("archive", "SHA-256", "bytes", "what is there", "from")
UNITS = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


@click.group(invoke_without_command=True)
@click.option("--json", "json_", is_flag=True, help="Print the list as JSON on standard output.")
@click.pass_context
def cache(ctx: click.Context, *, json_: bool) -> None:
    """List the archives that were downloaded, such as Kata's: what, how many bytes, from where.

    They are in lab/archives in XDG_CACHE_HOME or ~/.cache; for root and through sudo, in /var/cache. All
    collects of a user share them. A collect downloads what it needs by itself.
    """
    if ctx.invoked_subcommand:
        return
    rows = folder.listed()
    if json_:
        archives_json = [asdict(row) | {"bytes": row.bytes} for row in rows]
        show.as_json({"folder": str(folder.cache_folder()), "archives": archives_json})
    elif rows:
        cells = [(row.name, row.sha256, row.bytes, _what(row), row.url) for row in rows]
        show.table(f"In {folder.cache_folder()}", Table.of(HEADS, cells), {})
    else:
        show.line(f"nothing in {folder.cache_folder()}")


@cache.command()
@click.argument("url")
def add(url: str) -> None:
    """Download the archive at URL; print its SHA-256 and the lines for lab.yml that pin it.

    A download that was interrupted goes on. Compare the SHA-256 with what the publisher says: this is the
    hash of what came.
    """
    try:
        http_address(url)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    with signals.interruptible(), show.progress() as shown:
        shown.note(f"downloading {url}")
        try:
            digest, size = archives.add(url, shown.working)
        except KeyboardInterrupt:
            raise KeyboardInterrupt("what has come stays, and the same command goes on") from None
    show.line(f"{archives.file_name(url)}: {size} bytes, SHA-256 {digest}")
    show.line("archives:")
    show.line("  kata:")
    show.line(f"    url: {url}")
    show.line(f"    sha256: {digest}")
    show.line("    archive_env: KATA_ARCHIVE")


@cache.command()
def clean() -> None:
    """Remove all archives and what was unpacked from them, but for what a collect is using.

    The pictures of charts and the compiled templates that a build keeps there are removed as well. The next
    build makes them again.
    """
    freed, kept = folder.clean()
    freed += remove_made()
    show.line(f"removed: {freed} bytes ({_size(freed)})")
    for row in kept:
        show.line(f"kept, in use: {row.name or row.sha256}")


def _what(row: CachedArchive) -> str:
    """Return in words what of an archive is there."""
    parts = {
        "the archive": row.archive_bytes,
        "unpacked": row.tree_bytes,
        f"a part of {_size(row.part_bytes)}": row.part_bytes,
    }
    words = [part for part, size in parts.items() if size]
    return ", ".join([*words, *(["in use"] if row.in_use else [])]) or "nothing"


def _size(size: int) -> str:
    """Return a number of bytes for people."""
    return next((f"{size / unit:.1f} {name}" for unit, name in UNITS if size >= unit), f"{size} B")
