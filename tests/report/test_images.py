"""Images in a set of evidence: what verify, the build, `lab check`, `lab diff` and the export say of them."""

import hashlib
from datetime import date
from pathlib import Path

import pytest

from labreport.check.diff import compare
from labreport.check.diff.words import raw_text
from labreport.contract.verify import Integrity, verify
from labreport.report.export import Exported, export
from labreport.report.images import EvidenceImage
from labreport.report.pages.pictures import image
from labreport.report.problems import FaultError
from tests.contract.images.made import saved, with_metadata
from tests.project import CapturedFile, Little, make, row

SHOT, PATH = saved("PNG"), "shots/front.png"
PAGE = """# Task 1: Pages

The front page:

{{ image("shots/front.png", alt="A red box [x](y) above <b>", caption="The front", name="front") }}

As {{ ref("front") }} shows.
"""


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Make a lab with an image."""
    made = make(tmp_path / "project")
    made.capture(CapturedFile(PATH, SHOT, (("chromium", "--screenshot=shots/front.png"),)))
    made.page("labs/lab12/index.md", "# Lab 12\n")
    made.page("labs/lab12/task-1.md", PAGE)
    return made


@pytest.mark.parametrize(
    ("path", "data", "what"),
    [
        (PATH, with_metadata("PNG"), "has metadata, which may name people"),
        (PATH, SHOT + b"PK\x03\x04", "4 bytes follow the end of the image"),
        (PATH, b"<svg/>", "is SVG, and its name says PNG"),
        ("front.PNG", SHOT, "has not the name of an image"),
    ],
)
def test_verify_names_an_image_that_cannot_be_shown(
    little: Little, path: str, data: bytes, what: str
) -> None:
    """Its hash is right, as whoever commits a file can write its record; the file is not to be shown."""
    little.capture(CapturedFile(path, data))
    report = verify(little.root / "evidence")
    assert [(finding.verdict, finding.path) for finding in report.findings] == [
        (Integrity.UNFIT, f"lab12/{path}")
    ]
    assert what in report.findings[0].what
    assert report.verdict == "not to be shown"


def test_an_image_is_shown_with_its_size_and_words(little: Little) -> None:
    """The macro returns the file as it was verified."""
    shown = image(little.context(), PATH, alt="A red\n box")
    assert isinstance(shown, EvidenceImage)
    assert (shown.image.form, shown.alt, shown.shape) == ("PNG, 60 x 40 pixels", "A red box", "1.5000")
    assert shown.block.content.data == SHOT


@pytest.mark.parametrize(
    ("path", "alt", "what"),
    [
        (PATH, None, "shots/front.png has no alternative text"),
        (PATH, 3, "alt of shots/front.png is 3"),
        (PATH, " ", "the alternative text of shots/front.png says nothing of what it shows"),
        (PATH, "Front.png", "the alternative text of shots/front.png says nothing of what it shows"),
        (PATH, "front", "the alternative text of shots/front.png says nothing of what it shows"),
        (PATH, "a" * 301, "the alternative text of shots/front.png has 301 characters, at most 300"),
        (3, "x", "the path is 3"),
        ("a.txt", "x", "lab12/a.txt has not the name of an image"),
        ("bad.png", "x", "lab12/bad.png: has metadata, which may name people, places or machines"),
        ("cut.jpg", "x", "lab12/cut.jpg: is cut off in its pixels"),
    ],
)
def test_what_cannot_be_shown_is_a_problem(little: Little, path: object, alt: object, what: str) -> None:
    """Each says what is wrong, and what to do."""
    little.capture(CapturedFile("a.txt", b"text\n"))
    little.capture(CapturedFile("bad.png", with_metadata("PNG")))
    little.capture(CapturedFile("cut.jpg", saved("JPEG")[:-2]))
    with pytest.raises(FaultError) as caught:
        image(little.context(), path, alt=alt)
    assert caught.value.what.startswith(what)
    assert caught.value.remedy


def test_an_image_that_is_not_there_is_a_gap(little: Little) -> None:
    """As any evidence that was not captured yet."""
    little.state(row("later", "later.png", reason="no chromium"))
    shown = image(little.context(), "later.png", alt="What comes later")
    assert getattr(shown, "reason", "") == "no chromium"


def exported(little: Little, folder: str) -> Exported:
    """Return the export of the lab."""
    return export(little.pages(), "lab12", "", lambda _table: pytest.fail("no table"), folder=folder)


def test_an_export_has_the_file_beside_it(little: Little) -> None:
    """The Markdown links to it, with its caption and its words; the text of evidence stays text."""
    report = exported(little, "report-files")
    assert report.problems == ()
    assert report.files == {f"report-files/lab12/{PATH}": SHOT}
    assert (
        "**Figure 1.** The front.\n\n"
        r"![A red box \[x\](y) above \<b\>](report-files/lab12/shots/front.png)" in report.markdown
    )
    assert (
        f"PNG, 60 x 40 pixels, {len(SHOT)} bytes, sha256 {hashlib.sha256(SHOT).hexdigest()}"
        in report.markdown
    )


def test_an_export_without_a_place_has_the_words(little: Little) -> None:
    """On standard output there is no file to link to."""
    report = exported(little, "")
    assert report.files == {}
    assert "Image: A red box" in report.markdown
    assert "![" not in report.markdown


def test_check_counts_an_image_as_shown(little: Little) -> None:
    """And tells how to show one that is not."""
    little.capture(CapturedFile("other.png", SHOT))
    findings = [one for one in little.check(date(2026, 3, 4)).findings if one.kind == "unshown"]
    assert [one.identity for one in findings] == ["other.png"]
    assert 'image("other.png", alt="…")' in findings[0].remedy


def test_a_difference_names_forms_sizes_and_hashes(
    little: Little, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No byte of the image is printed."""
    before = make(tmp_path_factory.mktemp("before") / "project")
    old = saved("PNG", "L")
    before.capture(CapturedFile(PATH, old))
    changes = compare(little.pages(), before.root / "evidence", little.root / "evidence")
    lines = raw_text(changes.sets[0].files[0]).split("\n")
    sums = [hashlib.sha256(data).hexdigest() for data in (old, SHOT)]
    assert lines == [
        "shots/front.png: changed",
        f"  -PNG, 60 x 40 pixels, {len(old)} bytes, sha256 {sums[0]}",
        f"  +PNG, 60 x 40 pixels, {len(SHOT)} bytes, sha256 {sums[1]}",
    ]
