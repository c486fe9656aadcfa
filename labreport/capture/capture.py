"""Captures one collector: runs it, checks the files that it wrote, and commits them as evidence."""

import errno
import os
import time
import traceback
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from labreport.capture import plan, recorder, store, writing
from labreport.capture.declare import ESCAPE, Collector, DeclarationError, NotApplicable, Unavailable
from labreport.capture.git import git
from labreport.capture.host import this_host, versions
from labreport.capture.labs import LAB_FILE, FoundLab, source_of
from labreport.capture.plan import CollectorStatus, after_missing
from labreport.capture.redact import VERSION, Redactor, identity
from labreport.capture.run import CaptureError, Run
from labreport.capture.session import Session
from labreport.contract.errors import LabError
from labreport.contract.fields import RECORDS
from labreport.contract.folder import EvidenceError
from labreport.contract.images import clean_image, is_image_path
from labreport.contract.reader import read_evidence
from labreport.contract.records import File, Project, Record, Redactions, Span, Status, dump
from labreport.contract.text import line_count, text_lines

NOTED = ("LAB_BOX_TRY",)
"""Environment variables that go into the record if they are set: here, whether the box was lost before."""

NOT_ALLOWED = "it tries to break out of a container, and nobody allowed that here"
ALLOW = (
    "in the box: lab collect --in-box --allow-escape-tests box; on a host that may be harmed: with its name "
    "instead (manual/how-to/escapes.md)"
)
SKIPPED = "it was skipped (--skip)"
COMMIT_FILE = ".commit.json"
"""The project's commit, in a copy of the project that has no .git folder."""

DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


@dataclass(frozen=True)
class Target:
    """A lab, the folder of the set that is written, and the project's root."""

    lab: FoundLab
    folder: Path
    root: Path

    def statuses(self) -> list[CollectorStatus]:
        """Return the status of each of the lab's collectors in this set."""
        return plan.statuses(self.lab, self.folder, self.root, this_host().id)

    def beside(self, folder: Path) -> "Target":
        """Return a target for captures in `folder`, beside this set."""
        return replace(self, folder=folder / self.lab.name)


def capture_collector(
    target: Target, collector: Collector, session: Session, done: Mapping[str, CollectorStatus]
) -> CollectorStatus:
    """Capture a collector if everything it needs is there, and return its status.

    `done` has the status of each collector that ran before it in this collect, by name.
    """
    redact = Redactor(identity(target.root), collector.keep)
    if lacking := _lacking(target, collector, session, done):
        return lacking.redacted(redact.text)
    began = time.monotonic()
    status = _capture(target, collector, session, redact)
    return status if status.record else replace(status, seconds=time.monotonic() - began)


def _lacking(
    target: Target, collector: Collector, session: Session, done: Mapping[str, CollectorStatus]
) -> CollectorStatus | None:
    """Return why a collector cannot be captured here, None if it can."""
    if collector.name in session.allowed.skip:
        return CollectorStatus(collector, Status.MISSING, SKIPPED, "collect without --skip")
    if collector.role == ESCAPE and not session.allowed.escapes:
        return CollectorStatus(collector, Status.MISSING, NOT_ALLOWED, ALLOW)
    for need in collector.needs:
        if lack := need.lacks(target.lab.config, system=session.system):
            reason = f"needs {need.name}: {lack.reason}"
            return CollectorStatus(collector, Status.MISSING, reason, lack.remedy)
    for earlier in collector.after:
        before = done.get(earlier.name)
        if before and before.status in {Status.MISSING, Status.FAILED}:
            reason = after_missing(earlier.name, before.status)
            return CollectorStatus(collector, Status.MISSING, reason)
    return None


def _capture(target: Target, collector: Collector, session: Session, redact: Redactor) -> CollectorStatus:
    """Run a collector and commit its files. If it fails, move them to failed/ and keep the last evidence."""
    staging = store.Staging(target.folder, collector.name)
    lab_file = f"collectors/{target.lab.name}/{LAB_FILE}"
    run = Run(session, target.lab.config, lab_file, staging.files, redact)
    run.declared = collector.writes
    began, start = time.monotonic(), datetime.now(UTC)
    try:
        not_applicable = _run(collector, run)
        files = () if not_applicable else _files(collector, run, staging)
        record = _record(target, collector, run, redact, files).model_copy(
            update={
                "state": Status.NOT_APPLICABLE if not_applicable else Status.CAPTURED,
                "reason": redact.text(not_applicable),
                "start": start,
                "seconds": round(time.monotonic() - began, 3),
            }
        )
        write_host(target.folder)
        staging.commit(record)
    except Unavailable as error:
        staging.drop()
        return CollectorStatus(collector, Status.MISSING, redact.text(error.what), redact.text(error.remedy))
    except DeclarationError as error:
        staging.drop()
        source = source_of(collector, target.root)
        path, line = error.path or source.file, error.line or source.line
        raise DeclarationError(
            f"{collector.name}: {error.what}", error.remedy, path=path, line=line
        ) from error
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a mistake in a collector is a failed capture
        _redact_files(staging, run.spans, redact)
        return _failed(collector, staging, redact.text(_why(error, target)), run.spans)
    except BaseException:
        staging.drop()
        raise
    return CollectorStatus(collector, record.state, record.reason, "", record)


