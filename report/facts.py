"""What a lab's facts.yml declares: each fact's name, the lines that hold it, and how they are read.

No value stands in it. report/readings.py reads the values from the evidence.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import AfterValidator, BeforeValidator, RootModel, ValidationError, model_validator

from collectors.records import EvidencePath, Model, explain
from report.converters import NotThere, Unreadable, convert
from report.embed import Wanted
from report.expressions import names
from report.problems import FaultError
from report.ranges import RANGE
from report.tokens import ExpressionError
from report.units import UnitError, symbol

FACTS_FILE = "facts.yml"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast where libyaml is there
_REMEDY = "docs/reference/facts.md says what a fact is made of"


class FactsError(FaultError):
    """A facts.yml that cannot be used; the text names the file, the key and the remedy."""


def _name(text: str) -> str:
    """Return `text` if an expression takes it for the name of a fact, else raise ValueError."""
    try:
        fine = names(text) == {text}
    except ExpressionError:
        fine = False
    if not fine:
        raise ValueError(f"{text!r} is no name: letters, digits and _, parts joined by dots: startup.kata")
    return text


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
    def wanted(self) -> Wanted:
        """The lines that hold it, as a page would ask for them."""
        return Wanted(self.file, self.lines, self.start, self.end)


class FactsFile(RootModel[dict[Annotated[str, AfterValidator(_name)], Fact]]):
    """`docs/labs/<lab>/facts.yml`: the facts of a lab by name."""


@dataclass(frozen=True)
class Facts:
    """The facts of a lab by name; `file` is their facts.yml, from the project's root."""

    lab: str
    file: str
    facts: Mapping[str, Fact]


def load(path: Path) -> Facts:
    """Return the facts of docs/labs/LAB/facts.yml; raise FactsError."""
    where = "/".join(path.parts[-4:])
    node = _node(path, where)
    if node is None or not isinstance(node, yaml.MappingNode):
        raise FactsError(f"{where}: no facts", "write name: {file: PATH, read: CONVERTER}")
    _check_unique(node, where)
    try:
        facts = FactsFile.model_validate(_LOADER("").construct_document(node)).root
    except ValidationError as error:
        first = error.errors(include_url=False)[0]["loc"]
        line = _line_of(node, str(first[0]) if first else "")
        what = explain(error).replace("Value error, ", "").replace(".[key]", "")
        raise FactsError(f"{where}:{line}: {what}", _REMEDY) from error
    except (yaml.YAMLError, ValueError) as error:
        raise FactsError(f"{where}{_place(error)}: {_problem(error)}", _REMEDY) from error
    return Facts(path.parent.name, where, facts)


def _node(path: Path, where: str) -> yaml.Node | None:
    """Return what a YAML file holds, with the lines; raise FactsError."""
    try:
        node: yaml.Node | None = _LOADER(path.read_text(encoding="utf-8")).get_single_node()
    except FileNotFoundError as error:
        raise FactsError(f"{where}: no such file", "write it: docs/reference/facts.md says how") from error
    except OSError as error:
        raise FactsError(
            f"{where}: cannot be read ({error.strerror})", "put a readable file there"
        ) from error
    except UnicodeDecodeError as error:
        raise FactsError(f"{where}: not UTF-8", "save it as UTF-8") from error
    except (yaml.YAMLError, RecursionError) as error:
        what = f"not YAML: {_problem(error)}"
        raise FactsError(f"{where}{_place(error)}: {what}", "mend that line") from error
    return node


def _place(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    return f":{mark.line + 1}:{mark.column + 1}" if mark else ""


def _problem(error: Exception) -> str:
    return " ".join(str(getattr(error, "problem", None) or error).split())


def _check_unique(node: yaml.MappingNode, where: str) -> None:
    """Raise FactsError where a name, or a key of a fact, is given twice: YAML would take the last."""
    facts = [value for _key, value in node.value if isinstance(value, yaml.MappingNode)]
    for mapping in (node, *facts):
        seen: set[str] = set()
        for key in (key for key, _value in mapping.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                line = key.start_mark.line + 1
                raise FactsError(f"{where}:{line}: {key.value} is given twice", "leave out one of the two")
            seen.add(key.value)


def _line_of(node: yaml.MappingNode, name: str) -> int:
    """Return the line of a fact, 1-based; 1 if it is not found."""
    return next((key.start_mark.line + 1 for key, _value in node.value if key.value == name), 1)
