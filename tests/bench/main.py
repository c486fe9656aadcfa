"""scripts/bench: run the benchmarks, and print a table or JSON."""

import json
import os
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench.box import box  # noqa: E402
from tests.bench.build import build  # noqa: E402
from tests.bench.capture import capture, commands  # noqa: E402
from tests.bench.charts import charts  # noqa: E402
from tests.bench.collects import series, sheet  # noqa: E402
from tests.bench.facts import facts  # noqa: E402
from tests.bench.measure import Compared, compare, seconds_of  # noqa: E402
from tests.bench.page import CELLS, HEAD, with_results  # noqa: E402
from tests.bench.serve import serve  # noqa: E402
from tests.bench.verify import verify  # noqa: E402

PAGE = ROOT / "docs/manual/reference/performance.md"
PYTHON = ROOT / ".venv" / "bin" / "python"
LAB = ROOT / ".venv" / "bin" / "lab"
KIB = 1024


def start(folder: Path) -> Compared:
    """Compare `lab --help` with a Python that does nothing."""
    folder.mkdir()
    return compare(
        partial(seconds_of, [str(LAB), "--help"], folder, os.environ),
        partial(seconds_of, [str(PYTHON), "-c", "pass"], folder, os.environ),
        against="python3 -c pass",
        bound=6.0,
        pairs=21,
    )


SMALL: dict[str, Any] = {"python": str(PYTHON), "pages": 100, "pairs": 5}
LARGE: dict[str, Any] = {"python": str(PYTHON), "pages": 1000, "pairs": 3}
BENCHMARKS: dict[str, Callable[[Path], Compared]] = {
    "build": partial(build, **SMALL, rival="highlighted", bound=1.0),
    "build-1000": partial(build, **LARGE, rival="highlighted", bound=1.0),
    "fences": partial(build, **SMALL, rival="fences", bound=1.25),
    "fences-1000": partial(build, **LARGE, rival="fences", bound=1.25),
    "snippets": partial(build, **SMALL, rival="snippets", bound=0.95),
    "snippets-1000": partial(build, **LARGE, rival="snippets", bound=0.95),
    "serve": partial(serve, python=str(PYTHON), pages=50, pairs=7, bound=0.25),  # 0.3 s
    "serve-1000": partial(serve, python=str(PYTHON), pages=1000, pairs=3, bound=0.1),  # 0.5 s
    "facts": partial(facts, python=str(PYTHON), pages=100, pairs=31, bound=1.3),
    "charts": partial(charts, python=str(PYTHON), pairs=5, bound=1.3, warm=False),
    "charts-kept": partial(charts, python=str(PYTHON), pairs=5, bound=1.25, warm=True),
    "capture": partial(capture, pairs=9),
    "commands": partial(commands, python=str(PYTHON), pairs=5),
    "series": partial(series, lab=LAB, pairs=5),
    "sheet": partial(sheet, lab=LAB, pairs=3, waits=True, bound=0.5),
    "sheet-ready": partial(sheet, lab=LAB, pairs=3, waits=False, bound=5.0),
    "verify": partial(verify, lab=LAB, rival="sha256sum", size=16 * KIB, bound=2.0, pairs=7),  # 0.9 s
    "verify-2k": partial(verify, lab=LAB, rival="sha256sum", size=2 * KIB, bound=8.0, pairs=7),
    "verify-openssl": partial(verify, lab=LAB, rival="openssl", size=16 * KIB, bound=12.0, pairs=7),
    "start": start,
    "box": partial(box, lab=LAB, pairs=5),
}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(BENCHMARKS)))
@click.option("--json", "json_", is_flag=True, help="Print {name: {ratio, against, bound, …}}.")
@click.option(
    "--page", is_flag=True, help=f"Write the table into {PAGE.relative_to(ROOT)}, with this machine."
)
def main(names: tuple[str, ...], *, json_: bool, page: bool) -> None:
    """Measure our speed as ratios to named rivals. Exit with 1 if a ratio is over its bound."""
    results = {}
    for name in names or tuple(BENCHMARKS):
        with tempfile.TemporaryDirectory(prefix="lab-bench-") as folder:
            results[name] = BENCHMARKS[name](Path(folder) / name)
    if json_:
        click.echo(json.dumps({name: one.as_json() for name, one in results.items()}, indent=1))
    else:
        table = Table(*HEAD)
        for name, one in results.items():
            row = one.as_json()
            table.add_row(name, *(str(row[cell]) for cell in CELLS))
        Console().print(table)
    if page:
        PAGE.write_text(
            with_results(PAGE.read_text(), {name: one.as_json() for name, one in results.items()})
        )
    sys.exit(any(one.ratio > one.bound for one in results.values()))


if __name__ == "__main__":
    main()
