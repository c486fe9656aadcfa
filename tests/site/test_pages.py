"""One set of pages: what `mkdocs build` publishes and complains of is what check and export see."""

import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from labreport.check.project import CheckReport, late_table_of
from labreport.report.export import Exported, export
from tests import forked
from tests.project import REPO, CapturedFile, Little, clean_environment, make

DAY = date(2026, 3, 4)
FACTS = "runc: {file: a.txt, read: seconds runc}\nkata: {file: a.txt, read: seconds Kata}\n"


def project(root: Path) -> Little:
    """Make a lab with two facts, whose settings know `extra`."""
    made = make(root)
    text = (made.root / "mkdocs.yml").read_text().replace("extra:\n", "extra:\n  course: {name: DevOps}\n")
    text += "exclude_docs: left-out.md\ndraft_docs: draft.md\n"
    (made.root / "mkdocs.yml").write_text(text)
    made.capture(CapturedFile("a.txt", b"runc: 0.4 s\nKata: 1.6 s\n"))
    made.capture(CapturedFile("n/colour.txt", b"\x1b[31mred\x1b[0m line\r\n"))
    made.page("labs/lab12/facts.yml", FACTS)
    made.page("labs/lab12/index.md", "# Lab 12\n\n{{ evidence('a.txt') }}\n")
    return made


@dataclass(frozen=True)
class Seen:
    """What a build, a check and an export make of one project."""

    little: Little
    ending: str
    report: CheckReport
    exported: Exported

    def problems(self, path: str) -> list[list[str]]:
        """Return the problems of a page that each tells, by its line."""
        checked = [
            one for one in self.report.findings if one.kind == "problem" and one.file == f"docs/{path}"
        ]
        return [
            re.findall(rf"^  {re.escape(path)}:([0-9]+): ", self.ending, re.MULTILINE),
            [str(one.line) for one in checked],
            [str(one.line) for one in self.exported.problems if one.path == path],
        ]

    def page(self, path: str) -> str:
        """Return a page of the site."""
        return (self.little.site / path).with_suffix(".html").read_text()


def look_at(little: Little) -> Seen:
    """Build, check and export a project."""
    ending = little.build("--quiet").stderr.partition("The report has")[2]
    pages = little.pages()
    exported = export(pages, "lab12", "", lambda shown: late_table_of(pages, shown, DAY))
    return Seen(little, ending, little.check(DAY), exported)


PAGES = [
    ("labs/lab12/task-2.markdown", True),
    ("labs/lab12/task-3.mdown", True),
    ("labs/lab12/task-4.mkd", True),
    ("labs/lab12/sub/task-5.md", True),
    ("labs/lab12/task-6.txt", False),
    ("labs/lab12/.task-7.md", False),
    ("labs/lab12/.hidden/task-8.md", False),
    ("templates/task-9.md", False),
    ("labs/lab12/left-out.md", False),
    ("labs/lab12/draft.md", False),
    ("labs/lab12/README.md", False),
    ("labs/lab13/README.md", True),
]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Make a project with every kind of page, each with a false claim and a naked number."""
    little = project(tmp_path_factory.mktemp("pages") / "project")
    for path, _is_page in PAGES:
        claim = '{% call claim("kata < 1 s", lab="lab12") %}It is quick.{% endcall %}'
        little.page(path, f"# {path}\n\nIt takes 9.9 s. {claim}\n")
    return look_at(little)


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(("path", "is_page"), PAGES)
def test_the_pages_are_those_that_mkdocs_builds(pages: Seen, path: str, *, is_page: bool) -> None:
    """By suffix, exclusions, drafts, hidden files, and the rule of README and index.

    A README.md beside an index.md is no page, and a problem of the project.
    """
    is_task = is_page and path.startswith("labs/lab12/task-")
    found = ["3"] if is_page else []
    checked = ["1"] if path == "labs/lab12/README.md" else found
    assert pages.problems(path) == [found, checked, found if is_task else []]
    naked = [one for one in pages.report.findings if one.kind == "number" and one.file == f"docs/{path}"]
    assert len(naked) == is_page
    assert (path in pages.exported.markdown) == is_task


COMMENTS = """# Jobs

