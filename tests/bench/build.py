"""Build pages with evidence, and the same pages with the code in fences."""

import shutil
from functools import partial
from pathlib import Path

import yaml
from mkdocs.utils.yaml import yaml_load

from labreport.site.defaults import EXCLUDED, EXTENSIONS, LINK_CHECKS, SEPARATOR
from tests.bench.measure import Compared, compare, seconds_of
from tests.project import CapturedFile, Little, clean_environment, make

BLOCKS = 10
LINES = 20
COMMAND = ("ctr", "run", "--rm", "docker.io/library/alpine:3.19", "x", "dmesg")


def build(folder: Path, python: str, pages: int, pairs: int, bound: float) -> Compared:
    """Compare builds of `pages` pages with ten blocks each. Each block has its provenance."""
    ours, rival = make(folder / "ours"), folder / "rival"
    shutil.rmtree(ours.root / "docs")
    shutil.rmtree(ours.root / "evidence", ignore_errors=True)
    for number in range(pages):
        _page(ours, rival, number)
    _without_macros(ours.root / "mkdocs.yml", rival / "mkdocs.yml")
    return compare(
        partial(build_seconds, python, ours.root),
        partial(build_seconds, python, rival),
        against="the same pages with the code inline in fences, without macros and plugin",
        bound=bound,
        pairs=pairs,
    )


def build_seconds(python: str, root: Path) -> float:
    """Return the seconds of a `mkdocs build` of the project `root`, as a process.

    Every project is built into the same folder. The place of a folder on the disk changes the time of each
    build by up to 17 ms.
    """
    env = {**clean_environment(), "NO_MKDOCS_2_WARNING": "1"}
    return seconds_of([python, "-m", "mkdocs", "build", "--quiet", "--site-dir", "../site"], root, env)


def place(number: int) -> str:
    """Return the path of page `number` below docs/. A folder has 25 pages."""
    return f"labs/lab12/part-{number // 25:02d}/page-{number:04d}.md"


def _page(ours: Little, rival: Path, number: int) -> None:
    """Write page `number` for both: ten blocks of twenty lines, from five commands."""
    lines = [
        f"[{n:5d}.{number:06d}] Memory: {n * 4096}K/{number}K available <&>" for n in range(BLOCKS * LINES)
    ]
    name = f"isolation/dmesg-{number}.txt"
    ours.capture(CapturedFile(name, ("\n".join(lines) + "\n").encode(), argv=(COMMAND,) * 5))
    slices = [(n * LINES + 1, (n + 1) * LINES) for n in range(BLOCKS)]
    head = f"# Page {number}\n\n"
    text = "Some words about what the lines below say, as reports have them.\n\n"
    blocks = [f'{text}{{{{ evidence("{name}", lines="{start}:{end}") }}}}\n' for start, end in slices]
    ours.page(place(number), head + "\n".join(blocks))
    fences = ["\n".join([text + "```text", *lines[start - 1 : end], "```", ""]) for start, end in slices]
    target = rival / "docs" / place(number)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(head + "\n".join(fences))
    if number == 0:
        for root in (ours.root, rival):
            (root / "docs" / "index.md").write_text("# Bench\n")


def _without_macros(source: Path, target: Path) -> None:
    """Write the rival's mkdocs.yml: ours without the plugin, with the settings that the plugin makes."""
    config = yaml_load(source.read_text())
    config["plugins"] = [{"search": {"separator": SEPARATOR}}, "offline"]
    config["markdown_extensions"] = [{name: dict(options)} for name, options in EXTENSIONS.items()]
    config["exclude_docs"] = "\n".join(EXCLUDED)
    config["validation"] = {"links": dict.fromkeys(LINK_CHECKS, "warn")}
    for key in ("hooks", "extra"):
        config.pop(key, None)
    target.write_text(yaml.safe_dump(config, sort_keys=False))
