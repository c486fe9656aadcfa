"""The test of two series: exact, symmetric, held against all orders, and as good as its page says."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labreport.report.series.statistics import EXACT_UP_TO, median, p_of_larger, shift
from tests.project import REPO
from tests.report.series.detection import LATER, RECORDED, recorded, table

VALUES = st.lists(st.integers(1, 6).map(float), min_size=1, max_size=5)


def counted(first: list[float], second: list[float]) -> float:
    """Return the same probability by going through every choice."""
    both = [*first, *second]
    ranks = [
        sum(other < one for other in both) + (sum(other == one for other in both) + 1) / 2 for one in both
    ]
    seen = sum(ranks[len(first) :])
    sums = [sum(chosen) for chosen in combinations(ranks, len(second))]
    return sum(one >= seen for one in sums) / len(sums)


@given(VALUES, VALUES)
def test_it_is_every_order_counted(first: list[float], second: list[float]) -> None:
    """With ties, too."""
    assert p_of_larger(first, second) == pytest.approx(counted(first, second))


def test_a_published_table() -> None:
    """Wilcoxon's rank sum: 5 and 5 without overlap has one order in 252, 4 and 4 one in 70."""
    assert p_of_larger([1.0, 2, 3, 4, 5], [6.0, 7, 8, 9, 10]) == pytest.approx(1 / 252)
    assert p_of_larger([1.0, 2, 3, 4], [5.0, 6, 7, 8]) == pytest.approx(1 / 70)


def test_many_samples_are_as_good_as_counted() -> None:
    """The normal distribution takes over where counting takes long: there is no step between the two."""
    few = [float(value * 7919 % 101 + 1) for value in range(EXACT_UP_TO // 2)]
    more = [*few, 50.0]
    exact = p_of_larger(few, [value + 12 for value in few])
    normal = p_of_larger(more, [value + 12 for value in more])
    assert exact == pytest.approx(normal, rel=0.15)


def test_up_and_down_are_alike() -> None:
    """A step that is taken back has the same p."""
    old, new = [1.0, 1.1, 1.2, 1.05, 1.15, 1.12], [1.5, 1.6, 1.7, 1.55, 1.65, 1.62]
    assert shift(old, new, 0.1).p == pytest.approx(shift(new, old, 0.1).p)
    assert shift(old, new).ratio == pytest.approx(1.61 / 1.11)


def test_a_least_effect_is_asked_for() -> None:
    """A step of 5 % is far beyond chance in calm samples, and nothing against a least effect of 10 %."""
    old = [1 + n / 1000 for n in range(10)]
    new = [value * 1.05 for value in old]
    assert shift(old, new).p < 0.001
    assert shift(old, new, 0.1).p == 1.0


@pytest.mark.parametrize(
    ("old", "new", "least"), [([], [1.0], 0), ([1.0], [], 0), ([0.0], [1.0], 0), ([1.0], [1.0], -1)]
)
def test_what_is_no_series_is_refused(old: list[float], new: list[float], least: float) -> None:
    """None, zero, or a least effect below zero."""
    with pytest.raises(ValueError, match="positive samples"):
        shift(old, new, least)


@pytest.mark.slow
def test_the_page_tells_the_rates() -> None:
    """The table in manual/reference/diff.md is of recorded noise; larger steps are found more often."""
    told, page = table(), (REPO / "docs" / "manual" / "reference" / "diff.md").read_text()
    assert told in page
    words = " ".join(page.split())
    then, later = ([float(one.seconds.exact) for one in recorded(path).samples] for path in (RECORDED, LATER))
    assert f"slowest run took {max(then) / median(then):.0f} times the median" in words
    assert f"{median(later) / median(then):.1f} times as long" in words
    for row in told.splitlines()[2:]:
        none, *steps, shifted, undrifted = [
            float(cell.rstrip("% ")) for cell in row.strip("|").split("|")[1:]
        ]
        assert none <= 1
        assert steps == sorted(steps)
        assert shifted <= 1 < undrifted
