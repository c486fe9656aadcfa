"""Make text harmless for a terminal and for the log of a CI job, which obeys some of its lines.

Commands print through `labreport.cli.output`, mkdocs through the log filter of `labreport.site.gate`.
"""

import json
import re

from labreport.report.problems import one_line

_RUNNER = re.compile(r"##(?=\w*\[)")
"""How a command to a runner of GitHub, Azure or TeamCity begins, anywhere in a line: `##[error]`."""


def printed_line(text: str) -> str:
    """Return `text` as one line: control characters, bidirectional marks and commands to a CI runner escaped.

    GitHub obeys a line that begins with `::error …::`, after blanks too.
    """
    line = _RUNNER.sub(r"#\\x23", one_line(text))
    start = len(line) - len(line.lstrip())
    return f"{line[:start]}\\x3a{line[start + 1 :]}" if line.startswith("::", start) else line


def printed_json(value: object) -> str:
    """Return indented JSON in which every character that is not printable is escaped."""
    text = json.dumps(value, indent=1, ensure_ascii=False)
    escaped = "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text)
    return _RUNNER.sub(r"#\\u0023", escaped)
