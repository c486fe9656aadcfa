"""The models of records and hosts in an evidence folder; that of state.json is in `state.py`.

Collectors write these files and the report reads them. Nothing else passes between the two.
"""

import hashlib
import json
import math
from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from labreport.contract.fields import (
    MAX_BYTES,
    Count,
    EvidencePath,
    HostId,
    Name,
    Pattern,
    Seconds,
    Sha256,
    SourcePath,
    Time,
)

SCHEMA = 1
STATE_FILE = "state.json"
CHECKED_FILE = "checked.json"
HOSTS = "hosts"
HERE = "here"


class HostClass(StrEnum):
    """The kind of machine that measured. Timings are compared within one class only.

    `unknown` is the class of imported evidence. It is never compared, not even with itself.
    """

    BARE_METAL = "bare metal"
    VIRTUAL = "virtual"
    NESTED = "nested"
    EMULATED = "emulated"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """How a command ended."""

    ANSWERED = "answered"
    REFUSED = "refused"
    FAILED = "failed"


class Status(StrEnum):
    """Whether a collector's evidence is there and up to date."""

    CAPTURED = "captured"
    STALE = "stale"
    MISSING = "missing"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable here"


class Model(BaseModel):
    """A frozen model that refuses unknown keys: such a key is a typo or belongs to a newer schema.

    What pydantic needs of a model is built at its first use: a command uses few of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Document(Model):
    """A JSON file with a schema number."""

    schema_: Literal[1] = Field(default=1, alias="schema")

    model_config = ConfigDict(populate_by_name=True)


class Executable(Model):
    """The program that was run: its path as found on PATH, and the hash of its bytes."""

    path: str
    sha256: Sha256


class Command(Model):
    """One command as it was run.

    `bytes` counts the whole standard output, before `head` or `tail`. `stderr` is the start of the standard
    error, redacted. `exit_status` is None if the command did not start, or was killed at its time limit.
    """

    argv: list[str]
    executable: Executable | None
    exit_status: int | None
    outcome: Outcome
    start: Time
    seconds: Seconds
    bytes: Count
    timed_out: bool = False
    stderr: str = ""


class Span(Model):
    """Lines `start` to `end` (1-based, both included) that have one source.

    `command` is an index into the record's commands; None means that the collector wrote the text itself.
    `cut` says how the command's output was shortened, such as "first 5 of 213 lines". `volatile` is a
    regular expression (flag m) for parts of these lines that differ from run to run on one host, such as
    times and addresses.
    """

    start: int = Field(ge=1)
    end: int = Field(ge=1)
    command: int | None = None
    cut: str = ""
    volatile: Pattern = ""


class File(Model):
    """One evidence file. `lines` includes a last line without a line feed; it is 0 for binary content."""

    path: EvidencePath
    bytes: int = Field(ge=0, le=MAX_BYTES)
    lines: int = Field(ge=0)
    sha256: Sha256
    spans: list[Span] = []

    @model_validator(mode="after")
    def _spans_follow_each_other(self) -> Self:
        last = 0
        for span in self.spans:
            if not last < span.start <= span.end:
                raise ValueError(f"{self.path}: a span of lines {span.start} to {span.end} after line {last}")
            last = span.end
        if self.lines and last > self.lines:
            raise ValueError(f"{self.path}: a span ends at line {last} of {self.lines}")
        return self


class Source(Model):
    """Where a collector is defined: `file` from the project's root, `line` 1-based, and its `sha256`.

    `modules` maps each module of the lab that the collector imports, and each file of the lab's folder that
    it uses, to its hash. `hash_rule` numbers the
    way in which the hashes are computed; hashes of different rules cannot be compared. Rule 1 (version 0.1)
    hashes the source as written, rule 2 without comments, docstrings and imports. A record of `lab record`
    has no source file.
    """

    name: Name
    file: SourcePath = ""
    line: Count = 0
    sha256: Sha256 | Literal[""] = ""
    modules: dict[SourcePath, Sha256] = {}
    hash_rule: int = Field(default=1, ge=1)


class Image(Model):
    """A container image that was used: `pinned` is the digest in lab.yml, `digest` the one that ran.

    lab.yml may pin an index of several architectures, and the digest of an index is not that of a manifest.
    `is_pinned` says whether the image that ran is the pinned one, or one that the pinned index lists.
    """

    reference: str
    pinned: str
    digest: str
    is_pinned: bool
    source: str


class InstalledArchive(Model):
    """An archive that was installed from: `pinned` is the hash in lab.yml, `sha256` that of the file.

    `source` says where the file came from: the address, a mirror or a local file.
    """

    url: str
    pinned: Sha256 | Literal[""]
    sha256: Sha256
    is_pinned: bool
    source: str


class Project(Model):
    """The project's commit. `dirty` tells of uncommitted changes outside evidence/."""

    commit: str = Field(pattern="^[0-9a-f]{0,64}$")
    dirty: bool


