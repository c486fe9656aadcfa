"""What turned between two states of a set: collectors, commands, versions, claims."""

from collections.abc import Iterator
from dataclasses import dataclass

from labreport.contract.records import Command, Status
from labreport.report.export.export import MarkdownBuild
from labreport.report.facts.claims import Claim
from labreport.report.pages.verdicts import Made
from labreport.report.source.evidence import EvidenceSet


@dataclass(frozen=True)
class Turn:
    """Something whose state turned: a collector, a command's outcome, a version, a claim."""

    what: str
    before: str
    after: str


def states(before: EvidenceSet, after: EvidenceSet) -> Iterator[Turn]:
    """Yield each collector that is captured no more, or now, or that is missing for another reason."""
    old, new = (
        {row.name: row for row in side.state.collectors} if side.state else {} for side in (before, after)
    )
    for name in sorted(old.keys() | new.keys()):
        was, now = (
            f"{side[name].state}: {side[name].reason}".rstrip(": ") if name in side else "not known"
            for side in (old, new)
        )
        if was != now:
            yield Turn(name, was, now)


def outcomes(before: EvidenceSet, after: EvidenceSet) -> Iterator[Turn]:
    """Yield each command that ended in another way than the same command of the record before."""
    for name in sorted(before.records.keys() & after.records.keys()):
        old, new = before.records[name], after.records[name]
        if Status.NOT_APPLICABLE in {old.state, new.state}:
            continue
        for was, now in zip(old.commands, new.commands, strict=False):
            if was.argv == now.argv and was.outcome != now.outcome:
                yield Turn(f"{name}: {' '.join(now.argv)}", _ended(was), _ended(now))


def _ended(command: Command) -> str:
    return f"{command.outcome} (exit status {command.exit_status})"


def versions(before: EvidenceSet, after: EvidenceSet) -> Iterator[Turn]:
    """Yield each tool, image and setting of the records that is another one now."""
    old, new = _used(before), _used(after)
    for what in sorted(old.keys() | new.keys()):
        was, now = ("; ".join(sorted(side.get(what, {"none"}))) for side in (old, new))
        if was != now:
            yield Turn(what, was, now)


def _used(found: EvidenceSet) -> dict[str, set[str]]:
    used: dict[str, set[str]] = {}
    for record in found.records.values():
        said = [
            *record.tools.items(),
            *((f"image {name}", one.digest) for name, one in record.images.items()),
        ]
        said += [(f"setting {key}", str(value)) for key, value in record.settings.items()]
        for what, value in said:
            used.setdefault(what, set()).add(value)
    return used


def claims(lab: str, old: MarkdownBuild, new: MarkdownBuild) -> Iterator[Turn]:
    """Yield each claim on facts of a lab whose state turned; both sides have the same pages."""
    was = {_place(one): one.shown for one in old.made}
    for one in new.made:
        now, before = one.shown, was.get(_place(one))
        if not isinstance(now, Claim) or not isinstance(before, Claim) or now.lab != lab:
            continue
        if before.result.state != now.result.state:
            sentence = " ".join((one.call.sentence or now.result.text).split())
            yield Turn(f"{one.page}:{one.line}: {sentence}", _claim(before), _claim(now))


def _place(one: Made) -> tuple[str, int, str]:
    return (one.page, one.line, one.call.reference)


def _claim(claim: Claim) -> str:
    return f"{claim.result.state}: {claim.reason}" if claim.reason else str(claim.result.state)
