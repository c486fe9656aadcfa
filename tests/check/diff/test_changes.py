"""Changes between two states of the evidence."""

import json
import re
from pathlib import Path

import pytest

from labreport.check.diff import Changes, compare
from labreport.check.diff.measured import ChangeVerdict, same_but_for_noise
from labreport.check.diff.words import MOST_MARKDOWN, as_json, headline, markdown, raw_text
from labreport.contract.records import HostClass, Outcome
from tests.project import HOST, CapturedFile, Little, make, row
from tests.report.series.detection import recorded

HEAD = "run,order,runtime,seconds,exit_status\n"
FACTS = """\
kernel: {file: kernel.txt, read: kernel}
count: {file: count.txt, read: count}
address: {file: address.txt, read: count, volatile: true}
start: {file: bench/startup.csv, read: "series median of kata"}
"""
PAGE = """# Task

{% call claim("count < 5") %}There are few{% endcall %}

{% call claim("count > 0") %}There are some{% endcall %}
"""


def series(
    *, step: float = 0.0, first: int = 0, runs: int = 30, failed: int = 0, name: str = "kata"
) -> bytes:
    """Return recorded samples from the `first` on, each larger by the share `step`."""
    samples = recorded().samples[first : first + runs]
    rows = [
        f"{n},1,{name},{float(one.seconds.exact) * (1 + step):.6f},0\n" for n, one in enumerate(samples, 1)
    ]
    rows += [f"{runs + n},1,{name},9.000000,1\n" for n in range(1, failed + 1)]
    return (HEAD + "".join(rows)).encode()


def noise(step: float = 0.0) -> bytes:
    """Return the recorded noise series, each sample larger by the share `step`."""
    samples = [(one, float(one.seconds.exact) * (1 + step)) for one in recorded().samples[:60]]
    rows = [f"{one.run},{one.order},{one.name},{seconds:.6f},0\n" for one, seconds in samples]
    return (HEAD + "".join(rows)).encode()


def side(folder: Path, **files: bytes) -> Little:
    """Make a project with facts, claims and evidence; `files` replace some of the evidence."""
    made = make(folder)
    made.page("labs/lab12/task-1.md", PAGE)
    (made.root / "docs/labs/lab12/facts.yml").write_text(FACTS)
    held = {
        "kernel": b"6.12.0\n",
        "count": b"3\n",
        "address": b"7\n",
        "startup": series(),
        "noise": noise(),
    } | files
    paths = {"startup": "bench/startup.csv", "noise": "bench/noise.csv"}
    for name, data in held.items():
        made.capture(CapturedFile(paths.get(name, f"{name}.txt"), data, (), name))
    made.state(*(row(name, paths.get(name, f"{name}.txt"), state="captured") for name in held))
    return made


@pytest.fixture
def before(tmp_path: Path) -> Little:
    """Return the state before."""
    return side(tmp_path / "before")


def changes(before: Little, after: Little) -> Changes:
    """Return the changes."""
    return compare(after.pages(), before.root / "evidence", after.root / "evidence")


def test_nothing_changed(before: Little, tmp_path: Path) -> None:
    """Equal states have no changes."""
    found = changes(before, side(tmp_path / "after"))
    assert found.sets == ()
    assert headline(found) == "Nothing changed."
    assert not found.turned


def test_changed_facts(before: Little, tmp_path: Path) -> None:
    """Numbers have a relative change; volatile facts are not judged."""
    (found,) = changes(before, side(tmp_path / "after", kernel=b"7.0.1\n", count=b"4\n", address=b"9\n")).sets
    told = {one.name: (one.before, one.after, one.verdict) for one in found.facts}
    assert told == {
        "kernel": ("6.12.0", "7.0.1", ChangeVerdict.CHANGED),
        "count": ("3", "4", ChangeVerdict.CHANGED),
        "address": ("7", "9", ChangeVerdict.VOLATILE),
    }
    assert next(one.share for one in found.facts if one.name == "count") == pytest.approx(1 / 3)
    assert [one.path for one in found.files] == ["address.txt", "count.txt", "kernel.txt"]
    assert found.claims == ()


def test_new_and_lost_facts(before: Little, tmp_path: Path) -> None:
    """The change has the reason why there is no value."""
    after = side(tmp_path / "after", count=b"many\n")
    (found,) = changes(before, after).sets
    assert [(one.name, one.verdict) for one in found.facts] == [("count", ChangeVerdict.LOST)]
    assert found.facts[0].after == "none (not there)"
    (back,) = changes(after, before).sets
    assert [(one.name, one.verdict) for one in back.facts] == [("count", ChangeVerdict.NEW)]


