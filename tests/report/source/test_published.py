"""Published names: an allow-list by bytes and name, and no two files with one name."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labreport.report.source.published import KEPT, PublishedNames
from tests.contract.images.made import saved, with_metadata

PNG, JPEG, WEBP = saved("PNG"), saved("JPEG"), saved("WEBP")
HTML, SVG = b"<script>alert(1)</script>\n", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
TEXT = b"text\n"


def names(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the published name of each file of a set."""
    published = PublishedNames(frozenset(files), files.get)
    return {path: published.name(path) for path in files}


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("a.txt", TEXT),
        ("a.txt", HTML),
        ("a.txt", b""),
        ("a/b.c/d.txt", TEXT),
        ("a.html.csv", b"a,b\n"),
        ("a.php.json", b'{"a": 1}'),
        ("a.txt.json", b"[]"),
        ("6.12.0.csv", b"1,2\n"),
        ("a%2e#?.txt", TEXT),
        ("a.png", PNG),
        ("a.jpg", JPEG),
        ("a.jpeg", JPEG),
        ("a.webp", WEBP),
    ],
)
def test_a_name_that_is_kept(path: str, data: bytes) -> None:
    """Plain text, CSV, JSON, PNG, JPEG and WebP, by bytes and name."""
    assert names({path: data}) == {path: path}


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("a", TEXT),
        ("a.", TEXT),
        ("a.txt.", TEXT),
        ("a.txt ", TEXT),
        ("a .txt\u00a0", TEXT),
        ("a.TXT", TEXT),
        ("a.Json", b"{}"),
        ("a.PNG", PNG),
        ("a.html", HTML),
        ("a.csv.html", HTML),
        ("a.svg", SVG),
        ("a.svgz", SVG),
        ("a.xml", SVG),
        ("a.rdf", SVG),
        ("a.xbl", SVG),
        ("a.mathml", SVG),
        ("a.webmanifest", b"{}"),
        ("a.appcache", TEXT),
        ("a.js", HTML),
        ("a.mjs", HTML),
        ("a.ics", TEXT),
        ("a.vtt", TEXT),
        ("a.css", TEXT),
        ("a.md", TEXT),
        ("a.log", TEXT),
        ("a.pdf", b"%PDF-1.7"),
        ("a.php", HTML),
        ("a.phtml", HTML),
        ("a.cgi", HTML),
        ("a.gz", b"\x1f\x8b"),
        ("a.json.gz", b"\x1f\x8b"),
        ("a.gif", b"GIF89a"),
        ("a.txt", b"\xff\xfe<\0s\0"),
        ("a.txt", b"a\0b"),
        ("a.csv", b"a\0b"),
        ("a.json", HTML),
        ("a.json", b""),
        ("a.json", b"{"),
        ("a.json", b"[" * 100_000),
        ("a.json", b"1" * 5000),
        ("a.svg.png", SVG),
        ("a.png", HTML),
        ("a.png", b""),
        ("a.png", PNG + HTML),
        ("a.png", b"\x89PNG\r\n\x1a\n" + HTML),
        ("a.jpg", with_metadata("JPEG")),
        ("a.jpg", PNG),
        ("a.jpeg", SVG),
        ("a.webp", b"RIFF\0\0\0\0WAVE"),
        ("a.png.txt ", PNG),
        ("a.txt%00", TEXT),
        ("a.txt;a", TEXT),
        ("a.txt:b", TEXT),
        ("a.txt#", TEXT),
        ("a.txt?", TEXT),
        ("a.txt/b", TEXT),
        ("Makefile", TEXT),
    ],
)
def test_a_name_that_gets_txt(path: str, data: bytes) -> None:
    """All else, also what has the name of one kind and the bytes of another."""
    assert names({path: data}) == {path: f"{path}.txt"}


def test_files_that_differ_in_their_txt_only() -> None:
    """If one of them is renamed, all are."""
    assert names({"a": TEXT, "a.txt": TEXT, "a.txt.txt.txt": TEXT}) == {
        "a": "a.txt",
        "a.txt": "a.txt.txt",
        "a.txt.txt.txt": "a.txt.txt.txt.txt",
    }
    assert names({"a.txt": TEXT, "a.txt.txt": TEXT}) == {"a.txt": "a.txt", "a.txt.txt": "a.txt.txt"}


def test_a_folder_keeps_its_name() -> None:
    """A file does not get the name of a folder."""
    found = names({"a": TEXT, "a.txt/b.txt": TEXT, "c/d": TEXT, "c/d.txt/e.txt": TEXT, "c/d.txt.txt/f": TEXT})
    assert found["a"] == "a.txt.txt"
    assert found["c/d"] == "c/d.txt.txt.txt"


ENDINGS = st.sampled_from(["a", "b", ".html", ".SVG", ".txt", ".csv", ".", " "])
PARTS = st.lists(ENDINGS, min_size=1, max_size=5)
PATHS = st.lists(PARTS.map(lambda parts: "x" + "".join(parts)), min_size=1, max_size=2).map("/".join)


@given(st.dictionaries(PATHS, st.sampled_from([TEXT, HTML, PNG, b"\0"]), min_size=1, max_size=8))
def test_published_names_are_listed_and_different(files: dict[str, bytes]) -> None:
    """Every name ends as the list allows; no two files share one, and none is a folder of another."""
    folders = {path.rpartition("/")[0] for path in files}
    files = {path: data for path, data in files.items() if path not in folders}
    found = names(files)
    assert all(name.endswith(tuple(KEPT)) for name in found.values())
    assert len(set(found.values())) == len(files)
    assert not set(found.values()) & {name.rpartition("/")[0] for name in found.values()}
