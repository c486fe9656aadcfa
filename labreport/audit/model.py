"""The result of an audit: plain frozen data, which every output format reads.

A `Judgement` is about one place of one report. `QuotedBlock`, `Value` and `Oddity` are its three kinds. Lines
are 1-based, and both ends are included. All text comes from strangers: outputs must escape it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class Level(StrEnum):
    """How much a judgement weighs. Only a FINDING changes the exit status."""

    FINE = "fine"
    NOTE = "note"
    FINDING = "finding"


class BlockVerdict(StrEnum):
    """How a quoted block compares with the evidence. `rules.py` says what each means."""

    WHOLE = "whole"
    PART = "part"
    SPACING = "spacing"
    LINE_ENDS = "line ends"
    ELIDED = "elided"
    SHORTENED = "shortened"
    REWORDED = "reworded"
    DROPPED = "dropped"
    ALTERED = "altered"
    DIFFERS = "differs from the nearest"
    PAST_END = "range past the end"
    REVERSED = "range reversed"
    EMPTY_RANGE = "range empty"
    OTHER_LINES = "other lines named"
    WRONG_FILE = "wrong file named"
    AMBIGUOUS = "ambiguous"
    PARTLY = "partly"
    NO_EVIDENCE = "no evidence"
    NO_FILE = "no file"
    COMMAND = "command only"
    NOT_CLOSED = "not closed"
    NOT_JUDGED = "not judged"


UNJUDGED = frozenset({BlockVerdict.NOT_CLOSED, BlockVerdict.NOT_JUDGED})
"""The verdicts on a block that was not compared with anything."""


class ValueVerdict(StrEnum):
    """How a number or a name in the text compares with the evidence."""

    FOUND = "found"
    ROUNDED = "rounded"
    DERIVED = "derived"
    CONTRADICTED = "contradicted"
    DIFFERS = "differs from the nearest"
    NOWHERE = "nowhere"
    NOT_JUDGED = "not judged"


class ValueType(StrEnum):
    """What a value in the text is."""

    QUANTITY = "quantity"
    COUNT = "count"
    KERNEL = "kernel"
    VERSION = "version"
    CPU = "CPU model"
    IDENTIFIER = "identifier"
    ADDRESS = "address"


class OddityKind(StrEnum):
    """What is remarkable about the evidence itself, or about how the report cites it."""

    NOTHING = "nothing handed in"
    TEMPLATE = "blocks to be replaced"
    EMPTY = "empty file cited"
    MISSING = "missing file cited"
    FAILURE = "failure read as a result"
    FAILED_START = "failed start with a time"
    ZERO = "zero time"
    NO_VALUE = "label without a value"
    SAME_BYTES = "one file under two names"
    GUEST_KERNELS = "several guest kernels"
    UNREADABLE = "not read"


class Found(StrEnum):
    """How the file of a block was found: what in the report names it, or its content alone."""

    INFO = "info string"
    INSIDE = "line of the block"
    SENTENCE = "sentence"
    BULLET = "bullet"
    BOLD = "bold line"
    HEADING = "heading"
    LINK = "link"
    PATH = "path"
    CONTENT = "content alone"


@dataclass(frozen=True)
class Passage:
    """Lines of a file and their text, cut if it is long. `file` is relative to the report's folder or tree.

    A passage of the report has the report as its `file`; one of the evidence has a path from the evidence
    folder. `first` is 0 if the passage is the whole file, or no line of it.
    """

    file: str
    first: int
    last: int
    text: str

    @property
    def place(self) -> str:
        """The place as `file`, `file:line` or `file:first-last`."""
        if not self.first:
            return self.file
        last = "" if self.first == self.last else f"-{self.last}"
        return f"{self.file}:{self.first}{last}"


@dataclass(frozen=True)
class LinePart:
    """A stretch of a line; `same` tells whether the other side has it too."""

    text: str
    same: bool


@dataclass(frozen=True)
class LineDifference:
    """One line that differs. A side without such a line has the line number 0 and no parts."""

    report_line: int
    report: tuple[LinePart, ...]
    evidence_line: int
    evidence: tuple[LinePart, ...]
    file: str = ""
    """The evidence file of this line, if it may be another than that of the block."""


@dataclass(frozen=True)
class Judgement:
    """What one place of a report is. Both sides are shown: `report`, and `evidence` if there is any.

    `rule` is a key of `labreport.audit.rules.RULES`. `why` is one sentence in plain words. `identity` is what
    the id is made of: it has no line number and no verdict's detail.
    """

    rule: str
    level: Level
    line: int
    column: int
    why: str
    report: Passage | None
    evidence: tuple[Passage, ...]
    identity: str = field(repr=False)
    id: str = ""
    """`RULE-xxxxxxxx`, unique in its report; stable while the report's text at this place is."""


