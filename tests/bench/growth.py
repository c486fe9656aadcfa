"""scripts/growth: how the time of a build and of `lab check` grows with the number of labs and pages.

The time is that of the processor. A part of it does not depend on the size, and makes the exponent smaller.
So the exponent is that of the two largest sizes.
"""

import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench.build import same_pages  # noqa: E402
from tests.bench.page import table, with_table  # noqa: E402
from tests.project import CapturedFile, Little, clean_environment, make  # noqa: E402

PAGE = ROOT / "docs/manual/reference/performance.md"
MARKS = ("<!-- measured: scripts/growth --page -->", "<!-- end of the growth -->")
HEAD = ("what", "seconds of the processor at each size", "exponent", "bound")
BOUND = 1.1
SIZES = {"labs": (100, 200, 400), "pages": (100, 300, 1000)}
BIN = ROOT / ".venv" / "bin"
BUILD, CHECK = (str(BIN / "mkdocs"), "build", "--quiet"), (str(BIN / "lab"), "check", "--json")


@dataclass(frozen=True)
class Growth:
    """Seconds of the processor by size. A size is so many labs of three pages, or so many pages of a lab."""

    what: str
    unit: str
    seconds: dict[int, float]

    @property
    def exponent(self) -> float:
        """The exponent of the time, from the last size but one to the last."""
        (few, before), (many, after) = list(self.seconds.items())[-2:]
        return math.log(after / before) / math.log(many / few)

    def row(self) -> tuple[str, ...]:
        """Return the row of the table."""
        points = ", ".join(f"{size:,} {self.unit}: {seconds:.1f}" for size, seconds in self.seconds.items())
        return self.what, points, f"{self.exponent:.2f}", str(BOUND)


def with_labs(folder: Path, labs: int) -> Path:
    """Make a project of so many labs of three pages, with three blocks and a fact each; return its root."""
    made = make(folder)
    shutil.rmtree(made.root / "docs")
    made.page("index.md", "# Labs\n")
    for number in range(labs):
        _lab(made, f"lab{number:03d}")
    return made.root


def _lab(made: Little, lab: str) -> None:
    """Write a lab: its evidence, its facts and its pages."""
    lines = [f"{lab} line {number}: {number} ms" for number in range(1, 61)]
    made.capture(CapturedFile("x/times.txt", ("\n".join(lines) + "\n").encode()), lab=lab)
    fact = "first: {file: x/times.txt, start: 'line 1:', end: 'line 1:', read: text}\n"
    made.page(f"labs/{lab}/facts.yml", fact)
    made.page(f"labs/{lab}/index.md", f"# Report {lab}\n\nThe first: {{{{ fact('first') }}}}.\n")
    for task in (1, 2):
        block = f'{{{{ evidence("x/times.txt", start="line {task}5:", end="line {task}9:") }}}}'
        made.page(f"labs/{lab}/task-{task}.md", f"# Task {task}\n\nThe lines say this.\n\n{block}\n")


def with_pages(folder: Path, pages: int) -> Path:
    """Make the project of `scripts/bench build`; return its root."""
    return same_pages(folder, pages)[0].root


def processor_seconds(argv: Sequence[str], root: Path) -> float:
    """Return the seconds of the processor that a command takes in a project, the second time it runs.

    `lab check` has findings on pages without requirements.
    """
    env = {**clean_environment(), "NO_MKDOCS_2_WARNING": "1"}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    seconds = 0.0
    for _time in range(2):
        before = _of_children()
        ended = subprocess.run(argv, cwd=root, env=env, check=False, stdout=subprocess.DEVNULL)
        if ended.returncode > 1:
            raise subprocess.CalledProcessError(ended.returncode, argv)
        seconds = _of_children() - before
    return seconds


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(what: str, unit: str, make_one: Callable[[Path, int], Path], argv: Sequence[str]) -> Growth:
    """Run a command in projects of three sizes."""
    seconds = {}
    for size in SIZES[unit]:
        with tempfile.TemporaryDirectory(prefix="lab-growth-") as folder:
            seconds[size] = processor_seconds(argv, make_one(Path(folder) / "project", size))
    return Growth(what, unit, seconds)


@click.command()
@click.option("--page", is_flag=True, help=f"Write the table into {PAGE.relative_to(ROOT)}.")
def main(*, page: bool) -> None:
    """Measure the growth. Exit with 1 if an exponent is over its bound."""
    os.environ.pop("LAB_NO_CACHE", None)
    grown = [
        measure("mkdocs build, labs of three pages", "labs", with_labs, BUILD),
        measure("lab check, labs of three pages", "labs", with_labs, CHECK),
        measure("mkdocs build, pages of ten blocks", "pages", with_pages, BUILD),
        measure("lab check, pages of ten blocks", "pages", with_pages, CHECK),
    ]
    shown = table(HEAD, (one.row() for one in grown))
    click.echo(shown)
    if page:
        PAGE.write_text(with_table(PAGE.read_text(), MARKS, shown))
    sys.exit(any(one.exponent > BOUND for one in grown))


if __name__ == "__main__":
    main()
