"""The whole check: what a build would find, what nobody uses, lies of every kind, and nothing to check."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from labreport.check.finding import Finding
from labreport.check.lab import LabPages
from labreport.check.project import LAB_CHECKS, PROJECT_CHECKS, CheckReport, ProjectPages, check_project
from labreport.report.facts.expressions.evaluate import EvaluationState
from labreport.site.links import broken_links
from tests.project import HOST, REPO, Captured, Little, make

DAY = date(2026, 3, 4)
FACTS = """startup.runc: {file: bench/startup.txt, read: seconds runc}
startup.kata: {file: bench/startup.txt, read: seconds Kata}
"""
STARTUP = b"runc:\nreal\t0m0.410s\nKata:\nreal\t0m1.620s\n"
PAGE = """# Task 4

runc starts in {{ fact("startup.runc") }}, and
{% call claim("1 s < startup.kata < 2 s") %}Kata in 1 to 2 s{% endcall %}.

{{ evidence("bench/startup.txt") }}
"""


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Return a lab whose one page is true."""
    made = make(tmp_path / "project")
    made.capture(Captured("bench/startup.txt", STARTUP))
    made.page("labs/lab12/facts.yml", FACTS)
    made.page("labs/lab12/task-4.md", PAGE)
    return made


def check(little: Little) -> CheckReport:
    """Return what is found in the project."""
    return check_project(little.root, DAY)


def kinds(little: Little) -> list[str]:
    """Return the kinds of all findings, sorted."""
    return sorted(one.kind for one in check(little).findings)


def rewrite(little: Little, old: str, new: str) -> None:
    """Change the page."""
    path = little.root / "docs/labs/lab12/task-4.md"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_true_page_has_no_finding_and_is_counted(little: Little) -> None:
    """Its value, the two numbers that its claim says, and its claim."""
    checked = check(little)
    assert checked.findings == []
    assert (checked.coverage.bound, checked.coverage.naked) == (2, 0)
    assert checked.coverage.claims == Counter({EvaluationState.HOLDS: 1})


def test_it_finds_what_a_build_would(little: Little) -> None:
    """With the column of the call, and evidence that is no longer what its record says."""
    rewrite(little, "# Task 4\n", '# Task 4\n\nText {{ evidence("bench/startup.txt", lines="3:9") }}\n')
    (found,) = check(little).findings
    assert (found.kind, found.line, found.column) == ("problem", 3, 6)
    assert "1:4 is the whole file" in found.remedy
    (little.root / "evidence/lab12/bench/startup.txt").write_bytes(STARTUP.replace(b"410", b"411"))
    files = {one.file for one in check(little).findings if one.kind == "problem"}
    assert files == {"docs/labs/lab12/task-4.md", "evidence/lab12/bench/startup.txt"}


def test_what_no_page_uses_is_found(little: Little) -> None:
    """A fact at its line, a file by its path; a file that only an unused fact reads is not shown."""
    little.capture(Captured("bench/more.txt", b"52\n"))
    little.page("labs/lab12/facts.yml", f"{FACTS}# more\nmore: {{file: bench/more.txt, read: count}}\n")
    said = [str(one) for one in check(little).findings]
    assert said[0].startswith("docs/labs/lab12/facts.yml:4:1: no page uses the fact more: ")
    assert said[1].startswith("evidence/lab12/bench/more.txt:1:1: no page shows this evidence")
    rewrite(little, "# Task 4\n", '# Task 4\n\n{{ fact("more") }}\n')
    assert kinds(little) == []


def test_commands_and_the_index_show_no_evidence(little: Little) -> None:
    """They name a file; nobody reads it there."""
    rewrite(little, '{{ evidence("bench/startup.txt") }}', '{{ command("bench/startup.txt") }} {{ index() }}')
    little.page("labs/lab12/facts.yml", f"{FACTS}other: {{file: bench/startup.txt, read: count}}\n")
    rewrite(little, "{{ fact", "{{ 'x' }} {# fact")
    rewrite(little, '.runc") }}', '.runc") #}')
    rewrite(little, "{% call", "{# call")
    rewrite(little, "endcall %}", "endcall #}")
    assert kinds(little) == ["unshown", "unused-fact", "unused-fact", "unused-fact"]


def test_other_hosts_evidence_is_not_the_reports_to_show(little: Little) -> None:
    """A set below evidence/hosts is there for the hosts page."""
    little.capture(Captured("bench/startup.txt", STARTUP), lab="hosts/there/lab12")
    assert kinds(little) == []


