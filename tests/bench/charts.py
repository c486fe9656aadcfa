"""Build a page with charts, and a page with the same numbers; half a second is allowed for each chart."""

from functools import partial
from pathlib import Path

from tests.bench.build import build_seconds
from tests.bench.measure import Compared, compare
from tests.project import CapturedFile, Little, make
from tests.report.series.planted import planted

SECONDS_A_CHART = 0.5
SERIES = ("nothing", "failure", "outlier", "drift", "modes", "same")


def charts(folder: Path, python: str, pairs: int) -> Compared:
    """Compare a page of six different charts with a page that has the comparisons in words."""
    ours = _project(folder / "ours", '{{{{ chart("bench/{}.csv", kind="strip") }}}}')
    rival = _project(folder / "rival", '{{{{ comparison("bench/{}.csv") }}}}')
    return compare(
        partial(build_seconds, python, ours.root),
        lambda: build_seconds(python, rival.root) + SECONDS_A_CHART * len(SERIES),
        against=f"the same in words and tables, plus {SECONDS_A_CHART} s for each of {len(SERIES)} charts",
        bound=1.0,
        pairs=pairs,
    )


def _project(root: Path, call: str) -> Little:
    made = make(root)
    for what in SERIES:
        made.capture(CapturedFile(f"bench/{what}.csv", planted(what).encode()))
    made.page(
        "labs/lab12/index.md", "# Charts\n\n" + "\n\n".join(call.format(what) for what in SERIES) + "\n"
    )
    return made
