"""What mkdocs says while it finds the files and makes the navigation, which `mkdocs build` fails at."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labreport.report.problems import Problem

FILES = "mkdocs.structure.files"
"""The logger for files that become the same page. They are problems of ours, with a remedy."""
NAV = "mkdocs.structure.nav"
"""The logger for what is wrong with `nav` in mkdocs.yml."""
SETTINGS = "mkdocs.yml"


class _Collector(logging.Handler):
    """Keeps warnings."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@contextmanager
def heard(*names: str) -> Iterator[list[logging.LogRecord]]:
    """Collect the warnings of these loggers within a `with`, in which they print nothing."""
    handler = _Collector()
    before = {logger: logger.propagate for logger in map(logging.getLogger, names)}
    for logger in before:
        logger.addHandler(handler)
        logger.propagate = False
    try:
        yield handler.records
    finally:
        for logger, propagate in before.items():
            logger.removeHandler(handler)
            logger.propagate = propagate


def nav_problem(message: str, root: Path) -> Problem:
    """Return the problem of `nav` in mkdocs.yml in the folder `root`, of which mkdocs says `message`."""
    lines = (root / SETTINGS).read_text(encoding="utf-8", errors="replace").split("\n")
    line = next((number for number, text in enumerate(lines, 1) if text.startswith("nav:")), 0)
    return Problem(SETTINGS, message.rstrip("."), "correct `nav` there, or write the page", line=line)
