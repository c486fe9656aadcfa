"""The redactor: applies the rules to texts, in the order in which they are listed, and counts."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from math import inf

from labreport.capture.redact.addresses import address_rules, email_rule, home_rule, mac_rule, named_rule
from labreport.capture.redact.ansi import has_sequences, visible, with_payloads
from labreport.capture.redact.credentials import credential_rules, machine_rules
from labreport.capture.redact.forms import token_rule
from labreport.capture.redact.identity import Identity
from labreport.capture.redact.keys import PrivateKeys
from labreport.capture.redact.names import is_secret_name, name_rule
from labreport.capture.redact.rule import LATER, Rule, Text, folder, longest, word
from labreport.contract.errors import LabError

VERSION = 4
"""The version of the rules, for the record. A rule that masks more or less than before raises it."""

PIECE = 1 << 18
"""Bytes of a text that are redacted at a time, rounded up to a whole line."""


class RedactionTimeoutError(LabError):
    """A text could not be redacted in the time that was left for it, so it is not kept."""

    def __init__(self) -> None:
        super().__init__(
            "the output could not be redacted within the time limit", "cut it, or raise the timeout"
        )


def rules(who: Identity) -> list[Rule]:
    """Return the rules for a machine, in the order in which they apply. Private keys are masked before."""
    return [
        *(folder("folder", path, mask) for path, mask in who.folders),
        mac_rule(),
        token_rule(),
        *credential_rules(),
        name_rule(),
        mac_rule(),  # again: a digit of a token may have touched one
        *(word("machine-id", text, "[machine-id]") for text in longest(who.machine_ids)),
        *(word("serial", text, "[serial]") for text in longest(who.serials)),
        *machine_rules(),
        *(word("mirror", host, "[mirror]") for host in longest(who.mirrors)),
        *(folder("home", home, "/home/[user]", LATER) for home in longest(who.homes)),
        home_rule(),
        named_rule(),
        email_rule(),
        *(word("user", user, "[user]") for user in longest(who.users)),
        *(word("host", host, "[host]") for host in longest(who.hosts)),
        *address_rules(),
    ]


class Redactor:
    """Applies the rules and counts what each rule masked. Rules named in `keep` do not apply."""

    def __init__(self, who: Identity, keep: frozenset[str] = frozenset()) -> None:
        self._rules = [rule for rule in rules(who) if rule.name not in keep]
        self.counts: Counter[str] = Counter()

    def hide(self, text: str, mask: str) -> None:
        """Mask a path or an address of this machine with `mask` from now on, before all other rules."""
        self._rules.insert(0, folder("folder", text, mask))

    def __call__(self, data: bytes, deadline: float = inf, keys: PrivateKeys | None = None) -> bytes:
        """Return `data`, redacted.

        `deadline` is a time of time.monotonic(): raise RedactionTimeoutError after it. `keys` is the state of
        the text before `data`, if `data` continues a text.
        """
        keys = keys or PrivateKeys()
        return b"".join(self._piece(piece, keys, deadline) for piece in pieces(data))

    def text(self, text: str) -> str:
        """Return `text`, redacted. Surrogates that stand for invalid UTF-8 are kept."""
        return self(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")

    def words(self, words: Sequence[str]) -> list[str]:
        """Return the arguments of a command, redacted: `--password X` is two of them."""
        redacted = self.text("\0".join(words)).split("\0")
        return redacted if len(redacted) == len(words) else [self.text(one) for one in words]

    def shown(self, words: Sequence[str]) -> str:
        """Return words for the console, redacted and joined. None is counted: the record has them again."""
        counts = self.counts.copy()
        text = " ".join(self.words(words))
        self.counts = counts
        return text

    def variable(self, name: str, value: str) -> str:
        """Return an environment variable's value, redacted: all of it, if the name is that of a secret."""
        if value and is_secret_name(name):
            self.counts["secret"] += 1
            return "[secret]"
        return self.text(value)

    def _piece(self, data: bytes, keys: PrivateKeys, deadline: float) -> bytes:
        """Return whole lines, redacted; `keys` is the state before and after them.

        The search sees what a terminal shows. A line with a secret loses its control sequences.
        """
        if not has_sequences(data):
            return self._lines(self._without_keys(data, keys), deadline)
        shown = visible(data)
        before = keys.open
        without_keys = self._without_keys(shown, keys)
        if before or without_keys != shown:
            return self._lines(without_keys, deadline)
        data = with_payloads(data, lambda payloads: self._lines(payloads, deadline))
        masked = self._lines(shown, deadline)
        if masked == shown:
            return data
        lines = zip(data.split(b"\n"), shown.split(b"\n"), masked.split(b"\n"), strict=True)
        return b"\n".join(line if seen == hidden else hidden for line, seen, hidden in lines)

    def _without_keys(self, data: bytes, keys: PrivateKeys) -> bytes:
        data, count = keys.mask(data)
        if count:
            self.counts["token"] += count
        return data

    def _lines(self, data: bytes, deadline: float) -> bytes:
        """Return a text to which all rules were applied. The number of its lines stays."""
        text = Text(data)
        for rule in self._rules:
            if time.monotonic() > deadline:
                raise RedactionTimeoutError
            text, count = rule.apply(text)
            if count:
                self.counts[rule.name] += count
        return text.data


def pieces(data: bytes) -> Iterator[bytes]:
    """Yield a text in pieces of whole lines, of little more than PIECE bytes where its lines allow it."""
    at = 0
    while at < len(data):
        end = data.find(b"\n", at + PIECE) + 1 or len(data)
        yield data[at:end]
        at = end
