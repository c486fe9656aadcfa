"""The contract on disk: what a record, a file, a span, a host is.

Collectors write these, the report reads them, and nothing else passes between the two. This module imports
nothing of ours. A reader that meets a newer schema, a truncated file or a wrong type gets a RecordError
that names the file and what to do.
"""

import hashlib
import json
import math
from enum import StrEnum
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from labreport.contract.errors import LabError

M = TypeVar("M", bound=BaseModel)

SCHEMA = 1
RECORDS = "records"
OWN_FOLDERS = frozenset({RECORDS, "failed"})
STATE_FILE = "state.json"
CHECKED_FILE = "checked.json"
HOSTS = "hosts"
HERE = "here"

MAX_BYTES = 8 * 1024 * 1024
"""The largest evidence file, in bytes; larger ones are refused by name."""


class RecordError(LabError):
    """A record that cannot be read; the text says which file, what is wrong and what to do."""


class NewerSchemaError(RecordError):
    """A record that a newer version wrote: it is whole, and not ours to replace."""


def evidence_path(text: str) -> str:
    """Return `text` if it names a file inside an evidence folder, else raise ValueError.

    A path is relative, POSIX, normal (no `.`, `..`, `//`, trailing `/`), printable, and has no hidden part.
    """
    parts = text.split("/")
    if "" in parts or "." in parts:
        raise ValueError(f"{text!r} is not a plain relative path")
    if "/." in f"/{text}":
        raise ValueError(f"{text!r} has a hidden part or leaves the evidence folder")
    if not text.isprintable() or "\\" in text:
        raise ValueError(f"{text!r} has a character that a path may not have")
    return text


def writable_path(text: str) -> str:
    """Return `text` if evidence may be written there: an evidence path outside records/ and failed/."""
    if evidence_path(text).split("/", 1)[0] in OWN_FOLDERS:
        raise ValueError(f"{text!r} is in a folder of the tool's own")
    return text


EvidencePath = Annotated[str, AfterValidator(writable_path)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=120)]


class HostClass(StrEnum):
    """What kind of machine measured: timings are compared within one class only."""

    BARE_METAL = "bare metal"
    VIRTUAL = "virtual"
    NESTED = "nested"
    EMULATED = "emulated"


class Outcome(StrEnum):
    """How a command ended."""

    ANSWERED = "answered"
    REFUSED = "refused"
    FAILED = "failed"


class Status(StrEnum):
    """What is known of a collector's evidence."""

    CAPTURED = "captured"
    STALE = "stale"
    MISSING = "missing"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable here"


class Model(BaseModel):
    """Frozen, and strict about keys: an unknown key is a typing error or a newer schema."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Executable(Model):
    """The file that was run: `sha256` is of its bytes, `path` as found on PATH."""

    path: str
    sha256: Sha256


class Command(Model):
    """One command as it was run. `bytes` counts its whole standard output, before `head` or `tail`.

    `stderr` is the beginning of what it said on standard error, redacted; `None` as exit status means that it
    could not be started or was ended at the time limit.
    """

    argv: list[str]
    executable: Executable | None
    exit_status: int | None
    outcome: Outcome
    start: AwareDatetime
    seconds: float
    bytes: int
    timed_out: bool = False
    stderr: str = ""


class Span(Model):
    """Lines `start` to `end` (1-based, both included) came from one source.

    `command` indexes the record's commands; None means text of ours. `cut` says what was left out of the
    command's output, such as "first 5 of 213 lines". `volatile` is a regular expression (flag m): what
    matches it in these lines differs from run to run on one host, as times and addresses do.
    """

    start: int = Field(ge=1)
    end: int = Field(ge=1)
    command: int | None = None
    cut: str = ""
    volatile: str = ""


class File(Model):
    """One evidence file; `lines` counts LF, plus one for a last line without it; 0 for binary content."""

    path: EvidencePath
    bytes: int = Field(ge=0, le=MAX_BYTES)
    lines: int = Field(ge=0)
    sha256: Sha256
    spans: list[Span] = []


class Source(Model):
    """Where a collector is written: `file` from the project's root, `line` 1-based, `sha256` of its text.

    `modules` are the lab's modules that it imports, each with its hash. A record made with `lab record` has
    no source file.
    """

    name: Name
    file: str = ""
    line: int = 0
    sha256: str = ""
    modules: dict[str, Sha256] = {}


class Image(Model):
    """A container image as it was used: `pinned` is the digest in lab.yml, `digest` what was run.

    lab.yml may pin an index of several architectures, whose digest is no manifest's: `is_pinned` says whether
    what was run is the pinned image or one that the pinned index names.
    """

    reference: str
    pinned: str
    digest: str
    is_pinned: bool
    source: str


class Project(Model):
    """The project's commit; `dirty` leaves evidence/ out of account."""

    commit: str
    dirty: bool


class Redactions(Model):
    """What was masked: the rules' version, and how often each rule was applied."""

    version: int
    counts: dict[str, int] = {}


