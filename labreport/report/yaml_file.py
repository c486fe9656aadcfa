"""Read a lab's YAML files into pydantic models. An error names the file, the line and the key."""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, RootModel, ValidationError

from labreport.contract.strict_yaml import HOW_TO_FIX, BadYamlError, compose, value_of
from labreport.report.problems import FaultError, similar
from labreport.report.uses import note

MOST_BYTES = 1024 * 1024
_KEY = "[key]"
_LONGEST_VALUE = 80
_UNKNOWN = "extra_forbidden"
M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")


class YamlRoot(RootModel[T], Generic[T]):
    """A YAML file whose top is a list, or a mapping with keys of the author's.

    pydantic builds its validator at the first use, as for `labreport.contract.records.Model`.
    """

    model_config = ConfigDict(defer_build=True)


class ValueMistakeError(ValueError):
    """A value that a validator of a model refuses: what is wrong, and what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}: {remedy}")
        self.what = what
        self.remedy = remedy


class YamlError(FaultError):
    """A YAML file that cannot be used; `column` is 1-based, 0 if unknown."""

    def __init__(self, what: str, remedy: str, *, path: str, line: int = 0, column: int = 0) -> None:
        super().__init__(what, remedy, path=path, line=line)
        self.column = column

    @property
    def place(self) -> str:
        """`path:line:column`, or as much of it as is known."""
        return f"{super().place}:{self.column}" if self.column else super().place


@dataclass(frozen=True)
class YamlFile(Generic[M]):
    """The content of a YAML file; `file` is its path from the project's root."""

    file: str
    value: M
    _node: yaml.Node

    @property
    def lines(self) -> dict[str, int]:
        """The line of each top-level key, 1-based."""
        return {key.value: key.start_mark.line + 1 for key, _value in self._node.value}

    def line(self, *keys: object) -> int:
        """Return the line of the value under `keys`, 1-based; of the last key that exists."""
        return _line_and_node(self._node, keys)[0]


def read_yaml(path: Path, file: str, model: type[M], remedy: str) -> YamlFile[M]:
    """Return the mapping in the YAML file `path` as a `model`; errors call the file `file`.

    Raise YamlError, also for a duplicate key, where YAML would take the last one. `remedy` says where the
    keys are documented.
    """
    return _read(path, file, model, remedy, yaml.MappingNode)


def read_yaml_list(path: Path, file: str, model: type[M], remedy: str) -> YamlFile[M]:
    """Return the list in the YAML file `path` as a `model`; raise YamlError as `read_yaml` does."""
    return _read(path, file, model, remedy, yaml.SequenceNode)


def _read(path: Path, file: str, model: type[M], remedy: str, root: type[yaml.CollectionNode]) -> YamlFile[M]:
    text = _text(path, file, remedy)
    try:
        node = compose(text)
        value = None if node is None else value_of(node)
    except BadYamlError as error:
        raise YamlError(error.what, HOW_TO_FIX, path=file, line=error.line, column=error.column) from error
    if not isinstance(node, root):
        content = "keys" if root is yaml.MappingNode else "list"
        raise YamlError(f"holds no {content}", remedy, path=file)
    try:
        return YamlFile(file, model.model_validate(value), node)
    except ValidationError as error:
        raise _invalid(error, node, file, remedy, model) from error


def _text(path: Path, file: str, remedy: str) -> str:
    """Return the text of a YAML file; raise YamlError for what is no file, too large, or not UTF-8."""
    note(str(path))
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as opened:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise YamlError("not a file", "put a readable file there", path=file)
            data = opened.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise YamlError("no such file", remedy, path=file) from error
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise YamlError(what, "put a readable file there", path=file) from error
    if len(data) > MOST_BYTES:
        raise YamlError(f"more than {MOST_BYTES} bytes", "make it smaller", path=file)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise YamlError("not UTF-8", "save it as UTF-8", path=file, line=line) from error


