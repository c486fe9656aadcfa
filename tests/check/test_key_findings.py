"""Each key finding of a lab rests on a claim."""

from datetime import date
from pathlib import Path

import pytest

from tests.project import CapturedFile, Little, make

CLAIM = '{% call claim("a == 3") %}It is so{% endcall %}'


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Return a lab with a fact."""
    made = make(tmp_path / "project")
    made.capture(CapturedFile("a.txt", b"3\n"))
    made.page("labs/lab12/facts.yml", "a: {file: a.txt, read: count}\n")
    made.page("labs/lab12/task-1.md", f"# Task 1\n\n{CLAIM}.\n")
    return made


def found(little: Little, text: str, path: str = "labs/lab12/index.md") -> list[str]:
    """Return what is wrong with the key findings of a page."""
    little.page(path, f"# Lab\n\n{text}\n")
    return [str(one) for one in little.check(date(2026, 3, 4)).findings if one.kind == "key-finding"]


def test_a_finding_without_a_claim(little: Little) -> None:
    """It is named with its line. A list inside an item is part of it; other sections have other lists."""
    text = f"## Key findings\n\n1. {CLAIM}.\n2. It is slow.\n3. So:\n\n    - {CLAIM}\n    - and more\n\n"
    (said,) = found(little, f"{text}## Other\n\n- Nothing.")
    assert said.startswith("docs/labs/lab12/index.md:6:")
    assert "this key finding rests on no claim: 2. It is slow." in said


@pytest.mark.parametrize("count", [0, 1, 7, 8])
def test_how_many_there_may_be(little: Little, count: int) -> None:
    """One to seven."""
    text = "## Key findings\n\n" + "".join(f"{n}. {CLAIM}\n" for n in range(1, count + 1))
    said = found(little, text)
    assert [f":3:1: {count} key findings: list 1 to 7" in one for one in said] == [True] * (count in {0, 8})


def test_only_the_first_page_of_a_lab_has_key_findings(little: Little) -> None:
    """On other pages such a heading is a heading, and a lab need not have any."""
    assert found(little, "## Key findings\n\n1. It is slow.", "labs/lab12/task-2.md") == []
    assert found(little, "Nothing yet.") == []
