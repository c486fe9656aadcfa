"""The rules of an audit: what each verdict means, what it does not mean, and how much it weighs.

The manual's page on the audit and every output take their words from here.
"""

from labreport.audit.block_rules import BLOCKS
from labreport.audit.model import BlockVerdict, Level, OddityKind, ValueVerdict
from labreport.audit.rule import AuditRule

_FINE, _NOTE, _FINDING = Level.FINE, Level.NOTE, Level.FINDING


_VALUES = {
    ValueVerdict.FOUND: AuditRule(
        "value-found",
        "found",
        _FINE,
        "A line of the evidence has this value, with the same unit or label.",
        "The sentence around the value is not judged.",
    ),
    ValueVerdict.ROUNDED: AuditRule(
        "value-rounded",
        "rounded",
        _FINE,
        "A value of the evidence, rounded to the digits that are written.",
    ),
    ValueVerdict.DERIVED: AuditRule(
        "value-derived",
        "derived",
        _FINE,
        "It can be calculated from values of the evidence; the formula is shown.",
        "The author may have calculated it in another way.",
    ),
    ValueVerdict.CONTRADICTED: AuditRule(
        "value-contradicted",
        "contradicted",
        _FINDING,
        "The evidence has another value for the same quantity: label and unit agree.",
        "The value may be of another run, whose output was not handed in.",
    ),
    ValueVerdict.DIFFERS: AuditRule(
        "value-differs",
        "differs from the nearest",
        _NOTE,
        "The evidence has another value of this kind, and nothing says that it is the same quantity.",
    ),
    ValueVerdict.NOWHERE: AuditRule(
        "value-nowhere",
        "nowhere",
        _FINDING,
        "The evidence has no such value, and no values of a file that the text is about give it.",
        "It may be right: general knowledge, an example and a measurement that was not stored look the same.",
    ),
    ValueVerdict.NOT_JUDGED: AuditRule(
        "value-not-judged",
        "not judged",
        _NOTE,
        "An estimate, a range, a setting or a small number that could be anything.",
    ),
}

_ODDITIES = {
    OddityKind.NOTHING: AuditRule(
        "evidence-nothing",
        "nothing handed in",
        _FINDING,
        "There is no file where the evidence should be, so no block, number or name of the report is judged.",
        "The course may have asked for the report alone, or the folder may be another one.",
    ),
    OddityKind.TEMPLATE: AuditRule(
        "evidence-template",
        "blocks to be replaced",
        _FINDING,
        "The report says of its blocks that they are to be replaced with real output, and some have no "
        "evidence. Each of these is then a note.",
        "The sentence may have been left over when the blocks were replaced.",
    ),
    OddityKind.EMPTY: AuditRule(
        "evidence-empty",
        "empty file cited",
        _FINDING,
        "The report cites a file that has nothing but blanks.",
    ),
    OddityKind.MISSING: AuditRule(
        "evidence-missing",
        "missing file cited",
        _FINDING,
        "The report cites a file that was not handed in.",
        "The file may exist elsewhere.",
    ),
    OddityKind.FAILURE: AuditRule(
        "evidence-failure",
        "failure read as a result",
        _FINDING,
        "All that the cited file has is a message of failure.",
        "A failure can be a result. It is a note if the text of the report says that a start failed.",
    ),
    OddityKind.FAILED_START: AuditRule(
        "evidence-failed-start",
        "failed start with a time",
        _FINDING,
        "Below one label, the file has a message of failure and a time: the time of a start that failed.",
        "It is a note if the text of the report says that a start failed.",
    ),
    OddityKind.ZERO: AuditRule(
        "evidence-zero",
        "zero time",
        _FINDING,
        "A time of 0 was recorded.",
        "Nobody can tell why: no run, a clock that is too coarse, or a calculation that lost the digits.",
    ),
    OddityKind.NO_VALUE: AuditRule(
        "evidence-no-value",
        "label without a value",
        _FINDING,
        "A label of a cited file has no value after or below it.",
        "It is a note if the text of the report says that values are missing.",
    ),
    OddityKind.SAME_BYTES: AuditRule(
        "evidence-same-bytes",
        "one file under two names",
        _NOTE,
        "Two files of the evidence are equal byte by byte.",
        "Two commands can print the same.",
    ),
    OddityKind.GUEST_KERNELS: AuditRule(
        "evidence-guest-kernels",
        "several guest kernels",
        _FINDING,
        "The evidence has more than one kernel of a guest.",
        "The guest may have been updated between two captures.",
    ),
    OddityKind.UNREADABLE: AuditRule(
        "evidence-not-read",
        "not read",
        _NOTE,
        "A cited file is binary, too large, a link or a submodule.",
    ),
}

RULES: dict[str, AuditRule] = {
    rule.id: rule for rule in (*BLOCKS.values(), *_VALUES.values(), *_ODDITIES.values())
}
"""Every rule by its id, in the order of the manual."""


def rule_of(verdict: BlockVerdict | ValueVerdict | OddityKind) -> AuditRule:
    """Return the rule of a verdict."""
    match verdict:
        case BlockVerdict():
            return BLOCKS[verdict]
        case ValueVerdict():
            return _VALUES[verdict]
    return _ODDITIES[verdict]
