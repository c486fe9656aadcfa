"""Names in a report's text that evidence can hold: kernels, versions, CPU models, identifiers, addresses."""

import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from labreport.audit.evidence import NOTHING, EvidenceFile, EvidenceIndex
from labreport.audit.inputs.text import Line, fold, shown
from labreport.audit.model import Level, Passage, Value, ValueType, ValueVerdict
from labreport.audit.quotes.markdown import Element, TextElement, TextKind
from labreport.audit.rules import rule_of
from labreport.audit.sides import side_of, side_of_line
from labreport.audit.values.measured import label_of, words_of
from labreport.audit.values.stated import visible

_TOKEN = re.compile(r"[\w][\w.:+~@-]*[\w+]|\w")
_KERNEL = re.compile(r"(?<![\w./:-])[2-7]\.[0-9]{1,2}\.[0-9]{1,3}(?:[-+.~][\w.+~-]*\w)?(?![\w/])")
_VERSION = re.compile(r"(?<![\w./:@-])v?[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,4}(?:[-+~][\w.+~-]*\w)?(?![\w/.])")
_HEX = re.compile(
    r"(?<![\w./-])(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{12})(?![\w-])"
)
_ADDRESS = re.compile(
    r"(?<![\w.:-])(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|(?:[0-9a-f]{2}:){5}[0-9a-f]{2}"
    r"|[0-9a-f]{1,4}(?:::?[0-9a-f]{1,4}){2,7})(?![\w.:])",
    re.IGNORECASE,
)
_CPU = re.compile(
    r"(?:[0-9]{1,2}th Gen )?(?:Intel\(R\)|AMD (?:EPYC|Ryzen|Athlon|Opteron|FX)"
    r"|QEMU Virtual CPU|Neoverse|Apple M[0-9]|Cortex-)"
    r"[^`|\n*;,\"]{0,80}"
)
_KERNEL_WORDS = frozenset({"kernel", "kernels", "linux", "uname", "guest"})
_MAC, _HASH = 17, 40
_NEAR = 80
"""How many characters before the model of a processor say whose it is."""
_MOST_LINES = 5000


@dataclass(frozen=True)
class _LinePlace:
    file: EvidenceFile
    line: Line


@dataclass(frozen=True)
class Names:
    """The words of the evidence, each with the first place where it is."""

    evidence: EvidenceIndex

    @cached_property
    def tokens(self) -> dict[str, dict[str, _LinePlace]]:
        """The first place of each word in each file that has it, in small letters; programs come last."""
        places: dict[str, dict[str, _LinePlace]] = defaultdict(dict)
        for file in sorted(self.evidence.texts, key=lambda one: one.is_program):
            for line in file.seen[:_MOST_LINES]:
                place = _LinePlace(file, line)
                for token in _TOKEN.findall(line.text[:_MOST_LINES]):
                    places[token.lower()].setdefault(file.path, place)
                    for part in re.split(r"[@:/]", token) if re.search(r"[@:/]", token) else ():
                        places[part.lower()].setdefault(file.path, place)
        return dict(places)

    @cached_property
    def kernels(self) -> list[tuple[str, frozenset[str], _LinePlace]]:
        """Each kernel of the evidence, with the words that say whose it is."""
        found = []
        for file in self.evidence.outputs:
            for line in file.seen[:_MOST_LINES]:
                for kernel in _KERNEL.finditer(line.text[:_MOST_LINES]):
                    words = words_of(line.text[: kernel.start()]) | words_of(file.path.replace("_", " "))
                    if words & _KERNEL_WORDS or len(file.seen) == 1:
                        labels = words_of(line.text[: kernel.start()].split(":")[0])
                        found.append((kernel[0], labels, _LinePlace(file, line)))
        return found

    @cached_property
    def processors(self) -> list[tuple[str, str, _LinePlace]]:
        """Each model of a processor in the evidence, with whose it is: `guest`, `host` or empty."""
        return [
            (
                found[0].strip(" .,:)"),
                side_of_line(file, at, line.text[: found.start()]),
                _LinePlace(file, line),
            )
            for file in self.evidence.outputs
            for at, line in enumerate(file.seen[:_MOST_LINES])
            for found in _CPU.finditer(line.text[:_MOST_LINES])
        ]

    def place(self, name: str, near: frozenset[str]) -> _LinePlace | None:
        """Return the first place of a name, a word or several: in a file of `near` if one of them has it."""
        if found := self.tokens.get(name.lower()):
            return _nearest(found, near)
        folded = fold(name).lower()
        words = [token.lower() for token in _TOKEN.findall(folded)]
        if not words or any(word not in self.tokens for word in words):
            return None
        for file in sorted(self.evidence.texts, key=lambda one: one.path not in near):
            for line in file.seen[:_MOST_LINES]:
                if folded in line.folded[:_MOST_LINES].lower():
                    return _LinePlace(file, line)
        return None


