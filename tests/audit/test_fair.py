"""Nothing is called a finding that the bytes do not carry, and nothing is found that is something else."""

import pytest

from labreport.audit.model import Level
from tests.audit.conftest import Audit

STARTS = "plain:\ntest\nreal 0.73\nuser 0.00\nsys 0.00\nboxed:\nlog: x\nreal 1.74\nuser 0.00\nsys 0.01\n"


def _blocks(audit: Audit, body: str, files: dict[str, str | bytes], above: str = "Text.") -> list[str]:
    done = audit(f"# Lab\n\n{above}\n\n```\n{body}\n```\n", files, only=True)
    return [str(one.verdict) for one in done.blocks]


@pytest.mark.parametrize(
    ("body", "file", "verdict"),
    [
        ("6.17.9-arch1-1", "Host kernel: 6.17.9-arch1-1\n", "shortened"),
        ("6.12.47 #1 SMP Mon …", "Linux 81d6 6.12.47 #1 SMP Mon Oct 27 10:04 2025\n", "shortened"),
        ("387", "Host: 387\nGuest: 12\n", "shortened"),
        (
            "one: real=0.44s\ntwo: real=0.41s",
            "one: real=0.44s user=0.1s\ntwo: real=0.41s user=0.2s\n",
            "shortened",
        ),
        ('cannot set it to "x"', 'level=warn msg="cannot set it to \\"x\\" now"\n', "shortened"),
        ('put c...up to "x" in a ro...', 'the time: put cgroup to \\"x\\" in a row\n', "shortened"),
        ("Host: 44", "Host: 449\n", "no evidence"),
        ("took 1.62", "it took 1.620 s\n", "no evidence"),
        ("took 62 s or so", "it took 1.62 s or so\n", "no evidence"),
        ("active", "the unit is active\n", "no evidence"),
    ],
)
def test_words_of_a_line_are_no_invention(audit: Audit, body: str, file: str, verdict: str) -> None:
    """Whole words of a line are shortened; a part of a word or a number, and one short word, are not."""
    assert _blocks(audit, body, {"a.txt": file}) == [verdict]


@pytest.mark.parametrize(
    ("body", "files", "verdict", "why"),
    [
        (
            "6.12.47 #1 SMP Mon …",
            {"uname.txt": "Linux 81d6 6.12.47 #1 SMP Mon Oct 27 10:04 2025\n"},
            "shortened",
            "words before or after these are left out, and marks stand for some of them, not for all",
        ),
        (
            "6.12.47 #1 SMP Mon",
            {"uname.txt": "Linux 81d6 6.12.47 #1 SMP Mon Oct 27 10:04 2025\n"},
            "shortened",
            "uname.txt, lines 1 to 1; words before or after these are left out, and no mark says so",
        ),
        (
            "Host:\nCore i7-…\n\nGuest:\nVirtual CPU here",
            {"cpu.txt": "Host:\nmodel name: Core i7-10\n\nThe guest:\nmodel name: Virtual CPU here\n"},
            "differs from the nearest",
            "1 of 4 lines are in cpu.txt, and 2 in part; line 9 ",
        ),
        (
            "[ 0.00] Linux version 6.12.47 ...\n[ 0.00] Booting on a processor\nx: y",
            {"log.txt": "=== log ===\n[ 0.00] Linux version 6.12.47 (x)\n[ 0.00] Memory: 5\n"},
            "partly",
            "2 of 3 lines are neither lines of any file that was handed in nor words of one, the first is",
        ),
        (
            "a long line here\nflag 31 is on but 26 is off.\nanother line there",
            {"log.txt": "a long line here\nlog\nflag 31 is on but 26 is off. Fine, no\nanother line there\n"},
            "dropped",
            "log.txt, lines 1 to 4, without line 2; words of lines are left out",
        ),
        (
            "Host modules:  169\nrunc modules here:   169  # as the host\nGuest modules: [none]",
            {"m.txt": "Host modules: 169\nrunc modules here: 169\nGuest modules (tried):\n"},
            "differs from the nearest",
            "2 of 3 lines are in m.txt; line 8 ",
        ),
    ],
)
def test_lines_that_are_there_are_counted(
    audit: Audit, body: str, files: dict[str, str | bytes], verdict: str, why: str
) -> None:
    """A line whose words a file has, with a mark or without, is not counted as one that no file has."""
    report = f"# Lab\n\nText.\n\n```\n{body}\n```\n"
    (block,) = audit(report, files, only=True).blocks
    assert (str(block.verdict), why in block.why or block.why) == (verdict, True)


