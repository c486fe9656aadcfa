"""The macros comparison, chart and table on a page: every pair, any columns, facts, and their evidence."""

from pathlib import Path

import pytest

from labreport.capture.importing import UNKNOWN_HOST
from labreport.contract.records import HostClass, Import
from labreport.report.export.markdown import figure_markdown
from labreport.report.pages.calls import Call
from labreport.report.problems import Problem
from labreport.report.source.cite import Gap
from labreport.report.tables import Figure
from labreport.site.html.blocks import figure_html
from labreport.site.html.environment import BlockPlace, LateHtml
from tests.project import HOST, CapturedFile, Little, make, row

SLOW = HOST.model_copy(update={"host_class": HostClass.EMULATED})
SIZES = 'tool,level,bytes\ngzip,1,8201334\ngzip,6,7120134\n"<b>x|z</b>",6,5120134\nzstd,19,999\n'
HYPERFINE = b'{"results": [{"command": "a", "mean": 0.10}, {"command": "b", "mean": 0.090}]}'
FACTS = """
gzip.bytes: {file: sizes.csv, read: "csv bytes where tool=gzip, level=6", unit: B}
zstd.bytes: {file: sizes.csv, read: "csv bytes where tool=zstd", unit: B}
speed.zstd: {file: three.csv, read: series median of zstd}
speed.low: {file: three.csv, read: series low of zstd}
speed.high: {file: three.csv, read: series high of zstd}
slow.one: {file: slow.csv, read: "csv seconds", unit: s}
missing.one: {file: missing.csv, read: "csv seconds", unit: s}
"""


def three() -> str:
    """Return a series of three contenders, in which gzip takes twice and xz four times as long as zstd."""
    rows = ["run,order,tool,seconds,exit_status\n"]
    for run in range(1, 9):
        for order, (name, factor) in enumerate((("zstd", 1), ("gzip", 2), ("xz", 4)), 1):
            rows.append(f"{run},{order},{name},{factor * (1 + run / 100):.3f},0\n")
    return "".join(rows)


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory) -> Little:
    """Return a lab with sizes, a series of three tools, JSON, and a file of an emulated host."""
    made = make(tmp_path_factory.mktemp("macros") / "project")
    made.page("labs/lab12/index.md", "# Lab\n")
    made.page("labs/lab12/facts.yml", FACTS)
    made.capture(CapturedFile("sizes.csv", SIZES.encode()))
    made.capture(CapturedFile("three.csv", three().encode()))
    made.capture(CapturedFile("hyper.json", HYPERFINE))
    made.capture(CapturedFile("long.csv", ("n\n" + "1\n" * 301).encode()))
    made.capture(CapturedFile("mixed.csv", b'n\n1\n10\n9\n"1,091"\n'))
    made.capture(CapturedFile("utf16.csv", "a,b\n1,2\n".encode("utf-16")))
    made.capture(CapturedFile("slow.csv", b"seconds\n1.5\n"), host=SLOW)
    made.state(row("missing", "missing.csv", reason="no tool"))
    return made


def show(little: Little, name: str, *args: object, **named: object) -> object:
    """Return the result of a macro on a page of the lab."""
    return Call(name, args, tuple(named.items())).run(little.context("labs/lab12/x.md"))


def figure(little: Little, name: str, *args: object, **named: object) -> Figure:
    """Return the figure of a macro."""
    found = show(little, name, *args, **named)
    assert isinstance(found, Figure), found
    return found


def html(found: Figure) -> str:
    """Return the HTML of a figure."""
    slots = LateHtml()
    return slots.fill_late(figure_html(found, BlockPlace("../", slots)))


def texts(found: Figure) -> list[list[str]]:
    """Return the cells of a figure's table."""
    return [[cell.text for cell in cells] for cells in found.table.rows]


