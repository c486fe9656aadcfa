"""The publish gate: what mkdocs warns of is counted, and a build with any problem ends with a list."""

import logging
import os
from dataclasses import dataclass, field
from pathlib import Path

from labreport.report.problems import one_line
from labreport.site.build import Build

LOGGER = "mkdocs.report"
"""Below mkdocs' own logger, so that its messages appear among mkdocs'."""


@dataclass
class _Run:
    """How mkdocs was started, and what it has warned of since."""

    command: str = "build"
    dirty: bool = False
    warnings: list[str] = field(default_factory=list)


_run = _Run()


class _Counter(logging.Handler):
    """Takes note of warnings that are not ours: those are problems of the build already."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name != LOGGER and not _expected(record):
            _run.warnings.append(record.getMessage())


def _expected(record: logging.LogRecord) -> bool:
    """Return whether mkdocs warns of the dirty build itself, which the author asked for."""
    return record.name == "mkdocs.commands.build" and "'dirty' build" in record.getMessage()


def open_gate(command: str, *, dirty: bool) -> None:
    """Begin a run of mkdocs' `command`: warnings are counted even where `--quiet` hides them."""
    _run.command, _run.dirty = command, dirty
    logger = logging.getLogger("mkdocs")
    if logger.level > logging.WARNING:
        for handler in logger.handlers:
            handler.setLevel(logger.level)
        logger.setLevel(logging.WARNING)
    if not any(isinstance(handler, _Counter) for handler in logger.handlers):
        logger.addHandler(_Counter(logging.WARNING))
    _run.warnings.clear()


def serving() -> bool:
    """Return whether `mkdocs serve` is running, which stays up whatever it finds."""
    return _run.command == "serve"


def dirty() -> bool:
    """Return whether mkdocs makes changed pages only."""
    return _run.dirty


def newest(folder: Path) -> float:
    """Return when anything below `folder` last changed, in seconds; 0 if there is nothing."""
    times = [0.0]
    for where, _, files in os.walk(folder):
        times += [path.lstat().st_mtime for path in (Path(where), *(Path(where, one) for one in files))]
    return max(times)


def verdict(build: Build) -> list[str]:
    """Return the lines that end a build with problems; nothing if there was none."""
    root = str(build.root)
    found = [str(problem) for problem in build.rendering.problems]
    found += [one_line(warning.replace(root, ".")) for warning in _run.warnings]
    if not found:
        return []
    count = "1 problem" if len(found) == 1 else f"{len(found)} problems"
    return [f"The report has {count}:", *(f"  {line}" for line in found)]