def test_turned_claims(before: Little, tmp_path: Path) -> None:
    """A claim that turned has its page, line and sentence; one that still holds is left out."""
    found = changes(before, side(tmp_path / "after", count=b"6\n"))
    assert found.turned
    (turn,) = found.sets[0].claims
    assert turn.what == "labs/lab12/task-1.md:3: There are few"
    assert turn.before == "holds"
    assert turn.after.startswith("contradicted: ")
    assert "1 claim turned" in headline(found)


@pytest.mark.parametrize(("step", "beyond"), [(0.0, False), (0.2, True), (-0.2, True)])
def test_series_and_noise(before: Little, tmp_path: Path, step: float, *, beyond: bool) -> None:
    """A change by a fifth is beyond the noise, for the series and its fact; other samples are within."""
    after = side(tmp_path / "after", startup=series(step=step, first=100))
    (found,) = changes(before, after).sets
    told = {one.name: one for one in found.series}
    assert told["kata"].beyond is beyond
    assert told["kata"].floor > 0
    fact = next(one for one in found.facts if one.name == "start")
    assert fact.verdict is (ChangeVerdict.BEYOND if beyond else ChangeVerdict.WITHIN)


def test_a_slower_host(before: Little, tmp_path: Path) -> None:
    """If the noise series is slower as well, only the noise series is beyond the noise."""
    after = side(tmp_path / "after", startup=series(step=0.5, first=100), noise=noise(0.5))
    (found,) = changes(before, after).sets
    told = {(one.file, one.name): one.beyond for one in found.series}
    assert told["bench/startup.csv", "kata"] is False
    assert told["bench/noise.csv", "a"] is True
    assert next(one.floor for one in found.series if one.name == "kata") > 0.5


def test_series_of_plain_numbers(before: Little, tmp_path: Path) -> None:
    """A file with one number a line is a series; a file with a count or two is not."""
    after = side(tmp_path / "after")
    for made, first, step in ((before, 0, 1), (after, 100, 2)):
        numbers = [float(one.seconds.exact) * step for one in recorded().samples[first : first + 30]]
        made.capture(
            CapturedFile("curl.txt", "".join(f"{one:.6f}\n" for one in numbers).encode(), (), "curl")
        )
        (made.root / "docs/labs/lab12/facts.yml").write_text(
            "curl: {file: curl.txt, read: samples, volatile: true}\n"
        )
        made.page("labs/lab12/task-1.md", "# Task\n")
    (found,) = changes(before, after).sets
    told = {one.file: one.beyond for one in found.series}
    assert told["curl.txt"] is True
    assert "count.txt" not in told
    assert [one.verdict for one in found.facts] == [ChangeVerdict.BEYOND]


def test_too_few_runs(before: Little, tmp_path: Path) -> None:
    """Two and three runs cannot decide, however large the difference."""
    few = changes(
        side(tmp_path / "few", startup=series(runs=2)),
        side(tmp_path / "more", startup=series(runs=3, step=9)),
    )
    assert [one.beyond for one in few.sets[0].series if one.name == "kata"] == [None]
    assert "too few runs to decide" in markdown(few)
    assert before.root.exists()


def test_host_classes(before: Little, tmp_path: Path) -> None:
    """Sets of two host classes are not compared; another host of the same class is."""
    after = side(tmp_path / "after", count=b"9\n", startup=series(step=1.0))
    for path in after.root.glob("evidence/lab12/records/*.json"):
        path.unlink()
    bare = HOST.model_copy(update={"host_class": HostClass.BARE_METAL})
    for name, data in {"count.txt": b"9\n", "bench/startup.csv": series(step=1.0)}.items():
        after.capture(CapturedFile(name, data), host=bare)
    found = changes(before, after)
    assert found.refused
    assert not found.turned
    (one,) = found.sets
    assert one.refused.startswith("measured on another host class: virtual before, bare metal now")
    assert (one.facts, one.series, one.claims) == ((), (), ())
    assert "Refused: measured on another host class" in markdown(found)

    faster = side(tmp_path / "faster", count=b"9\n")
    for path in faster.root.glob("evidence/lab12/records/*.json"):
        path.unlink()
    faster.capture(CapturedFile("count.txt", b"9\n"), host=HOST.model_copy(update={"cores": 64}))
    same_class = changes(before, faster)
    assert not same_class.refused
    assert same_class.sets[0].hosts is not None
    assert same_class.turned


