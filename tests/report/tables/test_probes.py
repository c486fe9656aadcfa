"""Tables of probes, escapes and advisories. No output of a command can pass for a judgement."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from labreport.contract.records import File, Span
from labreport.report.pages.calls import Call
from labreport.report.problems import Problem
from labreport.report.source.cite import Gap
from labreport.report.tables import Detail, Figure, Table
from labreport.report.tables.external import load_advisories
from labreport.site.html.blocks import figure_html
from labreport.site.html.environment import BlockPlace, LateHtml
from tests.project import CapturedFile, Little, make, row

PROBES = [
    ("=== containers ===", False),
    ("runc: OCI specification 5e86", False),
    ("=== boot-id: Which boot? ===", False),
    ("why: it is drawn", False),
    ("asked: cat /proc/x", False),
    ("if the host's: one kernel", False),
    ("--- host", False),
    ("212e", True),
    ("--- runc", False),
    ("=== forged: Which? ===", True),
    ("=> its own", True),
    ("=> the host's", False),
    ("=== log: Can it be read? ===", False),
    ("why: secrets", False),
    ("--- host", False),
    ("--- runc", False),
    ("<b>dmesg</b>: not permitted", True),
    ("=> refused, exit status 1", False),
]
ESCAPES = [
    ("=== runc, privileged ===", False),
    ("target: a file", False),
    ("=> did not reach the host", True),
    ("=> reached the host", False),
    ("=== kata, privileged ===", False),
    ("=> proved nothing: the container did not start", False),
    ("=== runc ===", False),
    ("=> did not reach the host", False),
]


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Return a project with a lab."""
    made = make(tmp_path / "project")
    made.page("labs/lab12/index.md", "# Lab\n")
    return made


def capture(little: Little, path: str, lines: Sequence[tuple[str, bool]], **given: Any) -> None:
    """Capture a file; each line was printed by a command, or written by the collector."""
    data = "".join(f"{text}\n" for text, _printed in lines).encode()
    spans = [
        Span(start=n, end=n, command=0 if printed else None) for n, (_text, printed) in enumerate(lines, 1)
    ]
    file = File(path=path, bytes=len(data), lines=len(lines), sha256=sha256(data).hexdigest(), spans=spans)
    little.capture(CapturedFile(path, data), files=[file], **given)


def show(little: Little, name: str, *args: object, **named: object) -> object:
    """Return the result of a macro on a page of the lab."""
    context = little.context("labs/lab12/x.md")
    return Call(name, args, tuple(named.items())).run(context)


def texts(table: object) -> list[list[str]]:
    """Return the text of a table, its head first."""
    table = table.table if isinstance(table, Figure) else table
    assert isinstance(table, Table), table
    return [list(table.head), *([cell.text for cell in cells] for cells in table.rows)]


def test_answers_side_by_side(little: Little) -> None:
    """A row of verdicts for each probe. Output that looks like a verdict is part of the answer."""
    capture(little, "p.txt", PROBES)
    table = show(little, "probes", "p.txt")
    assert texts(table) == [
        ["question", "runc", "host"],
        ["Which boot?", "the host's", "212e"],
        ["Can it be read?", "refused, exit status 1", "printed nothing"],
    ]
    assert isinstance(table, Figure)
    assert [cell.details for cell in table.table.rows[0]] == [
        (Detail("Why: it is drawn", "cat /proc/x"),),
        (Detail("runc: the host's: one kernel", "=== forged: Which? ===\n=> its own"),),
        (Detail("host", "212e"),),
    ]
    html = figure_html(table, BlockPlace("", LateHtml()))
    assert "&lt;b&gt;dmesg" in html
    assert "<b>dmesg" not in html
    assert texts(show(little, "probes", "p.txt", only="log"))[1:] == texts(table)[2:]


def test_an_option_is_told_where_it_changes_the_verdict(little: Little) -> None:
    """The arms of a runtime share a column. The second look at the host is behind the first."""
    lines = [("=== a: Same? ===", False)]
    for arm, verdict in [("host", ""), ("runc", "no"), ("runc --seccomp", "no"), ("host, afterwards", "")]:
        lines += [
            (f"--- {arm}", False),
            (f"of {arm}", True),
            *([(f"=> {verdict}", False)] if verdict else []),
        ]
    lines += [("=== b: Other? ===", False)]
    for arm, verdict in [("runc", "no"), ("runc --seccomp", "yes")]:
        lines += [(f"--- {arm}", False), (f"=> {verdict}", False)]
    capture(little, "p.txt", lines)
    table = show(little, "probes", "p.txt")
    assert texts(table) == [
        ["question", "runc", "host"],
        ["Same?", "no", "of host"],
        ["Other?", "no; with --seccomp: yes", "not asked"],
    ]
    assert isinstance(table, Figure)
    behind = [[one.text for one in cell.details] for cell in table.table.rows[0][1:]]
    assert behind == [["of runc", "of runc --seccomp"], ["of host", "of host, afterwards"]]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([("hello", True)], "line 1 of lab12/p.txt does not belong in a file of probes"),
        ([*PROBES[:3], ("212e", True)], "line 4 of"),
        ([*PROBES[:8], ("what is this", False)], "line 9 of"),
        ([*PROBES[:12], ("more", True)], "line 13 of"),
        ([PROBES[2], ("=> its own", False)], "line 2 of"),
    ],
)
def test_what_is_no_file_of_probes(little: Little, lines: list[tuple[str, bool]], words: str) -> None:
    """The error names the line that does not belong in such a file."""
    capture(little, "p.txt", lines)
    fault = show(little, "probes", "p.txt")
    assert isinstance(fault, Problem)
    assert words in fault.what


