"""Parse YAML that a stranger may have written. Every error names its line.

Refused are a key that is given twice (YAML would take the last one), deep nesting, aliases that multiply, and
values that Python or a record cannot hold: a 13th month, an endless number.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml parses ten times as fast
MOST_LEVELS = 50
MOST_VALUES = 100_000
"""How many values a file may hold; what an alias names counts each time."""
MOST_BITS = 64
HOW_TO_FIX = (
    "fix that line; a text needs quotes if it contains `: ` or ` #`, or begins with [ { * & ! % @ or `"
)
"""The remedy for text that is not YAML."""
_DEEP = f"not YAML: nested too deeply: more than {MOST_LEVELS} levels"
_MERGE = "tag:yaml.org,2002:merge"
_UNTRUE_TAG = (ValueError, OverflowError, LookupError, TypeError, AttributeError)
"""What PyYAML raises for a scalar that its tag does not fit: `!!int x`, a 13th month."""


class BadYamlError(Exception):
    """YAML that cannot be used: `what` is wrong, and where; line and column are 1-based, 0 if unknown."""

    def __init__(self, what: str, line: int = 0, column: int = 0) -> None:
        super().__init__(what)
        self.what = what
        self.line = line
        self.column = column


class DeepYamlError(BadYamlError):
    """YAML that no recursive parser may see: libyaml's would end the process."""


def compose(text: str) -> yaml.Node | None:
    """Return the root node of a YAML document, None for an empty one; raise BadYamlError."""
    try:
        _check_depth(text)
        node: yaml.Node | None = LOADER(text).get_single_node()
    except yaml.YAMLError as error:
        raise _bad(error) from error
    if node is not None:
        _Check().check(node)
    return node


def value_of(node: yaml.Node) -> Any:
    """Return what a node from `compose` stands for; raise BadYamlError."""
    try:
        return LOADER("").construct_document(node)
    except yaml.YAMLError as error:
        raise _bad(error) from error
    except _UNTRUE_TAG as error:
        raise _at(node, f"not YAML: {error}") from error


def _bad(error: yaml.YAMLError) -> BadYamlError:
    mark = getattr(error, "problem_mark", None)
    what = " ".join(str(getattr(error, "problem", None) or error).split())
    return BadYamlError(f"not YAML: {what}", *((mark.line + 1, mark.column + 1) if mark else ()))


def _at(node: yaml.Node, what: str) -> BadYamlError:
    return BadYamlError(what, node.start_mark.line + 1, node.start_mark.column + 1)


def _check_depth(text: str) -> None:
    """Raise BadYamlError for deep nesting, before a recursive parser sees it."""
    level = 0
    for event in yaml.parse(text, LOADER):
        level += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if level > MOST_LEVELS:
            mark = event.start_mark
            raise DeepYamlError(_DEEP, *((mark.line + 1, mark.column + 1) if mark else ()))


@dataclass
class _Check:
    """Checks the nodes of a document, each once. `known` has the result of each by its id, None meanwhile."""

    loader: Any = field(default_factory=lambda: LOADER(""))
    known: dict[int, tuple[int, int] | None] = field(default_factory=dict)

    def check(self, node: yaml.Node) -> tuple[int, int]:
        """Return how many values a node holds, and in how many levels; what an alias names counts again."""
        if id(node) in self.known:
            known = self.known[id(node)]
            if known is None:
                raise _at(node, "an alias names what it is part of")
            return known
        self.known[id(node)] = None
        if isinstance(node, yaml.ScalarNode):
            self._value(node)
        elif isinstance(node, yaml.MappingNode):
            self._keys(node)
        inside = [self.check(each) for each in _inside(node)]
        size = 1 + sum(size for size, _levels in inside)
        levels = 1 + max((levels for _size, levels in inside), default=0)
        if size > MOST_VALUES:
            raise _at(node, f"more than {MOST_VALUES} values, with those that aliases repeat")
        if levels > MOST_LEVELS + 1:
            raise _at(node, f"{_DEEP}, with those of aliases")
        self.known[id(node)] = (size, levels)
        return size, levels

    def _keys(self, node: yaml.MappingNode) -> None:
        """Raise BadYamlError for a key that is given twice, in whatever form: 1, 0x1 and "1" are one key."""
        seen: set[str] = set()
        for key, _value in node.value:
            if isinstance(key, yaml.ScalarNode):
                forms = {key.value, str(self._value(key))}
                if forms & seen:
                    raise BadYamlError(f"{key.value} is given twice", key.start_mark.line + 1)
                seen |= forms

    def _value(self, node: yaml.ScalarNode) -> object:
        """Return the value of a scalar; raise BadYamlError for one that cannot be held."""
        if node.tag == _MERGE:
            return node.value
        shown = f"{node.value[:40]}…" if len(node.value) > 40 else node.value  # noqa: PLR2004 # as a line shows
        try:
            value = self.loader.construct_object(node)
        except yaml.YAMLError as error:
            raise _bad(error) from error
        except _UNTRUE_TAG as error:
            raise _at(node, f"not YAML: {shown}: {error}") from error
        if isinstance(value, int) and value.bit_length() > MOST_BITS:
            raise _at(node, f"{shown} is a number of more than {MOST_BITS} bits")
        if isinstance(value, float) and not math.isfinite(value):
            raise _at(node, f"{shown} is no finite number")
        return value


def _inside(node: yaml.Node) -> Iterator[yaml.Node]:
    """Yield the nodes that a node holds."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from (key, value)
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value
