"""Each block of evidence has an id of its own in its page, and so does each of its lines."""

import pytest

from labreport.report.pages.anchors import PageAnchors, anchor_of, page_anchors
from tests.project import CapturedFile, make

PAGE = """# Page

{{ evidence("a/x.txt", lines="2:5") }}

{{ evidence("a/x.csv") }}

{{ evidence("a/x.txt", lines="7:8") }}

{{ state() }}

{{ host(caption="Hosts", name="x") }}
"""


@pytest.fixture(scope="module")
def anchors(tmp_path_factory: pytest.TempPathFactory) -> PageAnchors:
    """Return the ids of a page that has a heading with the id of a block."""
    little = make(tmp_path_factory.mktemp("anchors") / "project")
    for name in ("a/x.txt", "a/x.csv"):
        little.capture(CapturedFile(name, b"1\n2\n3\n4\n5\n6\n7\n8\n"))
    little.page("labs/lab12/index.md", PAGE)
    (page,) = (one for one in little.pages().pages if one.lab)
    return page_anchors(little.render_pass().render(page).results, '<h2 id="a-x-csv">a/x.csv</h2>')


def test_ids_are_readable_and_differ(anchors: PageAnchors) -> None:
    """The first block of a file has the plain id; a heading keeps its own."""
    assert anchors.blocks == {1: "a-x", 2: "a-x-csv_1", 3: "a-x_1"}
    assert anchors.others == {"table-x"}


@pytest.mark.parametrize("anchor", ["a-x", "a-x-L2", "a-x-L2-L5", "a-x_1-L7-L8", "a-x-csv_1-L1", "table-x"])
def test_what_a_page_has(anchors: PageAnchors, anchor: str) -> None:
    """Blocks, their lines, figures and tables."""
    assert anchor in anchors


@pytest.mark.parametrize(
    "anchor",
    ["a-x-L1", "a-x-L5-L6", "a-x-L4-L3", "a-x-L0", "a-x-L2-", "a-x-Lx", "b-L1", "a-x_1-L2", "table-x-L1",
     f"a-x-L{'9' * 5000}", ""],
)  # fmt: skip
def test_what_a_page_has_not(anchors: PageAnchors, anchor: str) -> None:
    """Lines that a block does not show, and reversed ranges."""
    assert anchor not in anchors


@pytest.mark.parametrize(
    ("path", "anchor"),
    [("A b/ü.LOG", "a-b-log"), ('x"><script>.txt', "x-script"), ("...", "evidence"), (".txt", "evidence")],
)
def test_an_id_has_plain_characters_only(path: str, anchor: str) -> None:
    """A name of a file is hostile."""
    assert anchor_of(path) == anchor
