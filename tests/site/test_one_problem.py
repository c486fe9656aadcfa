"""One mistake is one problem, in however many places of the pages it shows."""

from pathlib import Path

import pytest

from tests.project import CapturedFile, Little, make, row

FACTS = "runc: {file: t.txt, read: seconds runc}\nkata: {file: t.txt, read: seconds kata}\n"
USES = (
    '# Task\n\nIt takes {{ fact("runc") }}.\n\nAgain {{ fact("runc") }}, {{ fact("kata / runc") }} times.\n\n'
    '{% call claim("kata > runc") %}Kata is slower{% endcall %}.\n'
)


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Return a project whose two pages use two facts several times."""
    made = make(tmp_path / "project")
    made.capture(CapturedFile("t.txt", b"runc: 0.4 s\nkata: 1.2 s\n"))
    made.state(row("t.txt", "t.txt", state="captured"))
    made.page("labs/lab12/facts.yml", FACTS)
    made.page("labs/lab12/task-1.md", USES)
    made.page("labs/lab12/task-2.md", USES)
    return made


def listed(little: Little) -> list[str]:
    """Return the problems that a build lists at its end."""
    ended = little.build("--quiet")
    assert ended.returncode == 1, ended.stderr
    _head, _, rest = ended.stderr.partition("The report has ")
    return [line.strip() for line in rest.splitlines()[1:]]


FIRST = 'labs/lab12/task-1.md:3: fact("runc"): '
MISTAKES = [
    (
        "file: t.txt, read: seconds runc",
        "file: tt.txt, read: seconds runc",
        f"{FIRST}no evidence: not there: ",
    ),
    (
        "seconds runc",
        "seconds runk",
        f"{FIRST}no evidence: not there: lines 1:2 of lab12/t.txt: no time after",
    ),
    ("seconds runc", "quantity runc, lines: '2'", f"{FIRST}no evidence: not there: lines 2:2 of lab12/t.txt"),
    (
        "seconds runc",
        "seconds runc, unit: kB",
        f"{FIRST}no evidence: unreadable: lines 1:2 of lab12/t.txt: 0.4 s",
    ),
    ("runc: {", "runk: {", f"{FIRST}docs/labs/lab12/facts.yml declares no runc: is runk meant?"),
    (
        "seconds runc",
        "secnds runc",
        "docs/labs/lab12/facts.yml:1: runc.read: there is no converter 'secnds': is",
    ),
    (
        "read: seconds kata",
        "reed: seconds kata",
        "docs/labs/lab12/facts.yml:2: kata.reed: there is no key 'reed': is",
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(("old", "new", "problem"), MISTAKES)
def test_a_mistake_in_the_facts_is_one_problem(little: Little, old: str, new: str, problem: str) -> None:
    """It is listed where it shows first, with the line of facts.yml, and how many more places it has."""
    little.page("labs/lab12/facts.yml", FACTS.replace(old, new, 1))
    (line,) = listed(little)
    assert line.startswith(problem)
    if line.startswith(FIRST):
        assert line.endswith(("(and in 7 more places)", "is runk meant? (and in 7 more places)"))
        assert "facts.yml" in line
    page = (little.site / "labs/lab12/task-2.html").read_text()
    assert "ev-" in page


@pytest.mark.slow
def test_two_mistakes_are_two_problems(little: Little) -> None:
    """A claim on two facts without values hides neither of them."""
    little.page(
        "labs/lab12/facts.yml", FACTS.replace("seconds runc", "count runc").replace("seconds kata", "count k")
    )
    first, second = listed(little)
    assert first.startswith(FIRST)
    assert "see kata in docs/labs/lab12/facts.yml:2, runc in docs/labs/lab12/facts.yml:1" in second


@pytest.mark.slow
def test_the_theme_says_nothing_of_its_own(little: Little) -> None:
    """Nobody who builds a report has to read about the end of life of its theme."""
    ended = little.build("--quiet", NO_MKDOCS_2_WARNING="")
    assert (ended.returncode, ended.stderr) == (0, "")
