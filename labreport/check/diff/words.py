"""Render changes: tables for the terminal, Markdown for a pull request, plain values for JSON."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from labreport.check.diff import Changes, FileChange, SetChanges, StateChange
from labreport.check.diff.measured import FactChange, SeriesChange
from labreport.report.export.markdown import code, fence, table_markdown, words
from labreport.report.problems import one_line
from labreport.report.series.comparison import four_digits
from labreport.report.tables import Cell, Table
from labreport.report.values import Quantity, decimal

MOST_MARKDOWN = 60_000
"""The longest Markdown, in characters. GitHub accepts 65,536 in the body of a pull request."""

NOTHING_CHANGED = "Nothing changed."


def as_json(changes: Changes) -> dict[str, Any]:
    """Return the changes as `--json` prints them."""
    return {
        "turned": changes.turned,
        "refused": changes.refused,
        "sets": [asdict(one) for one in changes.sets],
    }


def headline(changes: Changes) -> str:
    """Return the most important changes in one line."""
    if not changes.sets:
        return NOTHING_CHANGED
    claims = sum(len(one.claims) for one in changes.sets)
    beyond = sum(series.beyond is True for one in changes.sets for series in one.series)
    failures = sum(len(one.failures) for one in changes.sets)
    parts = [
        _count(claims, "claim turned", "claims turned"),
        _count(beyond, "series beyond the noise", "series beyond the noise"),
        _count(failures, "collector or command changed", "collectors or commands changed"),
    ]
    parts += [f"{one.name} refused: {one.refused}" for one in changes.sets if one.refused]
    return "; ".join(parts) + "."


def _count(number: int, singular: str, plural: str) -> str:
    return f"1 {singular}" if number == 1 else f"{number or 'no'} {plural}"


def tables(changes: SetChanges) -> Iterator[tuple[str, Table]]:
    """Yield the tables of a set's changes, each with its title; empty tables are left out."""
    if changes.hosts:
        yield "Measured on another host", _states("", [changes.hosts])
    if changes.claims:
        yield "Claims that turned", _states("claim", changes.claims)
    if changes.failures:
        yield "Collectors and commands that changed", _states("which", changes.failures)
    if changes.series:
        yield "Series", _series(changes.series)
    if changes.facts:
        yield "Facts", _facts(changes.facts)
    if changes.versions:
        yield "Versions and settings", _states("of", changes.versions)


def _states(head: str, changes: Iterable[StateChange]) -> Table:
    from_evidence = head != "claim"  # a claim is a sentence of a page; evidence is set in a fixed font
    rows = (
        (Cell(one.what, code=from_evidence), Cell(one.before, code=True), Cell(one.after, code=True))
        for one in changes
    )
    return Table.of((head, "before", "now"), rows)


def _facts(changes: Iterable[FactChange]) -> Table:
    rows = (
        (
            *(Cell(text, code=True) for text in (one.name, one.before, one.after)),
            "" if one.share is None else f"{one.share:+.1%}",
            one.verdict,
        )
        for one in changes
    )
    return Table.of(("fact", "before", "now", "change", "verdict"), rows)


def _series(changes: Iterable[SeriesChange]) -> Table:
    head = ("series", "before", "now", "change", "runs", "failed", "p", "least effect", "verdict")
    return Table.of(head, map(_series_row, changes))


def _series_row(change: SeriesChange) -> tuple[Cell | str, ...]:
    verdicts = {True: "beyond the noise", False: "within the noise", None: "too few runs to decide"}
    medians = (Quantity(decimal(f"{seconds:.9f}"), "s") for seconds in (change.before, change.after))
    return (
        Cell(f"{change.file} {change.name}".rstrip(), code=True),
        *map(four_digits, medians),
        f"{change.ratio - 1:+.1%}",
        "{}, {}".format(*change.counts),
        "{}, {}".format(*change.failed),
        f"{change.p:.2g}",
        f"{change.floor:.1%}",
        verdicts[change.beyond],
    )


def raw_text(file: FileChange) -> str:
    """Return the changed lines of a file; control characters are escaped for the terminal."""
    return "\n".join([f"{file.path}: {file.how}", *(f"  {one_line(line)}" for line in file.lines)])


def markdown(changes: Changes) -> str:
    """Return the changes as the body of a pull request; text from evidence is escaped."""
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
    """Join as many whole parts as a pull request accepts, and count the rest."""
    kept: list[str] = []
    for number, part in enumerate(parts):
        if sum(map(len, kept)) + len(part) + 2 * number > MOST_MARKDOWN:
            left = len(parts) - number
            return "\n\n".join([*kept, f"… and {left} more: {code('lab diff')} shows everything."])
        kept.append(part)
    return "\n\n".join(kept)