def judge_names(elements: Sequence[Element], file: str, evidence: EvidenceIndex) -> Iterator[Value]:
    """Yield the verdict on each name in the text of a report, in order."""
    names = Names(evidence)
    heading = lead = ""
    for element in elements:
        if isinstance(element, TextElement):
            text = visible(element.text, with_ticks=True)
            context = words_of(text)
            if element.kind is TextKind.HEADING:
                heading, lead = side_of(text), ""
            for kind, found in _names_in(text, context):
                yield _value(kind, found, (element, text, file, lead or heading), names)
            if text.rstrip().endswith(":"):
                lead = side_of(text)


def _names_in(text: str, context: frozenset[str]) -> Iterator[tuple[ValueType, re.Match[str]]]:
    taken: list[tuple[int, int]] = []
    patterns = (
        (ValueType.CPU, _CPU), (ValueType.ADDRESS, _ADDRESS), (ValueType.IDENTIFIER, _HEX),
        (ValueType.KERNEL, _KERNEL), (ValueType.VERSION, _VERSION),
    )  # fmt: skip
    found: list[tuple[int, ValueType, re.Match[str]]] = []
    for kind, pattern in patterns:
        for one in pattern.finditer(text):
            if any(first < one.end() and one.start() < last for first, last in taken):
                continue
            if kind is ValueType.KERNEL and not _is_kernel(text, one, context):
                continue
            if kind is ValueType.ADDRESS and not _is_address(one[0]):
                continue
            taken.append(one.span())
            found.append((one.start(), kind, one))
    for _start, kind, one in sorted(found, key=lambda one: one[0]):
        yield kind, one


def _is_kernel(text: str, found: re.Match[str], context: frozenset[str]) -> bool:
    """Return whether a version is that of a kernel: it has a suffix, or the words before it say so."""
    before = words_of(text[max(0, found.start() - 40) : found.start()])
    suffix = re.search(
        r"-(?:generic|arch|wsl|microsoft|amd64|cloud|aws|azure|gcp|lts|zen|rc|fc|el)|[-.]\w*\d", found[0][5:]
    )
    return bool(before & _KERNEL_WORDS) or bool(suffix and context & _KERNEL_WORDS)


def _is_address(text: str) -> bool:
    """Return whether a text is an address of one host, and not one that every host has."""
    if len(text) == _MAC and text.count(":") == 5:  # noqa: PLR2004 # colons of a MAC address
        return set(text.lower()) > set("0:") and text.lower() != "ff:ff:ff:ff:ff:ff"
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (
        address.is_loopback
        or address.is_unspecified
        or address.is_multicast
        or ("." not in text and "::" not in text)
    )


def _value(
    kind: ValueType, found: re.Match[str], where: tuple[TextElement, str, str, str], names: Names
) -> Value:
    element, text, file, heading = where
    name, before = found[0].strip(" .,:)"), text[: found.start()]
    if kind is ValueType.CPU and names.evidence.files:
        near = before[-_NEAR:].rpartition("|")[2]
        verdict, why, place, expected, level = _processor(name, side_of(near) or heading, names)
    else:
        verdict, why, place, expected, level = _verdict(kind, name, before, names, element.near)
    rule = rule_of(verdict)
    line = element.line + text.count("\n", 0, found.start())
    row = text.split("\n")[text.count("\n", 0, found.start())]
    evidence = () if place is None else (_passage(place),)
    return Value(
        rule=rule.id, level=level or rule.level, line=line,
        column=found.start() - text.rfind("\n", 0, found.start()), why=why,
        report=Passage(file, line, line, shown(" ".join(row.split()))), evidence=evidence,
        identity=f"{kind} {name}", verdict=verdict, kind=kind, text=shown(name), expected=expected,
    )  # fmt: skip


