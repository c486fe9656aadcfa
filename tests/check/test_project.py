"""The whole check: problems of a build, unused evidence, false statements, and nothing to check."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from labreport.check.finding import Finding
from labreport.check.lab import LabPages
from labreport.check.project import LAB_CHECKS, PROJECT_CHECKS, CheckReport, ProjectPages
from labreport.report.facts.expressions.evaluate import EvaluationState
from tests.project import HOST, REPO, CapturedFile, Little, make

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
    """Return a lab with one page, which is true."""
    made = make(tmp_path / "project")
    made.capture(CapturedFile("bench/startup.txt", STARTUP))
    made.page("labs/lab12/facts.yml", FACTS)
    made.page("labs/lab12/task-4.md", PAGE)
    return made


def check(little: Little) -> CheckReport:
    """Return the result of the check."""
    return little.check(DAY)


def kinds(little: Little) -> list[str]:
    """Return the kinds of all findings, sorted."""
    return sorted(one.kind for one in check(little).findings)


def rewrite(little: Little, old: str, new: str) -> None:
    """Replace `old` by `new` in the page."""
    path = little.root / "docs/labs/lab12/task-4.md"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_true_page(little: Little) -> None:
    """It has no finding; its value, the number of its claim and the claim are counted."""
    checked = check(little)
    assert checked.findings == []
    assert (checked.coverage.bound, checked.coverage.naked) == (2, 0)
    assert checked.coverage.claims == Counter({EvaluationState.HOLDS: 1})


def test_problems_of_a_build(little: Little) -> None:
    """They are reported at the column of the call; altered evidence is reported too."""
    rewrite(little, "# Task 4\n", '# Task 4\n\nText {{ evidence("bench/startup.txt", lines="3:9") }}\n')
    (found,) = check(little).findings
    assert (found.kind, found.line, found.column) == ("problem", 3, 6)
    assert "1:4 is the whole file" in found.remedy
    (little.root / "evidence/lab12/bench/startup.txt").write_bytes(STARTUP.replace(b"410", b"411"))
    files = {one.file for one in check(little).findings if one.kind == "problem"}
    assert files == {"docs/labs/lab12/task-4.md", "evidence/lab12/bench/startup.txt"}


def test_unused_facts_and_evidence(little: Little) -> None:
    """An unused fact is reported at its line, and so is a file that only that fact reads."""
    little.capture(CapturedFile("bench/more.txt", b"52\n"))
    little.page("labs/lab12/facts.yml", f"{FACTS}# more\nmore: {{file: bench/more.txt, read: count}}\n")
    said = [str(one) for one in check(little).findings]
    assert said[0].startswith("docs/labs/lab12/facts.yml:4:1: no page uses the fact more: ")
    assert said[1].startswith("evidence/lab12/bench/more.txt:1:1: no page shows this evidence")
    rewrite(little, "# Task 4\n", '# Task 4\n\n{{ fact("more") }}\n')
    assert kinds(little) == []


def test_other_pages_show_evidence_and_use_facts(little: Little) -> None:
    """What a page outside of the lab, or of another lab, shows of it counts, and nothing of the other lab."""
    page = little.root / "docs/labs/lab12/task-4.md"
    page.write_text("# Task 4\n")
    assert kinds(little) == ["unshown", "unused-fact", "unused-fact"]
    values = [f'{{{{ fact("startup.{name}", lab="lab12") }}}}' for name in ("runc", "kata")]
    little.page("guides/x.md", f"# Guide\n\n{' '.join(values)}\n")
    assert kinds(little) == []
    little.page("guides/x.md", '# Guide\n\n{{ evidence("lab12/bench/startup.txt") }}\n')
    assert kinds(little) == ["unused-fact", "unused-fact"]
    little.capture(CapturedFile("bench/startup.txt", STARTUP), lab="lab13")
    assert kinds(little) == ["unshown", "unused-fact", "unused-fact"]


def test_commands_and_the_index_show_no_evidence(little: Little) -> None:
    """They only name the file."""
    rewrite(little, '{{ evidence("bench/startup.txt") }}', '{{ command("bench/startup.txt") }} {{ index() }}')
    little.page("labs/lab12/facts.yml", f"{FACTS}other: {{file: bench/startup.txt, read: count}}\n")
    rewrite(little, "{{ fact", "{{ 'x' }} {# fact")
    rewrite(little, '.runc") }}', '.runc") #}')
    rewrite(little, "{% call", "{# call")
    rewrite(little, "endcall %}", "endcall #}")
    assert kinds(little) == ["unshown", "unused-fact", "unused-fact", "unused-fact"]


def test_evidence_of_other_hosts(little: Little) -> None:
    """Pages need not show the sets in evidence/hosts."""
    little.capture(CapturedFile("bench/startup.txt", STARTUP), lab="hosts/there/lab12")
    assert kinds(little) == []


def test_numbers_outside_labs(little: Little) -> None:
    """Only pages of labs are searched for numbers."""
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


@pytest.mark.slow_after(4)
@pytest.mark.parametrize("lie", LIES)
def test_false_statements(little: Little, lie: str) -> None:
    """Each is reported once, on its page; it can leave a fact unused as well."""
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
def test_old_sentences_about_new_evidence(little: Little, change: str) -> None:
    """The claim about evidence that was captured again is contradicted."""
    little.capture(CapturedFile("bench/startup.txt", NEW[change]))
    problem, *rest = check(little).findings
    assert problem.kind == "problem"
    assert "claim(" in problem.message
    assert rest == []


def test_values_of_two_hosts(little: Little) -> None:
    """Times of two hosts are not comparable."""
    other = HOST.model_copy(update={"cores": 64})
    little.capture(CapturedFile("bench/kata.txt", b"real\t0m1.620s\n"), host=other)
    little.page(
        "labs/lab12/facts.yml",
        FACTS.replace("bench/startup.txt, read: seconds Kata", "bench/kata.txt, read: seconds"),
    )
    rewrite(little, "1 s < startup.kata < 2 s", "startup.runc < startup.kata")
    rewrite(little, "Kata in 1 to 2 s", "Kata takes longer")
    (found,) = check(little).findings
    assert found.kind == "problem"
    assert "not comparable" in found.message


def test_nothing_to_check(tmp_path: Path) -> None:
    """Pages without evidence, numbers and claims are a finding."""
    made = make(tmp_path / "project")
    for text in ("", "# Lab\n\nText.\n"):
        made.page("labs/lab12/index.md", text)
        (found,) = check(made).findings
        assert found.kind == "nothing"
        assert "nothing to check" in found.message
    made.page("labs/lab12/index.md", "# Lab\n\nIt took 3 s.\n")
    assert kinds(made) == ["number"]


def test_invalid_facts_yml(little: Little) -> None:
    """It is reported at the line, even if no page uses the fact."""
    little.page("labs/lab12/facts.yml", f"{FACTS}more: {{file: a.txt}}\n")
    found = [one for one in check(little).findings if one.file.endswith("facts.yml")]
    assert [(one.kind, one.line) for one in found] == [("problem", 3)]


def test_converters_of_a_lab(little: Little) -> None:
    """A broken file is one problem, however many facts need it. So is a sample that fails."""
    (little.root / "collectors").unlink()
    path = little.root / "collectors/lab12/converters.py"
    path.parent.mkdir(parents=True)
    path.write_text("x = 1 / 0\n")
    (found,) = check(little).findings
    assert str(found).startswith(
        "collectors/lab12/converters.py:1:1: ZeroDivisionError: division by zero: fix"
    )
    path.write_text(
        "from labreport.report.facts.converters import Converter\n\n\ndef own(text, label):\n"
        '    """Return the text.\n\n    >>> own("a", "")\n    \'b\'\n    """\n    return text\n\n\n'
        'CONVERTERS = {"own": Converter(own)}\n'
    )
    (found,) = check(little).findings
    assert str(found).startswith("collectors/lab12/converters.py:4:1: the sample of own fails: own(")


