"""The text of somebody else's report: decoded, with LF as its only line end."""

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from dataclasses import dataclass

from labreport.contract.text import why_no_text
from labreport.report.imports import Decision, DecisionKind

_LINE_END = re.compile(r"\r\n|\n")


@dataclass(frozen=True)
class ReportText:
    """The text of a report. `lines` has no line ends; `decisions` say what could not be read as it is.

    CR alone ends no line, unless the report has no other line end: outputs that show their progress have it.
    """

    name: str
    lines: tuple[str, ...]
    decisions: tuple[Decision, ...] = ()

    @property
    def text(self) -> str:
        """The text. Its last line ends with LF."""
        return "\n".join(self.lines) + "\n"


def read_report(name: str, data: bytes) -> ReportText:
    r"""Return the text of a report, whatever its encoding and its line ends.

    >>> read_report("r.md", "\ufeffa\r\nb".encode("utf-16")).lines
    ('a', 'b')
    """
    decisions = []
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        text = data.decode("utf-16", "replace")
        decisions.append(_decision(name, "the report is UTF-16: the pages are UTF-8"))
    else:
        text = data.removeprefix(BOM_UTF8).decode("utf-8", "replace")
        if "\0" not in text and (why := why_no_text(data)):
            what = f"the report is {why}: what cannot be read is the character U+FFFD in the pages"
            decisions.append(_decision(name, what))
    text = text.removeprefix("\ufeff")
    lines = _LINE_END.split(text) if "\n" in text else text.split("\r")
    if len(lines) > 1 and not lines[-1]:
        del lines[-1]
    for number, line in enumerate(lines, 1):
        if "\0" in line:
            lines[number - 1] = line.replace("\0", "\ufffd")
            what = "NUL is the character U+FFFD in the pages"
            decisions.append(Decision(DecisionKind.NOT_TEXT, name, number, what))
    return ReportText(name, tuple(lines), tuple(decisions))


def _decision(name: str, what: str) -> Decision:
    return Decision(DecisionKind.NOT_TEXT, name, 0, what)