def test_every_pair_is_stated(little: Little) -> None:
    """Each contender has a sentence and a row beside the base, which is the first one or the chosen one."""
    found = figure(little, "comparison", "three.csv")
    assert found.title == "zstd, gzip and xz"
    assert found.sentences[0].startswith("gzip took 2.000 times as long as zstd")
    assert found.sentences[1].startswith("xz took 4.000 times as long as zstd")
    assert found.sentences[2] == "Each interval holds with 95% by itself, not all of them at once."
    assert [cells[0].split(",")[0] for cells in texts(found)][3:] == ["gzip / zstd", "xz / zstd"]
    other = figure(little, "comparison", "three.csv", base="xz")
    assert [one.split(" took ")[0] for one in other.sentences[:2]] == ["zstd", "gzip"]
    assert all("as long as xz" in one for one in other.sentences[:2])


def test_chosen_pairs_are_the_only_ones(little: Little) -> None:
    """A pair names both of its contenders."""
    found = figure(little, "comparison", "three.csv", pairs=["xz / gzip"], runs="requests")
    assert found.sentences[0].startswith("xz took 2.000 times as long as gzip")
    assert len(texts(found)) == 4
    assert found.table.head[1] == "requests"


@pytest.mark.parametrize(
    ("named", "words", "remedy"),
    [
        ({"base": "zstdd"}, "no 'zstdd' in the series", "is zstd meant?"),
        ({"base": 3}, "base is 3", "in quotes"),
        ({"pairs": "xz"}, "'xz' is no pair", 'pairs=["xz / zstd"]'),
        ({"pairs": ["xz / brotli"]}, "no 'brotli' in the series", "use one of: zstd, gzip, xz"),
        ({"pairs": ["xz / xz"]}, "is no pair", "pairs="),
        ({"pairs": []}, "pairs is []", "list"),
        ({"pairs": ["xz / zstd"], "base": "xz"}, "base and pairs are both given", "leave out one"),
        ({"runs": "\n"}, "runs is", "requests"),
        ({"runs": "x" * 50}, "runs is", "in the plural"),
    ],
)
def test_a_wrong_comparison_says_what_is_right(
    little: Little, named: dict[str, object], words: str, remedy: str
) -> None:
    """The problem names the contender, and its remedy those that there are."""
    found = show(little, "comparison", "three.csv", **named)
    assert isinstance(found, Problem)
    assert words in found.what
    assert remedy in found.remedy


def svg_of(found: Figure) -> str:
    """Return the chart of a figure for a wide page."""
    assert found.svgs
    return found.svgs()[0]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["strip", "percentiles"])
def test_a_chart_of_samples_has_the_labs_own_noun(little: Little, kind: str) -> None:
    """The samples are called what the page says, and `runs` without that."""
    assert "requests" in svg_of(figure(little, "chart", "three.csv", kind=kind, runs="requests"))
    assert "requests" not in svg_of(figure(little, "chart", "three.csv", kind=kind))
    assert "runtime" not in svg_of(figure(little, "chart", "three.csv", kind=kind))


def test_a_chart_of_columns(little: Little) -> None:
    """It has the picture twice, the values and the provenance of its file."""
    found = figure(little, "chart", "sizes.csv", kind="bars", x="tool", y="bytes", by="level", unit="MB")
    page = html(found)
    assert page.count("<svg") == 2
    assert "evidence/lab12/sizes.csv" in page
    assert "&lt;b&gt;x|z&lt;/b&gt;" in page
    assert "<b>x" not in page
    assert ["gzip", "1", "8.201334 MB"] in texts(found)


def test_a_chart_of_json(little: Little) -> None:
    """The list is at a place of the document."""
    found = figure(little, "chart", "hyper.json", kind="bars", x="command", y="mean", at="results", unit="s")
    assert texts(found) == [["a", "0.10 s"], ["b", "0.090 s"]]


def test_a_chart_of_facts(little: Little) -> None:
    """Each value is an expression of facts; the evidence of all of them is behind the chart."""
    sizes = {"gzip -6": "gzip.bytes", "zstd -19": "zstd.bytes"}
    found = figure(little, "chart", kind="bars", facts=sizes, unit="kB", y="size")
    assert texts(found) == [["gzip -6", "7120.134 kB"], ["zstd -19", "0.999 kB"]]
    assert found.table.head == ("", "size (kB)")
    assert found.facts == {"gzip.bytes", "zstd.bytes"}
    assert [block.content.path for block in found.blocks] == ["sizes.csv"]
    times = {"zstd": ["speed.zstd", "speed.low", "speed.high"]}
    assert figure(little, "chart", kind="bars", facts=times).block.content.path == "three.csv"
    grouped = {"all": {"gzip": "gzip.bytes", "zstd": "zstd.bytes"}}
    assert texts(figure(little, "chart", kind="bars", facts=grouped))[1] == ["all", "zstd", "999 B"]
    line = figure(little, "chart", kind="lines", facts={"6": "gzip.bytes", "19": "zstd.bytes"}, x="level")
    assert texts(line)[0] == ["6", "7120134 B"]


