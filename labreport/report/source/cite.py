"""Resolve what a page cites: a block of evidence, or a gap where the evidence was not captured."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote

from labreport.contract.fields import RECORDS, evidence_path
from labreport.contract.folder import EvidenceError
from labreport.contract.records import Host, Record
from labreport.contract.state import CollectorState
from labreport.report.problems import FaultError, meant
from labreport.report.source.evidence import Evidence
from labreport.report.source.evidence_set import Captured, EvidenceSet, is_emulated
from labreport.report.source.slices import Content, Slice, SliceRequest, cut

LABS = "labs"
EXPECTED = "expected_gaps"
EMULATED = "accept_emulated"
"""The keys of a page's front matter that the report reads."""


@dataclass(frozen=True)
class FrontMatter:
    """The keys of a page's front matter that are for the report.

    `expected` are the paths of expected gaps as the page writes them; `accepts_emulated` allows values of
    emulated hosts.
    """

    expected: frozenset[str] = frozenset()
    accepts_emulated: bool = False


@dataclass(frozen=True)
class Page:
    """A page: its path below docs/, and what its front matter says."""

    path: str
    front_matter: FrontMatter = FrontMatter()

    @property
    def lab(self) -> str:
        """The lab that the page belongs to; empty outside docs/labs/LAB/."""
        return lab_of(self.path)


@dataclass(frozen=True)
class Block:
    """Lines of an evidence file and their provenance; `notes` are reasons not to trust them."""

    set: EvidenceSet
    content: Content
    slice: Slice
    captured: Captured | None
    host: Host | None
    notes: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The file's path from the evidence root."""
        return f"{self.set.name}/{self.content.path}"

    @property
    def emulated(self) -> bool:
        """Whether the lines come from an emulated host."""
        return is_emulated(self.host)


@dataclass(frozen=True)
class Gap:
    """Evidence that was not captured: the reason and the remedy; `expected` if the page says so."""

    path: str
    reason: str
    remedy: str
    command: str
    expected: bool


def lab_of(path: str) -> str:
    """Return the lab of a page, `labs/LAB/page.md` below docs/; empty for any other page."""
    folder, *rest = PurePosixPath(path).parts or ("",)
    return rest[0] if folder == LABS and len(rest) > 1 else ""


def raw_link(found: EvidenceSet, path: str) -> str:
    """Return the link to a file of a set, from the site's root, quoted."""
    return quote(found.published(path))


def record_link(found: EvidenceSet, record: Record) -> str:
    """Return the link to a record of a set, from the site's root, quoted."""
    return raw_link(found, f"{RECORDS}/{record.collector.name}.json")


def cite(evidence: Evidence, page: Page, request: SliceRequest) -> Block | Gap:
    """Return what `request` names on `page`; raise FaultError if no collector writes such a file."""
    found, path = evidence.locate(request.path, page.lab)
    try:
        evidence_path(path)
    except ValueError as error:
        raise FaultError(str(error), f"name a file below evidence/{found.name}/") from error
    try:
        content = evidence.content(found.name, path)
    except EvidenceError as error:
        if not evidence.holds(found.name, path):
            return _gap(found, path, page, expected=request.path in page.front_matter.expected)
        raise FaultError(f"{error.path}: {error.what}", error.remedy) from error
    captured = found.captured.get(path)
    host = found.hosts.get(captured.record.host) if captured else None
    return Block(
        found,
        content,
        cut(content, request, evidence.search),
        captured,
        host,
        _notes(found, content, captured),
    )


def _notes(found: EvidenceSet, content: Content, captured: Captured | None) -> tuple[str, ...]:
    """Return the reasons not to trust a file: no record, altered, stale."""
    if captured is None:
        return ("no record says where this came from",)
    notes = []
    if content.sha256 != captured.file.sha256:
        actual, recorded = content.sha256[:12], captured.file.sha256[:12]
        notes.append(f"altered: its sha256 is {actual}…, the record says {recorded}…")
    if row := found.stale.get(content.path):
        notes.append(f"stale: {row.reason}" if row.reason else "stale: to be captured again")
    return tuple(notes)


def _gap(found: EvidenceSet, path: str, page: Page, *, expected: bool) -> Gap:
    """Return the gap at `path`; raise FaultError if no collector writes such a file."""
    shown = f"{found.name}/{path}"
    if found.is_imported:
        known = meant(path, found.captured, f"name a file below evidence/{found.name}/")
        raise FaultError(f"{shown} did not come with the report", known)
    if found.state is None:
        command = f"lab collect {found.lab}"
        return Gap(shown, "nothing was captured yet", "capture it", command, expected)
    row = found.state.writer(path)
    if row is None:
        remedy = _suggestion(found, found.state.collectors, path, page.lab)
        raise FaultError(f"no collector of {found.lab} writes {path}", remedy)
    reason = row.reason or f"the collector {row.name} is {row.state}, and the file is not there"
    return Gap(shown, reason, row.remedy or "capture it", row.command, expected)


def _suggestion(found: EvidenceSet, collectors: list[CollectorState], path: str, lab: str) -> str:
    """Return a remedy for a path that no collector writes: the path that may have been meant."""
    if lab and path.startswith(f"{lab}/"):
        return f"on a page of {lab} leave the lab out: {path.removeprefix(f'{lab}/')}"
    known = {*found.captured, *(written for row in collectors for written in row.writes)}
    return meant(path, known, f"name a file that `lab status {found.lab}` lists")
