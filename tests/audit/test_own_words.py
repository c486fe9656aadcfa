"""What the author wrote is no quote: a summary, a configuration, a list; and a report without evidence."""

import pytest

from labreport.audit.model import Level, ReportAudit
from tests.audit.conftest import Audit

PROC = "=== Entries in /proc ===\nHost: 622\nKata VM: 54\n"
CPU = "Host CPU:\nname\t: Core(TM) i7-10750H CPU @ 2.60GHz\nKata VM CPU:\nname\t: Xeon(R) 8370C CPU\n"
NET = "1: lo: <UP> mtu 65536\n    link/loopback 00:00\n    inet 127.0.0.1/8 scope host lo\n"
LOG = 'time="x" level=error msg="cannot open kvm device" arch=arm64 check-type=full device=/dev/kvm\n'


def _block(done: ReportAudit) -> tuple[str, Level, str]:
    (block,) = done.blocks
    return str(block.verdict), block.level, block.why


def _fenced(body: str, info: str = "", above: str = "Text.") -> str:
    return f"# Lab\n\n{above}\n\n```{info}\n{body}\n```\n"


@pytest.mark.parametrize(
    ("body", "file"),
    [
        ("Host: 622 entries\nKata VM: 54 entries", PROC),
        ("Host      622 entries\nKata VM   54", PROC),
        ("Host:  Core(TM) i7-10750H CPU @ 2.60GHz\nKata VM:  Xeon(R) 8370C CPU", CPU),
        ("1: lo: inet 127.0.0.1/8", NET),
        ('... level=error msg="cannot open kvm device" device=/dev/kvm', LOG),
        ("Shim version: boxer shim 3.29.0", "boxer version:\nboxer shim 3.29.0, commit: 5bf7c\n"),
        ("Host: 622 (as measured)\nKata VM: 54", PROC),
    ],
)
def test_a_summary_of_a_file_is_a_note(audit: Audit, body: str, file: str) -> None:
    """The words and numbers of the file in its order, below its labels, are no alteration."""
    assert _block(audit(_fenced(body), {"a.txt": file}, only=True))[:2] == ("reworded", Level.NOTE)


@pytest.mark.parametrize(
    ("body", "file"),
    [
        ("Host: 54 entries\nKata VM: 622 entries", PROC),
        ("Kata VM: 622 entries\nHost: 54 entries", PROC),
        ("Host: 623 entries\nKata VM: 54 entries", PROC),
        ("Host: 622 healthy entries\nKata VM: 54 entries", PROC),
        ("Host: -622 entries\nKata VM: 54 entries", PROC),
        ("plain: real 0.395ms", "plain:\nreal 0.395s\n"),
        ("plain: real 1.5 m", "plain:\nreal 1.5 s\n"),
        ("plain: real 0.395 seconds", "plain:\nreal 0.395 ms\n"),
        ("Host:  Xeon(R) 8370C CPU\nKata VM:  Core(TM) i7-10750H CPU @ 2.60GHz", CPU),
        ("the device 4711 is reachable", "the device 4711 is not reachable\n"),
        ("check 3: passed", "check 3: failed, then passed\n"),
    ],
)
def test_another_number_label_or_meaning_is_a_finding(audit: Audit, body: str, file: str) -> None:
    """Swapped values, added words and a lost `not` are shown."""
    assert _block(audit(_fenced(body), {"a.txt": file}, only=True))[1] is Level.FINDING


