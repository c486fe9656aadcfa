"""The rules on quoted blocks: what each verdict means, what it does not mean, and how much it weighs."""

from labreport.audit.model import BlockVerdict, Level
from labreport.audit.rule import AuditRule

_FINE, _NOTE, _FINDING = Level.FINE, Level.NOTE, Level.FINDING

BLOCKS = {
    BlockVerdict.WHOLE: AuditRule(
        "block-whole",
        "whole",
        _FINE,
        "Every line of a file, or of the named range, is quoted as it is.",
        "The file is not judged: it may hold anything.",
    ),
    BlockVerdict.PART: AuditRule(
        "block-part",
        "part",
        _FINE,
        "The block is consecutive lines of a file, or of several files in turn.",
        "Lines before and after may say more.",
    ),
    BlockVerdict.SPACING: AuditRule(
        "block-spacing",
        "spacing",
        _NOTE,
        "The block equals its lines once blanks, blank lines and escape sequences of a terminal are folded.",
    ),
    BlockVerdict.LINE_ENDS: AuditRule(
        "block-line-ends",
        "line ends",
        _NOTE,
        "Only the line ends differ: the file has CRLF or CR.",
        "Those of the report do not matter. An editor or git may have changed them.",
    ),
    BlockVerdict.ELIDED: AuditRule(
        "block-elided",
        "elided",
        _NOTE,
        "Lines, or the end of a line, are left out, and a mark such as … says so.",
        "The lines left out are not judged.",
    ),
    BlockVerdict.SHORTENED: AuditRule(
        "block-shortened",
        "shortened",
        _NOTE,
        "Each line is a line of the file, or words of one that stand together, in this order. Words "
        "before or after them are left out, and no mark says so, or not of all of them.",
        "The words left out are not judged.",
    ),
    BlockVerdict.REWORDED: AuditRule(
        "block-reworded",
        "reworded",
        _NOTE,
        "Each line has words and numbers of one to four lines of the file, in this order, or its numbers "
        "below a label with the same words. The rest is left out, and no mark says so.",
        "What is left out is not judged. The block is a summary, and no quote.",
    ),
    BlockVerdict.DROPPED: AuditRule(
        "block-dropped",
        "dropped",
        _FINDING,
        "All lines, or words of each, are in the file in this order, and lines between them are left out "
        "without a mark.",
        "The lines left out may be unimportant.",
    ),
    BlockVerdict.ALTERED: AuditRule(
        "block-altered",
        "altered",
        _FINDING,
        "The report names this file for the block, and some of its lines do not stand in the file, or not in "
        "this order.",
        "Nobody can tell from bytes why: a second run, a summary, a slip and an invention look the same.",
    ),
    BlockVerdict.DIFFERS: AuditRule(
        "block-differs",
        "differs from the nearest",
        _FINDING,
        "The report names no file. Most of the block is in one file, and the rest is not.",
        "The block may be of another run, whose output was not handed in.",
    ),
    BlockVerdict.PAST_END: AuditRule(
        "block-past-end",
        "range past the end",
        _FINDING,
        "The named range ends after the last line of the file.",
        "A range that ends one line past the file is accepted: some tools count so.",
    ),
    BlockVerdict.REVERSED: AuditRule(
        "block-reversed",
        "range reversed",
        _FINDING,
        "The named range ends before it begins.",
    ),
    BlockVerdict.EMPTY_RANGE: AuditRule(
        "block-empty-range",
        "range empty",
        _FINDING,
        "The named range has no line, or counts from 0.",
    ),
    BlockVerdict.OTHER_LINES: AuditRule(
        "block-other-lines",
        "other lines named",
        _FINDING,
        "The named file holds the block, in other lines than the named ones.",
        "The file may have been captured again after the report was written.",
    ),
    BlockVerdict.WRONG_FILE: AuditRule(
        "block-wrong-file",
        "wrong file named",
        _FINDING,
        "The named file does not hold the block, and another file does.",
        "A file may have been renamed after the report was written.",
    ),
    BlockVerdict.AMBIGUOUS: AuditRule(
        "block-ambiguous",
        "ambiguous",
        _NOTE,
        "Several files hold the block, and the report names none of them.",
    ),
    BlockVerdict.PARTLY: AuditRule(
        "block-partly",
        "partly",
        _FINDING,
        "Lines of the block, or of one output of several in it, are in files that were handed in, and no "
        "file has most of them together.",
        "The other lines may be of an output that was not stored, or the author's own.",
    ),
    BlockVerdict.NO_EVIDENCE: AuditRule(
        "block-no-evidence",
        "no evidence",
        _FINDING,
        "No line of the block, or of one output of several in it, is a line of a file that was handed in.",
        "The output may be real and was not stored, or the block is the author's own text.",
    ),
    BlockVerdict.NO_FILE: AuditRule(
        "block-no-file",
        "no file",
        _FINDING,
        "The named file was not handed in, and no other file holds the block.",
        "The file may exist elsewhere.",
    ),
    BlockVerdict.COMMAND: AuditRule(
        "block-command",
        "command only",
        _FINE,
        "The block is commands, a script or comments: not a quote of output.",
    ),
    BlockVerdict.NOT_CLOSED: AuditRule(
        "block-unclosed",
        "not closed",
        _FINDING,
        "Nothing closes the fence before what looks like the next one, or before the end of the report.",
        "What is in it is not judged: text of the report may be among it.",
    ),
    BlockVerdict.NOT_JUDGED: AuditRule(
        "block-not-judged",
        "not judged",
        _NOTE,
        "The block cannot be judged; the reason is beside it.",
    ),
}
