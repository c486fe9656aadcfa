"""A block is cut into stretches whose texts are the slice again, whoever wrote its lines."""

from hashlib import sha256
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from labreport.contract.records import File, Span
from labreport.report.source.cite import Block
from labreport.report.source.evidence_set import Captured, EvidenceSet
from labreport.report.source.patterns import PatternSearch
from labreport.report.source.slices import Content, SliceRequest, cut
from labreport.site.html.stretches import IN_SIGHT, folded_lines
from tests.project import HOST, CapturedFile, record_of

LINES = st.lists(st.tuples(st.text("a\r\u2028\x85 <", max_size=3), st.booleans()), max_size=40)


def block_of(lines: list[tuple[str, bool]], end: str, request: SliceRequest) -> Block:
    """Return a block of a file; each line was printed by a command, or written by the collector."""
    data = ("\n".join(text for text, _printed in lines) + end).encode()
    content = Content("a.txt", data)
    count = len(content.lines)
    spans = [
        Span(start=n, end=n, command=0 if printed else None)
        for n, (_text, printed) in enumerate(lines[:count], 1)
    ]
    file = File(path="a.txt", bytes=len(data), lines=count, sha256=sha256(data).hexdigest(), spans=spans)
    captured = Captured(record_of(CapturedFile("a.txt", data), "a", "lab12", HOST), file)
    found = EvidenceSet("lab12", Path("lab12"))
    return Block(found, content, cut(content, request, PatternSearch()), captured, HOST)


@given(LINES, st.sampled_from(["", "\n", "\n\n"]))
def test_stretches_are_the_slice_again(lines: list[tuple[str, bool]], end: str) -> None:
    """Byte for byte, in order and without a gap; each has the lines that it names."""
    block = block_of(lines, end, SliceRequest("a.txt"))
    folded = folded_lines(block)
    stretches = [*folded.in_sight, *folded.folded]
    assert "".join(one.text for one in stretches) == block.slice.text
    whole = block.content.data.decode().split("\n")
    at = block.slice.range.start
    for one in stretches:
        assert one.lines.start == at
        text = "\n".join(whole[one.lines.start - 1 : one.lines.end])
        assert one.text in {text, f"{text}\n"}
        at = one.lines.end + 1
    assert at == block.slice.range.end + 1
    total = len(block.content.lines)
    assert (
        folded.count
        == max(total - IN_SIGHT, 0)
        == sum(one.lines.end - one.lines.start + 1 for one in folded.folded)
    )


def test_the_collector_s_lines_are_set_apart() -> None:
    """Neighbours of one kind are one stretch, also where the slice begins inside of the file."""
    lines = [
        ("=== a ===", False),
        ("1", True),
        ("2", True),
        ("=== b ===", False),
        ("=== c ===", False),
        ("3", True),
    ]
    block = block_of(lines, "\n", SliceRequest("a.txt", "3:6"))
    found = [(str(one.lines), one.own, one.text) for one in folded_lines(block).in_sight]
    assert found == [
        ("3:3", False, "2\n"),
        ("4:5", True, "=== b ===\n=== c ===\n"),
        ("6:6", False, "3\n"),
    ]