def test_a_gap_of_a_fact_is_a_gap(little: Little) -> None:
    """A chart of what was not captured says so as any block does."""
    gap = show(little, "chart", kind="bars", facts=["missing.one", "gzip.bytes"])
    assert isinstance(gap, Gap)
    assert gap.path == "lab12/missing.csv"
    assert isinstance(show(little, "table", "missing.csv"), Gap)
    assert isinstance(show(little, "chart", "missing.csv", kind="bars", x="a", y="b"), Gap)


def test_an_emulated_fact_marks_the_chart(little: Little) -> None:
    """The picture says so, and the page has to accept it."""
    found = figure(little, "chart", kind="bars", facts=["slow.one"])
    assert found.emulated
    assert "Emulated:" in svg_of(found)
    assert found.host_sentence == "Measured on a host of class emulated."


@pytest.mark.parametrize(
    ("args", "named", "words"),
    [
        ((), {"kind": "bars"}, "no path and no facts"),
        (("sizes.csv",), {"kind": "bars", "facts": ["gzip.bytes"]}, "a path and facts"),
        (("sizes.csv",), {"kind": "bar", "x": "tool", "y": "bytes"}, "no kind of chart 'bar'"),
        (("sizes.csv",), {"kind": "bars"}, "needs x and y"),
        (("sizes.csv",), {"kind": "bars", "x": "tool", "y": 3}, "y is 3"),
        (("sizes.csv",), {"kind": "bars", "x": 3, "y": "bytes"}, "x is 3"),
        (("sizes.csv",), {"kind": "bars", "x": "tool", "y": "bytes", "unit": "s"}, "cannot be given in s"),
        (("sizes.csv",), {"kind": "bars", "x": "tool", "y": "bytes", "unit": "kilo"}, "no unit 'kilo'"),
        (("sizes.csv",), {"kind": "bars", "x": "tool", "y": "bytes", "where": "a"}, "where is 'a'"),
        (("sizes.csv",), {"kind": "bars", "x": "tool", "y": "bytes", "interval": "low"}, "interval is 'low'"),
        (("sizes.csv",), {"kind": "bars", "x": "tool", "y": "bytes", "zero": 0}, "zero is 0"),
        (("sizes.csv",), {"kind": "lines", "x": "level", "y": "bytes", "log": "z"}, "log is 'z'"),
        (("sizes.csv",), {"kind": "bars", "x": "tool", "y": "bytes", "runs": "x"}, "kind bars takes no runs"),
        (("sizes.csv",), {"kind": "strip", "x": "tool"}, "kind strip takes no x"),
        (("utf16.csv",), {"kind": "bars", "x": "a", "y": "b"}, "is UTF-16, not UTF-8"),
        ((), {"kind": "strip", "facts": ["gzip.bytes"]}, "shows the samples of a file"),
        ((), {"kind": "bars", "facts": ["gzip.bites"]}, "declares no gzip.bites"),
        ((), {"kind": "bars", "facts": []}, "facts is no list and no mapping"),
        ((), {"kind": "bars", "facts": {"a": 3}}, "facts has '3' at 'a'"),
        ((), {"kind": "bars", "facts": {"a": ["gzip.bytes", "gzip.bytes"]}}, "'a' has 2 values"),
        ((), {"kind": "bars", "facts": ["1 s"]}, "shows no fact"),
        ((), {"kind": "bars", "facts": ["gzip.bytes", "speed.zstd"]}, "cannot be given in B"),
        ((), {"kind": "bars", "facts": ["slow.one", "speed.zstd"]}, "values of several hosts"),
        ((), {"kind": "bars", "facts": ["gzip.bytes < 1 MB"]}, "is a condition"),
        ((), {"kind": "lines", "facts": {"gzip": "gzip.bytes"}}, "'gzip' is no number"),
        ((), {"kind": "bars", "facts": ["gzip.bytes"], "where": "a=b"}, "takes no where"),
        ((), {"kind": "bars", "facts": ["gzip.bytes"], "x": 3}, "x is 3"),
    ],
)
def test_what_cannot_be_drawn_says_why(
    little: Little, args: tuple[object, ...], named: dict[str, object], words: str
) -> None:
    """The macro returns a problem with a remedy, and never raises."""
    found = show(little, "chart", *args, **named)
    assert isinstance(found, Problem)
    assert words in found.what
    assert found.remedy