def test_a_file_within_a_line_is_altered(audit: Audit) -> None:
    """A line that has all of the named file in it, with a label, is shown beside the file's line."""
    report = "# Lab\n\n`a.txt`\n\n```\nResults for port 3012: avg=0.1s min=0.2s max=0.3s\n```\n"
    (block,) = audit(report, {"a.txt": "avg=0.1s min=0.2s max=0.3s\n"}, only=True).blocks
    assert block.verdict == "altered"
    assert "the file has 'avg=0.1s min=0.2s max=0.3s'" in block.why


def test_a_marked_line_with_another_number_is_shown_beside_its_line(audit: Audit) -> None:
    """Of a line whose end a mark stands for, the file's line is shown, though it has many more words."""
    network = "=== net ===\n1: lo: <UP> mtu 65536 qdisc noqueue state unknown qlen some group default\n"
    report = "# Lab\n\n`a.txt`\n\n```\n=== net ===\n1: lo: <UP> mtu 1500 ...\n```\n"
    (block,) = audit(report, {"a.txt": network}, only=True).blocks
    assert block.verdict == "altered"
    assert "the file has '1: lo: <UP> mtu 65536" in block.why


def test_a_command_that_prints_a_line_stays_a_command(audit: Audit) -> None:
    """A command that has a line of the named file in it is no other wording of that line."""
    command = "echo '=== The kernels of both ===' | tee -a labs/lab/of/runs/a.txt > out"
    report = f"# Lab\n\n`a.txt`\n\n```\n{command}\n```\n"
    (block,) = audit(report, {"a.txt": "=== The kernels of both ===\n"}, only=True).blocks
    assert block.verdict == "command only"


def test_a_program_in_a_folder_is_a_command(audit: Audit) -> None:
    """A path with an option after it is a command; so the output below it is the whole block."""
    body = "labs/lab/out/boxer --version\n# output\nboxer 3.23.0 (a box)"
    assert _blocks(audit, body, {"a.txt": "boxer 3.23.0 (a box)\n"}) == ["whole"]


def test_a_part_of_a_block_is_told_to_be_one(audit: Audit) -> None:
    """Of a block with several outputs, what is said of one is not said of all."""
    body = "$ one\nHost modules: 169\n$ two\nnever seen before"
    (block,) = audit(
        f"# Lab\n\nText.\n\n```\n{body}\n```\n", {"m.txt": "Host modules: 169\n"}, only=True
    ).blocks
    assert block.why.startswith("1 of 2 outputs in the block: line 9 ")


def test_words_of_a_script(audit: Audit) -> None:
    """Lines that a script prints are told to be its words, and lines between them are not called dropped."""
    script = 'set -e\necho "[box.runtimes.boxed]"\necho x\nvalue="  runtime_type = \'boxer.v2\'"\n'
    body = "[box.runtimes.boxed]\n  runtime_type = 'boxer.v2'"
    assert _blocks(audit, body, {"scripts/configure.sh": script}) == ["shortened"]


def test_a_line_in_another_place(audit: Audit) -> None:
    """Of a line that the file has in another place, nothing says that no line of the file is like it."""
    network = (
        "1: lo: <UP> mtu 65536 qdisc x\n    link/ether 5a:83:d1 brd ff\n    inet 10.4.0.2/24 scope global\n"
    )
    report = "# Lab\n\nFrom `a.txt`:\n\n```\n    inet 10.4.0.2/24 ...\n    link/ether 5a:83:d1 ...\n```\n"
    (block,) = audit(report, {"a.txt": network}, only=True).blocks
    assert block.verdict == "altered"
    assert "no line of the file" not in block.why
    assert "another order" in block.why