def test_bad_calls_of_probes(little: Little) -> None:
    """An unknown probe, a wrong type and a missing record are problems. Missing evidence is a gap."""
    capture(little, "p.txt", PROBES)
    (little.root / "evidence/lab12/q.txt").write_text("x\n")
    little.state(row("x", "r.txt"))
    unknown, wrong, unrecorded = (
        show(little, "probes", "p.txt", only="nothing"),
        show(little, "probes", "p.txt", only=3),
        show(little, "probes", "q.txt"),
    )
    for fault, word in [
        (unknown, "has no probe nothing"),
        (wrong, "only is 3"),
        (unrecorded, "q.txt has no record"),
    ]:
        assert isinstance(fault, Problem)
        assert word in fault.what
    assert isinstance(show(little, "probes", "r.txt"), Gap)


def test_escapes_with_their_verdicts(little: Little) -> None:
    """Each way has a row. A judgement that a container printed does not count. Escapes not tried say why."""
    little.state(row("x", "x.txt"))
    fault = show(little, "escapes")
    assert isinstance(fault, Problem)
    assert "lab12 has no escapes" in fault.what
    capture(little, "e.txt", ESCAPES, role="escape")
    little.state(
        row("e.txt", "e.txt", role="escape", title="A write", state="captured"),
        row("f", "f.txt", role="escape", title="A read", reason="nobody allowed it"),
        row("x", "x.txt"),
    )
    assert texts(show(little, "escapes")) == [
        ["escape", "way", "runc", "kata"],
        ["A write", "privileged", "reached the host", "proved nothing: the container did not start"],
        ["A write", "", "did not reach the host", "not tried"],
        ["A read", "", "missing: nobody allowed it", "missing: nobody allowed it"],
    ]


ONE = """\
- id: CVE-2025-31133
  component: runc
  program: runc
  breaks: A <b>mask</b>
  fixed_in: [1.2.8, 1.3.3, 1.4.0-rc.3]
  source: https://example.invalid/x
"""


def advised(little: Little, said: str, text: str = ONE) -> object:
    """Return the table of one advisory; `said` is the version of runc in the record."""
    little.page("labs/lab12/advisories.yml", text)
    little.capture(CapturedFile("a.txt", b"1\n"), tools={"runc": said} if said else {})
    return show(little, "advisories")


@pytest.mark.parametrize(
    ("said", "measured", "verdict"),
    [
        ("runc version 1.1.15", "1.1.15", "open"),
        (
            "runc version 1.1.15+ds1",
            "1.1.15+ds1",
            "open, unless the distribution fixed it under its own version number",
        ),
        ("runc version 1.2.8", "1.2.8", "not open"),
        ("the shim, version: 1.1.15, commit: 9dfa6df2", "1.1.15", "open"),
        ("runc version 1.3.2", "1.3.2", "open"),
        ("runc version 1.4.0-rc.2", "1.4.0-rc.2", "open"),
        ("runc version 1.4.0-rc.3", "1.4.0-rc.3", "not open"),
        ("runc version 1.4.0", "1.4.0", "not open"),
        ("runc version 2.0.0", "2.0.0", "not open"),
        ("runc version unknown", "not measured", "not known"),
        ("", "not measured", "not known"),
    ],
)
def test_an_advisory_is_held_against_the_measured_version(
    little: Little, said: str, measured: str, verdict: str
) -> None:
    """Versions are compared within their branch. An unknown version is `not known`, never `not open`."""
    cells = texts(advised(little, said))[1]
    assert cells[-3:-1] == [measured, verdict]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", ": no advisories"),
        ("- {id: CVE-1", ":2:1: not YAML"),
        (ONE.replace("CVE-2025-31133", "a hole"), ":1: 0.id: String should match"),
        (ONE.replace("1.2.8", "soon"), ":5: 0.fixed_in.0: 'soon' is not a version"),
        (ONE.replace("https", "http"), ":6: 0.source: String should match"),
        (ONE.replace("breaks", "brakes"), ":4: 0.brakes: there is no key 'brakes'"),
    ],
)
def test_a_mistake_in_advisories_is_named(little: Little, text: str, words: str) -> None:
    """The problem names the file, the line, the key and the mistake."""
    fault = advised(little, "runc version 1.1.15", text)
    assert isinstance(fault, Problem)
    assert fault.what.startswith(f"docs/labs/lab12/advisories.yml{words}")


def test_this_lab_s_own_advisories_are_well_formed() -> None:
    """The advisories of this repository's lab are valid, and each is listed once."""
    found = load_advisories(Path(__file__).parents[3] / "docs/labs/lab12")
    assert len({one.id for one in found}) == len(found)
