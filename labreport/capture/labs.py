"""Finds the labs: a lab is a folder of collectors/ with a lab.yml; nobody lists it."""

import ast
import heapq
import importlib
import re
import sys
import traceback
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml
from pydantic import ValidationError

from labreport.capture.declare import Collector, DeclarationError
from labreport.contract.lab_config import Lab
from labreport.contract.reader import explain
from labreport.contract.records import HOSTS, Source

LAB_FILE = "lab.yml"
LAB_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,119}")


@dataclass(frozen=True)
class FoundLab:
    """A lab's folder, what its lab.yml says, and its collectors in the order in which they run."""

    name: str
    folder: Path
    config: Lab
    collectors: tuple[Collector, ...]


def lab_names(root: Path) -> list[str]:
    """Return the names of the project's labs, sorted."""
    return sorted(path.parent.name for path in (root / "collectors").glob(f"*/{LAB_FILE}"))


def find_lab(root: Path, name: str) -> FoundLab:
    """Return a lab with its collectors; raise DeclarationError for one that is not there or is wrong."""
    if not LAB_NAME.fullmatch(name) or name == HOSTS:
        raise DeclarationError(
            f"{name}: no name for a lab: small letters, digits, _ and -, and not `{HOSTS}`"
        )
    folder = root / "collectors" / name
    config = read_config(folder / LAB_FILE, root)
    _make_importable(folder.parent)
    found: list[Collector] = []
    for path in sorted(folder.glob("*.py")):
        module = _import(f"collectors.{name}.{path.stem}", path, root)
        if Path(module.__file__ or "").resolve() != path.resolve():
            raise DeclarationError(
                f"collectors/{name}: {module.__name__} is there already: give the lab another name"
            )
        declared = {one.name: one for one in vars(module).values() if isinstance(one, Collector)}
        own = [one for one in declared.values() if one.module == module.__name__]
        if twice := _declared_twice(path.read_text(encoding="utf-8"), len(own)):
            raise DeclarationError(f"collectors/{name}: two collectors are called {twice}: rename one")
        found += own
    return FoundLab(name, folder, config, ordered(name, found))


def _make_importable(collectors: Path) -> None:
    """Make `collectors.LAB` importable from the folder `collectors`, which need not be a package."""
    package = sys.modules.setdefault("collectors", ModuleType("collectors"))
    places = list(getattr(package, "__path__", []))
    package.__path__ = places if str(collectors) in places else [*places, str(collectors)]


def _import(module: str, path: Path, root: Path) -> ModuleType:
    """Import a lab's module; raise DeclarationError that names the file and the line for what it raises."""
    where = path.relative_to(root).as_posix()
    try:
        return importlib.import_module(module)
    except DeclarationError as error:
        raise DeclarationError(f"{where}: {error}") from error
    except (Exception, SystemExit) as error:
        lab = f"/{where.rpartition('/')[0]}/"
        places = [(one.filename, one.lineno) for one in traceback.extract_tb(error.__traceback__)]
        if isinstance(error, SyntaxError):
            places.append((error.filename or "", error.lineno))
        file, line = next(((file, line) for file, line in reversed(places) if lab in file), (where, 1))
        place = f"{lab[1:]}{file.rpartition(lab)[2]}" if lab in file else where
        what = str(error).replace(f"{root}/", "")
        raise DeclarationError(f"{place}:{line or 1}: {type(error).__name__}: {what}") from error


