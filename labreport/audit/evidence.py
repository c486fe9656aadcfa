"""The evidence of one report: its files as lines, and an index from each folded line to where it is.

Everything is read once and indexed once, so an audit is linear in the size of the evidence.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from labreport.audit.inputs.text import Line, decode, fold, lines_of
from labreport.audit.inputs.tree import Kind, Tree, TreeFile
from labreport.contract.errors import LabError

NOTHING = "no evidence was handed in"
MOST_BYTES = 64 * 1024 * 1024
"""How many bytes of one report's evidence are read."""
_PROGRAMS_TEXT = """
sh bash zsh py js ts go rs rb pl ps1 bat c cpp java mk
"""
_PROGRAMS = frozenset(_PROGRAMS_TEXT.split())
WORD = re.compile(r"[^\W\d_]{2,}|\d+(?:[.,]\d+)*")
LONGEST = 400
"""How many characters of a line are compared word by word."""
_WORDLIKE = re.compile(r"\w")
_MOST_LINES = 200_000
_MOST_INDEXED = 2000
"""How many lines of a file are looked for by their words."""
_MOST_PLACES = 200
"""How many places of one line are kept for a file: a line that is there more often identifies nothing."""


@dataclass(frozen=True)
class EvidenceFile:
    """A file of the evidence. `unread` says why it has no lines, if it is no text that could be read."""

    path: str
    size: int
    sha256: str
    lines: tuple[Line, ...] = ()
    unread: str = ""

    @cached_property
    def seen(self) -> tuple[Line, ...]:
        """The lines that are not blank."""
        return tuple(self.lines[at] for at in self.seen_at)

    @cached_property
    def seen_at(self) -> list[int]:
        """Where the lines that are not blank are among all lines."""
        return [at for at, line in enumerate(self.lines) if line.folded]

    @cached_property
    def keys(self) -> list[str]:
        """The folded text of the lines that are not blank."""
        return [line.folded for line in self.seen]

    @cached_property
    def unescaped(self) -> list[str]:
        r"""The folded lines with `"` for `\"`, as a log has a message in quotes."""
        return [unescape(key) for key in self.keys]

    @cached_property
    def unescaped_text(self) -> str:
        """Its folded lines as one text, to look for words in all of them."""
        return "\n".join(self.unescaped)

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """Where each folded line is among the lines that are not blank, in order."""
        places: dict[str, list[int]] = defaultdict(list)
        for number, key in enumerate(self.keys):
            if len(found := places[key]) < _MOST_PLACES:
                found.append(number)
        return dict(places)

    @cached_property
    def joined(self) -> tuple[str, list[int]]:
        """All lines as one, and where each line that is not blank begins in it."""
        return join(self.keys)

    @cached_property
    def words(self) -> frozenset[str]:
        """The words and numbers in its first lines, in small letters."""
        return frozenset(word for key in self.keys[:200] for word in WORD.findall(key[:LONGEST].lower()))

    @cached_property
    def line_count(self) -> int:
        """How many lines the file has."""
        return self.lines[-1].number if self.lines else 0

    @property
    def is_program(self) -> bool:
        """Whether it is a script or a program: a report that names one rarely quotes it."""
        return self.path.rpartition(".")[2].lower() in _PROGRAMS

    @property
    def is_blank(self) -> bool:
        """Whether it is text that has nothing but blanks."""
        return not self.unread and not self.seen


