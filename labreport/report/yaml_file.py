"""Reads a lab's YAML files as what they should hold; an error names the file, the line and the key."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import yaml
from pydantic import BaseModel, RootModel, ValidationError

from labreport.contract.reader import explain
from labreport.report.problems import FaultError

_SAFE = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast where libyaml is there
_TEXT = "tag:yaml.org,2002:str"
M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")


class _Loader(_SAFE):  # type: ignore[misc, valid-type] # either has the same methods
    """YAML's safe loader, which need not look twice at what is plain text: that is a third of its time."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:  # noqa: FBT001, FBT002 # its signature
        """Return what a node holds."""
        if node.tag == _TEXT and isinstance(node, yaml.ScalarNode):
            return node.value
        return super().construct_object(node, deep)


class YamlError(FaultError):
    """A YAML file that cannot be used; `file` and `line` are the place, which `what` names, too."""

    def __init__(self, file: str, line: int, what: str, remedy: str, *, column: int = 0) -> None:
        place = f"{file}:{line}:{column}" if column else f"{file}:{line}" if line else file
        super().__init__(f"{place}: {what}", remedy)
        self.file = file
        self.line = line
        self.column = column
        self.message = what


@dataclass(frozen=True)
class YamlFile(Generic[M]):
    """What a YAML file holds; `file` is its path from the project's root."""

    file: str
    value: M
    _node: yaml.MappingNode

    @property
    def lines(self) -> dict[str, int]:
        """The line of each key that stands in no other, 1-based."""
        node = self._node
        return {key.value: key.start_mark.line + 1 for key, _value in node.value}

    def line(self, *keys: object) -> int:
        """Return the line of what stands under `keys`, 1-based; of the last key that is there."""
        return _line_of(self._node, keys)


def read_yaml(path: Path, file: str, model: type[M], remedy: str) -> YamlFile[M]:
    """Return the YAML file `path` as `model`; errors call it `file` and give the `remedy`.

    Raises YamlError: also for a key that is given twice, where YAML would take the last.
    """
    node = _node(path, file, remedy)
    if not isinstance(node, yaml.MappingNode):
        raise YamlError(file, 0, "holds no keys", remedy)
    _check_unique(node, file)
    try:
        value = model.model_validate(_Loader("").construct_document(node))
    except ValidationError as error:
        line = _line_of(node, error.errors(include_url=False)[0]["loc"])
        what = explain(error).replace("Value error, ", "").replace(".[key]", "")
        raise YamlError(file, line, what, remedy) from error
    except (yaml.YAMLError, ValueError) as error:
        raise _not_yaml(file, error, remedy) from error
    return YamlFile(file, value, node)


def read_list(path: Path, model: type[RootModel[list[T]]], remedy: str, *, empty: str) -> list[T]:
    """Return what a lab's YAML list holds; raise FaultError that names the file, the entry and its key.

    `remedy` says what an entry is made of, `empty` what is wrong with a list of none.
    """
    file = f"docs/labs/{path.parent.name}/{path.name}"
    try:
        found = model.model_validate(yaml.safe_load(path.read_text(encoding="utf-8"))).root
    except OSError as error:
        raise FaultError(f"{file}: cannot be read ({error.strerror})", "write it") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FaultError(f"{file}: not YAML: {' '.join(str(error).split())}", "mend it") from error
    except ValidationError as error:
        raise FaultError(f"{file}: {explain(error)}", remedy) from error
    if not found:
        raise FaultError(f"{file}: {empty}", "list some, or leave the table out")
    return found


def _node(path: Path, file: str, remedy: str) -> yaml.Node | None:
    try:
        node: yaml.Node | None = _Loader(path.read_text(encoding="utf-8")).get_single_node()
    except FileNotFoundError as error:
        raise YamlError(file, 0, "no such file", remedy) from error
    except OSError as error:
        raise YamlError(file, 0, f"cannot be read ({error.strerror})", "put a readable file there") from error
    except UnicodeDecodeError as error:
        raise YamlError(file, 0, "not UTF-8", "save it as UTF-8") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise _not_yaml(file, error, "mend that line") from error
    return node


def _not_yaml(file: str, error: Exception, remedy: str) -> YamlError:
    mark = getattr(error, "problem_mark", None)
    what = " ".join(str(getattr(error, "problem", None) or error).split())
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    return YamlError(file, line, f"not YAML: {what}", remedy, column=column)


def _check_unique(node: yaml.Node, file: str) -> None:
    """Raise YamlError where a key is given twice, on whatever level; an alias leads to a node once more."""
    nodes, looked_at = [node], set[int]()
    for one in nodes:  # which grows meanwhile
        if id(one) in looked_at or isinstance(one, yaml.ScalarNode):
            continue
        looked_at.add(id(one))
        if isinstance(one, yaml.MappingNode):
            _check_keys(one, file)
            nodes += [value for _key, value in one.value]
        else:
            nodes += one.value


def _check_keys(node: yaml.MappingNode, file: str) -> None:
    seen: set[str] = set()
    for key, _value in node.value:
        if isinstance(key, yaml.ScalarNode):
            if key.value in seen:
                line = key.start_mark.line + 1
                raise YamlError(file, line, f"{key.value} is given twice", "leave out one of the two")
            seen.add(key.value)


def _line_of(node: yaml.Node, keys: Sequence[object]) -> int:
    line = node.start_mark.line + 1
    for key in keys:
        found = _step(node, key)
        if found is None:
            break
        line, node = found
    return line


def _step(node: yaml.Node, key: object) -> tuple[int, yaml.Node] | None:
    """Return the line of `key` in a node, and what stands under it."""
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key].start_mark.line + 1, node.value[key]
    if isinstance(node, yaml.MappingNode):
        for one, value in node.value:
            if isinstance(one, yaml.ScalarNode) and one.value == str(key):
                return one.start_mark.line + 1, value
    return None