def test_variables_of_a_script_are_commands(audit: Audit) -> None:
    """Variables that a command of the block uses are no output; others may be."""
    files: dict[str, str | bytes] = {"a.txt": "x\n"}
    assert _blocks(audit, "VERSION=3.23.0\nARCH=amd64\ncurl -L get/${VERSION}-$ARCH.tar", files) == [
        "command only"
    ]
    assert _blocks(audit, "$ env\nVERSION=3.23.0", files) == ["no evidence"]


def test_a_path_below_a_block_names_its_file(audit: Audit) -> None:
    """A path alone below a block is the block's file, so its words are compared with that file."""
    report = "# Lab\n\nText.\n\n```\nHost: 449\nGuest VM has 52\n```\n(`analysis/proc.txt`)\n\nText.\n"
    (block,) = audit(report).blocks
    assert (block.verdict, block.named) == ("altered", "analysis/proc.txt")


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("plain: real 0.73s.", "found"),
        ("- Boxed: 1.74s", "found"),
        ("The start of boxed took 2.74 s.", "differs from the nearest"),
    ],
)
def test_times_of_time_p(audit: Audit, text: str, verdict: str) -> None:
    """What `time -p` prints is in seconds, with two decimals and no unit."""
    done = audit(f"# Start-up\n\n{text}\n", {"bench/startup.txt": STARTS}, only=True)
    assert [str(one.verdict) for one in done.values] == [verdict]


def test_a_difference_is_the_larger_less_the_smaller(audit: Audit) -> None:
    """The formula of a difference gives the value that the text has, not its negative."""
    done = audit("# Start-up\n\nBoxed is 1.01 s slower.\n", {"bench/startup.txt": STARTS}, only=True)
    assert [(str(one.verdict), one.how) for one in done.values] == [("derived", "1.74 s - 0.73 s")]


def test_a_number_that_is_there_is_not_nowhere(audit: Audit) -> None:
    """Of a number that the evidence has without a unit, nothing says that the evidence has no such value."""
    done = audit("# Lab\n\nThe shim failed in 0.51 s.\n", {"a.txt": "result 0.51\n"}, only=True)
    assert [one.level for one in done.values if one.level is Level.FINDING] == []


@pytest.mark.parametrize(
    ("text", "files"),
    [
        (
            "The guest VM has 8 cores, for its isolation.",
            {"isolation/dmesg.txt": "Guest VM (boot):\nopts device=8K@0xe0000000\n"},
        ),
        (
            "The host has 332 processes, for its isolation.",
            {"isolation/modules.txt": "Host kernel modules: 332\n"},
        ),
        ("Each guest takes 50 MB of memory.", {"bench/latency.txt": "avg=0.0026s n=50\n"}),
    ],
)
def test_another_number_is_not_found(audit: Audit, text: str, files: dict[str, str | bytes]) -> None:
    """A size, a count of other things and a number without the unit are not the number of the text."""
    done = audit(f"# Lab\n\n{text}\n", files, only=True)
    assert "found" not in {str(one.verdict) for one in done.values}


def test_the_line_with_the_other_numbers_is_shown(audit: Audit) -> None:
    """Of several lines with a value, the one is shown that has the other numbers of the sentence too."""
    lines = "plain:\nx  0.00s user 0.01s system 1.221 total\nboxed:\nx  0.00s user 0.01s system 2.522 total\n"
    done = audit(
        "# Lab\n\n- x: 0.00s user 0.01s system 2.522 total\n", {"bench/startup.txt": lines}, only=True
    )
    assert {(str(one.verdict), one.evidence[0].first) for one in done.values} == {("found", 4)}
