"""Broken links are findings; links to existing pages, anchors and files are not."""

from datetime import date
from pathlib import Path

import pytest

from tests.project import Little, make

DAY = date(2026, 3, 4)
OTHER = """# Other

## A heading, with `code` & more

## Twice

## Twice

<a name="by-name"></a><span id="by-id"></span>

## Own {: #own }

=== "Tab"

    text[^1]

[^1]: A note.
"""


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Return a project with a page and files to link to."""
    made = make(tmp_path / "project")
    made.page("guides/other page.md", OTHER)
    made.page("labs/lab12/rubric.yml", "2025: {it: {requirement: x, to_come: x}}\n")
    (made.root / "docs/assets/a (1).png").write_bytes(b"")
    return made


def links(little: Little, text: str) -> list[str]:
    """Return the link findings of a lab page with this `text`."""
    little.page("labs/lab12/index.md", f"# Lab\n\n{text}\n")
    findings = little.check(DAY, links=True).findings
    return [str(one) for one in findings if one.kind == "link"]


@pytest.mark.slow_after(4)
@pytest.mark.parametrize(
    "target",
    [
        "../../guides/other%20page.md",
        "<../../guides/other page.md>",
        "../../guides/other%20page.md#a-heading-with-code-more",
        "../../guides/other%20page.md#twice_1",
        "../../guides/other%20page.md#own",
        "../../guides/other%20page.md#by-name",
        "../../guides/other%20page.md#by-id",
        "../../guides/other%20page.md#fn:1",
        "#lab",
        "index.md",
        "../../assets/mark.svg",
        "<../../assets/a (1).png>",
        "https://example.invalid/x#y",
        "//example.invalid/x",
        "mailto:someone@example.invalid",
    ],
)
def test_working_links(little: Little, target: str) -> None:
    """Links to pages, anchors of any kind, files and other sites are no findings."""
    assert links(little, f"See [it]({target}) and ![it]({target}).") == []


@pytest.mark.slow_after(2)
@pytest.mark.parametrize(
    ("target", "what"),
    [
        ("other.md", "there is no labs/lab12/other.md in docs/"),
        ("../../guides/other%20page.md#twice_2", "guides/other page.md has no anchor twice_2"),
        ("#nowhere", "labs/lab12/index.md has no anchor nowhere"),
        ("rubric.yml", "there is no labs/lab12/rubric.yml in docs/"),
        ("../../guides/", "there is no guides in docs/"),
        ("../../../evidence/lab12/a.txt", "there is no ../evidence/lab12/a.txt in docs/"),
        ("/guides/other%20page.md", "starts at the root of the server, not of this site"),
    ],
)
def test_broken_links(little: Little, target: str, what: str) -> None:
    """Broken links and images are reported at the column of the address."""
    (said,) = links(little, f"`[x]({target})`\n\nSée [it]({target}).")
    assert said.startswith(f"docs/labs/lab12/index.md:5:10: {target}: {what}")
    (said,) = links(little, f"See ![it]({target}).")
    assert said.startswith("docs/labs/lab12/index.md:3:11: ")


def test_links_in_html_and_by_reference(little: Little) -> None:
    """HTML links, which name pages of the site, and reference links are checked."""
    assert (
        links(little, '<a href="../../guides/other page.html#own">x</a> <img src="../../assets/mark.svg">')
        == []
    )
    assert len(links(little, '<a href="gone.html">x</a> <img src="gone.png">')) == 2
    (said,) = links(little, "See [it][1].\n\n[1]: gone.md\n")
    assert said.startswith("docs/labs/lab12/index.md:5:6: gone.md: ")


def test_code_has_no_links(little: Little) -> None:
    """Text in code spans, fences and blocks of evidence is not a link."""
    assert links(little, "`[x](gone.md)`\n\n```\n[x](gone.md)\n```\n\n{{ hosts() }}") == []


def test_equal_links(little: Little) -> None:
    """Three links to the same address are three findings at three places, with three ids."""
    found = links(little, "[a](gone.md) [b](gone.md)\n[c](gone.md)")
    assert [line.split(": ")[0].partition("index.md:")[2] for line in found] == ["3:5", "3:18", "4:5"]
    assert len({line.rpartition("[")[2] for line in found}) == 3


def test_extensions_of_mkdocs_yml(little: Little) -> None:
    """Anchors depend on the settings of the Markdown extensions in mkdocs.yml."""
    assert links(little, "## A Heading\n\n[x](#a-heading)") == []
    config = little.root / "mkdocs.yml"
    text = f"{config.read_text()}\nmarkdown_extensions:\n  - toc:\n      separator: _\n"
    config.write_text(f"{text}\nextra_tags: !ENV [NOT_THERE, 1]\nmore: !!python/name:os.system\n")
    assert len(links(little, "## A Heading\n\n[x](#a-heading)")) == 1
    assert links(little, "## A Heading\n\n[x](#a_heading)") == []


def test_directory_urls(little: Little) -> None:
    """A link in Markdown is relative to the file, one in HTML to the address of the page."""
    config = little.root / "mkdocs.yml"
    text = config.read_text().replace("use_directory_urls: false", "use_directory_urls: true")
    config.write_text(text.replace("  - offline\n", ""))
    target = "../../guides/other%20page"
    (said,) = links(little, f'[x]({target}.md#own) <a href="{target}/#own">x</a> <a href="../#x">x</a>')
    assert said.startswith("docs/labs/lab12/index.md:3:95: ../#x: there is no labs in docs/: ")
