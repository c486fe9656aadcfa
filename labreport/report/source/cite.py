"""What a page may cite, and what stands there: a block of evidence, or a gap.

The rules of a page are here: whose evidence a path means, which gaps the page expects.
"""

import difflib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from urllib.parse import quote

from labreport.contract.reader import EvidenceError
from labreport.contract.records import RECORDS, CollectorState, Host, Record, evidence_path
from labreport.report.problems import FaultError
from labreport.report.source.evidence import Captured, Evidence, EvidenceSet
from labreport.report.source.slices import Content, Slice, SliceRequest, cut

LABS = "labs"
RENDERED = frozenset(
    "htm html xht xhtml shtml mht mhtml svg svgz xml xsl xslt js mjs cjs pdf php swf wasm".split()  # noqa: SIM905 # read as a list
)
"""Ends of names that a browser, or a server, would run or render."""


@dataclass(frozen=True)
class FrontMatter:
    """`expected` are paths as the page writes them; `accepts_emulated` lets emulated values stand."""

    expected: frozenset[str] = frozenset()
    accepts_emulated: bool = False


@dataclass(frozen=True)
class Page:
    """A page of docs/: its path, how to reach the site's root from it, what its front matter says."""

    path: str
    up: str = ""
    front_matter: FrontMatter = FrontMatter()

    @property
    def lab(self) -> str:
        """The lab that the page belongs to; empty outside docs/labs/LAB/."""
        return lab_of(self.path)


@dataclass(frozen=True)
class Block:
    """Lines of an evidence file, and all that is known of where they come from."""

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


@dataclass(frozen=True)
class Gap:
    """Evidence that was not captured: why, and what to do."""

    path: str
    reason: str
    remedy: str
    command: str
    expected: bool


@lru_cache(maxsize=4096)
def lab_of(path: str) -> str:
    """Return the lab of a page's path below docs/: `labs/<lab>/page.md`; empty for any other page."""
    parts = PurePosixPath(path).parts
    return parts[1] if len(parts) > 2 and parts[0] == LABS else ""  # noqa: PLR2004 # labs, the lab, the page


@lru_cache(maxsize=4096)
def published(path: str) -> str:
    """Return an evidence file's path in the site: `.txt` behind a name that a browser would run or render.

    No two files get the same name: `a.html` becomes `a.html.txt`, and `a.html.txt` becomes `a.html.txt.txt`.
    """
    plain = path
    while plain.lower().endswith(".txt"):
        plain = plain[:-4]
    return f"{path}.txt" if PurePosixPath(plain).suffix[1:].lower() in RENDERED else path


def raw_link(name: str, path: str) -> str:
    """Return where the file `path` of the set `name` is in the site, quoted for a link."""
    return quote(f"evidence/{name}/{published(path)}")


def record_link(name: str, record: Record) -> str:
    """Return where a record of the set `name` is in the site, quoted for a link."""
    return raw_link(name, f"{RECORDS}/{record.collector.name}.json")


def cite(evidence: Evidence, page: Page, wish: SliceRequest) -> Block | Gap:
    """Return what `wish` names on `page`; raise FaultError if there is and can be no such thing."""
    found, path = evidence.locate(wish.path, page.lab)
    try:
        evidence_path(path)
    except ValueError as error:
        raise FaultError(str(error), f"name a file below evidence/{found.name}/") from error
    if not evidence.holds(found.name, path):
        return _gap(found, path, wish.path, page)
    content = _read(evidence, found, path)
    captured = found.captured.get(path)
    return Block(
        found,
        content,
        cut(content, wish),
        captured,
        found.hosts.get(captured.record.host) if captured else None,
        _notes(found, content, captured),
    )


def _read(evidence: Evidence, found: EvidenceSet, path: str) -> Content:
    try:
        return evidence.content(found.name, path)
    except EvidenceError as error:
        what, _, remedy = str(error).rpartition(": ")
        raise FaultError(what, remedy) from error


def _notes(found: EvidenceSet, content: Content, captured: Captured | None) -> tuple[str, ...]:
    """Return what a reader must know of a file before trusting it."""
    if captured is None:
        return ("no record says where this came from",)
    notes = []
    if content.sha256 != captured.file.sha256:
        found_hash, told = content.sha256[:12], captured.file.sha256[:12]
        notes.append(f"altered: its sha256 is {found_hash}…, the record says {told}…")
    if row := found.stale.get(content.path):
        notes.append(f"stale: {row.reason}" if row.reason else "stale: to be captured again")
    return tuple(notes)


def _gap(found: EvidenceSet, path: str, written: str, page: Page) -> Gap:
    """Return the gap where `path` would be; raise FaultError if no collector writes such a file."""
    expected = written in page.front_matter.expected
    collect = f"lab collect {found.lab}"
    if found.state is None:
        return Gap(f"{found.name}/{path}", "nothing was captured yet", "capture it", collect, expected)
    row = found.state.writer(path)
    if row is None:
        raise FaultError(f"no collector of {found.lab} writes {path}", _nearest(found, path, page.lab))
    reason = row.reason or f"the collector {row.name} is {row.state}, and the file is not there"
    return Gap(f"{found.name}/{path}", reason, row.remedy or "capture it", row.command, expected)


def _nearest(found: EvidenceSet, path: str, lab: str) -> str:
    """Return what the author may have meant by `path`."""
    if lab and path.startswith(f"{lab}/"):
        return f"on a page of {lab} leave the lab out: {path.removeprefix(f'{lab}/')}"
    known = {*found.captured, *(one for row in _rows(found) for one in row.writes)}
    near = difflib.get_close_matches(path, sorted(known), n=1)
    return f"is {near[0]} meant?" if near else f"name a file that `lab status {found.lab}` lists"


def _rows(found: EvidenceSet) -> list[CollectorState]:
    return found.state.collectors if found.state else []
