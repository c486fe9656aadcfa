"""One collector's capture: run it, look at what it left, record it."""

import errno
import os
import time
import traceback
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from labreport.capture import plan, recorder, store
from labreport.capture.cut import line_count
from labreport.capture.declare import ESCAPE, Collector, NotApplicable, Unavailable
from labreport.capture.host import this_host, versions
from labreport.capture.labs import LAB_FILE, FoundLab, source_of
from labreport.capture.outcome import CommandFailedError
from labreport.capture.plan import CollectorStatus
from labreport.capture.redact import VERSION, Redactor, identity
from labreport.capture.run import CaptureError, Run
from labreport.capture.session import LeakError, Session
from labreport.contract.reader import EvidenceError, read_evidence
from labreport.contract.records import RECORDS, File, Project, Record, Redactions, Status, dump

EXPECTED = (
    CommandFailedError,
    CaptureError,
    EvidenceError,
    LeakError,
    recorder.CommandNotFoundError,
    store.StoreError,
)
NOTED = ("LAB_BOX_TRY",)
"""Variables that go into the record where they are set: whether the box was lost in this collect before."""

NOT_ALLOWED = "it tries to break out of a container, and nobody allowed that here"
ALLOW = (
    "in the box: lab collect --in-box --allow-escape-tests box; on a host that may be harmed: with its name "
    "instead (manual/how-to/escapes.md)"
)
COMMIT_FILE = ".commit.json"
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


@dataclass(frozen=True)
class Target:
    """A lab, the folder of the set that is written, and the project's root."""

    lab: FoundLab
    folder: Path
    root: Path

    def statuses(self) -> list[CollectorStatus]:
        """Return where the lab's collectors stand in this set."""
        return plan.statuses(self.lab, self.folder, self.root, this_host().id)


def attempt(
    target: Target, one: Collector, shared: Session, done: Mapping[str, CollectorStatus]
) -> CollectorStatus:
    """Capture one collector if what it needs is there, and return where it stands then."""
    if one.role == ESCAPE and not shared.allowed.escapes:
        return CollectorStatus(one, Status.MISSING, NOT_ALLOWED, ALLOW)
    for need in one.needs:
        if reason := need.missing(target.lab.config):
            return CollectorStatus(one, Status.MISSING, f"needs {need.name}: {reason}", need.remedy)
    for earlier in one.after:
        before = done.get(earlier.name)
        if before and before.status in {Status.MISSING, Status.FAILED}:
            return CollectorStatus(
                one, Status.MISSING, f"comes after {earlier.name}: {before.reason}", before.remedy
            )
    began = time.monotonic()
    standing = _capture(target, one, shared)
    if standing.record:
        return standing
    return CollectorStatus(
        one, standing.status, standing.reason, standing.remedy, None, time.monotonic() - began
    )


def _capture(target: Target, one: Collector, shared: Session) -> CollectorStatus:
    """Run a collector; commit what it left, or keep it under failed/ and leave the last evidence."""
    redact = Redactor(identity(target.root), one.keep)
    where = f"collectors/{target.lab.name}/{LAB_FILE}"
    began, start = time.monotonic(), datetime.now(UTC)
    reason = ""
    staging = store.Staging(target.folder, one.name)
    run = Run(shared, target.lab.config, where, staging.files, redact)
    try:
        try:
            one.function(run)
        except NotApplicable as error:
            reason = redact.text(str(error)) or "it does not say why"
        except Exception:
            shared.look_for_leaks()
            raise
        shared.look_for_leaks()
        files = () if reason else _files(one, run, staging)
        record = _record(target, one, run, redact, files).model_copy(
            update={
                "state": Status.NOT_APPLICABLE if reason else Status.CAPTURED,
                "reason": reason,
                "start": start,
                "seconds": round(time.monotonic() - began, 3),
            }
        )
        write_host(target.folder)
        staging.commit(record)
    except Unavailable as error:
        staging.drop()
        return CollectorStatus(one, Status.MISSING, redact.text(str(error)), redact.text(error.remedy))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a mistake in a collector is a failed capture
        return _failed(one, staging, redact.text(_why(error, target)), run.spans)
    except BaseException:
        staging.drop()
        raise
    return CollectorStatus(one, record.state, record.reason, "", record)