def test_numbers_of_guides_are_nobodys_evidence(little: Little) -> None:
    """Only a lab's pages are the report."""
    little.page("guides/x.md", "# Guide\n\nIt waits 3 s.\n")
    assert kinds(little) == []
    little.page("labs/lab12/x.md", "# Page\n\nIt waits 3 s.\n")
    assert kinds(little) == ["number"]


LIES = {
    "number with no evidence": ("# Task 4\n", "# Task 4\n\nThe image is 147 MB.\n", "number"),
    "ratio typed by hand": ("# Task 4\n", "# Task 4\n\nKata takes 4 times as long.\n", "number"),
    "ratio in words": ("# Task 4\n", "# Task 4\n\nKata takes twice as long.\n", "number"),
    "percentage typed by hand": ("# Task 4\n", "# Task 4\n\nThat is 25 % of it.\n", "number"),
    "decimal comma": ("# Task 4\n", "# Task 4\n\nrunc took 0,410 s.\n", "number"),
    "typed beside a fact": ('{{ fact("startup.runc") }}', '{{ fact("startup.runc") }} (0.41 s)', "number"),
    "in a table": ("# Task 4\n", "# Task 4\n\n| run | time (s) |\n|---|---|\n| 1 | 0.41 |\n", "number"),
    "in an alt text": ("# Task 4\n", "# Task 4\n\n![0.41 s](../../assets/evidence.css)\n", "number"),
    "digit changed in a sentence": ("Kata in 1 to 2 s", "Kata in 1 to 3 s", "number"),
    "unit changed in a sentence": ("Kata in 1 to 2 s", "Kata in 1 to 2 ms", "number"),
    "condition that is false": ("1 s < startup.kata < 2 s", "2 s < startup.kata < 1 s", "problem"),
    "right value, wrong name": ("1 s < startup.kata < 2 s", "1 s < startup.runc < 2 s", "problem"),
    "percentage of the wrong base": (
        "# Task 4\n",
        '# Task 4\n\n{% call claim("percent(startup.kata, startup.runc) < 30 %") %}A third{% endcall %}\n',
        "problem",
    ),
    "ratio rounded the wrong way": (
        "# Task 4\n",
        '# Task 4\n\n{% call claim("startup.kata / startup.runc >= 4") %}At least 4 times{% endcall %}\n',
        "problem",
    ),
    "range off by one": (
        '{{ evidence("bench/startup.txt") }}',
        '{{ evidence("bench/startup.txt", lines="2:5") }}',
        "problem",
    ),
    "range off by one, within the file": (
        '{{ evidence("bench/startup.txt") }}',
        '{{ evidence("bench/startup.txt", lines="2:3") }}',
        "unpinned",
    ),
    "quote with an altered word": (
        "# Task 4\n",
        "# Task 4\n\n```1:2:bench/startup.txt\nrunc:\nreal\t0m0.140s\n```\n",
        "quote",
    ),
    "quote with a dropped line": (
        "# Task 4\n",
        "# Task 4\n\n```1:3:labs/lab12/bench/startup.txt\nrunc:\nKata:\n```\n",
        "quote",
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_caught(little: Little, lie: str) -> None:
    """On the page that tells it, once; that a fact is used no more may be said besides."""
    old, new, kind = LIES[lie]
    rewrite(little, old, new)
    findings = check(little).findings
    assert [one.kind for one in findings if one.file == "docs/labs/lab12/task-4.md"] == [kind]
    assert {one.kind for one in findings} <= {kind, "unused-fact"}


NEW = {
    "a digit changed": STARTUP.replace(b"1.620", b"2.620"),
    "the unit changed": STARTUP.replace(b"real\t0m1.620s", b"1620 ms".replace(b"1620", b"162")),
    "values swapped": b"runc:\nreal\t0m1.620s\nKata:\nreal\t0m0.410s\n",
}


@pytest.mark.parametrize("change", NEW)
def test_newer_evidence_under_an_old_sentence_is_caught(little: Little, change: str) -> None:
    """Captured anew, the file is whole: the claim turns, the pinned slice has changed."""
    little.capture(Captured("bench/startup.txt", NEW[change]))
    problem, *rest = check(little).findings
    assert problem.kind == "problem"
    assert "claim(" in problem.message
    assert rest == []


def test_another_hosts_file_is_not_compared(little: Little) -> None:
    """A time of one host beside that of another is no comparison."""
    other = HOST.model_copy(update={"cores": 64})
    little.capture(Captured("bench/kata.txt", b"real\t0m1.620s\n"), host=other)
    little.page(
        "labs/lab12/facts.yml",
        FACTS.replace("bench/startup.txt, read: seconds Kata", "bench/kata.txt, read: seconds"),
    )
    rewrite(little, "1 s < startup.kata < 2 s", "startup.runc < startup.kata")
    rewrite(little, "Kata in 1 to 2 s", "Kata takes longer")
    (found,) = check(little).findings
    assert found.kind == "problem"
    assert "not comparable" in found.message


def test_nothing_to_check_is_a_finding(tmp_path: Path) -> None:
    """No evidence, no number, no claim: whatever pages there are."""
    made = make(tmp_path / "project")
    for text in ("", "# Lab\n\nText.\n"):
        made.page("labs/lab12/index.md", text)
        (found,) = check(made).findings
        assert found.kind == "nothing"
        assert "nothing to check" in found.message
    made.page("labs/lab12/index.md", "# Lab\n\nIt took 3 s.\n")
    assert kinds(made) == ["number"]


def test_a_bad_facts_file_is_a_finding_at_its_line(little: Little) -> None:
    """Whether a page uses it or not."""
    little.page("labs/lab12/facts.yml", f"{FACTS}more: {{file: a.txt}}\n")
    found = [one for one in check(little).findings if one.file.endswith("facts.yml")]
    assert [(one.kind, one.line) for one in found] == [("problem", 3)]


def test_a_page_that_is_no_text_is_a_finding(little: Little) -> None:
    """The others are checked all the same."""
    (little.root / "docs/labs/lab12/x.md").write_bytes(b"# caf\xe9\n")
    (found,) = check(little).findings
    assert str(found).startswith("docs/labs/lab12/x.md:1:1: not UTF-8: save it as UTF-8")


def test_a_new_check_is_one_function_and_one_line(little: Little, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check of a lab, or of the project, is in the report with an id, and can be waived."""

    def short_titles(lab: LabPages) -> Iterator[Finding]:
        for page in lab.pages:
            for heading in page.headings:
                if len(heading.text) < 10:
                    yield Finding(
                        "short-title", page.file, heading.line, 1, "too short", "add a word", heading.text
                    )

    def few_pages(project: ProjectPages) -> Iterator[Finding]:
        yield Finding("few-pages", "docs/index.md", 1, 1, f"{len(project.pages)} pages", "write more", "")

    monkeypatch.setattr("labreport.check.project.LAB_CHECKS", (*LAB_CHECKS, short_titles))
    monkeypatch.setattr("labreport.check.project.PROJECT_CHECKS", (*PROJECT_CHECKS, few_pages))
    first, second = check(little).findings
    assert str(first) == f"docs/index.md:1:1: 2 pages: write more [{first.id}]"
    assert str(second) == f"docs/labs/lab12/task-4.md:1:1: too short: add a word [{second.id}]"
    assert second.id.startswith("short-title-")
    little.page(
        "labs/lab12/waivers.yml", f"{second.id}: {{reason: as the sheet has it, expires: 2026-03-04}}\n"
    )
    assert check(little).findings == [first]


def test_every_id_is_of_its_own(little: Little) -> None:
    """Its kind and eight digits, once in a project."""
    rewrite(little, "# Task 4\n", "# Task 4\n\n3 s, 3 s, 3 s. [x](gone.md) [x](gone.md)\n")
    ids = [one.id for one in check_project(little.root, DAY, [broken_links]).findings]
    assert len(ids) == len(set(ids)) == 5
    assert all(re.fullmatch(r"[a-z-]+-[0-9a-f]{8}", one) for one in ids)


def test_the_projects_own_pages_are_bound_whatever_the_evidence() -> None:
    """Every lab's numbers, facts, lines, links and waivers, on a day on which no waiver has expired.

    What the evidence says of claims and requirements is for `lab check`: a student's may say something else.
    """
    checked = check_project(REPO, DAY, [broken_links])
    written = {"number", "unused-fact", "unpinned", "link", "waiver"}
    assert [str(one) for one in checked.findings if one.kind in written] == []
    assert checked.coverage.naked == 0
    assert not checked.coverage.empty