@pytest.mark.parametrize(
    ("report", "why"),
    [
        (_fenced("[plugins.x]\n  type = 'y'", "toml"), "a configuration, for which no file is named"),
        (_fenced("- Functions of some cloud\n- Runners of another"), "a list in the author's words"),
        (
            _fenced("Benefit: Maximum speed of all\nRisk: One kernel = all fall"),
            "sentences in the author's words",
        ),
        (_fenced("lo (loopback)\neth0 (the private one)"), "names and remarks in the author's words"),
        (_fenced("runc: ~1.2s\nKata: would be 3-5s"), "estimates in the author's words"),
        (_fenced("::contentReference[oaicite:0]{index=0}"), "the mark of a citation"),
        (
            _fenced("HTTP latency (runc only)", above="## 4.2 HTTP latency (runc only)"),
            "the words of the heading",
        ),
    ],
)
def test_what_the_author_wrote_is_not_judged(audit: Audit, report: str, why: str) -> None:
    """A block that is visibly no output is counted as not judged, with why."""
    verdict, level, said = _block(audit(report, {"a.txt": PROC}, only=True))
    assert (verdict, level) == ("not judged", Level.NOTE)
    assert said.startswith(why)


def test_a_configuration_that_names_its_file_is_judged(audit: Audit) -> None:
    """What the report says is from a file that was handed in is compared with it."""
    report = _fenced("type = 'z'", "toml", above="From `config.toml`:")
    assert _block(audit(report, {"config.toml": "[x]\ntype = 'y'\n"}, only=True))[1] is Level.FINDING


def test_a_fence_that_opens_in_another(audit: Audit) -> None:
    """Nothing closes the first of two fences: its block is not judged, and that is a finding."""
    report = "# Lab\n\n```toml\n[x]\n\nThen I ran:\n\n```bash\necho 1\n```\n"
    done = audit(report)
    (block, *_rest) = done.blocks
    assert (done.summary.left, done.summary.not_judged[block.why]) == (1, 1)
    assert (block.rule, block.why) == (
        "block-unclosed",
        "line 8 looks like the start of another fence, and nothing closes this one before it",
    )


def test_nothing_was_handed_in(audit: Audit) -> None:
    """A report without evidence gets one finding, and nothing else in it is judged."""
    report = _fenced(
        "Host: 449\nGuest: 52", above="From `labs/lab/a.txt`, 2.6 ms, Intel(R) Xeon(R) CPU, 6.12.47:"
    )
    done = audit(report, only=True)
    assert [one.rule for one in done.findings] == ["evidence-nothing"]
    assert (
        {str(one.verdict) for one in done.blocks}
        == {str(one.verdict) for one in done.values}
        == {"not judged"}
    )


def test_every_output_that_is_missing_is_told(audit: Audit) -> None:
    """A label above a command is no output, and each of two missing outputs is named."""
    body = "Host:\n$ ls /proc | wc -l\n300+\nKata VM:\n$ ctr run x ls /proc | wc -l\n~100"
    verdict, _level, why = _block(audit(_fenced(body), {"proc.txt": "Host: 250\nKata VM: 85\n"}, only=True))
    assert verdict == "no evidence"
    assert why.startswith("2 of 2 outputs in the block: line 8 ")
    assert "; line 11 " in why


def test_marks_and_words_of_a_script_are_not_counted(audit: Audit) -> None:
    """A line of dots is no missing line, and what a script would print is no line of the evidence."""
    files = {"run.sh": 'echo "=== Startup times ==="\n', "x.txt": "nothing of it\n"}
    _verdict, _level, why = _block(audit(_fenced("=== Startup times ===\n...\nreal 3.8s"), files, only=True))
    assert why.startswith("2 of 2 lines are neither lines of any file ")


def test_the_nearest_line_is_sought_in_all_files(audit: Audit) -> None:
    """Each line that no file has stands beside the line of any file that is most like it."""
    files = {
        "log.txt": "WARN: no cgroups v1\n",
        "uname.txt": "Linux 4b99a3659cdf 6.12.47 #1 SMP x86_64 Linux\n",
    }
    (block,) = audit(
        _fenced("WARN: no cgroups v2\nLinux 47d5c637fae0 6.12.47 #1 SMP x86_64 Linux"), files, only=True
    ).blocks
    assert [(one.report_line, one.evidence_line) for one in block.differences] == [(6, 1), (7, 1)]
    assert [one.file for one in block.differences] == ["log.txt", "uname.txt"]
    assert "the nearest to line 6 is log.txt:1" in block.why