class Redactions(Model):
    """What was masked: the version of the redaction rules, and how often each rule was applied."""

    version: int
    counts: dict[str, Count] = {}


class StatedCommand(Model):
    """A command that a report states for a file. Nobody here saw it run. `line` is in the report, 1-based."""

    command: str
    line: int = Field(ge=1)


class Import(Model):
    """The report that evidence was imported with: its file name and hash.

    `commands` maps files to the commands that the report states for them, and `names` maps files to the names
    that they had before, where a set allows no such name.
    """

    report: str
    sha256: Sha256
    commands: dict[EvidencePath, StatedCommand] = {}
    names: dict[EvidencePath, str] = {}


class Record(Document):
    """What one collector captured, and how: `records/<collector>.json`.

    `digests` are SHA-256 hashes of other things that the result depends on, by name: a configuration file, a
    container's specification. `archives` is what was installed for the private containerd alone, by the name
    in lab.yml. `containerd` says which one the collect used, a private one or the system's. `imported` says
    that the files were not captured here but came with a report: then `start` is null, and nothing is known
    of the host.
    """

    collector: Source
    lab: Name
    edition: int | None = None
    task: int | None = None
    role: str = "measure"
    title: str = ""
    state: Literal[Status.CAPTURED, Status.NOT_APPLICABLE] = Status.CAPTURED
    reason: str = ""
    start: Time | None
    seconds: Seconds
    host: HostId
    project: Project
    tools: dict[str, str] = {}
    environment: dict[str, str] = {}
    settings: dict[str, Any] = {}
    images: dict[str, Image] = {}
    archives: dict[str, InstalledArchive] = {}
    containerd: Literal["", "private", "system"] = ""
    digests: dict[str, Sha256] = {}
    commands: list[Command] = []
    files: list[File] = []
    redactions: Redactions
    imported: Import | None = None

    @model_validator(mode="after")
    def _only_an_import_has_no_time(self) -> Self:
        if (self.start is None) != (self.imported is not None):
            raise ValueError("start is null exactly if the evidence was imported")
        return self

    @model_validator(mode="after")
    def _spans_name_commands(self) -> Self:
        for file in self.files:
            for span in file.spans:
                if span.command is not None and not 0 <= span.command < len(self.commands):
                    raise ValueError(f"{file.path}: a span names command {span.command}, which is not there")
        return self


class Host(Document):
    """A measuring host: the properties that matter for a comparison, and no name of a machine or a person."""

    kernel: str
    distribution: str
    architecture: str
    cpu: str
    cores: Count
    memory_mib: Count
    host_class: HostClass
    container: bool

    @property
    def id(self) -> str:
        """Twelve hex digits of a hash over all fields, with the memory rounded to quarters of a power of two.

        The kernel reserves one to six percent of the memory, and the amount varies. After rounding, a rebuilt
        machine has the same id: every usual size, less that reserve, is in the middle of a step.
        """
        fields = self.model_dump(mode="json", by_alias=True)
        fields["memory_mib"] = round(4 * math.log2(max(self.memory_mib, 1)))
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:12]


def dump(model: BaseModel) -> bytes:
    """Return the bytes of a file: indented JSON, keys in the model's order, ending in a line feed."""
    return model.model_dump_json(indent=1, by_alias=True).encode() + b"\n"
