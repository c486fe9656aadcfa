"""Build a page with charts, against drawing the same charts bare, and against the same numbers in words."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from labreport.contract.user_cache import OFF
from tests.bench.build import build_seconds
from tests.bench.measure import Compared, compare, seconds_of
from tests.project import CapturedFile, Little, make
from tests.report.series.planted import planted

SERIES = ("nothing", "failure", "outlier", "drift", "modes", "same")
BARE = """
import csv
import sys
import altair
import vl_convert

for path in sys.argv[1:]:
    with open(path, newline="") as file:
        rows = [row | {"seconds": float(row["seconds"])} for row in csv.DictReader(file) if row["seconds"]]
    points = altair.Chart(altair.InlineData(values=rows)).mark_point()
    drawn = points.encode(x="seconds:Q", y="run:O", color="runtime:N")
    for width in (620, 320):
        vl_convert.vegalite_to_svg(drawn.properties(width=width).to_dict(validate=False))
"""
"""Draw each series as ours does, wide and narrow, without statistics, words, tables and a page."""


def charts(folder: Path, python: str, pairs: int, bound: float, *, warm: bool) -> Compared:
    """Compare a page of six different charts with a page that has the comparisons in words.

    If the cache is `warm`, the rival is that page alone. Else the charts are drawn, and the rival also draws
    each of them bare.
    """
    ours = _project(folder / "ours", '{{{{ chart("bench/{}.csv", kind="strip") }}}}')
    rival = _project(folder / "rival", '{{{{ comparison("bench/{}.csv") }}}}')
    words = partial(build_seconds, python, rival.root)
    files = [str(path) for path in sorted((ours.root / "evidence/lab12/bench").glob("*.csv"))]
    bare = partial(seconds_of, [python, "-c", BARE, *files], folder, os.environ)
    return compare(
        _without_pictures(partial(build_seconds, python, ours.root), warm=warm),
        words if warm else lambda: words() + bare(),
        against="the same in words and tables" + ("" if warm else ", and each chart drawn by altair alone"),
        bound=bound,
        pairs=pairs,
    )


def _without_pictures(build: Callable[[], float], *, warm: bool) -> Callable[[], float]:
    """Return a build that draws every chart, unless the cache is `warm`."""

    def cold() -> float:
        os.environ[OFF] = "1"
        try:
            return build()
        finally:
            del os.environ[OFF]

    return build if warm else cold


def _project(root: Path, call: str) -> Little:
    made = make(root)
    for what in SERIES:
        made.capture(CapturedFile(f"bench/{what}.csv", planted(what).encode()))
    made.page(
        "labs/lab12/index.md", "# Charts\n\n" + "\n\n".join(call.format(what) for what in SERIES) + "\n"
    )
    return made