def test_a_remark_behind_a_line_is_left_out(audit: Audit) -> None:
    """What the author added behind a line, as a comment, is no alteration of it."""
    report = _fenced("CPU part : 0xd0c   # Neoverse-N1", above="From `cpu.txt`:")
    assert _block(audit(report, {"cpu.txt": "CPU part : 0xd0c\n"}, only=True))[1] is not Level.FINDING


def test_a_caption_above_a_quote_is_none_of_it(audit: Audit) -> None:
    """What the author wrote above the lines of a file is not looked for, unless it names the other side."""
    files = {"runc/avg.txt": "avg=0.0023s min=0.0016s n=50\n"}
    body = "Results for port 3012 (runc), 50 requests:\navg=0.0023s min=0.0016s n=50"
    assert _block(audit(_fenced(body), files, only=True))[:2] == ("whole", Level.FINE)
    assert _block(audit(_fenced(body.replace("runc", "Kata"))))[1] is Level.FINDING


def test_an_excerpt_is_marked_by_the_text_above(audit: Audit) -> None:
    """Lines left out of what the text calls an excerpt are a note."""
    files = {"x.txt": "one 1\ntwo 2\nthree 3\nfour 4\n"}
    levels = [
        _block(audit(_fenced("one 1\nthree 3\nfour 4", above=text), files, only=True))[:2]
        for text in ("From `x.txt`:", "Excerpt from `x.txt`:")
    ]
    assert levels == [("dropped", Level.FINDING), ("dropped", Level.NOTE)]


def test_what_a_command_logs_is_not_in_what_it_saves(audit: Audit) -> None:
    """A warning on standard error is no invention if the command saves standard output alone."""
    body = "$ boxer uname | tee a.txt\nWARN[0000] no cgroups\nLinux 7f2bb2b8943d 6.12.47"
    files = {"a.txt": "Linux 7f2bb2b8943d 6.12.47\n"}
    assert _block(audit(_fenced(body), files, only=True))[:2] == ("whole", Level.FINE)
    assert _block(audit(_fenced(body.replace("| tee", "2>&1 | tee"))))[1] is Level.FINDING
    assert (
        _block(audit(_fenced(body.replace("$ ", "> sudo ").replace(" | tee a.txt", ""))))[1] is Level.FINDING
    )


def test_a_list_of_files_is_compared_with_the_files(audit: Audit) -> None:
    """What `ls` printed is no invention if these files were handed in."""
    report = _fenced("$ ls box\na.txt  b.txt")
    assert _block(audit(report, {"box/a.txt": "x\n", "box/b.txt": "y\n"}, only=True))[:2] == (
        "part",
        Level.FINE,
    )
    assert _block(audit(report.replace("b.txt", "d.txt"), only=True))[1] is Level.FINDING


def test_the_line_with_the_other_numbers_of_the_sentence_is_meant(audit: Audit) -> None:
    """Of two lines with an equal number, that is given which has the other numbers of the sentence too."""
    file = "run x: 0.00s user 0.01s system 0% cpu 2.541 total\ngrep x: 0.00s user 0.00s system 0% cpu 2.5 t\n"
    done = audit(
        "# Lab\n\n- `run x`: 0.00s user 0.01s system 0% cpu 2.541 total\n", {"t.txt": file}, only=True
    )
    assert {one.evidence[0].first for one in done.values} == {1}


