"""Sentences, tables and facts of a series agree, and show whatever was planted in it."""

import statistics
from decimal import Decimal

import pytest

from labreport.report.facts.converters import NotThere, Unreadable, convert
from labreport.report.series import SeriesError, median_estimate, read_series
from labreport.report.series.comparison import (
    Comparison,
    compare,
    comparison_table,
    four_digits,
    noise_sentence,
    sentences,
)
from labreport.report.values import Quantity
from tests.report.series.planted import HEAD, RUNS, planted

SIX = HEAD + "".join(f"{run},1,runc,{run}.5,0\n" for run in range(1, 7))


def said(what: str) -> tuple[Comparison, str]:
    """Return the comparison of a planted series, and its sentences."""
    found = compare(read_series(planted(what)))
    return found, " ".join(sentences(found))


def seconds_of(what: str, name: str) -> list[float]:
    """Return the durations of the successful runs, read without the code under test."""
    rows = [line.split(",") for line in planted(what).splitlines()[1:]]
    return [float(row[3]) for row in rows if row[2] == name and row[4] == "0"]


def test_nothing_planted_nothing_odd_said() -> None:
    """There is one sentence: the ratio of the pairs with its interval."""
    found, words = said("nothing")
    assert len(sentences(found)) == 1
    assert found.pairs[0].ratio is not None
    assert found.pairs[0].ratio.count == RUNS
    pairs = zip(seconds_of("nothing", "runc"), seconds_of("nothing", "kata"), strict=True)
    assert float(found.pairs[0].ratio.median.exact) == pytest.approx(
        statistics.median(b / a for a, b in pairs)
    )
    assert words.startswith(
        f"kata took {four_digits(found.pairs[0].ratio.median)} times as long as runc (95% interval "
    )
    assert words.endswith(", 12 pairs).")


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (
            "failure",
            "1 of 12 runs failed, and the median excludes them: run 5 (exit status 1 after 60.00 ms).",
        ),
        ("hang", "1 of 12 runs failed, and the median excludes them: run 5 (exit status 124 after 120.0 s)."),
    ],
)
def test_a_failed_start_is_counted_and_in_no_median(what: str, words: str) -> None:
    """The median and the ratio exclude a quick failure and a long hang."""
    found, told = said(what)
    assert f"kata: {words}" in told
    kata = found.contenders[1]
    assert kata.seconds is not None
    assert kata.seconds.count == RUNS - 1
    assert float(kata.seconds.median.exact) == pytest.approx(statistics.median(seconds_of(what, "kata")))
    assert found.pairs[0].ratio is not None
    assert found.pairs[0].ratio.count == RUNS - 1
    row = [cell.text for cell in comparison_table(found).rows[1]]
    assert row[:3] == ["kata", "12", "1"]
    assert str(convert("series failed of kata", planted(what))) == "1"
    assert str(convert("series pairs of kata / runc", planted(what))) == "11"


def test_an_outlier_is_named_and_kept() -> None:
    """The sentence names the outlier, and the median includes it."""
    found, told = said("outlier")
    assert "kata: outliers (kept): run 5 (4.800 s)." in told
    kata = found.contenders[1].seconds
    assert kata is not None
    assert kata.count == RUNS


def test_a_drift_and_a_second_mode_are_named() -> None:
    """The sentences name a trend and a second mode."""
    assert "kata: a significant upward trend: +28% over the series (p = " in said("drift")[1]
    assert "kata: two modes, which one median does not describe: 8 runs up to 1." in said("modes")[1]
    assert "two modes" not in said("drift")[1]
    assert "trend" not in said("modes")[1]


def test_no_difference_is_said_as_what_it_is() -> None:
    """The sentence says that these runs show no difference, not that there is none."""
    found, told = said("same")
    assert found.pairs[0].shows_no_difference
    assert told.startswith("These runs show no difference between runc and kata: kata took ")
    assert noise_sentence(found).startswith("The noise of the host: the same command took ")


