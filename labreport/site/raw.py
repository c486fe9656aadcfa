"""The raw files in the site: evidence and records beside their hashes, and the schemas of what is on disk.

They are written past mkdocs' own list of files, so that no evidence ever becomes a page.
"""

import hashlib
import json
from pathlib import Path

from pydantic import BaseModel

from labreport.check.rubric import RubricFile
from labreport.check.waivers import WaiversFile
from labreport.contract.reader import PUBLISHED, EvidenceError, read_evidence
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
"""The models whose JSON Schema the site has, by file name."""


def write_raw(evidence: Evidence, site: Path) -> None:
    """Write every file of every set below `site`/evidence/, with SHA256SUMS for `sha256sum -c` there."""
    sums = []
    for name in evidence.names():
        found = evidence.set(name)
        for path in found.files():
            try:
                data = read_evidence(found.folder, path)
            except EvidenceError:  # `verify` has named it
                continue
            target = f"{name}/{published(path)}"
            _write(site / "evidence" / target, data)
            sums.append(f"{hashlib.sha256(data).hexdigest()}  {target}\n")
    _write(site / "evidence" / SUMS, "".join(sorted(sums, key=lambda line: line[66:])).encode())


def write_schemas(site: Path) -> None:
    """Write the JSON Schema of each model on disk below `site`/schema/."""
    for name, model in SCHEMAS.items():
        schema = json.dumps(model.model_json_schema(by_alias=True), indent=1) + "\n"
        _write(site / "schema" / name, schema.encode())


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
