"""Audit only what changed since an earlier audit, whose results are kept in a folder.

An entry is found by a hash of the report, its evidence, the prefix and the code of the audit. It begins with
a hash of the rest and is read as data of the model. An entry that is damaged, or of another version, is not
used. The text in an entry is still a stranger's, and outputs escape it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cache
from hashlib import sha256
from importlib.resources import files as package_files
from importlib.resources.abc import Traversable

from pydantic import TypeAdapter, ValidationError

from labreport import __version__
from labreport.audit.audit import audit_class, shared_files
from labreport.audit.evidence import EvidenceIndex
from labreport.audit.model import ClassAudit, Judgement, ReportAudit, Unread
from labreport.audit.outputs.folder import CacheFolder
from labreport.audit.report import Report
from labreport.audit.rules import RULES

Pairs = Iterable[tuple[Report, EvidenceIndex] | Unread]


def audit_changed(
    reports: Pairs, entries: CacheFolder, skipped: Counter[str] | None = None, prefix: str = ""
) -> ClassAudit:
    """Return what `audit_class` returns. Only reports without an entry are audited."""
    names: dict[str, str] = {}
    known: dict[str, ReportAudit] = {}

    def changed() -> Iterator[tuple[Report, EvidenceIndex] | Unread]:
        for one in reports:
            if not isinstance(one, Unread):
                report, evidence = one
                names[report.name] = entry_name(report, evidence, prefix)
                if found := _read(entries, names[report.name], report):
                    known[report.name] = found
                    continue
            yield one

    done = audit_class(changed(), skipped, prefix)
    audited = {report.name: report for report in done.reports}
    for name, report in audited.items():
        with suppress(ValueError):  # a text that no JSON can have
            entries.write(names[name], _entry(report))
    every = tuple(known.get(name) or audited[name] for name in names if name in known or name in audited)
    entries.keep_only({names[report.name] for report in every})
    return replace(done, reports=every, shared=shared_files(every))


def entry_name(report: Report, evidence: EvidenceIndex, prefix: str) -> str:
    """Return the name of a report's entry: a hash of everything that its audit depends on."""
    parts = [__version__, code_hash(), prefix, report.name, report.file, evidence.name]
    parts.append(sha256(report.data).hexdigest())
    for path, file in sorted(evidence.files.items()):
        parts += [path, file.sha256, file.unread]
    listed = "".join(f"{len(part)}:{part}" for part in parts)
    return sha256(listed.encode(errors="surrogateescape")).hexdigest() + ".json"


@cache
def code_hash() -> str:
    """Return a hash of the code of the audit: results of other code are not used."""
    digest = sha256()
    for path, file in sorted(_sources(package_files("labreport.audit"), "")):
        digest.update(f"{path}:{sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _sources(folder: Traversable, above: str) -> Iterator[tuple[str, Traversable]]:
    for one in folder.iterdir():
        if one.is_dir():
            yield from _sources(one, f"{above}{one.name}/")
        elif one.name.endswith(".py"):
            yield above + one.name, one


@cache
def _adapter() -> TypeAdapter[ReportAudit]:
    return TypeAdapter(ReportAudit)


def _entry(report: ReportAudit) -> bytes:
    data = _adapter().dump_json(report)
    return sha256(data).hexdigest().encode() + b"\n" + data


def _read(entries: CacheFolder, name: str, report: Report) -> ReportAudit | None:
    """Return the audit in an entry; None if the entry is missing or damaged."""
    entry = entries.read(name) or b""
    digest, _end, data = entry.partition(b"\n")
    if digest.decode(errors="replace") != sha256(data).hexdigest():
        return None
    try:
        audit = _adapter().validate_json(data)
    except ValidationError:
        return None
    about = (audit.name, audit.file, audit.sha256)
    if about != (report.name, report.file, sha256(report.data).hexdigest()):
        return None
    return audit if all(map(_is_sound, audit.judgements)) else None


def _is_sound(one: Judgement) -> bool:
    return one.rule in RULES and one.id.startswith(f"{one.rule}-")