class Record(Model):
    """What one collector left behind, and how: `records/<collector>.json`.

    `digests` are the SHA-256 of what else the result rests on, by name: a configuration, a container's
    specification.
    """

    schema_: Literal[1] = Field(default=1, alias="schema")
    collector: Source
    lab: Name
    edition: int | None = None
    task: int | None = None
    role: str = "measure"
    title: str = ""
    state: Literal[Status.CAPTURED, Status.NOT_APPLICABLE] = Status.CAPTURED
    reason: str = ""
    start: AwareDatetime
    seconds: float
    host: str
    project: Project
    tools: dict[str, str] = {}
    environment: dict[str, str] = {}
    settings: dict[str, Any] = {}
    images: dict[str, Image] = {}
    digests: dict[str, Sha256] = {}
    commands: list[Command] = []
    files: list[File] = []
    redactions: Redactions

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @model_validator(mode="after")
    def _spans_name_commands(self) -> Self:
        for file in self.files:
            for span in file.spans:
                if span.command is not None and not 0 <= span.command < len(self.commands):
                    raise ValueError(f"{file.path}: a span names command {span.command}, which is not there")
        return self


class Host(Model):
    """A measuring host: what matters for a comparison, and nothing that names a machine or a person."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    kernel: str
    distribution: str
    architecture: str
    cpu: str
    cores: int
    memory_mib: int
    host_class: HostClass
    container: bool

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @property
    def id(self) -> str:
        """Twelve hex digits: a hash of all fields, memory rounded so that a rebuilt machine is the same.

        A kernel keeps some percent of the memory to itself, now more, now less: quarters of a power of two
        have every usual size, less one to six percent, in the middle of a step.
        """
        fields = self.model_dump(mode="json", by_alias=True)
        fields["memory_mib"] = round(4 * math.log2(max(self.memory_mib, 1)))
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:12]


class CollectorState(Model):
    """One row of state.json: where it is not captured, the reason, the remedy and the command to run."""

    name: Name
    title: str = ""
    edition: int | None = None
    task: int | None = None
    role: str = "measure"
    writes: list[EvidencePath]
    state: Status
    reason: str = ""
    remedy: str = ""
    command: str = ""
    seconds: float | None = None


class State(Model):
    """`records/state.json`: every collector of a lab. How the report knows what is missing."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    lab: Name
    collectors: list[CollectorState]

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    def writer(self, path: str) -> CollectorState | None:
        """Return the collector that writes `path`, or None."""
        return next((row for row in self.collectors if path in row.writes), None)


class CheckResult(StrEnum):
    """What came of capturing a collector again."""

    SAME = "same"
    CHANGED = "changed"
    FAILED = "failed"


class Checked(Model):
    """`records/checked.json`: when the set was last captured again, on which host, and what came of it.

    Of a collector that is the same, files and record are those of before.
    """

    schema_: Literal[1] = Field(default=1, alias="schema")
    when: AwareDatetime
    host: str
    project: Project
    collectors: dict[Name, CheckResult]

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class LabImage(Model):
    """An image by tag and digest, as lab.yml names it.

    `archive_env` is the environment variable that may name a local archive of it; `made_from` says that a
    stand-in may be made on the spot: "busybox", the distribution's static one.
    """

    reference: str
    digest: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
    archive_env: str = ""
    made_from: Literal["", "busybox"] = ""


class Archive(Model):
    """A file that a lab installs from: where it is published, and the environment variable that may name one.

    `sha256` is the published one's, empty where the user has to give it.
    """

    url: str = ""
    archive_env: str
    sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""


class Task(Model):
    """A task of an edition: its heading, and the evidence files that the lab names."""

    title: str
    files: list[EvidencePath]


class Edition(Model):
    """A year's course sheet."""

    title: str
    source: str
    images: list[str] = []
    tasks: dict[int, Task]


class Lab(Model):
    """`collectors/<lab>/lab.yml`: versions, images, editions with the files each one names, own settings.

    `volatile` names files that differ from run to run as a whole, and are no series: a refresh leaves them.
    """

    title: str
    images: dict[str, LabImage] = {}
    archives: dict[str, Archive] = {}
    editions: dict[int, Edition]
    settings: dict[str, Any] = {}
    volatile: list[EvidencePath] = []

    @model_validator(mode="after")
    def _editions_name_images(self) -> Self:
        for year, edition in self.editions.items():
            for image in edition.images:
                if image not in self.images:
                    raise ValueError(f"editions.{year}.images: {image!r} is not under images")
        return self


PUBLISHED: dict[str, type[BaseModel]] = {
    "record-1.json": Record,
    "host-1.json": Host,
    "state-1.json": State,
    "checked-1.json": Checked,
    "lab-1.json": Lab,
}
"""The models whose JSON Schema the site publishes, by file name."""


def explain(error: ValidationError) -> str:
    """Return pydantic's first complaint as `key: what` in one line, without its links."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the whole"
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"{where}: {first['msg']}{more}"


def parse(model: type[M], text: bytes, where: str) -> M:
    """Return `text` (JSON) as `model`; raise RecordError that names `where`, the cause and the remedy."""
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        try:
            content = json.loads(text)
        except (ValueError, RecursionError):
            raise RecordError(
                f"{where}: not whole JSON (truncated?): restore it from git or capture it again"
            ) from error
        schema = content.get("schema") if isinstance(content, dict) else None
        if isinstance(schema, int) and schema > SCHEMA:
            raise NewerSchemaError(
                f"{where}: schema {schema}, this version reads up to {SCHEMA}: update the tool"
            ) from error
        raise RecordError(f"{where}: {explain(error)}") from error


def dump(model: BaseModel) -> bytes:
    """Return the file's bytes: indented JSON, keys in the model's order, ending in LF."""
    return model.model_dump_json(indent=1, by_alias=True).encode() + b"\n"
