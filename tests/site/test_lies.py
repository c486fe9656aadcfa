"""What an author, a copy or a newer capture can make a report say wrongly: each is caught and named.

One true report; then one lie at a time, of the page, of its facts.yml, of the evidence, or of a file handed
in. A lie that is typed by hand, where neither build nor fence can see it, is what `lab check` finds.
"""

import hashlib
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from labreport.contract.records import Host, HostClass, Outcome, Record, dump
from tests import forked
from tests.project import HOST, CapturedFile, Little, clean_environment, make, row

RUNC, KATA = b"runc:\nreal 0m0.395s\nuser 0m0.010s\n", b"Kata:\nreal 0m1.620s\nuser 0m0.020s\n"
NEWER = RUNC.replace(b"0.395", b"0.842")
NESTED = HOST.model_copy(update={"host_class": HostClass.NESTED})
HASH, ALL = (hashlib.sha256(data).hexdigest()[:12] for data in (RUNC.splitlines(keepends=True)[1], KATA))
KATA_FILE = "bench/kata.txt"
FACTS = """\
startup.runc: {file: bench/runc.txt, read: seconds, lines: "2"}
startup.kata: {file: bench/kata.txt, read: seconds, lines: "2"}
"""
PAGE = f"""\
# Task 4 — Start-up

{{{{ evidence("bench/runc.txt", lines="2:2", sha256="{HASH}") }}}}

{{{{ evidence("bench/kata.txt", lines="1:3", sha256="{ALL}") }}}}

runc takes {{{{ fact("startup.runc") }}}}, Kata {{{{ fact("startup.kata") }}}}.

{{% call claim("startup.runc < startup.kata") %}}runc is quicker{{% endcall %}}.

{{% call claim("startup.kata == 1.620 s") %}}Kata takes 1.620 s{{% endcall %}}.

{{% call claim("4.05 <= startup.kata / startup.runc < 4.15") %}}Kata is far slower{{% endcall %}}, by a
factor of {{{{ fact("startup.kata / startup.runc", decimals=1) }}}}.

{{% call claim("24 % < percent(startup.runc, startup.kata) < 25 %") %}}runc needs few of those{{% endcall %}}:
{{{{ fact("percent(startup.runc, startup.kata)", decimals=0) }}}}.

```1:3:bench/kata.txt
Kata:
real 0m1.620s
user 0m0.020s
```
"""


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Return a project whose one page is true."""
    made = make(tmp_path / "project")
    made.capture(CapturedFile("bench/runc.txt", RUNC))
    made.capture(CapturedFile("bench/kata.txt", KATA))
    made.state(row("bench-other.txt", "bench/other.txt", reason="no KVM here", remedy="use a host with KVM"))
    made.page("labs/lab12/facts.yml", FACTS)
    made.page("labs/lab12/task-4.md", PAGE)
    return made


@pytest.mark.slow
def test_the_report_is_true(little: Little) -> None:
    """Without a lie it is built; and so a lie alone is what a build fails on."""
    built = little.build()
    assert built.returncode == 0, built.stderr


def typed(old: str, new: str, file: str = "task-4.md") -> Callable[[Little], None]:
    """Return the lie of an author who writes `new` for `old` in the page, or in the facts."""

    def lie(little: Little) -> None:
        path = little.root / "docs" / "labs" / "lab12" / file
        text = path.read_text()
        assert text.count(old) == 1, old
        path.write_text(text.replace(old, new))

    return lie


def declared(old: str, new: str) -> Callable[[Little], None]:
    """Return the lie of a facts.yml."""
    return typed(old, new, "facts.yml")


def altered(path: str, data: bytes) -> Callable[[Little], None]:
    """Return the lie of who changes an evidence file and leaves its record."""

    def lie(little: Little) -> None:
        (little.root / "evidence" / "lab12" / path).write_bytes(data)

    return lie


def captured(path: str, data: bytes, host: Host = HOST) -> Callable[[Little], None]:
    """Return what a newer capture does, on this host or another, to sentences that stay as they were."""

    def lie(little: Little) -> None:
        little.capture(CapturedFile(path, data), host=host)

    return lie


def swapped(little: Little) -> None:
    """Exchange two files, as a copy in the wrong order does."""
    folder = little.root / "evidence" / "lab12" / "bench"
    (folder / "runc.txt").rename(folder / "x.txt")
    (folder / "kata.txt").rename(folder / "runc.txt")
    (folder / "x.txt").rename(folder / "kata.txt")


def failed(little: Little) -> None:
    """Have the command behind Kata's time fail, as it may after it has printed something."""
    record = little.capture(CapturedFile("bench/kata.txt", KATA))
    command = record.commands[0].model_copy(update={"outcome": Outcome.FAILED, "exit_status": 1})
    _rewrite(little, record.model_copy(update={"commands": [command]}))


