"""Charts and comparisons show the same values as the sentences and tables, with their evidence."""

import re
from pathlib import Path

import pytest

from labreport.contract.records import HostClass
from labreport.report.charts import draw
from labreport.report.charts.style import EMULATED, NARROW, WIDE
from labreport.report.export.markdown import figure_markdown
from labreport.report.pages.calls import Call, CallResult, problems_of
from labreport.report.problems import Problem
from labreport.report.series import read_series
from labreport.report.series.comparison import compare, comparison_table, four_digits, sentences
from labreport.report.source.cite import Gap
from labreport.report.tables import Figure
from labreport.site.html.blocks import figure_html
from labreport.site.html.environment import BlockPlace, LateHtml
from tests.project import HOST, CapturedFile, Little, make, row
from tests.report.series.planted import planted

SLOW = HOST.model_copy(update={"host_class": HostClass.EMULATED})
PHASES = (
    "run,runtime,phase,seconds\n"
    "1,runc,create,0.11\n1,runc,workload,0.01\n1,kata,boot <to> agent,0.61\n1,kata,create,0.21\n"
    "2,runc,create,0.13\n2,runc,workload,0.01\n2,kata,boot <to> agent,0.63\n2,kata,create,0.20\n"
)
MEMORY = (
    "runtime,containers,container,process,pss_kib\n"
    "runc,1,1,shim,10240\nrunc,1,1,sleep,512\nkata,1,1,shim,92160\nkata,2,1,shim,81920\nkata,2,2,shim,83968\n"
)
TEXTS = {"strip": planted("failure"), "percentiles": planted("outlier"), "phases": PHASES, "memory": MEMORY}


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory) -> Little:
    """Return a lab with a series, its noise, the noise of another host, and files that are not series."""
    made = make(tmp_path_factory.mktemp("figures") / "project")
    made.page("labs/lab12/index.md", "# Lab\n")
    for name, what, host in [
        ("startup", "outlier", HOST),
        ("noise", "same", HOST),
        ("elsewhere", "same", SLOW),
        ("slow", "drift", SLOW),
    ]:
        made.capture(CapturedFile(f"bench/{name}.csv", planted(what).encode()), host=host)
    made.capture(CapturedFile("bench/words.csv", b"slow\n"))
    made.capture(CapturedFile("bench/bytes.csv", b"\xff\0"))
    (made.root / "evidence/lab12/bench/unknown.csv").write_text(planted("same"))
    made.state(row("kata", "bench/kata.csv", reason="no KVM"))
    return made


def show(little: Little, name: str, *args: object, **named: object) -> object:
    """Return the result of a macro on a page of the lab."""
    return Call(name, args, tuple(named.items())).run(little.context("labs/lab12/x.md"))


def figure(little: Little, name: str, *args: object, **named: object) -> Figure:
    """Return the figure of a macro."""
    found = show(little, name, *args, **named)
    assert isinstance(found, Figure), found
    return found


@pytest.mark.slow
@pytest.mark.parametrize("what", ["nothing", "failure", "hang", "outlier", "drift", "modes", "same"])
def test_the_picture_says_what_the_text_says(what: str) -> None:
    """The median, the sentences and the table equal those of the comparison. Every run has a mark."""
    text = planted(what)
    found, picture = compare(read_series(text)), draw("strip", text, emulated=False)
    assert picture.description == " ".join(sentences(found))
    assert picture.table == comparison_table(found)
    for svg in (picture.svgs.wide, picture.svgs.narrow):
        words = " ".join(re.findall(r">([^<>]+)</t(?:ext|span)>", svg))
        for one in found.contenders:
            assert one.seconds is not None
            assert f"{one.name}: median {four_digits(one.seconds.median)}" in words
        marks = re.findall(r'class="mark-symbol role-mark[^"]*"[^>]*>(.*?)</g>', svg)
        assert sum(group.count("<path") for group in marks) == len(read_series(text).samples)


def medians_drawn(svg: str) -> list[float]:
    """Return the positions of the medians in a strip chart, as shares of its width."""
    groups = re.findall(r'class="mark-rule role-mark[^"]*"[^>]*>(.*?)</g>', svg)
    return [float(re.findall(r"translate\(([0-9.]+),", group)[0]) for group in groups]


