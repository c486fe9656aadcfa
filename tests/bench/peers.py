"""scripts/peers: build the same pages with other site generators, and print a table of their seconds.

A peer that is not installed is left out by name. Each one builds the same Markdown files: our 100 pages of
evidence as fences, with its default theme and highlighting.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import click

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench.build import build_seconds, same_pages  # noqa: E402
from tests.bench.measure import seconds_of  # noqa: E402
from tests.bench.page import table, with_table  # noqa: E402

PAGE = ROOT / "docs/manual/reference/performance.md"
MARKS = ("<!-- measured: scripts/peers --page -->", "<!-- end of the peers -->")
PAGES, RUNS = 100, 5
HEAD = ("generator", "version", "seconds", "times ours", "what it leaves out")
EVERY = "checks, records, hashes, facts"


@dataclass(frozen=True)
class Peer:
    """A site generator: its program, how to get it, what its site lacks, and how a project of it is made.

    `make` writes the project into a folder, given the folder of Markdown pages, and returns the command.
    """

    name: str
    program: str
    install: str
    leaves_out: str
    make: Callable[[Path, Path], list[str]]
    version: tuple[str, ...] = ("--version",)


def sphinx(folder: Path, pages: Path) -> list[str]:
    """Write a project of Sphinx with MyST, which reads Markdown."""
    shutil.copytree(pages, folder / "source")
    (folder / "source" / "conf.py").write_text('project = "Bench"\nextensions = ["myst_parser"]\n')
    index = folder / "source" / "index.md"
    index.write_text("# Bench\n\n```{toctree}\n:glob:\nlabs/lab12/*/*\n```\n")
    return ["sphinx-build", "-q", "-E", "-b", "html", "source", "site"]


def hugo(folder: Path, pages: Path) -> list[str]:
    """Write a project of Hugo. It has no default theme, so a page is its title and its content."""
    shutil.copytree(pages, folder / "content")
    for name in ("hugo.toml", "config.toml"):  # the second is its name before 0.110
        (folder / name).write_text('baseURL = "/"\ntitle = "Bench"\n')
    layouts = folder / "layouts" / "_default"
    layouts.mkdir(parents=True)
    for name in ("single", "list"):
        (layouts / f"{name}.html").write_text("<title>{{ .Title }}</title>{{ .Content }}")
    return ["hugo", "--quiet", "--destination", "site"]


def mdbook(folder: Path, pages: Path) -> list[str]:
    """Write a book of mdBook."""
    shutil.copytree(pages, folder / "src")
    chapters = sorted(path.relative_to(folder / "src") for path in (folder / "src").rglob("page-*.md"))
    summary = "".join(f"- [{path.stem}]({path.as_posix()})\n" for path in chapters)
    (folder / "src" / "SUMMARY.md").write_text(f"# Summary\n\n{summary}")
    (folder / "book.toml").write_text('[book]\ntitle = "Bench"\n')
    return ["mdbook", "build", "--dest-dir", "site"]


PEERS = (
    Peer("Sphinx with MyST", "sphinx-build", "pip install sphinx myst-parser", EVERY, sphinx),
    Peer("Hugo", "hugo", "apt-get install hugo", f"{EVERY}, a theme, navigation, search", hugo, ("version",)),
    Peer("mdBook", "mdbook", "cargo install mdbook", EVERY, mdbook),
)


def measured(folder: Path) -> tuple[list[tuple[str, ...]], list[str]]:
    """Build with each generator in turn; return a row for each, and what is not installed."""
    ours, rival = same_pages(folder, PAGES)
    builds: dict[str, Callable[[], float]] = {
        "labreport": lambda: build_seconds(sys.executable, ours.root),
        "Material for MkDocs": lambda: build_seconds(sys.executable, rival),
    }
    about = {"labreport": ("this checkout", ""), "Material for MkDocs": (version("mkdocs-material"), EVERY)}
    missing = []
    for peer in PEERS:
        if not shutil.which(peer.program):
            missing.append(f"{peer.name} is not here: {peer.install}")
            continue
        project = folder / peer.program
        project.mkdir()
        argv = peer.make(project, rival / "docs")
        builds[peer.name] = lambda project=project, argv=argv: _fresh(argv, project)  # type: ignore[misc]
        about[peer.name] = (_first_line([peer.program, *peer.version]), peer.leaves_out)
    seconds: Mapping[str, list[float]] = {name: [] for name in builds}
    for number in range(RUNS + 1):
        for name, build in builds.items():
            took = build()
            if number:  # the first one fills the caches
                seconds[name].append(took)
    base = statistics.median(seconds["labreport"])
    rows = []
    for name, (release, leaves_out) in about.items():
        median = statistics.median(seconds[name])
        rows.append((name, release, f"{median:.2f}", f"{median / base:.2f}", leaves_out))
    return sorted(rows, key=lambda row: float(row[2])), missing


def _fresh(argv: list[str], project: Path) -> float:
    """Return the seconds of a build into a folder that is not there."""
    shutil.rmtree(project / "site", ignore_errors=True)
    return seconds_of(argv, project, os.environ)


def _first_line(argv: list[str]) -> str:
    """Return the version that a program prints, without its build."""
    printed = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()
    return next(word for word in printed if word.lstrip("v")[:1].isdigit()).partition("+")[0].lstrip("v")


@click.command()
@click.option("--page", is_flag=True, help=f"Write the table into {PAGE.relative_to(ROOT)}.")
def main(*, page: bool) -> None:
    """Build 100 pages with each site generator that is installed, five times in turn; print the medians."""
    with tempfile.TemporaryDirectory(prefix="lab-peers-") as folder:
        rows, missing = measured(Path(folder))
    for line in missing:
        click.echo(line, err=True)
    shown = table(HEAD, rows)
    click.echo(shown)
    if page:
        PAGE.write_text(with_table(PAGE.read_text(), MARKS, shown))


if __name__ == "__main__":
    main()