def not_captured(little: Little) -> None:
    """Give a number of a file that was not captured."""
    declared("startup.kata:", "startup.other: {file: bench/other.txt, read: seconds}\nstartup.kata:")(little)
    typed('fact("startup.runc")', 'fact("startup.other")')(little)


def _rewrite(little: Little, record: Record) -> None:
    path = little.root / "evidence" / "lab12" / "records" / f"{record.collector.name}.json"
    path.write_bytes(dump(record))


def without_record(little: Little) -> None:
    """Have a file that no record tells of."""
    (little.root / "evidence" / "lab12" / "records" / "bench-kata.txt.json").unlink()


@dataclass(frozen=True)
class Lie:
    """A lie, how it is told, and what the build must say of it."""

    name: str
    tell: Callable[[Little], None]
    said: tuple[str, ...]


IN_KATA = 'labs/lab12/task-4.md:11: claim("startup.kata == 1.620 s") “Kata takes 1.620 s”: '
FIRST_USE = 'labs/lab12/task-4.md:7: fact("startup.kata"): '
LIES = [
    Lie(
        "range off by one: past the file",
        typed('lines="1:3"', 'lines="1:4"'),
        ('task-4.md:5: evidence("bench/kata.txt", lines="1:4"', "1:3 is the whole file"),
    ),
    Lie(
        "range off by one: a line more than was quoted",
        typed('lines="2:2"', 'lines="2:3"'),
        ("task-4.md:3: evidence(", "lines 2:3 of bench/runc.txt have changed"),
    ),
    Lie(
        "range off by one: a fact's",
        declared(f'{KATA_FILE}, read: seconds, lines: "2"', f'{KATA_FILE}, read: seconds, lines: "3"'),
        ('task-4.md:7: fact("startup.kata"): no evidence: not there: lines 3',),
    ),
    Lie(
        "digit changed: in the sentence's condition",
        typed('"startup.kata == 1.620 s"', '"startup.kata == 1.630 s"'),
        (
            'task-4.md:11: claim("startup.kata == 1.630 s") “Kata takes 1.620 s”: contradicted: ',
            "startup.kata is 1.620 s, not == 1.630 s",
        ),
    ),
    Lie(
        "digit changed: in the evidence",
        altered("bench/kata.txt", KATA.replace(b"1.620", b"1.520")),
        ("evidence/lab12/bench/kata.txt: altered", f"{FIRST_USE}no evidence: altered: lab12/bench/kata.txt"),
    ),
    Lie(
        "unit changed: in the condition",
        typed('"startup.kata == 1.620 s"', '"startup.kata == 1.620 ms"'),
        ("startup.kata is 1.620 s, not == 1.620 ms",),
    ),
    Lie(
        "unit changed: a time as a size",
        typed('fact("startup.kata")', 'fact("startup.kata", unit="MB")'),
        ('task-4.md:7: fact("startup.kata", unit="MB"): 1.620 s cannot be given in MB',),
    ),
    Lie(
        "unit changed: of a fact",
        declared('lines: "2"}\nstartup.kata:', 'lines: "2", unit: KiB}\nstartup.kata:'),
        ('task-4.md:7: fact("startup.runc"): no evidence: unreadable', "0.395 s cannot be given in KiB"),
    ),
    Lie(
        "decimal comma: in the condition",
        typed('"startup.kata == 1.620 s"', '"startup.kata == 1,620 s"'),
        ("task-4.md:11:", "a decimal point is a point"),
    ),
    Lie(
        "swapped files: under their records",
        swapped,
        ("evidence/lab12/bench/kata.txt: altered", "evidence/lab12/bench/runc.txt: altered", "task-4.md:7:"),
    ),
    Lie(
        "swapped files: in the facts",
        declared("bench/runc.txt", "bench/kata.txt"),
        (
            'task-4.md:9: claim("startup.runc < startup.kata") “runc is quicker”: contradicted: ',
            "startup.runc is 1.620 s, not < startup.kata (1.620 s)",
        ),
    ),
    Lie(
        "swapped files: of a quote",
        typed('"bench/runc.txt", lines="2:2"', '"bench/kata.txt", lines="2:2"'),
        ("task-4.md:3: evidence(", "lines 2:2 of bench/kata.txt have changed"),
    ),
    Lie(
        "other host's file: with its record",
        captured("bench/kata.txt", KATA, host=NESTED),
        (
            'task-4.md:9: claim("startup.runc < startup.kata") “runc is quicker”: not comparable',
            "(nested)",
            "(virtual)",
        ),
    ),
    Lie(
        "other host's file: without its record",
        altered("bench/kata.txt", KATA.replace(b"1.620", b"0.207")),
        ("evidence/lab12/bench/kata.txt: altered",),
    ),
    Lie(
        "newer evidence under an old sentence",
        captured("bench/kata.txt", KATA.replace(b"1.620", b"0.207")),
        (f"{IN_KATA}contradicted: startup.kata is 0.207 s", "task-4.md:9:", "task-4.md:13:", "task-4.md:16:"),
    ),
    Lie(
        "newer evidence under an old quote",
        captured("bench/runc.txt", NEWER),
        ("task-4.md:3: evidence(", "lines 2:2 of bench/runc.txt have changed"),
    ),
    Lie(
        "ratio rounded the wrong way",
        typed('"4.05 <= startup.kata / startup.runc < 4.15"', '"4.15 <= startup.kata / startup.runc < 4.25"'),
        ("task-4.md:13:", "startup.kata / startup.runc is 4.10, not >= 4.15"),
    ),
    Lie(
        "ratio rounded the wrong way: as if it were exact",
        typed('"4.05 <= startup.kata / startup.runc < 4.15"', '"startup.kata / startup.runc == 4.1"'),
        ("task-4.md:13:", "startup.kata / startup.runc is 4.10, not == 4.1"),
    ),
    Lie(
        "percentage of the wrong base",
        typed("percent(startup.runc, startup.kata) <", "percent(startup.kata, startup.runc) <"),
        ("task-4.md:16:", "percent(startup.kata, startup.runc) is 410 %, not < 25 %"),
    ),
    Lie(
        "number from a failed run",
        failed,
        (f"{FIRST_USE}no evidence: failed run", "failed (exit status"),
    ),
    Lie(
        "number with no evidence: not captured",
        not_captured,
        ('task-4.md:7: fact("startup.other"): no evidence: not captured', "no KVM here"),
    ),
    Lie(
        "number with no evidence: no record",
        without_record,
        (f"{FIRST_USE}no evidence: no record", "evidence/lab12/bench/kata.txt: altered"),
    ),
    Lie(
        "number with no evidence: no such fact",
        typed('fact("startup.runc")', 'fact("startup.rune")'),
        ('task-4.md:7: fact("startup.rune")', "is startup.runc meant?"),
    ),
    Lie(
        "quote with a dropped line: in the evidence",
        altered("bench/kata.txt", KATA.partition(b"\n")[2]),
        ("evidence/lab12/bench/kata.txt: altered", "task-4.md:5: evidence("),
    ),
    Lie(
        "quote with an altered word: in the evidence",
        altered("bench/runc.txt", RUNC.replace(b"real", b"user")),
        ("evidence/lab12/bench/runc.txt: altered", "task-4.md:3: evidence("),
    ),
    Lie(
        "right value under the wrong name: in a condition",
        typed('"startup.kata == 1.620 s"', '"startup.runc == 1.620 s"'),
        ("task-4.md:11:", "startup.runc is 0.395 s, not == 1.620 s"),
    ),
    Lie(
        "right value under the wrong name: in the facts",
        declared("startup.runc: {file: bench/runc.txt", "startup.runc: {file: bench/kata.txt"),
        ("task-4.md:9:", "startup.runc is 1.620 s, not < startup.kata (1.620 s)"),
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.name)
def test_a_build_catches(little: Little, lie: Lie) -> None:
    """It fails, and names page and line, what was asked, and what the evidence says."""
    lie.tell(little)
    built = little.build()
    assert built.returncode != 0
    for part in lie.said:
        assert part in built.stderr, built.stderr


HANDED_IN = """\
### Task 4 — Performance Snapshot & Trade-offs

- runc:

```2:3:labs/lab12/bench/runc.txt
real 0m0.395s
user 0m0.010s
```

- Kata:

```1:3:labs/lab12/bench/kata.txt
Kata:
real 0m1.620s
user 0m0.020s
```
"""
QUOTES = [
    (
        "range off by one: shifted",
        "2:3:",
        "1:2:",
        "other lines named: the block is lines 2:3",
    ),
    ("range off by one: longer", "2:3:", "1:3:", "dropped: the block has fewer lines than are named"),
    ("range off by one: shorter", "1:3:", "1:2:", "other lines named: the block is lines 1:3"),
    ("digit changed", "1.620", "1.630", "'real 0m1.630s', the file has 'real 0m1.620s'"),
    ("unit changed", "0.395s", "0.395ms", "'real 0m0.395ms', the file has 'real 0m0.395s'"),
    ("decimal comma", "1.620", "1,620", "'real 0m1,620s', the file has 'real 0m1.620s'"),
    ("swapped files", "bench/runc.txt", "bench/kata.txt", "wrong file named"),
    ("number with no evidence", "bench/runc.txt", "bench/other.txt", "bench/other.txt"),
    ("quote with a dropped line", "real 0m1.620s\n", "", "dropped: bench/kata.txt"),
    (
        "quote with an altered word",
        "Kata:\nreal",
        "Kata:\nuser",
        "'user 0m1.620s', the file has 'real 0m1.620s'",
    ),
    ("right value under the wrong name", "\nKata:", "\nrunc:", "'runc:', the file has 'Kata:'"),
]


@pytest.mark.slow_after(4)
@pytest.mark.parametrize(("old", "new", "said"), [one[1:] for one in QUOTES], ids=[one[0] for one in QUOTES])
def test_a_report_that_is_handed_in_is_caught(little: Little, old: str, new: str, said: str) -> None:
    """`lab check FILE --evidence` says which block is not whole, and where it differs first."""
    assert HANDED_IN.count(old) == 1
    assert checked(little, HANDED_IN).returncode == 0
    caught = checked(little, HANDED_IN.replace(old, new))
    assert caught.returncode == 1
    assert ": whole: " in caught.stdout
    assert said in caught.stdout


TYPED = [
    ("range off by one", typed('lines="2:2"', 'lines="1:1"'), "task-4.md:3:1: ", "moved"),
    (
        "range off by one: not pinned",
        typed(f'lines="1:3", sha256="{ALL}"', 'lines="1:2"'),
        "task-4.md:5:",
        "unpinned",
    ),
    ("digit changed", typed("Kata takes 1.620 s", "Kata takes 1.630 s"), "task-4.md:11:", "1.630 s"),
    ("unit changed", typed("Kata takes 1.620 s", "Kata takes 1.620 ms"), "task-4.md:11:", "1.620 ms"),
    ("decimal comma", typed('Kata {{ fact("startup.kata") }}', "Kata 1,620 s"), "task-4.md:7:", "1,620 s"),
    (
        "newer evidence under an old sentence",
        typed('Kata {{ fact("startup.kata") }}', "Kata 1.620 s"),
        "task-4.md:7:",
        "1.620 s",
    ),
    (
        "ratio rounded the wrong way",
        typed('factor of {{ fact("startup.kata / startup.runc", decimals=1) }}', "factor of 4.2"),
        "task-4.md:14:",
        "4.2",
    ),
    (
        "percentage of the wrong base",
        typed('{{ fact("percent(startup.runc, startup.kata)", decimals=0) }}', "410 %"),
        "task-4.md:17:",
        "410 %",
    ),
    (
        "number with no evidence",
        typed("runc is quicker", "runc is quicker by 178 MB"),
        "task-4.md:9:",
        "178 MB",
    ),
    ("quote with a dropped line", typed("real 0m1.620s\n", ""), "task-4.md:19:", "quote"),
    (
        "quote with an altered word",
        typed("\nreal 0m", "\nuser 0m"),
        "task-4.md:19:",
        "'user 0m1.620s', the file has",
    ),
    (
        "quote of another file",
        typed("1:3:bench/kata.txt", "1:3:bench/runc.txt"),
        "task-4.md:19:",
        "'Kata:', the file has",
    ),
]


@pytest.mark.slow_after(4)
@pytest.mark.parametrize(("tell", "place", "said"), [one[1:] for one in TYPED], ids=[one[0] for one in TYPED])
def test_what_is_typed_is_caught(
    little: Little, tell: Callable[[Little], None], place: str, said: str
) -> None:
    """The build takes it for words; `lab check` finds it, alone, at its line."""
    assert lab(little, "check").stdout.endswith("no findings\n")
    tell(little)
    caught = lab(little, "check")
    assert caught.returncode == 1
    found = [line for line in caught.stdout.splitlines() if line.startswith("docs/")]
    assert len(found) == 1
    assert place in found[0]
    assert said in found[0]


def checked(little: Little, report: str) -> subprocess.CompletedProcess[str]:
    """Run `lab check` on a report that is handed in."""
    (little.root / "submission12.md").write_text(report)
    return lab(little, "check", "submission12.md", "--evidence", "evidence/lab12", "--prefix", "labs/lab12/")


def lab(little: Little, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `lab` in the project's folder."""
    return forked.lab(words, little.root, {**clean_environment(), "COLUMNS": "250"})