def _why(error: Exception | SystemExit, target: Target) -> str:
    """Return why a capture failed; an error that nobody expected says where it was raised, too."""
    if isinstance(error, EXPECTED):
        return str(error)
    if isinstance(error, OSError) and error.errno in FULL:
        return store.explain(target.lab.name, error)
    frames = traceback.extract_tb(error.__traceback__)
    ours = [one for one in frames if Path(one.filename).is_relative_to(target.lab.folder)]
    place = f"{Path(ours[-1].filename).relative_to(target.root)}:{ours[-1].lineno}: " if ours else ""
    return f"{place}{type(error).__name__}: {error}"


def _failed(one: Collector, staging: store.Staging, why: str, paths: Iterable[str]) -> CollectorStatus:
    """Keep what was printed, and say where."""
    with suppress(OSError):
        staging.keep_failed(why, paths)
    staging.drop()
    remedy = f"see failed/{one.name}/ for what was printed; the last evidence stands"
    return CollectorStatus(one, Status.FAILED, why, remedy)


def _files(one: Collector, run: Run, staging: store.Staging) -> tuple[File, ...]:
    """Return the files that a collector left; raise CaptureError if they are not those it declared."""
    written = set(run.spans)
    if undeclared := sorted(written - set(one.writes)):
        raise CaptureError(f"writes {', '.join(undeclared)}, which it does not declare: add it to writes=")
    if absent := [path for path in one.writes if path not in written]:
        raise CaptureError(
            f"declares {', '.join(absent)} and did not write it: write it, or take it from writes="
        )
    files = []
    for path in one.writes:
        data = read_evidence(staging.files, path)
        lines = line_count(data)
        spans = run.spans[path]
        if lines != (spans[-1].end if spans else 0):
            raise CaptureError(f"{path}: has lines that were not written by the collector: who wrote them?")
        digest = sha256(data).hexdigest()
        lines = lines if _is_text(data) else 0
        files.append(File(path=path, bytes=len(data), lines=lines, sha256=digest, spans=spans))
    return tuple(files)


def _is_text(data: bytes) -> bool:
    """Return whether data is text for a page: UTF-8 without NUL."""
    try:
        return "\0" not in data.decode()
    except UnicodeDecodeError:
        return False


def _record(target: Target, one: Collector, run: Run, redact: Redactor, files: Sequence[File]) -> Record:
    """Return the record of a capture, but for its state and times."""
    return Record(
        collector=source_of(one, target.root),
        lab=target.lab.name,
        edition=one.edition,
        task=one.task,
        role=one.role,
        title=one.title,
        start=datetime.now(UTC),
        seconds=0,
        host=this_host().id,
        project=project(target.root),
        tools=versions(one.needs),
        environment=run.environment | {key: os.environ[key] for key in NOTED if key in os.environ},
        settings=run.settings,
        images=run.images,
        digests=run.digests,
        commands=run.commands,
        files=list(files),
        redactions=Redactions(version=VERSION, counts=dict(redact.counts)),
    )


def project(root: Path) -> Project:
    """Return the project's commit, and whether something other than evidence differs from it.

    A copy without git's folder says it in a file, as the copy in a box does.
    Through sudo, git would refuse a folder that is not root's; and what it would refresh would become root's.
    """
    if (root / COMMIT_FILE).is_file():
        return Project.model_validate_json((root / COMMIT_FILE).read_bytes())
    git = ("git", "--no-optional-locks", "-c", "safe.directory=*", "-C", str(root))
    commit = recorder.output([*git, "rev-parse", "--verify", "HEAD"])
    changes = recorder.output([*git, "status", "--porcelain", "--", ".", ":(exclude)evidence"])
    return Project(commit=commit, dirty=bool(changes))


def write_host(folder: Path) -> None:
    """Have this host's file in the set's records."""
    host = this_host()
    path = folder / RECORDS / f"host-{host.id}.json"
    if not path.exists() or path.read_bytes() != dump(host):
        store.write(path, dump(host))
