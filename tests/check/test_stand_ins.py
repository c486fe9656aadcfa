"""A page that names a pinned image, although a stand-in ran in its place, says so."""

from datetime import date
from pathlib import Path

import pytest

from labreport.check.stand_ins import PARAGRAPH
from labreport.contract.records import Image
from tests.project import CapturedFile, Little, make

ALPINE = "docker.io/library/alpine:3.20"
SHOP = "docker.io/bkimminich/juice-shop:v19.0.0"


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Return a lab whose capture used a stand-in for alpine and the pinned Juice Shop."""
    made = make(tmp_path / "project")
    pinned, other = "sha256:" + "1" * 64, "sha256:" + "2" * 64
    images = {
        "alpine": Image(reference=ALPINE, pinned=pinned, digest=other, is_pinned=False, source="made here"),
        "shop": Image(reference=SHOP, pinned=pinned, digest=pinned, is_pinned=True, source="a registry"),
    }
    made.capture(CapturedFile("a.txt", b"a\n"), images=images)
    return made


def found(little: Little, text: str) -> list[tuple[int, int, str]]:
    """Return line, column and message of each finding about a stand-in in a page with this text."""
    little.page("labs/lab12/task-1.md", f"# T\n\n{text}\n\n{{{{ evidence('a.txt') }}}}\n")
    findings = little.check(date(2026, 3, 4)).findings
    return [(one.line, one.column, one.message) for one in findings if one.kind == "stand-in"]


@pytest.mark.parametrize(
    "text",
    [
        "It ran in alpine 3.20.",
        "It ran in Alpine\n3.20, twice.",
        "It ran in `alpine:3.20`.",
        "It ran in **Alpine** `3.20`.",
        "It ran in docker.io/library/alpine:3.20.",
        "- The image is alpine, in version 3.20",
        "| image |\n|---|\n| alpine 3.20 |",
        "A stand-in.\n\nAlpine 3.20 was used.",
    ],
)
def test_a_name_with_its_version(little: Little, text: str) -> None:
    """It is found in prose, code in a line, lists and tables, also if another paragraph says it."""
    ((_line, _column, message),) = found(little, text)
    assert message.endswith("a stand-in ran in its place (made here)")


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    "text",
    [
        "In place of alpine 3.20, a stand-in ran.",
        "Stand-ins ran, none of them\nalpine:3.20.",
        "It ran in alpine.",
        "It ran in alpine 3.2 or alpine 3.20.1 or alpine 13.20.",
        "It ran in alpine. 3.20 was the ratio.",
        "Juice Shop v19.0.0 was used.",
        "```\nctr run alpine:3.20\n```",
        "<!-- alpine 3.20 -->",
    ],
)
def test_nothing_to_say(little: Little, text: str) -> None:
    """It was said; or no version, another version, a pinned image, a command or a comment is named."""
    assert found(little, text) == []


def test_the_place(little: Little) -> None:
    """It is the place of the name."""
    assert found(little, "One line.\nAnd alpine:3.20.")[0][:2] == (4, 5)


@pytest.mark.parametrize("reference", ["alpine", "localhost:5000/alpine", "(((:2", "a" * 5000 + ":1"])
def test_a_reference_without_a_tag(little: Little, reference: str) -> None:
    """An image without a version is named by none; a name is a text, not a pattern."""
    digest = "sha256:" + "1" * 64
    image = Image(reference=reference, pinned=digest, digest=f"{digest[:-1]}2", is_pinned=False, source="x")
    little.capture(CapturedFile("a.txt", b"a\n"), images={"x": image})
    assert found(little, "It ran in alpine 3.20, or in (((.") == []


def test_paragraphs_of_a_long_page() -> None:
    """A line of blanks is looked at once, not once from each of them."""
    blank = " " * 300_000
    found = PARAGRAPH.findall(f"{blank}\n a\nb \n{blank}\n\nc{blank}")
    assert found == [" a\nb \n", f"c{blank}"]
