"""Read a lab's YAML files into pydantic models. An error names the file, the line and the key."""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from labreport.contract.reader import explain
from labreport.contract.strict_yaml import BadYamlError, compose, value_of
from labreport.report.problems import FaultError

MOST_BYTES = 1024 * 1024
_QUOTES = "write it in quotes"
M = TypeVar("M", bound=BaseModel)


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
        return _line_of(self._node, keys)


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
        raise YamlError(
            error.what, "fix that line", path=file, line=error.line, column=error.column
        ) from error
    if not isinstance(node, root):
        content = "keys" if root is yaml.MappingNode else "list"
        raise YamlError(f"holds no {content}", remedy, path=file)
    try:
        return YamlFile(file, model.model_validate(value), node)
    except ValidationError as error:
        raise _invalid(error, node, file, remedy) from error


def _text(path: Path, file: str, remedy: str) -> str:
    """Return the text of a YAML file; raise YamlError for what is no file, too large, or not UTF-8."""
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


def _invalid(error: ValidationError, node: yaml.Node, file: str, remedy: str) -> YamlError:
    """Return the first error of a validation; a number or boolean in place of a text needs quotes."""
    first = error.errors(include_url=False)[0]
    what = explain(error).replace("Value error, ", "").replace(".[key]", "")
    if first["type"] == "string_type" and isinstance(first["input"], bool | int | float):
        what, remedy = f"{what}, YAML reads {type(first['input']).__name__} {first['input']}", _QUOTES
    return YamlError(what, remedy, path=file, line=_line_of(node, first["loc"]))


def _line_of(node: yaml.Node, keys: Sequence[object]) -> int:
    line = node.start_mark.line + 1
    for key in keys:
        step = _step(node, key)
        if step is None:
            break
        line, node = step
    return line


def _step(node: yaml.Node, key: object) -> tuple[int, yaml.Node] | None:
    """Return the line of `key` in a node, and the value under it; None if the key is not there."""
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key].start_mark.line + 1, node.value[key]
    if isinstance(node, yaml.MappingNode):
        for key_node, value in node.value:
            if isinstance(key_node, yaml.ScalarNode) and key_node.value == str(key):
                return key_node.start_mark.line + 1, value
    return None
