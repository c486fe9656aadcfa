"""Changes in words: titled tables for the terminal, Markdown for a pull request, plain values for JSON."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from labreport.check.diff.compare import Changes, SetChanges
from labreport.check.diff.fact_changes import FactChange
from labreport.check.diff.raw import FileChange
from labreport.check.diff.sampled import SeriesChange
from labreport.check.diff.turns import Turn
from labreport.report.export.markdown import code, fence, table_markdown, words
from labreport.report.problems import one_line
from labreport.report.series.comparison import four_digits
from labreport.report.tables.table import Cell, Table
from labreport.report.values.quantity import Quantity, decimal

MOST_MARKDOWN = 60_000
"""GitHub takes 65,536 characters for the body of a pull request."""

NOTHING = "Nothing changed."


def as_json(changes: Changes) -> dict[str, Any]:
    """Return the changes as `--json` prints them."""
    return {
        "turned": changes.turned,
        "refused": changes.refused,
        "sets": [asdict(one) for one in changes.sets],
    }


def headline(changes: Changes) -> str:
    """Return what matters most in one line."""
    if not changes.sets:
        return NOTHING
    claims = sum(len(one.claims) for one in changes.sets)
    beyond = sum(one.beyond is True for each in changes.sets for one in each.series)
    failures = sum(len(one.failures) for one in changes.sets)
    parts = [
        _count(claims, "claim turned", "claims turned"),
        _count(beyond, "series beyond the noise", "series beyond the noise"),
        _count(failures, "collector or command ends otherwise", "collectors or commands end otherwise"),
    ]
    parts += [f"{one.name} refused: {one.refused}" for one in changes.sets if one.refused]
    return "; ".join(parts) + "."


def _count(number: int, one: str, many: str) -> str:
    return f"1 {one}" if number == 1 else f"{number or 'no'} {many}"


def tables(found: SetChanges) -> Iterator[tuple[str, Table]]:
    """Yield the tables that tell of a set, each with its title; those that would be empty are left out."""
    if found.hosts:
        yield "Measured on another host", _turns("", [found.hosts])
    if found.claims:
        yield "Claims that turned", _turns("claim", found.claims)
    if found.failures:
        yield "Collectors and commands that end otherwise", _turns("which", found.failures)
    if found.series:
        yield "Series", _series(found.series)
    if found.facts:
        yield "Facts", _facts(found.facts)
    if found.versions:
        yield "Versions and settings", _turns("of", found.versions)


def _turns(head: str, turns: Iterable[Turn]) -> Table:
    ours = head == "claim"  # a page's sentence; anything else comes from evidence and records
    rows = tuple(
        (Cell(one.what, code=not ours), Cell(one.before, code=True), Cell(one.after, code=True))
        for one in turns
    )
    return Table((head, "before", "now"), rows)


def _facts(facts: Iterable[FactChange]) -> Table:
    rows = tuple(
        (
            Cell(one.name, code=True),
            Cell(one.before, code=True),
            Cell(one.after, code=True),
            Cell("" if one.share is None else f"{one.share:+.1%}"),
            Cell(str(one.verdict)),
        )
        for one in facts
    )
    return Table(("fact", "before", "now", "change", "is"), rows)


def _series(series: Iterable[SeriesChange]) -> Table:
    head = ("series", "before", "now", "change", "runs", "failed", "p", "least effect", "is")
    return Table(head, tuple(map(_series_row, series)))


def _series_row(one: SeriesChange) -> tuple[Cell, ...]:
    verdict = {True: "beyond the noise", False: "within the noise", None: "too few runs to say"}[one.beyond]
    before, now = (four_digits(Quantity(decimal(f"{value:.9f}"), "s")) for value in (one.before, one.after))
    return (
        Cell(f"{one.file} {one.name}".rstrip(), code=True),
        Cell(before),
        Cell(now),
        Cell(f"{one.ratio - 1:+.1%}"),
        Cell("{}, {}".format(*one.counts)),
        Cell("{}, {}".format(*one.failed)),
        Cell(f"{one.p:.2g}"),
        Cell(f"{one.floor:.1%}"),
        Cell(verdict),
    )


def raw_text(file: FileChange) -> str:
    """Return a file's difference as lines that no terminal takes for anything but text."""
    return "\n".join([f"{file.path}: {file.how}", *(f"  {one_line(line)}" for line in file.lines)])


def markdown(changes: Changes) -> str:
    """Return the changes as the body of a pull request: evidence stands in it, and is never Markdown."""
    parts = [f"**{words(headline(changes))}**"]
    for one in changes.sets:
        parts.append(f"## {code(one.name)}")
        if one.refused:
            parts.append(f"Refused: {words(one.refused)}.")
        for title, table in tables(one):
            parts += [f"### {title}", table_markdown(table)]
        parts.append("### Files")
        parts += map(_details, one.files)
    return _cut(parts) + "\n"


def _details(file: FileChange) -> str:
    body = fence("diff", "".join(f"{one_line(line)}\n" for line in file.lines))
    return f"<details><summary>{_escaped(file.path)}: {file.how}</summary>\n\n{body}\n\n</details>"


def _escaped(text: str) -> str:
    return one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace("@", "&#64;")


def _cut(parts: list[str]) -> str:
    """Return the parts, as many as a pull request takes; what is left out is counted, never halved."""
    taken: list[str] = []
    for number, part in enumerate(parts):
        if sum(map(len, taken)) + len(part) + 2 * number > MOST_MARKDOWN:
            left = len(parts) - number
            return "\n\n".join([*taken, f"… and {left} more: {code('lab diff')} tells all."])
        taken.append(part)
    return "\n\n".join(taken)
