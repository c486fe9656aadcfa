"""The gate: a `mkdocs build` with a problem, or a warning of mkdocs, fails with a list of them."""

import logging
import os
from dataclasses import dataclass, field
from pathlib import Path

from labreport.report.printed import printed_line
from labreport.report.problems import one_line
from labreport.site import mkdocs_log
from labreport.site.build import Build

LOGGER = "mkdocs.report"
"""The name of our logger. It is a child of mkdocs' logger, which prints its messages."""


@dataclass
class _Run:
    """The command that mkdocs runs, and the warnings of mkdocs since then."""

    command: str = "build"
    dirty: bool = False
    warnings: list[tuple[str, str]] = field(default_factory=list)
    """Each with the name of its logger."""


_run = _Run()


class _Counter(logging.Handler):
    """Keeps the warnings of mkdocs. Ours are problems of the build already, and so are those of its files."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name not in {LOGGER, mkdocs_log.FILES} and not _expected(record):
            _run.warnings.append((record.name, record.getMessage()))


def _expected(record: logging.LogRecord) -> bool:
    """Return whether the warning is about `--dirty` itself, which the author asked for."""
    return record.name == "mkdocs.commands.build" and "'dirty' build" in record.getMessage()


def open_gate(command: str, *, dirty: bool) -> None:
    """Start to count the warnings of a `command` of mkdocs, those that `--quiet` hides included."""
    _run.command, _run.dirty = command, dirty
    logger = logging.getLogger("mkdocs")
    print_safely()
    if logger.level > logging.WARNING:
        for handler in logger.handlers:
            handler.setLevel(logger.level)
        logger.setLevel(logging.WARNING)
    if not any(isinstance(handler, _Counter) for handler in logger.handlers):
        logger.addHandler(_Counter(logging.WARNING))
    _run.warnings.clear()


def print_safely() -> None:
    """Escape what mkdocs prints, where it is printed: links, names and titles of pages are in it."""
    logger = logging.getLogger("mkdocs")
    if not logger.handlers:
        logger.addHandler(logging.StreamHandler())
    for handler in logger.handlers:
        handler.addFilter(_escape)


def _escape(record: logging.LogRecord) -> bool:
    """Escape the message of a record line by line; what mkdocs says after its first line is indented."""
    indent = "" if record.name == LOGGER else "    "
    first, *rest = map(printed_line, record.getMessage().split("\n"))
    record.msg = "\n".join([first, *(line if line.startswith(" ") else f"{indent}{line}" for line in rest)])
    record.args = ()
    return True


def serving() -> bool:
    """Return whether `mkdocs serve` is running, which never fails on a problem."""
    return _run.command == "serve"


def dirty() -> bool:
    """Return whether mkdocs builds only the pages that changed."""
    return _run.dirty


def newest(folder: Path) -> float:
    """Return the time of the last change below `folder`, in seconds; 0 if it is empty."""
    times = [0.0]
    for where, _, files in os.walk(folder):
        times += [path.lstat().st_mtime for path in (Path(where), *(Path(where, one) for one in files))]
    return max(times)


def verdict(build: Build) -> list[str]:
    """Return the list of all problems, one a line; empty if there are none."""
    root = str(build.root)
    found = [
        f"{problem} {build.rendering.noted.elsewhere(problem)}".rstrip()
        for problem in build.rendering.problems
    ]
    for name, warning in _run.warnings:
        message = warning.replace(root, ".")
        found.append(
            str(mkdocs_log.nav_problem(message, build.root)) if name == mkdocs_log.NAV else one_line(message)
        )
    if not found:
        return []
    count = "1 problem" if len(found) == 1 else f"{len(found)} problems"
    return [f"The report has {count}:", *(f"  {line}" for line in found)]
