"""What a name looks like that may be that of a secret, and the separator between it and its value."""

import re

from labreport.capture.redact.rule import Text, any_mask

WORD = (
    rb"(?P<name>pass(?:w(?:or)?d|wort|phrase|code)?|pwd|pw(?<=[_-]pw)(?![a-z])|pat(?<=_pat)|secret|token|key|cred(?:ential)?s?(?![a-z])|cookie"
    rb"|auth(?:orization)?|sess(?:ion)?[_.-]?id|psk|signature|sig(?<=[?&;]sig)(?=[=%])"
    rb"|data(?<=key-data|ate-data|ity-data)|connection[_ -]?string|dockerconfigjson)"
    rb"(?!(?<=\[token)\]|(?<=\[secret)\])"
)
"""What a name contains that may be that of a secret. Our own masks are none."""

ASSIGNMENT = (
    rb"[ \t]{0,40}+(?:\[(?!%b)[^\]\n]{0,24}\][ \t]?)?" % any_mask()[2:]
    + rb"(?:%3[ad]|:=|=>|={1,3}|:)[ \t]{0,40}+"
)
SEPARATORS = (
    ASSIGNMENT,
    rb",?\s{0,60}[\"']?value[\"']?[ \t]?[:=][ \t]?",  # {"name": "TOKEN", "value": "…"}
    rb"[ \t]+(?:is|was):?[ \t]+",
    rb">",
    rb",[ \t\n]{1,60}+",
    rb"[ \t\0]{1,40}+",
)
HEAD = re.compile(
    WORD
    + rb"(?P<suffix>[\w-]{0,40}+)(?P<close>\\{0,3}[\"'`]?\]?)"
    + rb"(?P<separator>%b)" % b"|".join(SEPARATORS)
    + rb"(?P<quote>[a-z]?\\{0,3}[\"'`])?"
)
"""A name, what may follow in it, and the separator between it and its value. Matched in lower case."""

NAME_CHARACTERS = b"abcdefghijklmnopqrstuvwxyz0123456789_.-"


class Name:
    """A name in a text that may be that of a secret.

    `word` is the part of it that says what it is, `suffix` what follows in the name, `whole` both, and
    `prefix` what stands before the word, at most 48 bytes; all in lower case. `separator` is between the
    name and the value.
    """

    def __init__(self, text: Text, head: re.Match[bytes]) -> None:
        self.text = text
        self.head = head
        self.word: bytes = head["name"]
        self.suffix: bytes = head["suffix"]
        self.whole = self.word + self.suffix
        self.separator: bytes = head["separator"]
        start = head.start()
        before = text.lower[max(0, start - 48) : start]
        self.prefix = before[len(before.rstrip(NAME_CHARACTERS)) :]
        self.start = start - len(self.prefix)

    @property
    def before(self) -> bytes:
        """The byte before the whole name; empty at the start of the text."""
        return self.text.data[max(0, self.start - 1) : self.start]

    @property
    def is_option(self) -> bool:
        """Whether the name is an option of a command, such as `--password`."""
        return self.prefix.startswith(b"-") and not self.prefix.startswith(b"--no-") and self.before != b"]"

    @property
    def is_variable(self) -> bool:
        """Whether the name is an environment variable, such as `DB_TOKEN=`."""
        name = self.text.data[self._variable_start : self.head.end("suffix")]
        return name.isupper() and self.separator == b"=" and not self.head["close"]

    @property
    def is_line_of_env(self) -> bool:
        """Whether the name is a variable at the start of a line, as env(1) prints it, or after NUL."""
        start = self._variable_start
        return self.text.data[max(0, start - 1) : start] in {b"", b"\n", b"\0"} and self.is_variable

    @property
    def _variable_start(self) -> int:
        """Where the name starts if it is that of a variable, which has neither `-` nor `.`."""
        return self.head.start() - len(self.prefix.replace(b"-", b".").rpartition(b".")[2])
