"""The facts that a lab declares in its facts.yml: name, lines, converter, unit. It contains no values.

labreport/report/facts/readings.py reads the values from the evidence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, model_validator

from labreport.contract.fields import EvidencePath
from labreport.contract.records import Model
from labreport.report.facts.converters import CONVERTERS, Converter, select
from labreport.report.facts.expressions.tokens import is_name
from labreport.report.locales import LocaleName
from labreport.report.problems import FaultError
from labreport.report.source.patterns import LONGEST, compiled
from labreport.report.source.slices import RANGE, SliceRequest
from labreport.report.values import UnitError, symbol
from labreport.report.yaml_file import ValueMistakeError, YamlError, YamlRoot, read_yaml

FACTS_FILE = "facts.yml"
_REMEDY = "manual/reference/facts.md lists the keys of a fact"


def _name(text: str) -> str:
    """Return `text` if an expression can use it as the name of a fact, else raise ValueError."""
    if not is_name(text):
        remedy = "use letters, digits and _, in parts joined by dots: startup.kata"
        raise ValueMistakeError(f"{text!r} is not a name", remedy)
    return text


def _range(text: object) -> object:
    """Return `text` if it is a range or no text, else raise ValueError."""
    if isinstance(text, str) and not RANGE.fullmatch(text):
        raise ValueMistakeError(f"{text!r} is not a range of lines", 'write "3" or "3:7"')
    return text


def _pattern(text: str) -> str:
    try:
        compiled(text)
    except ValueError as error:
        raise ValueMistakeError(f"{text[:LONGEST]!r} {error}", "correct the pattern") from error
    return text


def _unit(text: str) -> str:
    try:
        return symbol(text)
    except UnitError as error:
        raise ValueMistakeError(error.what, error.remedy) from error


Pattern = Annotated[str, AfterValidator(_pattern)]


class Fact(Model):
    """One fact: `read` is a converter with its argument, `lines` or `start` and `end` select lines of `file`.

    `start` and `end` are patterns: from the first line that matches `start` to the next that matches `end`.
    `unit` is the unit of the value: a plain number gets it, a quantity is converted. A `volatile` fact
    differs from run to run on one host. `locale` says how the file writes numbers, with which commas.
    """

    file: EvidencePath
    read: str
    lines: Annotated[str, BeforeValidator(_range)] | None = None
    start: Pattern | None = None
    end: Pattern | None = None
    unit: Annotated[str, AfterValidator(_unit)] | None = None
    volatile: bool = False
    locale: LocaleName | None = None

    @model_validator(mode="after")
    def _check_lines(self) -> Self:
        if self.lines is not None and (self.start is not None or self.end is not None):
            raise ValueError("lines are given by number and by content: remove one of the two")
        return self

    @property
    def is_ratio_of_times(self) -> bool:
        """Whether the value is a plain number that compares the times of a series."""
        return self.read.startswith("series ") and " / " in self.read

    @property
    def request(self) -> SliceRequest:
        """The lines of the fact, as a page would request them."""
        return SliceRequest(self.file, self.lines, self.start, self.end)


class FactsFile(YamlRoot[dict[Annotated[str, AfterValidator(_name)], Fact]]):
    """`docs/labs/LAB/facts.yml`: the facts of a lab by name."""


@dataclass(frozen=True)
class Facts:
    """The facts of a lab by name, and the converters that read them.

    `file` is the path of facts.yml from the root, `lines` has the line of each fact in it.
    """

    lab: str
    file: str
    facts: Mapping[str, Fact]
    lines: Mapping[str, int]
    converters: Mapping[str, Converter]


def load_facts(path: Path, converters: Mapping[str, Converter] = CONVERTERS) -> Facts:
    """Return the facts of docs/labs/LAB/facts.yml, read with `converters`; raise YamlError.

    The default are the tool's converters: loading facts runs no code of the lab.
    """
    file = "/".join(path.parts[-4:])
    loaded = read_yaml(path, file, FactsFile, _REMEDY)
    for name, fact in loaded.value.root.items():
        try:
            select(fact.read, converters, fact.locale)
        except FaultError as error:
            line = loaded.line(name, "read")
            raise YamlError(f"{name}.read: {error.what}", error.remedy, path=file, line=line) from error
    return Facts(path.parent.name, file, loaded.value.root, loaded.lines, converters)
