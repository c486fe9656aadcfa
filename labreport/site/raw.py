"""Write the raw files of the site: evidence and records with their hashes, and JSON Schemas.

mkdocs does not know these files, so it makes no page of evidence.
"""

import hashlib
from importlib.resources import files as package_files
from pathlib import Path

from labreport.contract.folder import EvidenceError
from labreport.contract.reader import read_evidence
from labreport.report.source.evidence import Evidence

SUMS = "SHA256SUMS"


def write_raw(evidence: Evidence, site: Path) -> None:
    """Write every file of every set to `site`/evidence/, with a SHA256SUMS for `sha256sum -c`."""
    sums = []
    for name in evidence.names():
        evidence_set = evidence.set(name)
        for path in evidence_set.files():
            try:
                data = read_evidence(evidence_set.folder, path)
            except EvidenceError:  # `verify` reports it
                continue
            target = evidence_set.published(path)
            _write(site / target, data)
            sums.append(f"{hashlib.sha256(data).hexdigest()}  {target.removeprefix('evidence/')}\n")
    _write(site / "evidence" / SUMS, "".join(sorted(sums, key=lambda line: line[66:])).encode())


def write_schemas(site: Path) -> None:
    """Write the JSON Schema of each model to `site`/schema/."""
    for file in package_files("labreport.site").joinpath("schema").iterdir():
        _write(site / "schema" / file.name, file.read_bytes())


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
