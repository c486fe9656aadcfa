"""The publish gate: `mkdocs build` fails on any problem and says where; a page shows it in place."""

import hashlib
import re
from pathlib import Path

import pytest

from labreport.contract.records import HostClass
from tests.project import HOST as VIRTUAL
from tests.project import CapturedFile, Little, make, row

BAD_PAGE = """---
title: Bad
expected_gaps:
  - kata/expected.txt
---

# Bad

{{ evidence("isolation/dmesg.txt", lines="1:9") }}

- {{ evidence("isolation/dmesg.txt", lines="1:9") }}

{{ evidnce("isolation/dmesg.txt") }} and {{ nothing }}

{{ evidence("isolation/dmseg.txt") }} {{ evidence("kata/expected.txt") }}
{{ evidence("kata/missing.txt") }}

{{ evidence("stray.txt") }}

```
{{ evidence("isolation/dmesg.txt") }}
```

<a title='{{ evidence("isolation/dmesg.txt") }}'>attribute</a>

[nowhere](nowhere.md)

{{ evidence("isolation/dmesg.txt", lines="2", sha256="MOVED") }}
"""

SAID = [
    "lines 1:9 of isolation/dmesg.txt: the file has 4 lines: 1:4 is the whole file\n  labs/lab12/bad.md:11",
    'labs/lab12/bad.md:9: evidence("isolation/dmesg.txt", lines="1:9"): lines 1:9',
    'labs/lab12/bad.md:11: evidence("isolation/dmesg.txt", lines="1:9"): lines 1:9',
    "labs/lab12/bad.md:13: evidnce(…): nothing is called evidnce",
    "labs/lab12/bad.md:13: nothing: nothing is called nothing",
    'labs/lab12/bad.md:15: evidence("isolation/dmseg.txt"): no collector of lab12 writes isolation/dmseg.txt',
    "is isolation/dmesg.txt meant?",
    'labs/lab12/bad.md:16: evidence("kata/missing.txt"): lab12/kata/missing.txt was not captured',
    "use a KVM host (`lab collect kata`), or list it",
    'labs/lab12/bad.md:18: evidence("stray.txt"): lab12/stray.txt has no record',
    'labs/lab12/bad.md:21: evidence("isolation/dmesg.txt"): the macro is in a code fence',
    'labs/lab12/bad.md:24: evidence("isolation/dmesg.txt"): the macro is in a code fence',
    "labs/lab12/syntax.md:3: invalid Jinja",
    "labs/lab12/error.md:5: ZeroDivisionError",
    "labs/lab12/include.md:3: a page cannot use {% include %}",
    "labs/lab12/gaps.md:2: front matter: expected_gaps is 'kata/missing.txt'",
    "evidence/lab12/stray.txt: altered: no record says where it came from",
    "contains a link 'nowhere.md'",
]


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> tuple[Little, str]:
    """Build a project with every kind of problem; return it and what the build said."""
    little = make(tmp_path_factory.mktemp("bad") / "project")
    little.capture(CapturedFile("isolation/dmesg.txt", b"one\ntwo\nthree\nfour"))
    (little.root / "evidence/lab12/stray.txt").write_text("stray\n")
    little.state(
        row("isolation-dmesg.txt", "isolation/dmesg.txt", state="captured"),
        row(
            "kata",
            "kata/missing.txt",
            "kata/expected.txt",
            reason="no /dev/kvm",
            remedy="use a KVM host",
            command="lab collect kata",
        ),
    )
    moved = hashlib.sha256(b"three\n").hexdigest()[:12]
    little.page("labs/lab12/bad.md", BAD_PAGE.replace("MOVED", moved))
    little.page("labs/lab12/syntax.md", "# Syntax\n\n{{ evidence( }}\n")
    little.page("labs/lab12/error.md", "---\ntitle: x\n---\n\n{{ 1 / 0 }}\n")
    little.page("labs/lab12/include.md", '# Include\n\n{% include "nothing.md" %}\n')
    little.page("labs/lab12/gaps.md", "---\nexpected_gaps: kata/missing.txt\n---\n# Gaps\n")
    built = little.build()
    assert built.returncode == 1
    return little, built.stderr


@pytest.mark.parametrize("line", SAID)
def test_the_end_of_a_build_lists_each_problem(bad: tuple[Little, str], line: str) -> None:
    """Page, line, reference, what is wrong and what to do, once, in the list at the end."""
    listed = bad[1].partition("The report has")[2]
    assert listed.count(line) == 1


def test_the_list_holds_nothing_else(bad: tuple[Little, str]) -> None:
    """No traceback, no path of the machine, and no problem but those."""
    count = re.search(r"The report has (\d+) problems", bad[1])
    assert count
    assert int(count[1]) == 15
    told = bad[1].replace(f"Building documentation to directory: {bad[0].root}", "")
    told = re.sub(r"module 'labreport' in: \S+", "", told)
    assert "Traceback" not in bad[1]
    assert str(bad[0].root) not in told


def test_pages_show_the_problems_in_place(bad: tuple[Little, str]) -> None:
    """Each page has its boxes, and no path, traceback or token of the build."""
    pages = {path.name: path.read_text() for path in (bad[0].site / "labs/lab12").glob("*.html")}
    assert pages["bad.html"].count('class="ev-problem"') == 7
    assert pages["bad.html"].count('class="ev-gap"') == 2
    for name, text in pages.items():
        assert str(bad[0].root) not in text, name
        assert "Traceback" not in text, name
        assert not re.search(r"slot-[0-9a-f]{8}|<!--[0-9a-f]{32}", text), name


