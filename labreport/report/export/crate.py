"""A lab as a Research Object crate: RO-Crate 1.1 with the profile Process Run Crate 0.5.

<https://w3id.org/ro/crate/1.1>, <https://w3id.org/ro/wfrun/process/0.5>. Each record is an action: a
collector ran, and its files are the result. What the format has no word for is in the records, which are
files of the crate.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from labreport.contract.fields import RECORDS
from labreport.contract.records import Record, Status
from labreport.contract.text import as_text
from labreport.report.problems import FaultError
from labreport.report.source.evidence_set import EvidenceSet

METADATA = "ro-crate-metadata.json"
REPORT = "report.md"
CONTEXT: list[Any] = [
    "https://w3id.org/ro/crate/1.1/context",
    {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"},  # 1.1 has no word for it
]
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
COMPLETED = "http://schema.org/CompletedActionStatus"
TOOL = "#labreport"
LICENSE = "#license"
THEIR_REPORT = "#imported-report"
_TYPES = {".csv": "text/csv", ".json": "application/json", ".md": "text/markdown", ".xml": "application/xml"}

Entity = dict[str, Any]


@dataclass(frozen=True)
class CrateSubject:
    """What a crate is of: the title of a lab, its report as Markdown, and the day if no record has one."""

    title: str
    report: str
    version: str
    today: date


def crate_members(subject: CrateSubject, found: EvidenceSet) -> dict[str, bytes]:
    """Return the files of a crate by their names; raise FaultError if the set has no evidence."""
    paths = sorted(found.files())
    if not found.captured:
        remedy = f"capture it: `lab collect {found.lab}`"
        raise FaultError(f"{found.name} has no evidence for a crate", remedy)
    files = {evidence_name(found, path): found.read(path) for path in paths}
    files[REPORT] = subject.report.encode()
    graph = [*_heads(subject, found, files), *_actions(subject, found), *map(_file, files, files.values())]
    text = json.dumps({"@context": CONTEXT, "@graph": graph}, indent=1, ensure_ascii=False)
    return {**files, METADATA: text.encode() + b"\n"}


def evidence_name(found: EvidenceSet, path: str) -> str:
    """Return the name of a file of a set in a crate or a bundle."""
    return f"evidence/{found.lab}/{path}"


def _reference(name: str) -> Entity:
    return {"@id": name}


def _file_reference(name: str) -> Entity:
    return _reference(quote(name))


def _heads(subject: CrateSubject, found: EvidenceSet, files: Mapping[str, bytes]) -> Iterator[Entity]:
    """Yield the entities that every crate has: itself, its description, its profile and its licence."""
    yield {
        "@id": METADATA,
        "@type": "CreativeWork",
        "conformsTo": _reference("https://w3id.org/ro/crate/1.1"),
        "about": _reference("./"),
    }
    yield {
        "@id": "./",
        "@type": "Dataset",
        "name": subject.title,
        "description": f"The report and the evidence of {subject.title}, with a record of each capture.",
        "datePublished": _day(subject, found).isoformat(),
        "license": _reference(LICENSE),
        "conformsTo": [_reference(PROFILE)],
        "hasPart": [_file_reference(name) for name in sorted(files)],
        "mentions": [_reference(_run(record)) for record in _captures(found)],
    }
    yield {"@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"}
    yield {
        "@id": LICENSE,
        "@type": "CreativeWork",
        "name": "Not stated",
        "description": "The author has not stated under which licence this may be used.",
    }
    yield {
        "@id": TOOL,
        "@type": "SoftwareApplication",
        "name": "labreport",
        "softwareVersion": subject.version,
    }


def _day(subject: CrateSubject, found: EvidenceSet) -> date:
    """Return the day of the last capture, so that the same evidence gives the same crate."""
    return max((one.start.date() for one in found.records.values() if one.start), default=subject.today)


def _captures(found: EvidenceSet) -> list[Record]:
    """Return the records that have files, by name."""
    records = sorted(found.records.values(), key=lambda record: record.collector.name)
    return [record for record in records if record.files and record.state is Status.CAPTURED]


def _run(record: Record) -> str:
    return f"#run-{quote(record.collector.name)}"


def _actions(subject: CrateSubject, found: EvidenceSet) -> Iterator[Entity]:
    """Yield an action for each capture, and what carried it out."""
    tools: dict[str, Entity] = {}
    for record in _captures(found):
        action = {
            "@id": _run(record),
            "@type": "CreateAction",
            "name": record.title or record.collector.name,
            "result": [_file_reference(evidence_name(found, file.path)) for file in record.files],
            "subjectOf": _file_reference(evidence_name(found, f"{RECORDS}/{record.collector.name}.json")),
        }
        if record.imported:
            yield action | {
                "description": "Imported with a report. Who ran what, where and when is unknown.",
                "instrument": _reference(TOOL),
                "object": [_reference(THEIR_REPORT)],
            }
            yield {
                "@id": THEIR_REPORT,
                "@type": "CreativeWork",
                "name": record.imported.report,
                "sha256": record.imported.sha256,
            }
        else:
            mine = {_tool(*tool): tool for tool in record.tools.items()}
            tools |= {key: _software(key, *value) for key, value in mine.items()}
            yield (
                action
                | _times(record)
                | {
                    "description": _description(record, found),
                    "instrument": _reference(f"#collector-{quote(record.collector.name)}"),
                    "actionStatus": _reference(COMPLETED),
                }
            )
            yield _software(
                f"#collector-{quote(record.collector.name)}",
                f"{record.lab}/{record.collector.name}",
                record.project.commit or subject.version,
            ) | ({"softwareRequirements": [_reference(key) for key in mine]} if mine else {})
    yield from tools.values()


def _tool(name: str, version: str) -> str:
    """Return the id of a version of a tool, which may be many lines long."""
    return f"#tool-{quote(name, safe='')}-{hashlib.sha256(version.encode()).hexdigest()[:12]}"


def _software(key: str, name: str, version: str) -> Entity:
    return {"@id": key, "@type": "SoftwareApplication", "name": name, "softwareVersion": version}


def _times(record: Record) -> Entity:
    if record.start is None:
        return {}
    end = record.start + timedelta(seconds=record.seconds)
    return {"startTime": record.start.isoformat(), "endTime": end.isoformat()}


def _description(record: Record, found: EvidenceSet) -> str:
    """Return how many commands a capture ran, and on what host."""
    count = len(record.commands)
    host = found.hosts.get(record.host)
    where = f"a host of class {host.host_class}, kernel {host.kernel}" if host else f"host {record.host}"
    return f"{count} command{'' if count == 1 else 's'} on {where}; the record has each of them."


def _file(name: str, data: bytes) -> Entity:
    """Return the entity of a file."""
    ending = name[name.rfind(".") :] if "." in name.rpartition("/")[2] else ""
    form = _TYPES.get(ending, "text/plain") if as_text(data) is not None else "application/octet-stream"
    return {
        "@id": quote(name),
        "@type": "File",
        "name": name,
        "contentSize": str(len(data)),
        "encodingFormat": form,
        "sha256": hashlib.sha256(data).hexdigest(),
    }
