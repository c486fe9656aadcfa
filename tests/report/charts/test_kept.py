"""Pictures in the cache: each is drawn once for its content, and `lab check` draws none."""

import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from labreport.contract.user_cache import OFF
from labreport.report.charts import draw, draw_plot, kept, style
from labreport.report.charts.kept import kept_svgs
from labreport.report.charts.points import Plot, Point
from labreport.report.charts.style import Svgs
from labreport.report.values import Quantity
from tests.conftest import ROOT
from tests.project import CapturedFile, make
from tests.report.series.planted import planted

DRAWN = Svgs("<svg>wide</svg>", "<svg>narrow</svg>")


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUDO_UID", raising=False)
    monkeypatch.delenv(OFF)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_drawn_once_for_each_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another text, another kind, an emulated host and other code are each another picture."""
    drawn: list[str] = []

    def shown(*origin: str) -> Svgs:
        return kept_svgs(origin, tmp_path / "project", lambda: drawn.append(" ".join(origin)) or DRAWN)  # type: ignore[func-returns-value]

    for _ in range(2):
        assert shown("strip", "a", "False") == DRAWN
    assert drawn == ["strip a False"]
    for origin in (("strip", "b", "False"), ("percentiles", "a", "False"), ("strip", "a", "True")):
        shown(*origin)
    assert len(drawn) == 4
    monkeypatch.setattr(kept, "code_hash", lambda: "of newer code")
    shown("strip", "a", "False")
    assert len(drawn) == 5


@pytest.mark.slow
def test_the_picture_from_the_cache_is_the_one_that_was_drawn(tmp_path: Path) -> None:
    """It equals the drawn one, and one that is drawn without a cache."""
    text, plot = planted("same"), Plot((Point("a", "", Quantity(Decimal("1.5"), "s")),), "tool", "s")
    for _ in range(2):
        shown = [
            (
                draw("strip", text, emulated=False, project=project).svgs,
                draw_plot("bars", plot, emulated=False, project=project).svgs,
            )
            for project in (tmp_path / "project", None)
        ]
        assert shown[0] == shown[1]
        draw.cache_clear()
        draw_plot.cache_clear()


def test_a_check_draws_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`lab check` judges a chart by its values: nothing is drawn, and it finds what is wrong."""
    little = make(tmp_path / "project")
    little.capture(CapturedFile("bench/startup.csv", planted("same").encode()))
    little.capture(CapturedFile("bench/words.csv", b"slow\n"))
    calls = [f'{{{{ chart("bench/{name}.csv", kind="strip") }}}}' for name in ("startup", "words")]
    little.page("labs/lab12/index.md", "# Charts\n\n" + "\n\n".join(calls) + "\n")
    draw.cache_clear()
    monkeypatch.setattr(style, "_svg", None)
    found = [str(finding) for finding in little.check(date(2026, 3, 4)).findings]
    assert [text for text in found if "cannot draw strip" in text]
    assert not [text for text in found if "startup.csv" in text]


@pytest.mark.slow
def test_altair_is_loaded_when_a_chart_is_drawn() -> None:
    """A chart whose SVG nobody asks for costs no import of what draws."""
    code = (
        "import sys; from labreport.report.charts import draw; "
        "picture = draw('strip', sys.stdin.read(), emulated=False); "
        "before = {'altair.vegalite', 'vl_convert.vl_convert'} & set(sys.modules); "
        "print(picture.title, before, picture.svgs.wide[:4], 'altair.vegalite' in sys.modules)"
    )
    argv = [sys.executable, "-c", code]
    ended = subprocess.run(argv, cwd=ROOT, input=planted("same"), capture_output=True, text=True, check=False)
    assert ended.stdout.endswith("runs set() <svg True\n"), ended.stderr
