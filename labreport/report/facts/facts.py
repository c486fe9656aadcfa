"""What a lab's facts.yml declares: each fact's name, the lines that hold it, and how they are read.

No value stands in it. labreport/report/facts/readings.py reads the values from the evidence.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, RootModel, model_validator

from labreport.contract.records import EvidencePath, Model
from labreport.report.facts.converters import NotThere, Unreadable, convert
from labreport.report.facts.expressions.tokens import is_name
from labreport.report.problems import FaultError
from labreport.report.source.ranges import RANGE
from labreport.report.source.slices import SliceRequest
from labreport.report.values.units import UnitError, symbol
from labreport.report.yaml_file import read_yaml

FACTS_FILE = "facts.yml"
_REMEDY = "manual/reference/facts.md says what a fact is made of"


def _name(text: str) -> str:
    """Return `text` if an expression takes it for the name of a fact, else raise ValueError."""
    if not is_name(text):
        raise ValueError(f"{text!r} is no name: letters, digits and _, parts joined by dots: startup.kata")
    return text


@cache
def _way(how: str) -> str:
    """Return `how` if it names a converter with what that takes, else raise ValueError."""
    try:
        convert(how, "")
    except FaultError as error:
        raise ValueError(str(error)) from error
    except (NotThere, Unreadable):
        pass
    return how


def _range(text: object) -> object:
    """Return `text` if it is a range; raise ValueError. YAML takes 3:7 for a number to the base 60."""
    if not isinstance(text, str) or not RANGE.fullmatch(text):
        raise ValueError('no range: write it in quotes: lines: "3:7"')
    return text


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no pattern: {error}: mend the expression") from error
    return text


def _unit(text: str) -> str:
    try:
        return symbol(text)
    except UnitError as error:
        raise ValueError(str(error)) from error


Pattern = Annotated[str, AfterValidator(_pattern)]


class Fact(Model):
    """One fact: `read` names a converter and what it takes; `lines`, or `start` and `end`, say where.

    `start` and `end` are patterns: from the first line that matches `start` to the next that matches `end`.
    `unit` is what the value is converted into, or gets where it is a plain number. A `volatile` one differs
    from run to run on one host.
    """

    file: EvidencePath
    read: Annotated[str, AfterValidator(_way)]
    lines: Annotated[str, BeforeValidator(_range)] | None = None
    start: Pattern | None = None
    end: Pattern | None = None
    unit: Annotated[str, AfterValidator(_unit)] | None = None
    volatile: bool = False

    @model_validator(mode="after")
    def _one_way_to_say_where(self) -> Self:
        if self.lines is not None and (self.start is not None or self.end is not None):
            raise ValueError("lines are given by number and by content: leave out one of the two")
        return self

    @property
    def request(self) -> SliceRequest:
        """The lines that hold it, as a page would ask for them."""
        return SliceRequest(self.file, self.lines, self.start, self.end)


class FactsFile(RootModel[dict[Annotated[str, AfterValidator(_name)], Fact]]):
    """`docs/labs/<lab>/facts.yml`: the facts of a lab by name."""


@dataclass(frozen=True)
class Facts:
    """The facts of a lab by name; `file` is their facts.yml from the root, `lines` where each is."""

    lab: str
    file: str
    facts: Mapping[str, Fact]
    lines: Mapping[str, int]


def load(path: Path) -> Facts:
    """Return the facts of docs/labs/LAB/facts.yml; raise YamlError."""
    where = "/".join(path.parts[-4:])
    found = read_yaml(path, where, FactsFile, _REMEDY)
    return Facts(path.parent.name, where, found.value.root, found.lines)
