"""What a report says beside a block or a value: captions, templates, other runs, files near by."""

import pytest

from labreport.audit.model import Level
from tests.audit.conftest import Audit

UNAME = "Linux 4b99a3659cdf 6.12.47 #1 SMP x86_64 Linux\n"
CPU = "model name : Intel(R) Xeon(R) CPU @ 2.80GHz\n"
MACHINE = "KVM device: /dev/kvm present\nboxer:      1.7.28"
TIMES = "plain:\nreal 0m0.812s\nboxed:\nreal 0m4.215s\n"


def _fenced(body: str, above: str = "Text.") -> str:
    return f"# Lab\n\n{above}\n\n```\n{body}\n```\n"


def test_labels_of_the_author_are_no_output(audit: Audit) -> None:
    """A bare label between outputs is not counted as a missing line, unless it names a side."""
    files = {"uname.txt": UNAME, "kernel.txt": "6.12.47\n", "cpu.txt": CPU}
    (block,) = audit(
        _fenced("Kernel:\n6.12.47\n\nCPU:\nIntel(R) Xeon(R) CPU @ 2.80GHz"), files, only=True
    ).blocks
    assert block.level is not Level.FINDING
    assert block.why.endswith("; labels of the report, not judged: line 6, 9")
    (block,) = audit(_fenced("Host:\n6.12.47\n\nGuest:\n6.13.1"), files, only=True).blocks
    assert block.rule == "block-partly"


def test_some_lines_are_there(audit: Audit) -> None:
    """A block of which a file has only a line is not called without evidence; what is missing is told."""
    body = "test\nreal 0m0.812s\nuser 0m0.041s\nsys 0m0.028s"
    (block,) = audit(_fenced(body), {"times.txt": TIMES}, only=True).blocks
    assert (block.rule, block.level) == ("block-partly", Level.FINDING)
    assert block.why.startswith("3 of 4 lines are neither lines of any file")
    assert "; line 7 is times.txt:2" in block.why


@pytest.mark.parametrize(
    ("report", "why"),
    [
        (_fenced("/usr/local/bin/boxer"), "a path, and nothing of what is there"),
        (_fenced("6.8.x (the host)", "From `a.txt`:"), "versions with a part left open"),
        (
            _fenced(
                "KVM device: /dev/kvm present\nboxer:      1.7.28", above="## Environment and prerequisites"
            ),
            "what the author says of the machine",
        ),
    ],
)
def test_what_is_no_output(audit: Audit, report: str, why: str) -> None:
    """A path alone, and what the author says of the machine under such a heading, are not judged."""
    (block,) = audit(report, {"a.txt": "x\n"}, only=True).blocks
    assert (block.rule, block.why) == ("block-not-judged", why)


def test_the_same_words_elsewhere_are_judged(audit: Audit) -> None:
    """Labels with values under another heading may be output."""
    report = _fenced(MACHINE, above="## Results")
    (block,) = audit(report, {"a.txt": "x\n"}, only=True).blocks
    assert block.rule == "block-no-evidence"


def test_a_line_with_a_remark_is_there_in_part(audit: Audit) -> None:
    """The author's words in parentheses do not hide that a file has the rest of the line."""
    report = _fenced("real 0m0.812s   (before it fails)\n[panic: no such file]", "Text.")
    (block,) = audit(report, {"times.txt": TIMES}, only=True).blocks
    assert block.rule == "block-partly"
    assert "; line 6 is in part times.txt:2" in block.why


def test_blocks_that_are_to_be_replaced(audit: Audit) -> None:
    """A report that calls its blocks a template gets one finding, and a note for each such block."""
    told = "The blocks have the shape. Replace each block with your real outputs when you run it."
    named = "From `labs/lab/b.txt`:\n\n```\nboxes: 8\n```"
    report = f"# Lab\n\n{told}\n\n```\nboxes: 7\n```\n\n{named}\n\n```\nx 6.12.47 y\n```\n"
    done = audit(report, {"labs/lab/a.txt": "x 6.12.47 y\n"}, only=True)
    assert [(one.rule, one.line) for one in done.findings] == [("evidence-template", 3)]
    assert [one.level for one in done.blocks] == [Level.NOTE, Level.NOTE, Level.FINE]
    assert done.findings[0].why.endswith("2 of 3 have no evidence")
    without = audit(report.replace(told, "Text."), {"labs/lab/a.txt": "x 6.12.47 y\n"}, only=True)
    assert {one.rule for one in without.findings} == {"block-no-evidence", "block-no-file"}