def test_failures(before: Little, tmp_path: Path) -> None:
    """Failed collectors, other outcomes of commands, and failed runs are reported."""
    before.capture(CapturedFile("escape.txt", b"no\n", (("sh", "-c", "escape"),), "escape"))
    record = before.root / "evidence/lab12/records/escape.json"
    record.write_text(record.read_text().replace(f'"{Outcome.ANSWERED}"', f'"{Outcome.REFUSED}"'))
    after = side(tmp_path / "after", startup=series(failed=2))
    after.capture(CapturedFile("escape.txt", b"yes\n", (("sh", "-c", "escape"),), "escape"))
    after.state(row("kernel", "kernel.txt", state="failed", reason="no answer"))
    (found,) = changes(before, after).sets
    told = {one.what: (one.before, one.after) for one in found.failures}
    assert told["kernel"] == ("captured", "failed: no answer")
    assert told["escape: sh -c escape"] == ("refused (exit status 0)", "answered (exit status 0)")
    assert next(one.failed for one in found.series if one.name == "kata") == (0, 2)


def test_versions(before: Little, tmp_path: Path) -> None:
    """Changed versions of tools and values of settings are reported."""
    after = side(tmp_path / "after")
    before.capture(CapturedFile("v.txt", b"1\n", (), "v"), tools={"runc": "1.1"}, settings={"n": 5})
    after.capture(CapturedFile("v.txt", b"2\n", (), "v"), tools={"runc": "1.2"}, settings={"n": 6})
    (found,) = changes(before, after).sets
    assert [(one.what, one.before, one.after) for one in found.versions] == [
        ("runc", "1.1", "1.2"),
        ("setting n", "5", "6"),
    ]


@pytest.mark.slow
def test_hostile_evidence(before: Little, tmp_path: Path) -> None:
    """Evidence is escaped in Markdown and on the terminal, and the Markdown has a maximum length."""
    bad = b"```\n</details> @everyone <script>\x1b[31m | `x`\n" * 3
    after = side(tmp_path / "after", kernel=bad, count=b"line\n" * 4000)
    for number in range(900):
        after.capture(
            CapturedFile(
                f"many/{number}.txt", b"a line of evidence that is not short\n" * 3, (), f"m{number}"
            )
        )
    found = changes(before, after)
    body = markdown(found)
    assert len(body) < MOST_MARKDOWN + 200
    assert "more: `lab diff` shows everything." in body
    inside = body[body.index("kernel.txt: changed") :]
    assert inside.index("````diff") < inside.index("</details> @everyone")
    assert "\x1b" not in body
    assert all("\x1b" not in raw_text(file) for file in found.sets[0].files)
    assert json.loads(json.dumps(as_json(found)))["turned"] == found.turned


def test_no_mentions(before: Little, tmp_path: Path) -> None:
    """Every @ from evidence is in a code span."""
    before.capture(CapturedFile("v.txt", b"1\n", (("echo", "@team"),), "v"), tools={"@tool": "@one"})
    record = before.root / "evidence/lab12/records/v.json"
    record.write_text(record.read_text().replace(f'"{Outcome.ANSWERED}"', f'"{Outcome.REFUSED}"'))
    after = side(tmp_path / "after")
    after.capture(CapturedFile("v.txt", b"2 @you\n", (("echo", "@team"),), "v"), tools={"@tool": "@two"})
    after.state(row("v", "v.txt", state="failed", reason="@all"))
    body = markdown(changes(before, after))
    assert all(name in body for name in ("@team", "@tool", "@two", "@all", "@you"))
    outside = re.sub(r"````*.*?````*|```.*?```|`[^`]*`", "", body, flags=re.DOTALL)
    assert "@" not in outside


def test_same_but_for_noise() -> None:
    """Other samples are the same; a step, another contender or another failed run is not."""
    assert same_but_for_noise(series(), series(first=100), 0.05)
    assert not same_but_for_noise(series(), series(first=100, step=0.5), 0.05)
    assert not same_but_for_noise(series(), series(name="runc"), 0.05)
    assert not same_but_for_noise(series(), series(failed=1), 0.05)
    assert not same_but_for_noise(series(runs=2), series(runs=2), 0.05)
    for text in (b"text\n", b"", b"\xff\n"):
        assert not same_but_for_noise(text, text, 0.05)
    plain, other = (
        b"".join(b"%s\n" % row.split(b",")[3] for row in series(first=n).split(b"\n")[1:-1]) for n in (0, 99)
    )
    assert same_but_for_noise(plain, other, 0.05)
    assert not same_but_for_noise(plain, plain.replace(b"0.0", b"0.1"), 0.05)