def _run(collector: Collector, run: Run) -> str:
    """Call the collector's function; return why it is not applicable here, or an empty text.

    Look for leaks even if the function fails. A leak is the error that is reported then.
    """
    reason = ""
    try:
        collector.function(run)
    except NotApplicable as error:
        reason = str(error) or "no reason given"
    except Exception:
        run.session.look_for_leaks()
        raise
    run.session.look_for_leaks()
    return reason


def _why(error: Exception | SystemExit, target: Target) -> str:
    """Return why a capture failed; for an unexpected error, with the place where the collector raised it."""
    if isinstance(error, LabError):
        return str(error)
    if isinstance(error, OSError) and error.errno in DISK_ERRORS:
        return str(store.disk_error(target.lab.name, error))
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(target.lab.folder)]
    place = f"{Path(ours[-1].filename).relative_to(target.root)}:{ours[-1].lineno}: " if ours else ""
    return f"{place}{type(error).__name__}: {error}"


def _failed(collector: Collector, staging: store.Staging, why: str, paths: Iterable[str]) -> CollectorStatus:
    """Keep the files `paths` of a failed capture in failed/, and return the collector's status."""
    remedy = f"see failed/{collector.name}/ for what was printed; the last evidence stands"
    try:
        staging.keep_failed(why, paths)
    except (OSError, LabError) as error:
        remedy = f"what was printed could not be kept in failed/: {error}; the last evidence stands"
    staging.drop()
    return CollectorStatus(collector, Status.FAILED, why, remedy)


def _redact_files(staging: store.Staging, paths: Iterable[str], redact: Redactor) -> None:
    """Redact the files of a failed capture: a command may have written into one of them itself.

    A file that cannot be read, as it is too large or a link, is deleted, and so is an image with metadata.
    """
    for path in paths:
        try:
            data = read_evidence(staging.files, path)
            if is_image_path(path):  # text rules would break it
                clean_image(path, data)
            elif (redacted := redact(data)) != data:
                writing.write(staging.files / path, redacted)
        except (LabError, OSError):
            with suppress(OSError):
                writing.remove(staging.files / path)


def _files(collector: Collector, run: Run, staging: store.Staging) -> tuple[File, ...]:
    """Return the files that a collector wrote; raise CaptureError if it did not write all of them."""
    if absent := [path for path in collector.writes if path not in run.spans]:
        raise CaptureError(
            f"declares {', '.join(absent)} and did not write it", "write it, or remove it from writes="
        )
    return tuple(
        _file(path, read_evidence(staging.files, path), run.spans[path]) for path in collector.writes
    )


def _file(path: str, data: bytes, spans: Sequence[Span]) -> File:
    """Return a file's entry for the record; raise CaptureError for lines that the spans do not explain.

    Raise ImageError for a file with the name of an image that is none, or that has metadata.
    """
    if is_image_path(path):
        clean_image(path, data)
    lines = line_count(data)
    if lines != (spans[-1].end if spans else 0):
        raise CaptureError(
            "has lines that the collector did not write", "find out which command writes into it", path=path
        )
    return File(
        path=path,
        bytes=len(data),
        lines=text_lines(data),
        sha256=sha256(data).hexdigest(),
        spans=list(spans),
    )


def _record(
    target: Target, collector: Collector, run: Run, redact: Redactor, files: Sequence[File]
) -> Record:
    """Return the record of a capture, without its state and times."""
    return Record(
        collector=source_of(collector, target.root),
        lab=target.lab.name,
        edition=collector.edition,
        task=collector.task,
        role=collector.role,
        title=collector.title,
        start=datetime.now(UTC),
        seconds=0,
        host=this_host().id,
        project=project(target.root),
        tools=versions(collector.needs, system=not run.archives) | run.tools,
        environment=run.environment | {key: os.environ[key] for key in NOTED if key in os.environ},
        settings=run.settings,
        images=run.images,
        archives=run.archives,
        containerd="system" if run.session.system else "private",
        digests=run.digests,
        commands=run.commands,
        files=list(files),
        redactions=Redactions(version=VERSION, counts=dict(redact.counts)),
    )


def project(root: Path) -> Project:
    """Return the project's commit, and whether anything but evidence differs from it.

    A copy of the project without .git, as in a box, has the commit in a file.
    """
    if (root / COMMIT_FILE).is_file():
        return Project.model_validate_json((root / COMMIT_FILE).read_bytes())
    commit = recorder.output([*git(root), "rev-parse", "--verify", "HEAD"])
    changes = recorder.output([*git(root), "status", "--porcelain", "--", ".", ":(exclude)evidence"])
    return Project(commit=commit, dirty=bool(changes))


def write_host(folder: Path) -> None:
    """Write this host's file into the set's records, if it is not there yet."""
    host = this_host()
    write_if_new(folder, f"host-{host.id}.json", dump(host))


def write_if_new(folder: Path, name: str, data: bytes) -> None:
    """Write a file of the set's records, unless it has this content."""
    try:
        current = read_evidence(folder, f"{RECORDS}/{name}")
    except EvidenceError:
        current = b""
    if current != data:
        writing.write(folder / RECORDS / name, data)
