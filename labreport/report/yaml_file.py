"""Read a lab's YAML files into pydantic models. An error names the file, the line and the key."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from labreport.contract.reader import explain
from labreport.report.problems import FaultError

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml parses ten times as fast
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
    node = _parse(path, file, remedy)
    if not isinstance(node, root):
        content = "keys" if root is yaml.MappingNode else "list"
        raise YamlError(f"holds no {content}", remedy, path=file)
    _check_unique(node, file)
    try:
        value = model.model_validate(_LOADER("").construct_document(node))
    except ValidationError as error:
        raise _invalid(error, node, file, remedy) from error
    except (yaml.YAMLError, ValueError) as error:
        raise _not_yaml(file, error, remedy) from error
    return YamlFile(file, value, node)


def _parse(path: Path, file: str, remedy: str) -> yaml.Node | None:
    try:
        node: yaml.Node | None = _LOADER(path.read_text(encoding="utf-8")).get_single_node()
    except FileNotFoundError as error:
        raise YamlError("no such file", remedy, path=file) from error
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise YamlError(what, "put a readable file there", path=file) from error
    except UnicodeDecodeError as error:
        raise YamlError("not UTF-8", "save it as UTF-8", path=file) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise _not_yaml(file, error, "fix that line") from error
    return node


def _not_yaml(file: str, error: Exception, remedy: str) -> YamlError:
    mark = getattr(error, "problem_mark", None)
    what = " ".join(str(getattr(error, "problem", None) or error).split())
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    return YamlError(f"not YAML: {what}", remedy, path=file, line=line, column=column)


def _invalid(error: ValidationError, node: yaml.Node, file: str, remedy: str) -> YamlError:
    """Return the first error of a validation; a number or boolean in place of a text needs quotes."""
    first = error.errors(include_url=False)[0]
    what = explain(error).replace("Value error, ", "").replace(".[key]", "")
    if first["type"] == "string_type" and isinstance(first["input"], bool | int | float):
        what, remedy = f"{what}, YAML reads {type(first['input']).__name__} {first['input']}", _QUOTES
    return YamlError(what, remedy, path=file, line=_line_of(node, first["loc"]))


def _check_unique(root: yaml.Node, file: str) -> None:
    """Raise YamlError for a duplicate key on any level."""
    nodes, visited = deque([root]), set[int]()
    while nodes:
        node = nodes.popleft()
        if id(node) in visited or isinstance(node, yaml.ScalarNode):  # an alias leads to a node again
            continue
        visited.add(id(node))
        if isinstance(node, yaml.MappingNode):
            _check_keys(node, file)
            nodes += [value for _key, value in node.value]
        else:
            nodes += node.value


def _check_keys(node: yaml.MappingNode, file: str) -> None:
    seen: set[str] = set()
    for key, _value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            continue
        if key.value in seen:
            what, line = f"{key.value} is given twice", key.start_mark.line + 1
            raise YamlError(what, "remove one of the two", path=file, line=line)
        seen.add(key.value)


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
