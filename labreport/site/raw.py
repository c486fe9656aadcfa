"""Write the raw files of the site: evidence and records with their hashes, and JSON Schemas.

mkdocs does not know these files, so it makes no page of evidence.
"""

import hashlib
import json
from pathlib import Path

from pydantic import BaseModel

from labreport.check.rubric import RubricFile
from labreport.check.waivers import WaiversFile
from labreport.contract.folder import EvidenceError
from labreport.contract.reader import PUBLISHED, read_evidence
from labreport.report.facts.facts import FactsFile
from labreport.report.source.cite import published
from labreport.report.source.evidence import Evidence

SUMS = "SHA256SUMS"
SCHEMAS: dict[str, type[BaseModel]] = {
    **PUBLISHED,
    "facts-1.json": FactsFile,
    "rubric-1.json": RubricFile,
    "waivers-1.json": WaiversFile,
}
"""The models whose JSON Schemas the site publishes, by file name."""


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
            target = f"{name}/{published(path)}"
            _write(site / "evidence" / target, data)
            sums.append(f"{hashlib.sha256(data).hexdigest()}  {target}\n")
    _write(site / "evidence" / SUMS, "".join(sorted(sums, key=lambda line: line[66:])).encode())


def write_schemas(site: Path) -> None:
    """Write the JSON Schema of each model to `site`/schema/."""
    for name, model in SCHEMAS.items():
        schema = json.dumps(model.model_json_schema(by_alias=True), indent=1) + "\n"
        _write(site / "schema" / name, schema.encode())


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