def test_the_nearest_line_has_a_word_in_common(audit: Audit) -> None:
    """A line is not shown beside one that only stands in the same place."""
    file = "=== Startup ===\nrunc:\nreal 0m0.847s\nKata:\nreal 0m4.123s\n"
    body = "=== Startup ===\nrunc:\ntest\nuser 0m0.041s\nsys 0m0.028s"
    (block,) = audit(_fenced(body), {"startup.txt": file}, only=True).blocks
    pairs = [
        ("".join(part.text for part in one.report), "".join(part.text for part in one.evidence))
        for one in block.differences
        if one.report_line and one.evidence_line
    ]
    assert not any(report.startswith(("user", "sys")) for report, _evidence in pairs)


@pytest.mark.parametrize(
    ("file", "plain", "told"),
    [
        ("plain:\nboxed:\nreal 1.2\n", "See `t.txt`.", "See `t.txt`. The numeric values were not recorded."),
        (
            "boxed:\ncannot access '/dev/kvm': No such file or directory\nreal 0m0.087s\n",
            "The start was fast.",
            "Kata did not start: the boot failed.",
        ),
    ],
    ids=["a label without a value", "the time of a failed start"],
)
def test_an_oddity_that_the_report_tells_of_is_a_note(audit: Audit, file: str, plain: str, told: str) -> None:
    """It is a finding only if no sentence of the report says so."""
    for text, level in ((plain, Level.FINDING), (told, Level.NOTE)):
        found = audit(f"# Lab\n\n{text}\n", {"t.txt": file}, only=True).oddities
        assert [one.level for one in found] == [level]


def test_columns_are_those_of_the_line(audit: Audit) -> None:
    """In lists, tables and headings, the column of a value counts what Markdown leaves out."""
    report = (
        "# Lab\n\n1. It took 1.62 s.\n   - And 2.5 ms.\n\n| what | time |\n|---|---|\n| boxed | 4.25 s |\n"
    )
    lines = report.split("\n")
    values = audit(report).values
    assert [(one.line, one.column) for one in values] == [
        (one.line, lines[one.line - 1].index(one.text) + 1) for one in values
    ]
    assert len(values) == 3


@pytest.mark.parametrize(
    ("text", "verdict", "place"),
    [
        ("**Kata VM CPU:**\nAMD EPYC 7543", "contradicted", 5),
        ("**Host CPU:**\nAMD EPYC 7543", "found", 3),
        ("**Kata VM CPU:**\nIntel(R) Xeon(R) Processor", "found", 5),
        ("The processor is AMD EPYC 7543", "found", 3),
    ],
)
def test_a_processor_has_an_owner(audit: Audit, text: str, verdict: str, place: int) -> None:
    """A processor that the evidence has for the host is not accepted as that of the guest."""
    file = "=== CPU ===\nHost CPU:\nname: AMD EPYC 7543\nKata VM CPU:\nname: Intel(R) Xeon(R) Processor\n"
    (value,) = (
        one
        for one in audit(f"# Lab\n\n{text}\n", {"cpu.txt": file}, only=True).values
        if one.kind == "CPU model"
    )
    assert (str(value.verdict), value.evidence[0].first) == (verdict, place)


def test_a_block_of_marks_is_not_judged(audit: Audit) -> None:
    """What only says that something is left out has nothing to compare."""
    assert _block(audit(_fenced("...\n[truncated]"), {"a.txt": PROC}, only=True))[0] == "not judged"


def test_a_long_block_that_no_file_has_takes_no_time(audit: Audit) -> None:
    """A block of ten thousand lines, half of them in the evidence, is judged."""
    there = "".join(f"line {n} is here\n" for n in range(10_000))
    body = "\n".join(f"line {n} is {'here' if n % 2 else 'elsewhere'}" for n in range(10_000))
    (block,) = audit(_fenced(body), {"long.txt": there}, only=True).blocks
    assert block.level is Level.FINDING


def test_a_setting_in_a_heading_is_not_judged(audit: Audit) -> None:
    """A size in a heading may be what was asked for, and no measurement."""
    (value,) = audit("# Lab\n\n### Throughput (100 MB dd)\n", {"a.txt": PROC}, only=True).values
    assert str(value.verdict) == "not judged"
