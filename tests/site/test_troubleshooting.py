"""The page of what goes wrong upstream: it has what the code names, as the code has it."""

import re

import pytest

from labreport.containers.container import NO_READER
from labreport.containers.ctr import KATA_SECONDS, NO_ANSWER, REMEDY
from tests.project import REPO

PAGE = REPO / "docs" / "manual" / "how-to" / "troubleshooting.md"
SOURCES = sorted(path for top in ("collectors", "labreport") for path in (REPO / top).rglob("*.py"))


def test_every_upstream_number_in_the_code_is_on_the_page() -> None:
    """Whoever meets such a number in a comment finds on the page what it is about."""
    named = {number for path in SOURCES for number in re.findall(r"#(\d{4,5})\b(?!-)", path.read_text())}
    assert named
    assert named <= set(re.findall(r"#(\d{4,5})\b", PAGE.read_text()))


@pytest.mark.parametrize("text", [*NO_ANSWER, NO_READER, REMEDY, f"no end after {KATA_SECONDS:g} s"])
def test_what_a_hung_start_says_is_on_the_page(text: str) -> None:
    """The words that the code looks for, or prints, are the page's."""
    assert text in PAGE.read_text()


@pytest.mark.parametrize(
    "text",
    [
        "cannot be opened",
        "no permission for",
        "opens, but a guest does not boot in it",
        "containerd does not come up with it",
        "gave no answer within",
        "ended at once",
        "MiB of memory available; the box takes",
        "MiB free,",
        "is taken on this host",
        "QEMU ended: ",
        "the box did not start: ",
        "the box was lost (try ",
        "times with no capture in between",
    ],
)
def test_our_own_messages_are_printed_as_the_page_has_them(text: str) -> None:
    """A message that is worded anew is worded anew on the page, too."""
    assert text in PAGE.read_text()
    assert any(text in path.read_text() for path in SOURCES)


def test_the_table_leads_to_every_section() -> None:
    """Each section is found by a symptom in the table on top."""
    page = PAGE.read_text()
    table = [line for line in page.splitlines() if line.startswith("| ")]
    assert len(table) - 1 == len(re.findall(r"^### ", page, re.MULTILINE))
