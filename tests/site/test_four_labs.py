"""Four labs in one site, two of this repository and two new ones: each has its own names, units, words."""

import re
import shutil
from datetime import date

import pytest
from selectolax.lexbor import LexborHTMLParser

from labreport.report.facts.expressions.evaluate import EvaluationState
from tests.cli.conftest import Shell
from tests.project import REPO, CapturedFile, Little, make, row
from tests.report.series.planted import HEAD, around

pytestmark = pytest.mark.slow

FLAGSHIPS = ("lab11", "lab12")
PACK = """# Task 1: The kernel

**Answer:** The archive has {{ fact("archive") }}.
{% call claim("archive < 20 MiB") %}It is small{% endcall %}.

{{ chart("sizes.csv", kind="bars", x="tool", y="bytes", caption="The archives") }}

{{ comparison("speed.csv") }}

{{ chart("speed.csv", kind="percentiles") }}

{{ evidence("kernel/release.txt") }}
"""
POLL = """# Task 1: The kernel

**Answer:** One answer takes {{ fact("answer") }}.

{{ comparison("waits.csv", runs="requests") }}

{{ chart("waits.csv", kind="percentiles", runs="requests", caption="The waits") }}

{{ chart("memory.csv", kind="lines", x="clients", y="rss_kib") }}

{{ evidence("kernel/release.txt") }}
"""
KERNEL = 'kernel: {file: kernel/release.txt, read: kernel Linux, start: "^Linux ", end: "^Linux "}\n'
FACTS = {
    "pack": f"archive: {{file: size.txt, read: quantity total}}\n{KERNEL}",
    "poll": f"answer: {{file: answer.txt, read: quantity answer}}\n{KERNEL}",
}
OTHERS = {
    "pack": re.compile(r"\b(runc|kata|containers?|requests?|nginx|TLS)\b", re.IGNORECASE),
    "poll": re.compile(r"\b(runc|kata|containers?|gzip|archive|nginx|TLS)\b", re.IGNORECASE),
}
"""Words of the other labs, which no figure and no table of a lab may have."""


def series(**seconds: float) -> bytes:
    """Return a series of contenders with these durations."""
    draws = {name: around(value, number) for number, (name, value) in enumerate(seconds.items())}
    rows = [
        f"{run},{order},{name},{draws[name](run)[0]:.6f},0\n"
        for run in range(1, 13)
        for order, name in enumerate(draws, 1)
    ]
    return (HEAD + "".join(rows)).encode()


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory) -> Little:
    """Build a site with four labs, of which `lab new` makes two."""
    made = make(tmp_path_factory.mktemp("four") / "project")
    (made.root / "collectors").unlink()
    for lab in FLAGSHIPS:
        for part in ("collectors", "docs/labs", "evidence"):
            shutil.copytree(REPO / part / lab, made.root / part / lab)
    made.page("manual/how-to/capture.md", "# Capture\n")
    made.page("manual/how-to/escapes.md", "# Escapes\n")
    shell = Shell(made.root)
    for lab, page in (("pack", PACK), ("poll", POLL)):
        assert shell.lab("new", lab, "--title", f"The {lab} lab").returncode == 0
        made.page(f"labs/{lab}/task-1.md", page)
        made.page(f"labs/{lab}/facts.yml", FACTS[lab])
        made.state(row("release", "kernel/release.txt", state="captured"), lab=lab)
        made.capture(CapturedFile("kernel/release.txt", b"=== Kernel ===\nLinux 6.12.0\n"), lab)
    made.capture(CapturedFile("size.txt", b"total 12.5 MiB\n"), "pack")
    made.capture(CapturedFile("sizes.csv", b"tool,bytes\ngzip,1300\nxz,900\nzstd,1000\n"), "pack")
    made.capture(CapturedFile("speed.csv", series(gzip=0.4, xz=1.6, zstd=0.2)), "pack")
    made.capture(CapturedFile("answer.txt", b"answer 4.5 ms\n"), "poll")
    made.capture(CapturedFile("waits.csv", series(idle=0.004, busy=0.016)), "poll")
    made.capture(CapturedFile("memory.csv", b"clients,rss_kib\n1,100\n2,200\n4,400\n"), "poll")
    built = made.build()
    assert built.returncode == 0, built.stderr
    return made