def _invalid(error: ValidationError, node: yaml.Node, file: str, remedy: str, model: type[M]) -> YamlError:
    """Return the first mistake that a validation found, and how many more there are.

    An unknown key comes first: the key for which it was meant may be missing, and the two are one mistake.
    """
    errors = error.errors(include_url=False)
    unknown = {
        place: similar(str(place[-1]), _keys_at(model, place[:-1]))
        for place in (one["loc"] for one in errors if one["type"] == _UNKNOWN)
    }
    explained = {(*place[:-1], key) for place, key in unknown.items() if key}
    mistakes = [one for one in errors if not (one["type"] == "missing" and one["loc"] in explained)]
    first = next((one for one in mistakes if one["type"] == _UNKNOWN), mistakes[0])
    place, cause = first["loc"], first.get("ctx", {}).get("error")
    line, value = _line_and_node(node, place)
    what = first["msg"].removeprefix("Value error, ")
    if place in unknown:
        what = f"there is no key {str(place[-1])!r}"
        known = f"use one of: {', '.join(_keys_at(model, place[:-1]))}"
        remedy = f"is {unknown[place]} meant?" if unknown[place] else known
    elif first["type"] == "string_type" and isinstance(first["input"], bool | int | float):
        text = value.value if isinstance(value, yaml.ScalarNode) else str(first["input"])
        kind = "true or false" if isinstance(first["input"], bool) else "a number"
        what, remedy = f"YAML reads {text} as {kind}, not as text", f'write it in quotes: "{text}"'
    elif isinstance(cause, ValueMistakeError):
        what, remedy = cause.what, cause.remedy
    more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
    keys = [str(part) for part in place if part != _KEY] or ["the whole"]
    if place[-1:] == (_KEY,) and isinstance(value, yaml.ScalarNode):
        keys[-1] = value.value
    return YamlError(f"{'.'.join(keys)}: {what}{more}", remedy, path=file, line=line)


def _keys_at(model: type[M], place: Sequence[object]) -> list[str]:
    """Return the keys that a model has at a place in a file, by its JSON Schema."""
    schema = model.model_json_schema()
    nodes: list[dict[str, Any]] = [schema]
    for part in [*place, None]:
        nodes = [
            schema["$defs"][one["$ref"].rpartition("/")[2]] if "$ref" in one else one
            for node in nodes
            for one in node.get("anyOf", [node])
        ]
        if part is not None:
            steps = (
                node.get("properties", {}).get(part) or node.get("additionalProperties") or node.get("items")
                for node in nodes
            )
            nodes = [step for step in steps if isinstance(step, dict)]
    return sorted(key for node in nodes for key in node.get("properties", {}))


def _line_and_node(node: yaml.Node, keys: Sequence[object]) -> tuple[int, yaml.Node]:
    """Return the line and the node of the value under `keys`, or of the last of them that exists.

    pydantic calls a key that is wrong `[key]`; the node is then that of the key.
    """
    line = node.start_mark.line + 1
    for number, key in enumerate(keys):
        step = _step(node, key)
        if step is None:
            break
        line, key_node, node = step
        if keys[number + 1 :] == (_KEY,):
            return line, key_node
    return line, node


def _step(node: yaml.Node, key: object) -> tuple[int, yaml.Node, yaml.Node] | None:
    """Return the line of `key` in a node, its node, and the value under it; None if the key is not there."""
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key].start_mark.line + 1, node, node.value[key]
    if isinstance(node, yaml.MappingNode):
        for key_node, value in node.value:
            if isinstance(key_node, yaml.ScalarNode) and str(key) in _spellings(key_node):
                return key_node.start_mark.line + 1, key_node, value
    return None


def _spellings(key: yaml.ScalarNode) -> set[str]:
    """Return a key as it is written, and as pydantic names what YAML reads: 1.10 is 1.1, and `no` is 0."""
    value = value_of(key)
    return {key.value, str(int(value) if isinstance(value, bool) else value)}


def as_written(value: object) -> str:
    """Return a value of YAML as a file would write it, not as Python does; at most 80 characters.

    >>> as_written("a"), as_written(True), as_written(None), as_written(["a", 1])
    ("'a'", 'true', 'empty', '[a, 1]')
    """
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    nested = isinstance(value, list | dict)
    text = yaml.safe_dump(value, default_flow_style=True, width=10**6).strip() if nested else repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
