"""Build pages with facts and claims in their prose, and the same pages with the words typed by hand.

The site has the size of the one in `build`: 100 pages of ten blocks of twenty lines.
"""

import shutil
from functools import partial
from pathlib import Path

from tests.bench.build import BLOCKS, LINES, build_seconds, place
from tests.bench.measure import Compared, compare
from tests.project import CapturedFile, make


def facts(folder: Path, python: str, pages: int, pairs: int, bound: float) -> Compared:
    """Compare builds of `pages` pages, each with ten blocks of evidence, five facts and two claims."""
    ours, rival = make(folder / "ours"), make(folder / "rival")
    ours.page("labs/lab12/facts.yml", "".join(_declared(number) for number in range(pages)))
    for number in range(pages):
        ours.capture(CapturedFile(_file(number), _data(number)))
        ours.page(place(number), _page(number, bound=True))
        rival.page(place(number), _page(number, bound=False))
    shutil.copytree(ours.root / "evidence", rival.root / "evidence", dirs_exist_ok=True)
    return compare(
        partial(build_seconds, python, ours.root),
        partial(build_seconds, python, rival.root),
        against="the same pages and evidence blocks with the same words, no macros in prose",
        bound=bound,
        pairs=pairs,
    )


def _file(number: int) -> str:
    return f"bench/times-{number}.txt"


def _seconds(number: int, nth: int) -> str:
    return f"{nth + 1}.{100 + number % 900} s"


def _data(number: int) -> bytes:
    """Return a page's evidence: for each block a heading with its time, then other lines."""
    lines = []
    for nth in range(BLOCKS):
        lines += [f"run {nth}: {_seconds(number, nth)}"]
        lines += [f"[{n:5d}.{number:06d}] Memory: {n * 4096}K available <&>" for n in range(1, LINES)]
    return ("\n".join(lines) + "\n").encode()


def _declared(number: int) -> str:
    """Return the facts of a page: by line numbers or by content, in few lines or many."""
    file = _file(number)
    ways = (
        'read: seconds run 0, lines: "1"',
        'read: seconds run 1, start: "^run 1:", end: "^run 1:"',
        f'read: seconds run 2, lines: "{2 * LINES + 1}:{3 * LINES}"',
        'read: seconds run 3, start: "^run 3:", end: "^run 4:"',
        'read: seconds run 4, start: "^run 4:", end: "^run 5:"',
    )
    return "".join(f"run{number}.t{nth}: {{file: {file}, {way}}}\n" for nth, way in enumerate(ways))


def _page(number: int, *, bound: bool) -> str:
    """Return a page. If `bound`, its sentences use facts and claims; else they have the same words."""

    def value(nth: int) -> str:
        return f'{{{{ fact("run{number}.t{nth}") }}}}' if bound else _seconds(number, nth)

    def sentence(condition: str, words: str) -> str:
        return f'{{% call claim("{condition}") %}}{words}{{% endcall %}}' if bound else words

    name = f"run{number}.t"
    paragraphs = [
        f"The first run took {value(0)}, the second {value(1)}.",
        sentence(f"0 s < {name}0 < {name}1", "The second run takes longer than the first."),
        f"In the third, which took {value(2)}, the cache was warm, as the lines below say.",
        sentence(f"not {name}3 < {name}2 and {name}4 / {name}0 > 2", "The last takes over twice as long.")
        + f" It took {value(4)}.",
        f"Some words about what the lines below say, as reports have them: {value(3)} in all.",
        *["Some words about what the lines below say, as reports have them."] * 5,
    ]
    blocks = [
        f'{words}\n\n{{{{ evidence("{_file(number)}", lines="{nth * LINES + 1}:{(nth + 1) * LINES}") }}}}\n'
        for nth, words in enumerate(paragraphs)
    ]
    return f"# Page {number}\n\n" + "\n".join(blocks)