```sh
parallel --results out/{#} ./run.sh ::: a b
```

Kata needs 9.9 s, and {% call claim("runc > 100 s") %}runc is slow{% endcall %}.

```sh
parallel echo job {#} of {} ::: a b; echo "${#files[@]}"
```

The end {# of it #}.
"""
BAD: list[tuple[str | bytes, int]] = [
    ("# T\n\nText {# a note\n\nmore {# another #} text.\n", 3),
    ("# T\n\n## Results {#results}\n\nText {# a note\n", 5),
    ('# T\n\n```sh\nnerdctl ps --format "{{.Names}}"\n```\n', 4),
    ("# T\n\n{{ lipsum.__globals__['__builtins__']['exec'](\"1\") }}\n", 3),
    ('# T\n\n{{ cycler.__init__.__globals__.os.popen("id").read() }}\n', 3),
    ("# T\n\n\n{{ config.theme.get_env().from_string('x') }}\n", 4),
    ("# T\n\n{% include 'index.md' %}\n", 3),
    ("# T\n\nText.\n\n{{ 'a' * 10**8 }}\n", 5),
    ("---\nfact: shadowed\nevidence: shadowed\n---\n# T\n\n{{ evidence }}\n", 7),
    ("---\na: [\n---\n# T\n", 2),
    ("---\nexpected_gaps: x\n---\n# T\n", 2),
    ("---\ntitle: 2026\n---\n# T\n", 2),
    ("---\ntitle:\n---\n# T\n", 2),
    ("---\nhide: 5\n---\n# T\n", 2),
    ("---\nicon: [x]\n---\n# T\n", 2),
    ("---\ntemplate: 5\n---\n# T\n", 2),
    ("Search: none\n\n# T\n", 1),
    (b'# T\n\nLow \x96 yes. {{ evidence("a.txt", lines="1") }}\n', 3),
]
FORGED = [
    '<pre class="ev-text"><code data-evidence="lab12/a.txt" data-lines="1:1">FORGED 9.9</code></pre>',
    '<div class="ev">\n<p>x</p></div>',
    "<DIV CLASS = ev-problem>x</DIV>",
    "<p\n data-lines=1:2 >x</p>",
    "`FORGED`{: data-evidence=x }",
    "## FORGED {: .ev-claim }",
    "{{ '<i data-evi' ~ 'dence=x>' }}",
    '!!! ev "x"\n    y',
]
BAD += [(f"# T\n\nText about evidence.\n\n{text}\n", 1 if "~" in text else 5) for text in FORGED]
CRLF = "# T\n\nIt took 1.1 s.\n\n```text\nx\n```\n\nIt took 3.2 s.\n\n"
CRLF += "```sudo x | grep y```: shows it\n\nIt took 4.5 s.\n"
FRONT = "---\nevidence: x\nfact: y\nrender_macros: false\nignore_macros: true\ntitle: '{{ 7 * 7 }}'\n---\n"


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Make a project with every bad page, and with some good ones."""
    little = project(tmp_path_factory.mktemp("cases") / "project")
    for number, (text, _line) in enumerate(BAD):
        path = little.page(f"labs/lab12/task-{100 + number}.md", "")
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    little.page("labs/lab12/task-2.md", COMMENTS)
    little.page("labs/lab12/task-3.md", f"{FRONT}# T\n\n{{{{ evidence('a.txt') }}}} {{{{ fact('runc') }}}}\n")
    little.page("labs/lab12/task-4.md", "# T\n\nFor {{ course.name }}.\n")
    little.page("labs/lab12/task-5.md", CRLF)
    little.page("labs/lab12/task-6.md", CRLF.replace("\n", "\r\n"))
    little.page("labs/lab12/task-7.md", '# T\n\n{{ evidence("n/colour.txt") }}\n')
    little.page("labs/lab12/template.md", "---\ntemplate: ../../../etc/passwd\n---\n# T\n")
    little.page("labs/lab12/icon.md", "---\nicon: nope\n---\n# T\n")
    return look_at(little)


@pytest.mark.parametrize("number", range(len(BAD)))
def test_a_bad_page_is_the_same_problem_everywhere(cases: Seen, number: int) -> None:
    """At its line, in build, check and export; the page has a box, and the site is built."""
    path, line = f"labs/lab12/task-{100 + number}.md", BAD[number][1]
    assert cases.problems(path) == [[str(line)]] * 3
    assert 'class="ev-problem"' in cases.page(path)


def test_the_rest_of_the_site_is_built(cases: Seen) -> None:
    """Whatever its other pages are."""
    assert 'data-evidence="lab12/a.txt"' in cases.page("labs/lab12/index")


def test_text_between_two_signs_of_a_comment_stays(cases: Seen) -> None:
    """It is published, exported and checked, the claim in it too."""
    assert cases.problems("labs/lab12/task-2.md") == [["7"]] * 3
    for text in (cases.page("labs/lab12/task-2"), cases.exported.markdown):
        for part in ("out/{#}", "needs 9.9 s", "runc is slow", "job {#} of {}", "${#files[@]}", "The end ."):
            assert part in re.sub(r"<[^>]+>", "", text).replace("&quot;", '"'), part
    naked = [one.line for one in cases.report.findings if one.kind == "number" and "task-2.md" in one.file]
    assert naked == [7]


def test_front_matter_shadows_no_macro(cases: Seen) -> None:
    """Its keys are no names in a page's Jinja, and it cannot leave a page out of rendering."""
    assert cases.problems("labs/lab12/task-3.md") == [[]] * 3
    page = cases.page("labs/lab12/task-3")
    assert 'data-evidence="lab12/a.txt"' in page
    assert "0.4\u00a0s" in page
    assert "49" not in re.findall("<title>.*?</title>", page)[0]


def test_what_a_theme_does_not_have_ends_no_build(cases: Seen) -> None:
    """A template and an icon that are not there: mkdocs builds the page without them, and fails."""
    for name in ("template: ../../../etc/passwd", "icon: nope"):
        key = name.partition(":")[0]
        assert f"labs/lab12/{key}.md:2: front matter: {key} is " in cases.ending
        assert "<h1" in cases.page(f"labs/lab12/{key}")


def test_extra_of_mkdocs_yml_is_known_everywhere(cases: Seen) -> None:
    """Plain values of it."""
    assert cases.problems("labs/lab12/task-4.md") == [[]] * 3
    assert "For DevOps." in cases.exported.markdown
    assert "For DevOps." in cases.page("labs/lab12/task-4")


def test_line_ends_change_no_finding(cases: Seen) -> None:
    """The same with LF and CRLF; a code span that begins with three backticks is no fence."""
    found = [
        [(one.line, one.column) for one in cases.report.findings if one.kind == "number" and name in one.file]
        for name in ("task-5.md", "task-6.md")
    ]
    assert found[0] == found[1]
    assert [line for line, _column in found[0]] == [3, 9, 13]


@pytest.mark.slow
def test_a_page_that_is_not_utf8_stays_as_it_is(cases: Seen) -> None:
    """It shows what could be read, and `lab check --fix` writes nothing into it."""
    number = next(number for number, (text, _line) in enumerate(BAD) if isinstance(text, bytes))
    page = cases.page(f"labs/lab12/task-{100 + number}")
    for part in ("Line 3: not UTF-8", "save it as UTF-8", "Low \ufffd yes."):
        assert part in page
    told = forked.lab(["check", "--fix"], cases.little.root, clean_environment())
    assert "Traceback" not in told.stderr
    path = cases.little.root / f"docs/labs/lab12/task-{100 + number}.md"
    assert path.read_bytes() == BAD[number][0]


@pytest.mark.slow
def test_an_export_is_the_same_on_standard_output(cases: Seen) -> None:
    """Byte for byte, with the escape sequences that evidence holds."""
    command = [sys.executable, str(REPO / "labreport"), "export", "lab12", "--full"]
    root = cases.little.root
    printed = subprocess.run(command, cwd=root, capture_output=True, check=False).stdout
    subprocess.run([*command, "--to", "report.md"], cwd=root, capture_output=True, check=False)
    assert b"\x1b[31mred\x1b[0m line\r\n" in printed
    assert printed == (root / "report.md").read_bytes() == cases.exported.markdown.encode()