class _UniqueKeys(yaml.SafeLoader):
    """YAML's safe subset; a key that is given twice is a mistake, not the last one's."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - yaml's own signature
        """Return a mapping; raise ConstructorError for a key that is there twice."""
        given = [key for key, _value in node.value if key.tag != "tag:yaml.org,2002:merge"]
        seen: set[Any] = set()
        for key in given:
            value = self.construct_object(key, deep=True)
            if isinstance(value, Hashable) and value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{value!r} is given twice", key.start_mark
                )
            seen |= {value} if isinstance(value, Hashable) else set()
        return super().construct_mapping(node, deep)


def read_config(path: Path, root: Path) -> Lab:
    """Return a lab.yml; raise DeclarationError that names the file, the line or the key, and the mistake."""
    where = path.relative_to(root).as_posix()
    try:
        text = path.read_text(encoding="utf-8")
        return Lab.model_validate(yaml.load(text, _UniqueKeys))  # noqa: S506 - a safe loader, but stricter
    except FileNotFoundError:
        names = ", ".join(lab_names(root)) or "none"
        raise DeclarationError(f"{where}: not there: the labs are: {names}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        what = " ".join(str(getattr(error, "problem", error)).split())
        raise DeclarationError(f"{where}{line}: not YAML: {what}") from None
    except RecursionError:
        raise DeclarationError(f"{where}: nested too deeply: keep to manual/reference/lab-yml.md") from None
    except OSError as error:
        raise DeclarationError(f"{where}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise DeclarationError(f"{where}: not UTF-8 (byte {error.start}): save it as UTF-8") from None
    except ValidationError as error:
        raise DeclarationError(f"{where}: {explain(error)}: see manual/reference/lab-yml.md") from None


def ordered(lab: str, found: list[Collector]) -> tuple[Collector, ...]:
    """Return collectors in the order in which they run: by `after`, then task, module and line.

    Raise DeclarationError for two of one name or one file, an `after` that is not in the lab, or a circle.
    """
    names: dict[str, Collector] = {}
    writers: dict[str, str] = {}
    for one in found:
        if one.name in names:
            raise DeclarationError(f"collectors/{lab}: two collectors are called {one.name}: rename one")
        names[one.name] = one
        for path in one.writes:
            if path in writers:
                raise DeclarationError(
                    f"collectors/{lab}: {writers[path]} and {one.name} both write {path}: rename one file"
                )
            writers[path] = one.name
    by_place = sorted(found, key=lambda one: (one.task or 0, one.edition or 0, one.module, one.line))
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for one in by_place:
        for earlier in one.after:
            if names.get(earlier.name) is not earlier:
                raise DeclarationError(
                    f"collectors/{lab}: {one.name} is after {earlier.name}: not in this lab"
                )
        sorter.add(one.name, *(earlier.name for earlier in one.after))
    try:
        sorter.prepare()
    except CycleError as error:
        raise DeclarationError(f"collectors/{lab}: a circle of after: {' → '.join(error.args[1])}") from None
    return tuple(names[name] for name in _by_rank(sorter, [one.name for one in by_place]))


def _by_rank(sorter: TopologicalSorter[str], rank: list[str]) -> Iterator[str]:
    """Yield the names in the order in which they become ready, the lowest in `rank` first."""
    waiting: list[tuple[int, str]] = []
    while sorter.is_active():
        for name in sorter.get_ready():
            heapq.heappush(waiting, (rank.index(name), name))
        _place, name = heapq.heappop(waiting)
        yield name
        sorter.done(name)


def source_of(one: Collector, root: Path) -> Source:
    """Return where a collector is written, and the hashes by which a change of it is noticed.

    Its own hash is over its module without the other collectors there (so a function it shares with them
    counts), its modules are the lab's that it imports, directly or through one another.
    """
    if one.by_hand:
        return Source(name=one.name)
    package = one.module.rpartition(".")[0]
    return Source(
        name=one.name,
        file=one.path.resolve().relative_to(root.resolve()).as_posix(),
        line=one.line,
        sha256=_hash(own_text(one.path.read_text(encoding="utf-8"), one.name)),
        modules={
            path.resolve().relative_to(root.resolve()).as_posix(): _hash(path.read_text(encoding="utf-8"))
            for path in _imported(one.module, package)
        },
    )


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


@lru_cache(maxsize=256)
def _tree(module: str) -> ast.Module:
    """Return a module's syntax tree: every collector asks for that of its own and of what it imports."""
    return ast.parse(module)


def own_text(module: str, name: str) -> str:
    """Return a module's top-level statements as written, without the other collectors' functions."""
    lines = module.split("\n")  # not splitlines(): Python ends no line at a form feed
    kept = []
    for node in _tree(module).body:
        if isinstance(node, ast.FunctionDef) and node.name != name and _is_collector(node):
            continue
        first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
        kept += lines[first - 1 : node.end_lineno]
    return "\n".join(kept)


def _declared_twice(module: str, kept: int) -> str:
    """Return the name that a module gives to two collectors, of which Python keeps one; or nothing."""
    if module.count("collector(") <= kept:  # as in most: what follows takes a millisecond
        return ""
    seen = set()
    for node in _tree(module).body:
        if isinstance(node, ast.FunctionDef) and _is_collector(node):
            if node.name in seen:
                return node.name
            seen.add(node.name)
    return ""


def _is_collector(node: ast.FunctionDef) -> bool:
    """Return whether a function is decorated with @collector(…)."""
    calls = [one.func for one in node.decorator_list if isinstance(one, ast.Call)]
    return any(getattr(call, "id", getattr(call, "attr", "")) == "collector" for call in calls)


def _imported(module: str, package: str) -> list[Path]:
    """Return the files of the lab's own modules that a module imports, directly or not."""
    found: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        path = Path(sys.modules[waiting.pop()].__file__ or "")
        for name in _names(path.read_text(encoding="utf-8"), package):
            file = sys.modules[name].__file__ if name in sys.modules else None
            if name != module and name not in found and file:
                found[name] = Path(file)
                waiting.append(name)
    return sorted(found.values())


@lru_cache(maxsize=256)
def _names(text: str, package: str) -> frozenset[str]:
    """Return the dotted names below `package` that a module's text imports."""
    names = set()
    for node in ast.walk(_tree(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = f"{package}.{node.module}" if node.module else package
            names |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return frozenset(name for name in names if f"{name}.".startswith(f"{package}."))