@dataclass(frozen=True)
class EvidenceIndex:
    """All files of a report's evidence, by path. `name` is the folder as the user named it."""

    name: str
    files: dict[str, EvidenceFile] = field(default_factory=dict)
    prefixes: frozenset[str] = frozenset()
    """What the report writes before paths of the evidence, such as `labs/lab12/`."""

    @cached_property
    def texts(self) -> list[EvidenceFile]:
        """The files that are text with something in it."""
        return [file for file in self.files.values() if file.seen]

    @cached_property
    def outputs(self) -> list[EvidenceFile]:
        """The texts that are no scripts and programs."""
        return [file for file in self.texts if not file.is_program]

    @cached_property
    def holders(self) -> dict[str, list[EvidenceFile]]:
        """The files that have each folded line."""
        holders: dict[str, list[EvidenceFile]] = defaultdict(list)
        for file in self.texts:
            for key in file.places:
                holders[key].append(file)
        return dict(holders)

    @cached_property
    def word_places(self) -> dict[str, list[tuple[EvidenceFile, int]]]:
        """The lines that each word is in, in small letters, without scripts and words of very many lines."""
        places: dict[str, list[tuple[EvidenceFile, int]]] = defaultdict(list)
        for file in self.outputs:
            for at, key in enumerate(file.keys[:_MOST_INDEXED]):
                for word in {one.lower() for one in WORD.findall(key[:LONGEST]) if not one[0].isdigit()}:
                    places[word].append((file, at))
        return {word: found for word, found in places.items() if len(found) <= _MOST_PLACES}

    @cached_property
    def suffixes(self) -> dict[str, list[EvidenceFile]]:
        """The files that each end of a path, in small letters, can mean: `runc/health.txt`, `health.txt`."""
        suffixes: dict[str, list[EvidenceFile]] = defaultdict(list)
        for file in self.files.values():
            parts = [fold(part).lower() for part in file.path.split("/")]
            for start in range(len(parts)):
                suffixes["/".join(parts[start:])].append(file)
        return dict(suffixes)

    @cached_property
    def folders(self) -> frozenset[str]:
        """The names of the folders at the top of the evidence, in small letters."""
        return frozenset(path.split("/")[0].lower() for path in self.files if "/" in path)


def unescape(key: str) -> str:
    r"""Return a line with `"` for `\"`."""
    return key.replace('\\"', '"')


def join(keys: Sequence[str]) -> tuple[str, list[int]]:
    """Return folded lines as one, and where each begins: a blank is only kept between two words.

    >>> join(["Host:", "449", "Kata"])
    ('Host:449 Kata', [0, 5, 9])
    """
    parts: list[str] = []
    starts: list[int] = []
    at, last = 0, ""
    for key in keys:
        if last and _WORDLIKE.match(last) and _WORDLIKE.match(key):
            parts.append(" ")
            at += 1
        parts.append(key)
        starts.append(at)
        at, last = at + len(key), key[-1:]
    return "".join(parts), starts


def read_evidence(tree: Tree, files: Iterable[TreeFile], below: str = "") -> EvidenceIndex:
    """Return the evidence in `files` of a tree; paths are given from the folder `below`."""
    read: dict[str, EvidenceFile] = {}
    left = MOST_BYTES
    for file in files:
        path = file.path.removeprefix(f"{below}/") if below else file.path
        read[path] = _read(tree, file, path, left)
        left -= read[path].size
    return EvidenceIndex(f"{tree.name}/{below}" if below else tree.name, read)


def _read(tree: Tree, file: TreeFile, path: str, left: int) -> EvidenceFile:
    if file.kind is not Kind.FILE:
        return EvidenceFile(path, 0, "", unread=str(file.kind))
    if left <= 0:
        return EvidenceFile(path, 0, "", unread=f"more than {MOST_BYTES} bytes of evidence")
    try:
        data = tree.read(file)
    except LabError as error:
        return EvidenceFile(path, 0, "", unread=error.what)
    sha256 = hashlib.sha256(data).hexdigest()
    text = decode(data)
    if text is None:
        return EvidenceFile(path, len(data), sha256, unread="binary")
    if text.count("\n") + text.count("\r") > _MOST_LINES:
        return EvidenceFile(path, len(data), sha256, unread=f"more than {_MOST_LINES} lines")
    return EvidenceFile(path, len(data), sha256, tuple(lines_of(text)))