def test_a_block_of_another_run(audit: Audit) -> None:
    """If one block quotes a file as it is, another that differs is of a run that was not stored: a note."""
    first = "=== HTTP ===\nResults for port 30:\navg=0.1s min=0.1s"
    again = "=== HTTP ===\nResults for port 30:\navg=1.5s min=1.5s"
    files = {"http.txt": f"{first}\n"}
    done = audit(f"# Lab\n\n```\n{first}\n```\n\nThe first time:\n\n```\n{again}\n```\n", files, only=True)
    assert [(one.rule, one.level) for one in done.blocks] == [
        ("block-whole", Level.FINE),
        ("block-differs", Level.NOTE),
    ]
    assert done.blocks[1].why.endswith("; the block in line 3 quotes this file as it is")
    (alone,) = audit(_fenced(again), files, only=True).blocks
    assert alone.level is Level.FINDING


def test_a_percentage_of_rounded_values(audit: Audit) -> None:
    """A percentage of two values as the report rounds them follows from these, and from no others."""
    head = "| Runtime | Start time | Overhead |\n|--|--|--|"
    table = f"# Start\n\n{head}\n| plain | ~0.8s | |\n| boxed | ~4.2s | +{{}}% |\n"
    verdicts = {}
    for percent in (425, 437):
        done = audit(table.format(percent), {"start.txt": TIMES}, only=True)
        (value,) = (one for one in done.values if one.unit == "%")
        verdicts[percent] = (str(value.verdict), value.how)
    assert verdicts[425] == ("derived", "from 4.2s and 0.8s as the report rounds them")
    assert verdicts[437] == ("nowhere", "")


def test_a_file_that_is_named_near_by_comes_first(audit: Audit) -> None:
    """A value that several files have is shown in the one that the text names, or the text above it."""
    start = "start: 1.62 s\n"
    files = {"a.txt": f"guest kernel: 6.12.47\n{start}", "box/b.txt": UNAME, "box/c.txt": start}
    listed = "- `box/b.txt`:\n  - kernel 6.12.47\n- start 1.62 s, see `box/c.txt`"
    report = f"# Lab\n\n{listed}\n\n## More\n\nkernel 6.12.47\n"
    done = audit(report, files, only=True)
    assert [one.evidence[0].file for one in done.values] == ["box/b.txt", "box/c.txt", "a.txt"]


def test_of_equal_lines_the_one_with_the_other_numbers(audit: Audit) -> None:
    """Of two lines that have all numbers of a sentence, the one without others is meant."""
    first, second = (f"0.00s user {sys}s system 0% cpu 2.541 total" for sys in ("0.01", "0.00"))
    done = audit(f"# Start\n\n{second}\n", {"start.txt": f"x {first}\ny {second}\n"}, only=True)
    assert {one.evidence[0].first for one in done.values if one.unit == "%"} == {2}


def test_a_failure_that_the_report_tells_of(audit: Audit) -> None:
    """A cited file that is only a message of failure is a note if the text says that the start failed."""
    files = {"run.txt": "ctr: failed to create shim task: no such file\n"}
    for text, level in (("The box could not start.", Level.NOTE), ("The box is fast.", Level.FINDING)):
        done = audit(f"# Lab\n\n{text}\n\nFiles:\n\n- `run.txt`\n", files, only=True)
        assert [one.level for one in done.oddities if one.rule == "evidence-failure"] == [level]


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("Guest:   [error of the box]", Level.NOTE),
        ("Guest:   52 [measured again]", Level.FINDING),
        ("Guest:   [none]", Level.FINDING),
    ],
)
def test_words_in_brackets_stand_for_what_the_file_has(audit: Audit, line: str, level: Level) -> None:
    """A remark in brackets in place of a message is a note; a number beside it is compared."""
    files = {"proc.txt": "Host: 306\nplain: 63\nGuest (tried):\nctr: no such file\n"}
    (block,) = audit(_fenced(f"Host: 306\nplain: 63\n{line}", "From `proc.txt`:"), files, only=True).blocks
    assert (block.rule, block.level) == ("block-altered", level)


@pytest.mark.parametrize(
    ("size", "rule"),
    [("67MB", "value-not-judged"), ("64.6 MB", "value-not-judged"), ("69MB", "value-nowhere")],
)
def test_a_size_in_bytes_may_be_what_is_meant(audit: Audit, size: str, rule: str) -> None:
    """A size that `ls -l` prints in bytes is not called nowhere, cut or rounded, by 1000 or by 1024."""
    files = {"ls.txt": "-rwxr-xr-x 1 root root 67779008 Nov 20 10:00 /opt/shim\n"}
    (value,) = audit(f"# Lab\n\nThe shim (`/opt/shim`, {size}).\n", files, only=True).values
    assert value.rule == rule
