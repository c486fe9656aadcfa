"""The key findings of a lab: each item of that list on the lab's first page is bound to a claim."""

from collections.abc import Iterator

from labreport.check.finding import Finding
from labreport.check.lab import LabPages
from labreport.report.pages.source import KEY_FINDINGS, PageSource

MOST_FINDINGS = 7
"""How many key findings a reader remembers; the rest belongs on the pages of the tasks."""


def unbound_findings(lab: LabPages) -> Iterator[Finding]:
    """Yield a finding for each key finding without a claim, and for a list that is empty or too long."""
    for page in lab.pages:
        if page.path.rpartition("/")[2].partition(".")[0] not in {"index", "README"}:
            continue
        for heading, (start, end) in _sections(page):
            items = list(_items(page, start, end))
            for begin, after in items:
                if not any(begin <= call.start < after for call in page.claims):
                    line, column = page.place(begin)
                    text = " ".join(page.text[begin:after].split())[:60]
                    what = f"this key finding rests on no claim: {text}"
                    remedy = "write its sentence as a claim: {% call claim(…) %}…{% endcall %}"
                    yield Finding("key-finding", page.file, line, column, what, remedy, text)
            if not 1 <= len(items) <= MOST_FINDINGS:
                what = f"{len(items)} key findings"
                remedy = f"list 1 to {MOST_FINDINGS}, each with a claim, or remove the heading"
                yield Finding("key-finding", page.file, heading, 1, what, remedy, KEY_FINDINGS)


def _sections(page: PageSource) -> Iterator[tuple[int, tuple[int, int]]]:
    """Yield the line of the heading of each list of key findings, and the lines of its section."""
    for number, heading in enumerate(page.headings):
        if heading.text == KEY_FINDINGS:
            after = (one.line for one in page.headings[number + 1 :] if one.level <= heading.level)
            yield heading.line, (heading.line, next(after, 10**9))


def _items(page: PageSource, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield where each item of the lists between two lines begins and ends, inner lists included."""
    depth = 0
    for token in page.bare.tokens:
        if token.type == "list_item_open":
            begin, after = page.bare.lines(token)
            if depth == 0 and start < page.place(begin)[0] < end:
                yield begin, after
            depth += 1
        elif token.type == "list_item_close":
            depth -= 1
