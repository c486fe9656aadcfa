"""What changed since an earlier measurement, for a page of a lab: a row for each change that matters."""

from collections.abc import Iterator

from labreport.check.diff import SetChanges, set_changes
from labreport.check.diff.measured import ChangeVerdict
from labreport.check.lab import LabPages
from labreport.contract.records import HOSTS
from labreport.report.pages.render import RenderPass
from labreport.report.series.comparison import four_digits
from labreport.report.tables import Cell, Table
from labreport.report.tables.sets import captured_from
from labreport.report.values import Quantity, decimal

MOST_ROWS = 20
_OF_FACTS = {ChangeVerdict.CHANGED, ChangeVerdict.NEW, ChangeVerdict.LOST}
"""The verdicts of facts that have a row: a change of a series has one of its own, and noise has none."""

Row = tuple[Cell | str, str, str, str]


def since_table(lab: LabPages, before: str) -> Table:
    """Return what changed in a lab since the set hosts/`before`/LAB, at most MOST_ROWS rows."""
    old = RenderPass(lab.docs, lab.evidence.root / HOSTS / before, code=lab.root)
    for page in lab.pages:
        old.render(page)
    new = RenderPass(lab.docs, lab.evidence.root, code=lab.root)
    new.results += lab.results
    rows = list(_rows(set_changes(lab.lab, old, new)))
    if left := len(rows) - MOST_ROWS:
        rows[MOST_ROWS:] = [(f"… and {left} more: `lab diff` shows them", "", "", "")] if left > 0 else []
    dates = (captured_from([one.evidence.set(lab.lab)]) for one in (old, new))
    head = ("what", *(f"measured {date}" for date in dates), "change")
    return Table.of(head, rows or [("nothing beyond the noise", "", "", "")])


def _rows(changes: SetChanges) -> Iterator[Row]:
    """Yield the rows of a set's changes, the most important first."""
    if changes.refused and changes.hosts:
        yield ("host", changes.hosts.before, changes.hosts.after, changes.refused)
        return
    for claim in changes.claims:
        yield (claim.what, claim.before, claim.after, "claim turned")
    for series in changes.series:
        if series.beyond:
            medians = (Quantity(decimal(f"{one:.9f}"), "s") for one in (series.before, series.after))
            name = Cell(f"{series.file} {series.name}".rstrip(), code=True)
            was, now = map(four_digits, medians)
            yield (name, was, now, f"{series.ratio - 1:+.1%}, beyond the noise")
    for fact in changes.facts:
        if fact.verdict in _OF_FACTS:
            yield (Cell(fact.name, code=True), fact.before, fact.after, str(fact.verdict))
    hosts = (changes.hosts,) if changes.hosts else ()
    for state in (*hosts, *changes.failures, *changes.versions):
        yield (Cell(state.what, code=True), state.before, state.after, "changed")
