"""Build pages with evidence, and the same pages with the lines in fences or as snippets."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from mkdocs.utils.yaml import yaml_load

from labreport.site.defaults import EXCLUDED, EXTENSIONS, LINK_CHECKS, SEPARATOR
from tests.bench.measure import Compared, compare, seconds_of
from tests.project import CapturedFile, Little, clean_environment, make

BLOCKS = 10
LINES = 20
SNIPPETS = "evidence/lab12"
"""Where the rival has the files that its pages include."""

Extensions = Mapping[str, Mapping[str, Any]]
COMMAND = ("ctr", "run", "--rm", "docker.io/library/alpine:3.19", "x", "dmesg")


@dataclass(frozen=True)
class Block:
    """Lines of a file from line `start` on."""

    name: str
    start: int
    lines: list[str]


def build(  # noqa: PLR0913 # the settings of a benchmark
    folder: Path, *, python: str, pages: int, pairs: int, bound: float, rival: str
) -> Compared:
    """Compare builds of `pages` pages with ten blocks each. Each block has its provenance.

    `rival` is one of RIVALS. All builds read and fill the caches of the user, ours and Python's.
    """
    ours, other = same_pages(folder, pages, rival)
    return compare(
        partial(build_seconds, python, ours.root),
        partial(build_seconds, python, other),
        against=RIVALS[rival][2],
        bound=bound,
        pairs=pairs,
    )


def same_pages(folder: Path, pages: int, like: str = "highlighted") -> tuple[Little, Path]:
    """Make our project and the rival's, below `folder`; `like` is one of RIVALS."""
    ours, rival = make(folder / "ours"), folder / "rival"
    shutil.rmtree(ours.root / "docs")
    shutil.rmtree(ours.root / "evidence", ignore_errors=True)
    write, extensions, _against = RIVALS[like]
    for number in range(pages):
        _page(ours, rival, number, write)
    _without_macros(ours.root / "mkdocs.yml", rival / "mkdocs.yml", extensions)
    return ours, rival


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


def _page(ours: Little, rival: Path, number: int, write: Callable[[Block], str]) -> None:
    """Write page `number` for both: ten blocks of twenty lines, from five commands."""
    lines = [
        f"[{n:5d}.{number:06d}] Memory: {n * 4096}K/{number}K available <&>" for n in range(BLOCKS * LINES)
    ]
    name = f"isolation/dmesg-{number}.txt"
    data = ("\n".join(lines) + "\n").encode()
    ours.capture(CapturedFile(name, data, argv=(COMMAND,) * 5))
    source = rival / SNIPPETS / name
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_bytes(data)
    slices = [(n * LINES + 1, (n + 1) * LINES) for n in range(BLOCKS)]
    head = f"# Page {number}\n\n"
    text = "Some words about what the lines below say, as reports have them.\n\n"
    blocks = [f'{text}{{{{ evidence("{name}", lines="{start}:{end}") }}}}\n' for start, end in slices]
    ours.page(place(number), head + "\n".join(blocks))
    theirs = [f"{text}{write(Block(name, start, lines[start - 1 : end]))}" for start, end in slices]
    target = rival / "docs" / place(number)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(head + "\n".join(theirs))
    if number == 0:
        for root in (ours.root, rival):
            (root / "docs" / "index.md").write_text("# Bench\n")


def _fence(block: Block) -> str:
    """Return a block as a rival's author would paste it."""
    return "\n".join(["```text", *block.lines, "```", ""])


def _snippet(block: Block) -> str:
    """Return a block as a rival's author would include it from its file, which nothing checks."""
    end = block.start + len(block.lines) - 1
    return f'```text\n--8<-- "{block.name}:{block.start}:{end}"\n```\n'


_PLAIN: Extensions = {"pymdownx.highlight": {"use_pygments": False}}
_WITH_SNIPPETS: Extensions = {"pymdownx.snippets": {"base_path": [SNIPPETS], "check_paths": True}}

RIVALS: dict[str, tuple[Callable[[Block], str], Extensions, str]] = {
    "highlighted": (_fence, {}, "the same lines in fences, which Pygments highlights; no macros and plugin"),
    "fences": (_fence, _PLAIN, "the same lines in fences, not highlighted, as ours; no macros and plugin"),
    "snippets": (_snippet, _WITH_SNIPPETS, "the same lines by pymdownx.snippets, which Pygments highlights"),
}
"""How the rival has a block, the settings of extensions that differ from ours, and what it is."""


def _without_macros(source: Path, target: Path, extensions: Extensions) -> None:
    """Write the rival's mkdocs.yml: ours without the plugin, with the settings that the plugin makes.

    `extensions` stand in place of the settings of the same name.
    """
    config = yaml_load(source.read_text())
    config["plugins"] = [{"search": {"separator": SEPARATOR}}, "offline"]
    merged = {**EXTENSIONS, **extensions}
    config["markdown_extensions"] = [{name: dict(options)} for name, options in merged.items()]
    config["exclude_docs"] = "\n".join(EXCLUDED)
    config["validation"] = {"links": dict.fromkeys(LINK_CHECKS, "warn")}
    for key in ("hooks", "extra"):
        config.pop(key, None)
    target.write_text(yaml.safe_dump(config, sort_keys=False))
