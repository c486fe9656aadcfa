"""Write the raw files of the site: evidence and records with their hashes, and JSON Schemas.

mkdocs does not know these files, so it makes no page of evidence.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from importlib.resources import files as package_files
from pathlib import Path

from labreport.contract.folder import EvidenceError
from labreport.report.source.evidence import Evidence

SUMS = "SHA256SUMS"


@dataclass
class RawFiles:
    """The raw files of a site: of each set, where a file is published and its hash, by its path."""

    site: Path
    written: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)

    def write(self, evidence: Evidence) -> None:
        """Write every file of every set to `site`/evidence/, with a SHA256SUMS for `sha256sum -c`."""
        for name in evidence.names():
            self._write_set(evidence, name, None)
        self._write_sums()

    def refresh(self, evidence: Evidence, changed: Mapping[str, Collection[str]]) -> None:
        """Write the changed files of each set, by its name, and remove those that are gone."""
        for name, paths in changed.items():
            before = {target for target, _hash in self.written[name].values()}
            self._write_set(evidence, name, paths)
            for target in before - {target for target, _hash in self.written[name].values()}:
                (self.site / target).unlink(missing_ok=True)
        self._write_sums()

    def _write_set(self, evidence: Evidence, name: str, changed: Collection[str] | None) -> None:
        """Write the files of a set that are not there as they have to be; `changed` is None for all."""
        before = self.written.get(name, {})
        written = self.written[name] = {}
        evidence_set = evidence.set(name)
        for path in evidence_set.files():
            target = evidence_set.published(path)
            if changed is not None and path not in changed and before.get(path, ("",))[0] == target:
                written[path] = before[path]
                continue
            try:
                data = evidence_set.read(path)
            except EvidenceError:  # `verify` reports it
                continue
            _write(self.site / target, data)
            written[path] = (target, hashlib.sha256(data).hexdigest())

    def _write_sums(self) -> None:
        files = (file for of_set in self.written.values() for file in of_set.values())
        digests = {target.removeprefix("evidence/"): digest for target, digest in files}
        _write(self.site / "evidence" / SUMS, sums_of(digests).encode())


def sums_of(digests: Mapping[str, str]) -> str:
    r"""Return hashes by name as `sha256sum` prints them: a name with a backslash or a line end is escaped.

    >>> sums_of({"x": "e3", "a\nb": "4b"})
    '\\4b  a\\nb\ne3  x\n'
    """
    return "".join(_sum(name, digest) for name, digest in sorted(digests.items()))


def _sum(name: str, digest: str) -> str:
    escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    mark = "\\" if escaped != name else ""
    return f"{mark}{digest}  {escaped}\n"


def write_schemas(site: Path) -> None:
    """Write the JSON Schema of each model to `site`/schema/."""
    for file in package_files("labreport.site").joinpath("schema").iterdir():
        _write(site / "schema" / file.name, file.read_bytes())


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