def _verdict(
    kind: ValueType, name: str, before: str, names: Names, near: frozenset[str] = frozenset()
) -> tuple[ValueVerdict, str, _LinePlace | None, str, Level | None]:
    if not names.evidence.files:
        return ValueVerdict.NOT_JUDGED, NOTHING, None, "", None
    place = names.place(name, near) or (names.place(name[1:], near) if name.startswith("v") else None)
    if place:
        return ValueVerdict.FOUND, f"in {_at(place)}", place, "", None
    if kind is ValueType.KERNEL:
        return _kernel(name, before, names)
    if kind is ValueType.IDENTIFIER:
        found = next((places for token, places in names.tokens.items() if token.startswith(name)), None)
        if found:
            longer = _nearest(found, near)
            return ValueVerdict.FOUND, f"the beginning of one in {_at(longer)}", longer, "", None
    return ValueVerdict.NOWHERE, "no evidence has it", None, "", Level.NOTE


def _processor(
    name: str, side: str, names: Names
) -> tuple[ValueVerdict, str, _LinePlace | None, str, Level | None]:
    """Return the verdict on the model of a processor; `side` is whose it is, as the report says."""
    folded = fold(name).lower()
    same = [one for one in names.processors if folded in one[2].line.folded[:_MOST_LINES].lower()]
    fitting = [one for one in same if not side or one[1] in {side, ""}]
    best = max(fitting, key=lambda one: one[1] == side, default=None)
    if best:
        return ValueVerdict.FOUND, f"in {_at(best[2])}", best[2], "", None
    if same:
        others = [one for one in names.processors if one[1] == side]
        place, whose = (others or same)[0][2], same[0][1]
        why = f"{_at(same[0][2])} has it as that of the {whose}"
        if not others:
            return ValueVerdict.FOUND, why, place, "", Level.NOTE
        expected = others[0][0]
        why = f"the evidence has {expected} in {_at(place)} for the {side}, and {why}"
        return ValueVerdict.CONTRADICTED, why, place, expected, None
    return _verdict(ValueType.CPU, name, "", names)


def _kernel(
    name: str, before: str, names: Names
) -> tuple[ValueVerdict, str, _LinePlace | None, str, Level | None]:
    """Return the verdict on a kernel that is in no evidence as it is."""
    for kernel, _labels, place in names.kernels:
        if kernel.startswith(name) and kernel[len(name) :][:1] in {"-", "."}:
            return ValueVerdict.ROUNDED, f"{kernel} in {_at(place)}, cut", place, "", None
    label = label_of(before)
    same = [
        (kernel, place) for kernel, labels, place in names.kernels if label and label <= labels | {"version"}
    ]
    if (
        same
        and len({kernel for kernel, _place in same}) == 1
        and label & {"host", "guest", "kata", "vm", "runc"}
    ):
        kernel, place = same[0]
        return ValueVerdict.CONTRADICTED, f"the evidence has {kernel} in {_at(place)}", place, kernel, None
    if names.kernels:
        kernel, _labels, place = names.kernels[0]
        return ValueVerdict.DIFFERS, f"the evidence has {kernel} in {_at(place)}", place, kernel, None
    return ValueVerdict.NOWHERE, "no evidence has it", None, "", Level.NOTE


def _nearest(places: Mapping[str, _LinePlace], near: frozenset[str]) -> _LinePlace:
    """Return the first of the places of a word, in a file of `near` if one of them has it."""
    return next((place for path, place in places.items() if path in near), next(iter(places.values())))


def _at(place: _LinePlace) -> str:
    return f"{place.file.path}:{place.line.number}"


def _passage(place: _LinePlace) -> Passage:
    return Passage(place.file.path, place.line.number, place.line.number, shown(place.line.text))