def test_a_median_stands_where_its_number_does() -> None:
    """The line of the median is at the value of the median."""
    text = planted("outlier")
    found, picture = compare(read_series(text)), draw("strip", text, emulated=False)
    right = 1.05 * max(float(one.seconds.exact) for one in read_series(text).samples)
    drawn = medians_drawn(picture.svgs.wide)
    expected = [
        float(one.seconds.median.exact) / right * WIDE.inner for one in found.contenders if one.seconds
    ]
    assert drawn == pytest.approx(expected, abs=0.6)


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("kind", TEXTS)
def test_a_picture_is_the_pages_own(kind: str) -> None:
    """A picture has the page's colours, fetches and runs nothing, has a description, and is reproducible."""
    picture = draw(kind, TEXTS[kind], emulated=False)
    svg = picture.svgs.wide
    assert svg.startswith("<svg")
    assert 'role="img"' in svg
    assert f">{picture.title}</title>" in svg
    assert picture.title
    assert picture.description
    assert picture.table.rows
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b(?!-)", re.sub(r"url\(#[^)]*\)", "", svg))
    assert not re.search(r"<script|<image|<style|@import|href=|on\w+=", svg)
    assert "currentColor" in svg
    draw.cache_clear()
    assert draw(kind, TEXTS[kind], emulated=False).svgs.wide == svg


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("kind", TEXTS)
def test_a_picture_fits_its_canvas(kind: str) -> None:
    """It is about as wide as its canvas, its text is as high, and both pictures have the same words."""
    picture = draw(kind, TEXTS[kind], emulated=True)
    for svg, canvas in ((picture.svgs.wide, WIDE), (picture.svgs.narrow, NARROW)):
        width = re.search(r"max-width: ([0-9.]+)px", svg)
        assert width
        assert 0.85 * canvas.width < float(width[1]) < 1.1 * canvas.width
        assert {float(size) for size in re.findall(r'font-size="([0-9.]+)px"', svg)} == {canvas.text}
        assert f">{picture.description.partition('<')[0][:20]}" in svg


def test_names_at_the_ends_of_lines_do_not_collide() -> None:
    """Of two lines that end at one place, the name of the second is below that of the first."""
    svg = draw("percentiles", planted("same"), emulated=False).svgs.wide
    names = read_series(planted("same")).names
    places = [re.search(rf'translate\([0-9.]+,([0-9.-]+)\)"[^>]*>{name}</text>', svg) for name in names]
    heights = sorted(float(place[1]) for place in places if place)
    assert len(heights) == len(names) == 2
    assert heights[1] - heights[0] >= WIDE.text


@pytest.mark.slow
def test_an_emulated_picture_says_so_in_the_picture() -> None:
    """The picture of an emulated host has a mark. One of real hardware has none."""
    for kind, text in TEXTS.items():
        assert EMULATED in draw(kind, text, emulated=True).svgs.wide
        assert EMULATED not in draw(kind, text, emulated=False).svgs.wide


def test_two_pictures_share_no_id() -> None:
    """Each picture has ids of its own, and refers only to them."""
    ids = [
        set(re.findall(r' id="([^"]+)"', draw(kind, text, emulated=True).svgs.wide))
        for kind, text in TEXTS.items()
    ]
    assert all(len(one) >= 2 for one in ids)
    assert sum(map(len, ids)) == len(set.union(*ids))
    for kind, text in TEXTS.items():
        svg = draw(kind, text, emulated=True).svgs.wide
        assert set(re.findall(r"url\(#([^)]+)\)", svg)) <= set(re.findall(r' id="([^"]+)"', svg))


def test_the_values_of_phases_memory_and_percentiles() -> None:
    """The tables have medians, means of one container, and samples, as the CSV gives them."""
    cells = [[cell.text for cell in line] for line in draw("phases", PHASES, emulated=False).table.rows]
    assert ["kata", "boot <to> agent", "2", "620 ms", "610 ms to 630 ms"] in cells
    cells = [[cell.text for cell in line] for line in draw("memory", MEMORY, emulated=False).table.rows]
    assert ["kata, containers: 2", "shim", "81.00 MiB"] in cells
    table = draw("percentiles", TEXTS["percentiles"], emulated=False).table
    assert table.rows[1][-1].text == "4.800 s"


def test_evidence_is_no_markup() -> None:
    """Names from a CSV are escaped in the picture."""
    svg = draw("phases", PHASES, emulated=False).svgs.wide
    assert "<to>" not in svg
    assert "boot &lt;to&gt; agent" in svg


def test_a_comparison_on_a_page(little: Little) -> None:
    """The page and the export have the table, the sentences, the noise, and the provenance of both files."""
    found = figure(little, "comparison", "bench/startup.csv", noise="bench/noise.csv")
    assert found.sentences[-1].startswith("The noise of the host: the same command took ")
    assert "run 5 (4.800 s)" in " ".join(found.sentences)
    slots = LateHtml()
    html = slots.fill_late(figure_html(found, BlockPlace("../", slots)))
    assert html.count("<tr>") == 4
    assert html.count('class="ev-from"') == 2
    assert "evidence/lab12/bench/startup.csv" in html
    assert "evidence/lab12/bench/noise.csv" in html
    exported = figure_markdown(found)
    assert all(cell.text in exported.replace("\\", "") for line in found.table.rows for cell in line)
    assert "- The noise of the host: the same command took " in exported


def test_a_chart_on_a_page(little: Little) -> None:
    """The page has the picture, a caption with the host class, a folded table of values, and provenance."""
    found = figure(little, "chart", "bench/startup.csv", kind="strip")
    slots = LateHtml()
    waiting = figure_html(found, BlockPlace("../", slots))
    assert "<svg" not in waiting
    html = slots.fill_late(waiting)
    assert re.findall(r'<svg[^>]*class="([^"]+)"', html) == ["ev-wide", "ev-narrow"]
    assert "Measured on a host of class virtual." in html
    assert "<summary>The values of this picture</summary>" in html
    assert "run 5" in figure_markdown(found)


@pytest.mark.parametrize(
    ("name", "path", "named", "words"),
    [
        ("chart", "bench/startup.csv", {"kind": "pie"}, "no kind of chart 'pie'"),
        ("chart", "bench/startup.csv", {"kind": 3}, "kind is 3"),
        ("chart", "bench/startup.csv", {}, "missing a required"),
        ("chart", 3, {"kind": "strip"}, "the path is 3"),
        ("chart", "bench/words.csv", {"kind": "strip"}, "cannot draw strip: its first line is not run,order"),
        (
            "chart",
            "bench/words.csv",
            {"kind": "phases"},
            "cannot draw phases: its first line has 1 names, and needs 4",
        ),
        ("chart", "bench/words.csv", {"kind": "memory"}, "cannot draw memory: its first line has"),
        ("chart", "bench/bytes.csv", {"kind": "strip"}, "is not text"),
        ("comparison", "bench/words.csv", {}, "is not a series"),
        ("comparison", "bench/nowhere.csv", {}, "no collector of lab12 writes bench/nowhere.csv"),
        ("comparison", "bench/startup.csv", {"noise": 3}, "noise is 3"),
        ("comparison", "bench/startup.csv", {"noise": "bench/words.csv"}, "is not a series"),
        ("comparison", "bench/startup.csv", {"noise": "bench/elsewhere.csv"}, "is of another host than"),
    ],
)
def test_what_cannot_be_shown_says_why(
    little: Little, name: str, path: object, named: dict[str, object], words: str
) -> None:
    """The macro returns a problem and never raises."""
    found = show(little, name, path, **named)
    assert isinstance(found, Problem)
    assert words in found.what
    assert found.remedy


@pytest.mark.parametrize("text", ["", "run,runtime,phase,seconds\n", "run,runtime,phase,seconds\n1,runc\n",
                                  "run,runtime,phase,seconds\n1,runc,x,fast\n", '"'])  # fmt: skip
def test_what_is_no_csv_of_phases(tmp_path: Path, text: str) -> None:
    """An empty, cut or invalid CSV is a problem."""
    little = make(tmp_path / "project")
    little.page("labs/lab12/index.md", "# Lab\n")
    little.capture(CapturedFile("x.csv", text.encode()))
    assert isinstance(show(little, "chart", "x.csv", kind="phases"), Problem)


def test_a_gap_and_evidence_without_a_record_are_problems(little: Little) -> None:
    """A figure treats missing evidence and missing records as any block does."""
    for name, named in (("chart", {"kind": "strip"}), ("comparison", {})):
        gap = show(little, name, "bench/kata.csv", **named)
        assert isinstance(gap, Gap)
        found = figure(little, name, "bench/unknown.csv", **named)
        assert "has no record" in problems_of(CallResult("x.md", 1, Call(name), found))[0].what


@pytest.mark.slow
def test_a_page_must_accept_an_emulated_figure(tmp_path: Path) -> None:
    """The page accepts it once, in its front matter. Its banner names the host."""
    little = make(tmp_path / "project")
    little.page("labs/lab12/index.md", "# Lab\n")
    little.capture(CapturedFile("slow.csv", planted("drift").encode()), host=SLOW)
    text = '# Page\n\n{{ comparison("slow.csv") }}\n\n{{ chart("slow.csv", kind="strip") }}\n'
    little.page("labs/lab12/task-1.md", text)
    refused = little.build()
    assert refused.returncode == 1
    assert "2 of this page's values, claims and figures are of an emulated host" in refused.stderr
    little.page("labs/lab12/task-1.md", f"---\naccept_emulated: true\n---\n{text}")
    built = little.build()
    assert built.returncode == 0, built.stderr
    page = (little.site / "labs/lab12/task-1.html").read_text()
    assert EMULATED in page
    assert "kata: a significant upward trend: +28% over the series" in page
    assert 'data-emulated="true"' in page
    index = (little.site / "search/search_index.js").read_text()
    assert "Emulated: these are not" not in index
