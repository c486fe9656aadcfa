"""Each planted fault is found, at its line, and nothing else is."""

from dataclasses import dataclass, field

import pytest

from labreport.audit.model import Level
from tests.audit.conftest import FILES, REPORT, Audit


def test_a_report_without_faults(audit: Audit) -> None:
    """Everything in it is judged, and nothing is a finding."""
    done = audit()
    assert [one.rule for one in done.judgements if one.level is not Level.FINE] == []
    assert {str(one.verdict) for one in done.blocks} == {"whole", "part", "command only"}
    assert {str(one.verdict) for one in done.values} == {"found", "derived"}
    assert len(done.blocks) == REPORT.count("```") // 2 + 1


@dataclass(frozen=True)
class Fault:
    """A change of the report or of a file, and the judgement that it has to cause."""

    rule: str
    line: int
    old: str = ""
    new: str = ""
    files: dict[str, str | bytes] = field(default_factory=dict)


FAULTS = {
    "altered below an info string": Fault("block-altered", 7, "\nboxer 3.23.0 (", "\nboxer 3.24.0 ("),
    "altered below a sentence": Fault("block-altered", 13, "6.12.47 #1", "6.12.48 #1"),
    "altered in a list": Fault(
        "block-altered", 19, "  model name\t: AMD EPYC", "  model name\t: AMD Ryzen 9"
    ),
    "altered below a path": Fault("block-altered", 27, "Host kernel: 6.17.9", "Host kernel: 6.18.9"),
    "altered below a heading": Fault("block-altered", 36, "\nHost: 449\n", "\nHost: 9449\n"),
    "altered in a quote": Fault("block-altered", 45, "> Host: 449", "> Host: 9449"),
    "altered below a link": Fault("block-altered", 52, "    link/ether 2a", "    link/ether 3a"),
    "altered above its source": Fault("block-altered", 61, "\nplain: HTTP 200", "\nplain: HTTP 500"),
    "altered below a command": Fault("block-altered", 71, "\nreal\t0m1.774s", "\nreal\t0m1.174s"),
    "a line more": Fault("block-altered", 36, "\nGuest VM: 52\n```", "\nGuest VM: 52\nOther VM: 3\n```"),
    "lines in another order": Fault(
        "block-altered",
        71,
        "real\t0m1.620s\nboxed:\nreal\t0m1.774s",
        "real\t0m1.774s\nboxed:\nreal\t0m1.620s",
    ),
    "differs without a name": Fault(
        "block-differs",
        97,
        new="\nOnce:\n\n```\n1: lo: <LOOPBACK,UP> mtu 65536\n    inet 127.0.0.1/8 scope host lo\nx: 1\n```\n",
    ),
    "dropped": Fault("block-dropped", 52, "    link/ether 2a:e6:80:ac:f7:bc\n", ""),
    "dropped from a range": Fault("block-dropped", 45, "> Guest VM: 52\n", ""),
    "elided": Fault("block-elided", 52, "    link/ether 2a:e6:80:ac:f7:bc\n", "    ...\n"),
    "the end of a line elided": Fault(
        "block-elided", 13, "Nov 14 15:34:06 UTC 2025 x86_64 Linux", "Nov 14 ..."
    ),
    "the end of a line left out": Fault("block-shortened", 13, " UTC 2025 x86_64 Linux", ""),
    "the words before a value left out": Fault(
        "block-shortened", 19, "  model name\t: AMD EPYC", "  AMD EPYC"
    ),
    "a part of a line without a name": Fault(
        "block-shortened", 97, new="\nOn the host:\n\n```\n6.17.9-arch1-1\n```\n"
    ),
    "parts of lines, and lines between them left out": Fault(
        "block-dropped",
        97,
        new="\nThe nets:\n\n```\n1: lo: <LOOPBACK,UP>\n2: eth0: <BROADCAST,UP>\n    inet 10.4.0.11/24\n```\n",
    ),
    "spacing": Fault("block-spacing", 36, "\nHost: 449\n", "\nHost:   449\n"),
    "a blank line more": Fault("block-spacing", 71, "0m1.620s\nboxed", "0m1.620s\n\nboxed"),
    "joined lines": Fault(
        "block-spacing", 71, "plain:\nreal\t0m1.620s\nboxed:\nreal", "plain: real\t0m1.620s\nboxed: real"
    ),
    "escape sequences": Fault(
        "block-spacing", 61, files={"plain/health.txt": "\x1b[32mplain\x1b[0m: HTTP 200\x1b[K\n"}
    ),
    "line ends": Fault("block-line-ends", 19, files={"box/cpu.txt": "model name\t: AMD EPYC\r\n"}),
    "range past the end": Fault("block-past-end", 45, "2:3:", "2:9:"),
    "range reversed": Fault("block-reversed", 45, "2:3:", "3:2:"),
    "range empty": Fault("block-empty-range", 45, "2:3:", "0:3:"),
    "range negative": Fault("block-empty-range", 45, "2:3:", "-2:3:"),
    "other lines": Fault("block-other-lines", 45, "2:3:", "1:2:"),
    "wrong file in an info string": Fault(
        "block-wrong-file", 7, "labs/lab/setup/version", "labs/lab/box/uname"
    ),
    "wrong file in a sentence": Fault("block-wrong-file", 13, "From `box/uname.txt`", "From `box/cpu.txt`"),
    "wrong file in a heading": Fault("block-wrong-file", 34 + 2, "(`analysis/proc.txt`)", "(`box/cpu.txt`)"),
    "a file that is not there holds it": Fault("block-wrong-file", 7, "setup/version", "setup/versions"),
    "no file": Fault(
        "block-no-file", 97, new="\nFrom `labs/lab/box/mounts.txt`:\n\n```\noverlay on / type overlay\n```\n"
    ),
    "no evidence": Fault("block-no-evidence", 95, new="\n```\nsomething else was here 99\n```\n"),
    "no evidence below a command": Fault("block-no-evidence", 95, new="\n```\n$ boxer top\n77 boxes\n```\n"),
    "no evidence in indented code": Fault(
        "block-no-evidence", 97, new="\nText.\n\n    nothing printed this 12\n"
    ),
    "ambiguous": Fault(
        "block-ambiguous",
        95,
        new="\n```\nthe same words twice\n```\n",
        files={"a.txt": "the same words twice\n1\n", "b.txt": "the same words twice\n2\n"},
    ),
    "not closed": Fault("block-unclosed", 95, new="\n```\nplain: HTTP 200\n"),
    "in a comment": Fault("block-not-judged", 96, new="\n<!--\n```\nplain: HTTP 300\n```\n-->\n"),
    "a drawing": Fault("block-not-judged", 95, new="\n```mermaid\ngraph TD\n```\n"),
    "an empty block": Fault("block-not-judged", 95, new="\n```\n```\n"),
    "contradicted in a list": Fault("value-contradicted", 42, "- Host: 449", "- Host: 949"),
    "contradicted in prose": Fault("value-contradicted", 79, "startup took 1.62 s", "startup took 2.62 s"),
    "contradicted in a table": Fault("value-contradicted", 83, "| 7.1 ms |", "| 9.1 ms |"),
    "contradicted kernel": Fault("value-contradicted", 95, new="\nGuest kernel: `6.13.1`\n"),
    "nowhere": Fault("value-nowhere", 95, new="\nThe image has 87.5 MB.\n"),
    "nowhere, an identifier": Fault("value-nowhere", 95, new="\nContainer `0123456789ab` ran.\n"),
    "empty file cited": Fault(
        "evidence-empty", 95, new="\nSee `box/mounts.txt`.\n", files={"box/mounts.txt": " \n"}
    ),
    "missing file cited": Fault("evidence-missing", 95, new="\nSee `labs/lab/box/mounts.txt`.\n"),
    "failure cited": Fault(
        "evidence-failure",
        95,
        new="\nSee `box/mounts.txt`.\n",
        files={"box/mounts.txt": "cat: /proc/mounts: Permission denied\n"},
    ),
    "failed start": Fault(
        "evidence-failed-start",
        95,
        new="\nSee `bench/more.txt`.\n",
        files={"bench/more.txt": "boxed:\nboxer: failed to start: no such device\nreal 0.061\n"},
    ),
    "zero time": Fault("evidence-zero", 1, files={"bench/other.txt": "avg=0.0000s n=50\n"}),
    "label without a value": Fault(
        "evidence-no-value",
        95,
        new="\nSee `bench/more.txt`.\n",
        files={"bench/more.txt": "plain:\nboxed:\nx 1\n"},
    ),
    "one file under two names": Fault(
        "evidence-same-bytes", 11, files={"box/copy.txt": FILES["box/uname.txt"]}
    ),
    "two guest kernels": Fault(
        "evidence-guest-kernels", 1, files={"box/guest.txt": "Guest kernel: Linux version 6.1.99 (x)\n"}
    ),
    "binary file cited": Fault(
        "evidence-not-read", 95, new="\nSee `box/mounts.bin`.\n", files={"box/mounts.bin": b"\0\1\2"}
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_each_fault_is_found(audit: Audit, fault: Fault) -> None:
    """One judgement is not fine: the one of the fault, at its line."""
    assert not fault.old or fault.old in REPORT
    report = REPORT.replace(fault.old, fault.new, 1) if fault.old else REPORT + fault.new
    done = audit(report, fault.files)
    found = [(one.rule, one.line) for one in done.judgements if one.level is not Level.FINE]
    assert found == [(fault.rule, fault.line)], found
