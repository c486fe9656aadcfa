"""Make evidence that came with a report a set: one record, of an unknown host."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from labreport.capture import store, writing
from labreport.capture.store import Staging, StoreError
from labreport.contract.fields import RECORDS
from labreport.contract.folder import opened
from labreport.contract.reader import readable_records
from labreport.contract.records import (
    File,
    Host,
    HostClass,
    Import,
    Project,
    Record,
    Redactions,
    Source,
    dump,
)
from labreport.contract.text import text_lines

RECORD = "imported"
"""The name of the record."""

UNKNOWN_HOST = Host(
    kernel="unknown",
    distribution="unknown",
    architecture="unknown",
    cpu="unknown",
    cores=0,
    memory_mib=0,
    host_class=HostClass.UNKNOWN,
    container=False,
)
"""The host of imported evidence."""


def import_evidence(folder: Path, files: Mapping[str, bytes], imported: Import) -> Record:
    """Write `files` as the set in `folder`, with their record; raise StoreError if a set is there."""
    with store.locked(folder), opened(folder) as there:
        if any(entry.is_file for entry in there.entries()):
            raise StoreError("there is evidence already", "name another lab", path=folder.name)
        record = _record(folder.name, files, imported)
        staging = Staging(folder, RECORD)
        try:
            for path, data in files.items():
                staging.put(path, data)
            writing.write(folder / RECORDS / f"host-{record.host}.json", dump(UNKNOWN_HOST))
            staging.commit(record)
        except BaseException:
            staging.drop()
            store.drop_hosts(folder, readable_records(folder).values())
            raise
        return record


def _record(lab: str, files: Mapping[str, bytes], imported: Import) -> Record:
    return Record(
        collector=Source(name=RECORD),
        lab=lab,
        title="Evidence that came with a report.",
        start=None,
        seconds=0,
        host=UNKNOWN_HOST.id,
        project=Project(commit="", dirty=False),
        files=[_file(path, data) for path, data in sorted(files.items())],
        redactions=Redactions(version=0),
        imported=imported,
    )


def _file(path: str, data: bytes) -> File:
    digest = hashlib.sha256(data).hexdigest()
    return File(path=path, bytes=len(data), lines=text_lines(data), sha256=digest)