def test_a_slice_that_moved_is_shown_and_fails_nothing(bad: tuple[Little, str]) -> None:
    """Found again by its hash: a warning with the new range, a note in the block, no line in the list."""
    before, _, listed = bad[1].partition("The report has")
    assert "lines 2:2 of lab12/isolation/dmesg.txt are lines 3:3 now" in before
    assert "are lines 3:3 now" not in listed
    assert "moved: the page says lines 2:2" in (bad[0].site / "labs/lab12/bad.html").read_text()


@pytest.fixture
def small(tmp_path: Path) -> Little:
    """Make a project with one block that builds."""
    little = make(tmp_path / "project")
    little.capture(CapturedFile("a/b.txt", b"one\ntwo\n"))
    little.page("labs/lab12/task-1.md", '# Task 1\n\n{{ evidence("a/b.txt") }}\n')
    return little


def test_one_changed_byte_fails_the_build(small: Little) -> None:
    """Even quietly built; the file is named, and its block says so."""
    (small.root / "evidence/lab12/a/b.txt").write_bytes(b"one\ntwO\n")
    built = small.build("--quiet")
    assert built.returncode == 1
    assert "evidence/lab12/a/b.txt: altered: sha256 is" in built.stderr
    assert "altered: its sha256 is" in (small.site / "labs/lab12/task-1.html").read_text()


@pytest.mark.slow
def test_a_dirty_build_looks_at_every_page(small: Little) -> None:
    """A page that has not changed may have a problem all the same: evidence has a time of its own."""
    assert small.build("--quiet", "--dirty").returncode == 0
    small.capture(CapturedFile("a/b.txt", b"uno\n"))
    small.page("labs/lab12/task-2.md", '# Task 2\n\n{{ evidence("a/b.txt", lines="2") }}\n')
    for _ in range(2):
        built = small.build("--quiet", "--dirty")
        assert built.returncode == 1
        assert "labs/lab12/task-2.md:3" in built.stderr
    assert ">uno\n</code>" in (small.site / "labs/lab12/task-1.html").read_text()


@pytest.mark.slow
def test_no_state_at_all_says_how_to_collect(small: Little) -> None:
    """A lab of which nothing was captured is a gap with the command to run."""
    small.page("labs/other/task-1.md", '# Task 1\n\n{{ evidence("x.txt") }}\n\n{{ state() }}\n')
    built = small.build("--quiet")
    assert built.returncode == 1
    assert (
        "other/x.txt was not captured: nothing was captured yet: capture it (`lab collect other`)"
        in built.stderr
    )
    assert "state(): other has no state: run `lab collect other`" in built.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'{"schema": 2}', "schema 2, this version reads up to 1: update the tool"),
        (b'{"schema": 1, "coll', "not whole JSON (truncated?)"),
        (b'{"schema": 1}', "Field required"),
    ],
)
def test_a_bad_record_fails_the_build_by_name(small: Little, text: bytes, said: str) -> None:
    """Newer, truncated or wrong: one clear line names the record."""
    (small.root / "evidence/lab12/records/a-b.txt.json").write_bytes(text)
    built = small.build("--quiet")
    assert built.returncode == 1
    assert f"evidence/lab12/records/a-b.txt.json: altered: {said}" in built.stderr.replace("collector: ", "")


def test_a_hidden_set_is_no_part_of_a_build(small: Little) -> None:
    """hosts/here is this machine's alone: a plain build leaves it out, LAB_HERE=1 takes it in."""
    small.capture(CapturedFile("x.txt", b"x\n"), lab="hosts/here/lab12")
    small.page("hosts.md", "# Hosts\n\n{{ hosts() }}\n")
    assert small.build("--quiet").returncode == 0
    assert "hosts/here" not in (small.site / "hosts.html").read_text()
    assert small.build("--quiet", LAB_HERE="1").returncode == 0
    assert "hosts/here/lab12" in (small.site / "hosts.html").read_text()
    small.page("hosts.md", '# Hosts\n\n{{ evidence("hosts/here/lab12/x.txt") }}\n')
    built = small.build("--quiet")
    assert built.returncode == 1
    assert "hosts.md:3: " in built.stderr
    assert "belongs to this machine: a build leaves it out" in built.stderr


@pytest.mark.slow
def test_records_are_hostile_in_the_log_too(small: Little) -> None:
    """A reason with line ends and escapes stays one line of the log."""
    small.state(row("evil", "evil.txt", reason="x\n\x1b[2JERROR forged"))
    small.page("labs/lab12/evil.md", '# Evil\n\n{{ evidence("evil.txt") }}\n')
    built = small.build("--quiet")
    assert built.returncode == 1
    assert "\\n\\x1b[2JERROR forged" in built.stderr
    assert "\x1b[2J" not in built.stderr


@pytest.mark.slow
def test_emulated_is_marked(small: Little) -> None:
    """The banner of a page with emulated evidence says so."""
    emulated = VIRTUAL.model_copy(update={"host_class": HostClass.EMULATED})
    small.capture(CapturedFile("slow.txt", b"9 s\n"), host=emulated)
    small.page("labs/lab12/slow.md", '# Slow\n\n{{ evidence("slow.txt") }}\n')
    assert small.build("--quiet").returncode == 0
    assert 'data-emulated="true"' in (small.site / "labs/lab12/slow.html").read_text()
    assert "data-emulated" not in (small.site / "labs/lab12/task-1.html").read_text()