def test_a_page_that_is_not_utf8(little: Little) -> None:
    """It is reported, and the other pages are checked."""
    (little.root / "docs/labs/lab12/x.md").write_bytes(b"# caf\xe9\n")
    (found,) = check(little).findings
    assert str(found).startswith("docs/labs/lab12/x.md:1:1: not UTF-8: save it as UTF-8")


def test_add_a_check(little: Little, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function in one of the two tuples is enough; its findings have ids and can be waived."""

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


def test_ids_are_unique(little: Little) -> None:
    """An id is the kind and eight digits, and occurs once in a project."""
    rewrite(little, "# Task 4\n", "# Task 4\n\n3 s, 3 s, 3 s. [x](gone.md) [x](gone.md)\n")
    ids = [one.id for one in little.check(DAY, links=True).findings]
    assert len(ids) == len(set(ids)) == 5
    assert all(re.fullmatch(r"[a-z-]+-[0-9a-f]{8}", one) for one in ids)


def test_the_pages_of_this_repository() -> None:
    """Their numbers, facts, lines, links and waivers have no findings.

    Claims and requirements are left out, because they depend on the evidence. The day is one on which no
    waiver has expired.
    """
    checked = Little(REPO).check(DAY, links=True)
    written = {"number", "unused-fact", "unpinned", "link", "waiver"}
    assert [str(one) for one in checked.findings if one.kind in written] == []
    assert checked.coverage.naked == 0
    assert not checked.coverage.empty
