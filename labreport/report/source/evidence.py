"""The evidence of one build: sets, records, hosts and files, each read at most once.

An Evidence lives for one build, so what it has read cannot be out of date. `mkdocs serve` keeps it, and calls
`refresh` for the files that have changed. What is asked for is noted (`labreport.report.uses`).
"""

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path

from labreport.contract.fields import is_evidence_path
from labreport.contract.folder import EvidenceError, opened
from labreport.contract.records import (
    HERE,
    HOSTS,
)
from labreport.contract.sets import sets
from labreport.report.problems import FaultError
from labreport.report.source.evidence_set import EvidenceSet
from labreport.report.source.patterns import PatternSearch
from labreport.report.source.slices import Content
from labreport.report.uses import note_evidence


@dataclass
class Evidence:
    """All sets below `root`. `labs` are the labs that have pages: one without evidence is a gap, not a typo.

    `here` includes evidence/hosts/here, which belongs to this machine and is not published.
    """

    root: Path
    labs: frozenset[str] = frozenset()
    here: bool = False
    search: PatternSearch = field(default_factory=PatternSearch)
    _sets: dict[str, EvidenceSet] = field(default_factory=dict)
    _contents: dict[tuple[str, str], Content] = field(default_factory=dict)

    def names(self) -> list[str]:
        """Return the names of the sets, those of the labs before those of other hosts."""
        return list(sets(self.root, here=self.here))

    def set(self, name: str) -> EvidenceSet:
        """Return the set `name`; it is empty if there is no such folder."""
        if name not in self._sets:
            self._sets[name] = EvidenceSet(name, self.root / name)
        return self._sets[name]

    def holds(self, name: str, path: str) -> bool:
        """Return whether anything exists at `path` of the set `name`, if only a broken link."""
        note_evidence(f"{name}/{path}")
        if not is_evidence_path(path):
            return False
        place = self.root / name / path
        try:
            with opened(place.parent) as parent:
                return bool(parent.mode(place.name))
        except FileNotFoundError:
            return False
        except EvidenceError:  # a link on the way: read_evidence says so
            return True

    def content(self, name: str, path: str) -> Content:
        """Return the file `path` of the set `name`; raise EvidenceError as `read_evidence` does."""
        key = (name, path)
        note_evidence(f"{name}/{path}")
        if key not in self._contents:
            self._contents[key] = Content(path, self.set(name).read(path))
        return self._contents[key]

    def refresh(self, name: str, paths: Collection[str]) -> AbstractSet[str]:
        """Forget what was read of `paths` of the set `name`; return the questions with another answer."""
        for path in paths:
            self._contents.pop((name, path), None)
        return self.set(name).refresh(paths)

    def locate(self, path: str, lab: str) -> tuple[EvidenceSet, str]:
        """Return the set, and the path in it, that `path` means on a page of `lab` (empty outside labs).

        Raise FaultError if the path names no lab, or evidence that this build does not include.
        """
        if path.startswith(f"{HOSTS}/"):
            return self._locate_other_host(path)
        if lab:
            return self.set(lab), path
        first, _, rest = path.partition("/")
        if first not in self.labs and first not in self.names():
            remedy = "outside docs/labs/ a path begins with the lab: lab12/kata/test1.txt"
            raise FaultError(f"{path} does not begin with a lab", remedy)
        if not rest:
            raise FaultError(f"{path} is a lab, not a file", f"name one of its files: {first}/…")
        return self.set(first), rest

    def _locate_other_host(self, path: str) -> tuple[EvidenceSet, str]:
        hosts, host, lab, file = (*path.split("/", 3), "", "", "")[:4]
        if not file:
            raise FaultError(f"{path} is not a file", f"write {HOSTS}/NAME/LAB/FILE")
        name = f"{hosts}/{host}/{lab}"
        if name not in self.names():
            hidden = host == HERE and not self.here
            what = "belongs to this machine: a build leaves it out" if hidden else "is not there"
            raise FaultError(f"{HOSTS}/{host} {what}", "name a set that the hosts page lists")
        return self.set(name), file