def page(little: Little, lab: str, name: str = "task-1") -> LexborHTMLParser:
    """Return a page of the site."""
    return LexborHTMLParser((little.site / "labs" / lab / f"{name}.html").read_text())


def said(little: Little, lab: str, selector: str, name: str = "task-1") -> str:
    """Return the text of the first element of a page that a selector names."""
    found = page(little, lab, name).css_first(selector)
    assert found is not None
    return " ".join(found.text().split())


def figures(little: Little, lab: str, name: str = "task-1") -> str:
    """Return what the figures of a page say, without the paths of their files."""
    parsed = page(little, lab, name)
    for node in parsed.css(".ev-source"):
        node.decompose()
    return " ".join(node.text(separator=" ") for node in parsed.css("figure"))


def test_every_page_leads_to_the_four_labs(little: Little) -> None:
    """The navigation has their titles, once each, on a page of any of them."""
    titles = {
        lab: re.search(r"^# (.+)$", (little.root / f"docs/labs/{lab}/index.md").read_text(), re.MULTILINE)
        for lab in (*FLAGSHIPS, "pack", "poll")
    }
    for lab in titles:
        shown = said(little, lab, "nav.md-nav--primary", "index")
        for title in titles.values():
            assert title is not None
            assert title[1] in shown


@pytest.mark.parametrize("lab", ["pack", "poll"])
def test_a_figure_has_no_word_of_another_lab(little: Little, lab: str) -> None:
    """The tool supplies no noun: neither runtimes nor containers, and requests where the page says so."""
    words = figures(little, lab)
    assert not OTHERS[lab].search(words)
    assert ("percent of the requests" in words) == (lab == "poll")
    assert ("percent of the runs" in words) == (lab == "pack")


def test_values_have_the_units_of_their_lab(little: Little) -> None:
    """Facts in sentences, axes of charts, and what a comparison says."""
    text = {lab: said(little, lab, "article") for lab in OTHERS}
    assert "The archive has 12.5\u00a0MiB" in text["pack"] or "The archive has 12.5 MiB" in text["pack"]
    assert re.search(r"One answer takes 4\.5\sms", text["poll"])
    assert re.search(r"\bbytes\b", figures(little, "pack"))
    assert "clients" in figures(little, "poll")
    assert "KiB" in figures(little, "poll")
    for pair in ("xz took", "zstd took"):
        assert pair in text["pack"]
    assert "busy took" in text["poll"]


@pytest.mark.parametrize("lab", FLAGSHIPS)
def test_the_flagships_are_as_they_are_alone(little: Little, lab: str) -> None:
    """Their figures say nothing of the other labs."""
    pages = [path.stem for path in (little.site / "labs" / lab).glob("*.html")]
    words = " ".join(figures(little, lab, name) for name in pages)
    assert words.strip()
    assert not re.search(r"\b(gzip|zstd|rss_kib|clients: )\b", words)


def test_the_check_counts_each_lab_for_itself(little: Little) -> None:
    """Numbers, claims and requirements are those of the lab; nothing is naked in any."""
    report = little.check(date(2026, 3, 4))
    for lab, claims in (("pack", 2), ("poll", 1)):
        assert report.labs[lab].claims[EvaluationState.HOLDS] == claims
        assert report.labs[lab].naked == 0
        assert {one.kind for one in report.findings_of(lab)} <= {"rubric"}  # the example of `lab new`
    assert {*FLAGSHIPS, "pack", "poll"} == set(report.labs)