def test_what_cannot_be_said_is_said_so() -> None:
    """One contender, too few pairs, no pair and several samples in a run are explained."""
    one = compare(read_series(SIX))
    assert sentences(one) == ["There is no ratio: the series has one contender only."]
    assert noise_sentence(one).startswith("The noise of the host is unknown")
    few = compare(read_series(HEAD + "1,1,a,1.0,0\n1,2,b,2.0,0\n"))
    assert sentences(few) == ["b took 2.0 times as long as a (median of 1 pair; too few for an interval)."]
    assert comparison_table(few).rows[0][4].text == "too few runs"
    none = compare(read_series(HEAD + "1,1,a,1.0,0\n1,2,b,2.0,1\n"))
    assert sentences(none)[0] == "There is no ratio of b to a: there is no run in which both succeeded."
    assert comparison_table(none).rows[1][3].text == "none"
    blocks = compare(read_series(HEAD + "1,1,a,1.0,0\n1,1,a,1.1,0\n1,2,b,2.0,0\n"))
    assert "they form no pairs" in sentences(blocks)[0]


@pytest.mark.parametrize("what", ["nothing", "failure", "outlier", "same"])
def test_facts_and_comparison_agree(what: str) -> None:
    """The converter returns the values of the page's table."""
    text, (found, _told) = planted(what), said(what)
    for one in found.contenders:
        assert one.seconds is not None
        for end in ("median", "low", "high"):
            assert convert(f"series {end} of {one.name}", text) == getattr(one.seconds, end)
    assert found.pairs[0].ratio is not None
    for end in ("median", "low", "high"):
        assert convert(f"series {end} of kata / runc", text) == getattr(found.pairs[0].ratio, end)


def test_percentiles_are_samples() -> None:
    """A percentile is the smallest sample that so many percent do not exceed."""
    assert str(convert("series p50 of runc", SIX)) == "3.5 s"
    assert str(convert("series p99 of runc", SIX)) == "6.5 s"
    assert str(convert("series runs of runc", SIX)) == "6"


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("mean of runc", "'mean of runc' is not a statistic of a series"),
        ("pairs of runc", "pairs need two names"),
        ("failed of runc / runc", "failed are of one name"),
    ],
)
def test_what_a_series_does_not_say(how: str, words: str) -> None:
    """An unknown statistic raises NotThere."""
    with pytest.raises(NotThere, match=words):
        convert(f"series {how}", SIX)


def test_too_few_runs_have_a_median_and_no_interval() -> None:
    """Five runs are too few for 95 %."""
    five = SIX.rpartition("6,1,")[0]
    assert str(convert("series median of runc", five)) == "3.5 s"
    with pytest.raises(NotThere, match="5 are too few"):
        convert("series low of runc", five)
    assert median_estimate([Quantity(Decimal(1), "s")] * 6).low is not None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "its first line is not run,order"),
        ("runtime,seconds\n", "its first line is not run,order"),
        (HEAD, "it has no samples"),
        (HEAD + "1,1,runc,0.4\n", "line 2 has 4 cells"),
        (HEAD + "1,1,runc,fast,0\n", "line 2: 'fast' is not a number"),
        (HEAD + "one,1,runc,0.4,0\n", "line 2: invalid literal"),
        (HEAD + "1,1,runc,0.0,0\n", "line 2: a duration of 0 is no measurement"),
        (HEAD + '1,1,"runc,0.4,0\n', "not CSV"),
    ],
)
def test_what_is_no_series(text: str, words: str) -> None:
    """The error names the line, and the converter refuses the text."""
    with pytest.raises(SeriesError, match=words):
        read_series(text)
    with pytest.raises(Unreadable, match=words):
        convert("series median of runc", text)


def test_a_contender_that_is_not_there_is_named() -> None:
    """The error lists the contenders."""
    with pytest.raises(Unreadable, match="no 'kata' in the series: use one of: runc"):
        convert("series median of kata", SIX)
    with pytest.raises(Unreadable, match="none of its runs succeeded"):
        convert("series p50 of a", HEAD + "1,1,a,1.0,1\n")
