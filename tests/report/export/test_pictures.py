"""Charts in a Markdown report: SVG files beside it, which need no page, in full and in compact form."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from labreport.check.submission import check_submission
from labreport.cli.main import lab as command
from labreport.report.export import Exported, export
from labreport.report.export.beside import COLOURS, FilesBeside, put_chart, standalone
from labreport.report.export.compact import Asked
from labreport.report.pages.labels import Label, LabelKind
from tests.project import REPO, CapturedFile, Little, make

PAGE = """# Task 1: Sizes

{{ chart("sizes.csv", kind="bars", x="tool", y="bytes", name="sizes", caption="How *small*") }}

## What it means

It means this.

{{ chart("other.csv", kind="lines", x="level", y="bytes") }}

## Steps

The numbers:

{{ evidence("sizes.csv") }}

Beside them:

{{ chart("other.csv", kind="scatter", x="level", y="bytes") }}

{{ table("sizes.csv") }}
"""


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory) -> Little:
    """Make a lab with charts of a file that its sheet names, and of one that it does not."""
    made = make(tmp_path_factory.mktemp("pictures") / "project")
    made.capture(CapturedFile("sizes.csv", b"tool,bytes\n<gzip>,8201334\nxz,5120134\n"))
    made.capture(CapturedFile("other.csv", b"level,bytes\n1,8201334\n6,5120134\n"))
    made.page("labs/lab12/index.md", "# Lab 12: Sizes\n")
    made.page("labs/lab12/task-1.md", PAGE)
    return made


def exported(little: Little, asked: Asked | None = None, folder: str = "report-files") -> Exported:
    """Return the export of the lab, which has no problem."""
    found = export(little.pages(), "lab12", "", lambda _shown: pytest.fail("no coverage"), asked, folder)
    assert found.problems == ()
    return found


def links(markdown: str) -> list[str]:
    """Return the pictures that a report refers to."""
    return re.findall(r"!\[[^\n]*?\]\(([^)\n]+)\)", markdown)


@pytest.mark.slow
def test_each_chart_is_a_file_beside_the_report(little: Little) -> None:
    """It is named after the page and the figure; the report has it, its values and its file."""
    found = exported(little)
    names = [f"report-files/task-1-{name}.svg" for name in ("sizes", "chart", "chart-2")]
    assert links(found.markdown) == names == list(found.files)
    assert "**Figure 1.** How \\*small\\*." in found.markdown
    assert "| \\<gzip\\> | 8201334 B |" in found.markdown
    assert "From `lab12/sizes.csv`." in found.markdown


def test_without_a_file_there_are_only_values(little: Little) -> None:
    """On standard output there is no place for pictures, and the values are not lost."""
    found = exported(little, folder="")
    assert not found.files
    assert not links(found.markdown)
    assert "| \\<gzip\\> | 8201334 B |" in found.markdown


def test_the_compact_form_keeps_what_the_sheet_asks_for(little: Little) -> None:
    """It keeps the charts of a named file, and those in text that is kept; their values are left out."""
    asked = Asked(frozenset({"sizes.csv"}), frozenset({("labs/lab12/task-1.md", "What it means")}))
    found = exported(little, asked)
    assert links(found.markdown) == [f"report-files/task-1-{name}.svg" for name in ("sizes", "chart")]
    assert "1:3:labs/lab12/sizes.csv" in found.markdown
    assert "8201334 B |" not in found.markdown
    assert "xz: 5120134 B" in found.markdown


def test_a_picture_needs_no_page(little: Little) -> None:
    """It is well-formed, has a size and colours of its own on white, and fetches and runs nothing."""
    for data in exported(little).files.values():
        root = ET.fromstring(data)  # noqa: S314 - drawn by us
        assert root.get("width")
        assert root.get("height")
        assert root.get("color") == "#202020"
        text = data.decode()
        assert "var(" not in text
        assert "#0072b2" in text
        assert not re.search(r"<script|<image|<style|@import|[^:]href=|\son\w+=", text)


def test_the_colours_are_those_of_the_page() -> None:
    """A file has the colours of a light page."""
    css = (REPO / "labreport/site/assets/figures.css").read_text()
    light = css.partition("[data-md-color-scheme")[0]
    assert dict(re.findall(r"(--ev-[a-z0-9-]+): (#[0-9a-f]{6});", light)) == COLOURS


def test_no_name_leaves_the_folder() -> None:
    """A name has letters, digits and hyphens, and each picture has its own."""
    beside = FilesBeside("my files")
    label = Label(LabelKind.FIGURE, 2, "x.")
    pages = ("labs/a/../task 1.md", "task-1.md", "../x.md")
    assert [put_chart(beside, "<svg></svg>", page, label) for page in pages] == [
        "my%20files/task-1-figure-2.svg",
        "my%20files/task-1-figure-2-2.svg",
        "my%20files/x-figure-2.svg",
    ]
    assert put_chart(FilesBeside(), "<svg></svg>", "task-1.md", None) == ""
    assert standalone('<svg viewBox="0 0 3 4"><g/></svg>').startswith('<svg viewBox="0 0 3 4" width="3"')


def test_the_command_writes_them(little: Little, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`lab export --to` writes the report with its pictures, and `lab check` reads that report back."""
    monkeypatch.chdir(little.root)
    report = tmp_path / "submission12.md"
    result = CliRunner().invoke(command, ["export", "lab12", "--full", "--to", str(report)])
    assert result.exit_code == 0, result.output
    assert "submission12-files/" in result.output
    for name in links(report.read_text()):
        assert (tmp_path / name).is_file()
    (block,) = check_submission(report, little.root / "evidence" / "lab12")
    assert block.whole