@dataclass(frozen=True)
class QuotedBlock(Judgement):
    """A fence or another quoted block. `line` and `last` are its lines in the report, marks included."""

    verdict: BlockVerdict = BlockVerdict.NOT_JUDGED
    last: int = 0
    info: str = ""
    found: Found | None = None
    named: str = ""
    """The path that the report names for this block; empty if it names none."""
    differences: tuple[LineDifference, ...] = ()


@dataclass(frozen=True)
class Value(Judgement):
    """A number with its unit, or a name such as a kernel version, in the text of a report."""

    verdict: ValueVerdict = ValueVerdict.NOT_JUDGED
    kind: ValueType = ValueType.QUANTITY
    text: str = ""
    unit: str = ""
    how: str = ""
    """How a derived or rounded value is calculated: `1.774 s / 1.620 s`."""
    expected: str = ""
    """What the evidence says in place of a contradicted or different value."""


@dataclass(frozen=True)
class Oddity(Judgement):
    """Something about the evidence itself. `line` is where the report cites it, 1 if nowhere."""

    kind: OddityKind = OddityKind.EMPTY
    path: str = ""
    """The file that it is about, as the report writes it if it was not handed in."""


@dataclass(frozen=True)
class ReportAudit:
    """The audit of one report. `name` is unique in its class: a folder, a ref, or the file's name."""

    name: str
    file: str
    sha256: str
    lines: int
    evidence: str
    """The evidence folder, as the user named it."""
    files: dict[str, str]
    """The SHA-256 of each evidence file that could be read, by path."""
    blocks: tuple[QuotedBlock, ...]
    values: tuple[Value, ...]
    oddities: tuple[Oddity, ...]

    @property
    def judgements(self) -> Iterator[Judgement]:
        """All judgements, sorted by line."""
        return iter(
            sorted((*self.blocks, *self.values, *self.oddities), key=lambda one: (one.line, one.column))
        )

    @property
    def findings(self) -> list[Judgement]:
        """The judgements that somebody has to look at."""
        return [one for one in self.judgements if one.level is Level.FINDING]

    @property
    def summary(self) -> "Summary":
        """The counts."""
        return Summary(
            blocks=Counter(one.verdict for one in self.blocks),
            not_judged=Counter(one.why for one in self.blocks if one.verdict in UNJUDGED),
            values=Counter(one.verdict for one in self.values),
            oddities=Counter(one.kind for one in self.oddities),
            levels=Counter(one.level for one in self.judgements),
        )


@dataclass(frozen=True)
class Summary:
    """Counts of one report, or of a class: add them with `+`."""

    blocks: Counter[BlockVerdict] = field(default_factory=Counter)
    not_judged: Counter[str] = field(default_factory=Counter)
    """The blocks that were not judged, by why."""
    values: Counter[ValueVerdict] = field(default_factory=Counter)
    oddities: Counter[OddityKind] = field(default_factory=Counter)
    levels: Counter[Level] = field(default_factory=Counter)

    @property
    def left(self) -> int:
        """How many blocks were not judged."""
        return sum(self.blocks[verdict] for verdict in UNJUDGED)

    def __add__(self, other: "Summary") -> "Summary":
        return Summary(
            self.blocks + other.blocks,
            self.not_judged + other.not_judged,
            self.values + other.values,
            self.oddities + other.oddities,
            self.levels + other.levels,
        )


@dataclass(frozen=True)
class Unread:
    """A report that could not be read: its name, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class SharedFile:
    """Evidence files of different reports that are equal byte by byte. A fact, without a judgement."""

    sha256: str
    places: tuple[tuple[str, str], ...]
    """The name of the report, and the path from its evidence folder."""


@dataclass(frozen=True)
class ClassAudit:
    """The audits of many reports, or of one. `skipped` counts places without a report, by why."""

    reports: tuple[ReportAudit, ...]
    unread: tuple[Unread, ...] = ()
    skipped: Counter[str] = field(default_factory=Counter)
    shared: tuple[SharedFile, ...] = ()

    @property
    def summary(self) -> Summary:
        """The counts of all reports together."""
        return sum((report.summary for report in self.reports), Summary())