def test_imported_values_are_in_no_chart_together(tmp_path: Path) -> None:
    """Nothing says that one host measured them; a claim on both is not comparable either."""
    made = make(tmp_path / "project")
    made.page("labs/lab12/index.md", "# Lab\n")
    facts = [f'{name}: {{file: a.csv, read: "csv seconds where tool={name}", unit: s}}\n' for name in "ab"]
    made.page("labs/lab12/facts.yml", "".join(facts))
    csv = CapturedFile("a.csv", b"tool,seconds\na,1.5\nb,2.5\n", ())
    imported = Import(report="report.md", sha256="0" * 64)
    made.capture(csv, host=UNKNOWN_HOST, start=None, imported=imported)
    found = show(made, "chart", kind="bars", facts=["a", "b"])
    assert isinstance(found, Problem)
    assert "values of an unknown host: a is of host" in found.what
    assert isinstance(show(made, "chart", kind="bars", facts=["a"]), Figure)


def test_a_table_is_sorted_and_aligned(little: Little) -> None:
    """Numbers are in order of size and right-aligned, text is escaped, and the file is behind it."""
    found = figure(little, "table", "sizes.csv", sort="-bytes", columns=["bytes", "tool"])
    assert [cells[0] for cells in texts(found)] == ["8201334", "7120134", "5120134", "999"]
    page = html(found)
    assert page.count('class="ev-right"') == 5
    assert "&lt;b&gt;x|z&lt;/b&gt;" in page
    assert "evidence/lab12/sizes.csv" in page
    exported = figure_markdown(found)
    assert "| ---: | --- |" in exported
    assert r"\<b\>x\|z\</b\>" in exported
    assert "From `lab12/sizes.csv`." in exported


def test_a_table_of_some_rows_says_so(little: Little) -> None:
    """`head` shows the first rows, after sorting; `where` selects."""
    found = figure(little, "table", "sizes.csv", sort="bytes", head=1)
    assert texts(found) == [["zstd", "19", "999"]]
    assert found.sentences == ("The first 1 of 4 rows.",)
    assert len(texts(figure(little, "table", "sizes.csv", where="tool=gzip"))) == 2
    assert texts(figure(little, "table", "hyper.json", at="results", sort="mean"))[0] == ["b", "0.090"]
    assert texts(figure(little, "table", "sizes.csv", sort="tool"))[0][0] == "<b>x|z</b>"


@pytest.mark.parametrize(
    ("path", "named", "words"),
    [
        ("long.csv", {}, "has 301 rows, at most 300 are shown"),
        ("sizes.csv", {"sort": "size"}, "no column 'size'"),
        ("sizes.csv", {"columns": ["tol"]}, "no column 'tol'"),
        ("sizes.csv", {"columns": 3}, "columns is 3"),
        ("sizes.csv", {"head": 0}, "head is 0"),
        ("sizes.csv", {"head": True}, "head is True"),
        ("sizes.csv", {"sort": True}, "sort is True"),
        ("mixed.csv", {"sort": "n"}, "line 5, column 'n': 1,091 is 1091 or"),
        ("utf16.csv", {}, "is UTF-16, not UTF-8"),
        ("hyper.json", {}, "is no list of objects"),
        ("nowhere.csv", {}, "no collector of lab12 writes nowhere.csv"),
    ],
)
def test_what_is_no_table_says_why(little: Little, path: str, named: dict[str, object], words: str) -> None:
    """The macro returns a problem with a remedy, and never raises."""
    found = show(little, "table", path, **named)
    assert isinstance(found, Problem)
    assert words in found.what
    assert found.remedy
