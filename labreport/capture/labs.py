"""Find the labs of a project. A lab is a folder of collectors/ with a lab.yml; no list names it."""

import ast
import importlib
import re
import sys
import tokenize
import traceback
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import resolve_name
from pathlib import Path
from types import ModuleType

from pydantic import ValidationError

from labreport.capture.declare import Collector, DeclarationError, undeclared
from labreport.capture.source_hash import HASH_RULE, collectors_in, source_hash
from labreport.contract.lab_config import CONVERTERS_FILE, Lab
from labreport.contract.reader import explain
from labreport.contract.records import HOSTS, Source
from labreport.contract.strict_yaml import BadYamlError, compose, value_of

LAB_FILE = "lab.yml"
LAB_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,119}")
REFERENCE = "see manual/reference/lab-yml.md"


@dataclass(frozen=True)
class FoundLab:
    """A lab: its folder, the content of its lab.yml, and its collectors in the order in which they run."""

    name: str
    folder: Path
    config: Lab
    collectors: tuple[Collector, ...]


def lab_names(root: Path) -> list[str]:
    """Return the names of the project's labs, sorted."""
    return sorted(path.parent.name for path in (root / "collectors").glob(f"*/{LAB_FILE}"))


def find_lab(root: Path, name: str) -> FoundLab:
    """Return a lab with its collectors. Raise DeclarationError if it does not exist or has a mistake."""
    if not LAB_NAME.fullmatch(name) or name == HOSTS:
        raise DeclarationError(
            f"{name!r} is not a name for a lab", f"use a-z, 0-9, `_`, `.` and `-`, and not `{HOSTS}`"
        )
    folder = root / "collectors" / name
    config = read_config(folder / LAB_FILE, root)
    _make_importable(folder.parent)
    place = f"collectors/{name}"
    collectors: list[Collector] = []
    for path in sorted(set(folder.glob("*.py")) - {folder / CONVERTERS_FILE}):
        module = _import(f"collectors.{name}.{path.stem}", path, root)
        if Path(module.__file__ or "").resolve() != path.resolve():
            what = f"another project's {module.__name__} is loaded already"
            raise DeclarationError(what, "give the lab another name", path=place)
        functions = collectors_in(ast.parse(_source(path)))
        _refuse_second_declaration(functions, place)
        declared = {id(value): value for value in vars(module).values() if isinstance(value, Collector)}
        own = [value for value in declared.values() if value.module == module.__name__]
        _refuse_undeclared_files(own, functions, path.relative_to(root).as_posix())
        collectors += own
    _refuse_missing_files(collectors, folder, place)
    _refuse_unknown_tasks(collectors, config, place)
    return FoundLab(name, folder, config, ordered(name, collectors))


def _refuse_second_declaration(functions: list[ast.FunctionDef], place: str) -> None:
    """Raise DeclarationError for a module that declares two collectors of one name: Python keeps one only."""
    names = [function.name for function in functions]
    for name in names:
        if names.count(name) > 1:
            raise DeclarationError(f"two collectors are called {name}", "rename one", path=place)


def _refuse_undeclared_files(
    collectors: list[Collector], functions: list[ast.FunctionDef], place: str
) -> None:
    """Raise DeclarationError for a collector that opens a file which its `writes` does not name.

    Seen here are the calls in the collector's own body, such as `run.file("a.txt")`; the Run refuses the
    others.
    """
    by_name = {function.name: function for function in functions}
    for collector in collectors:
        function = by_name.get(collector.function.__name__)
        for node in ast.walk(function) if function else ():
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="run"), attr="file" | "image"),
                    args=[ast.Constant(value=str(file))],
                ) if file not in collector.writes:
                    what, remedy = undeclared([file], collector.name)
                    raise DeclarationError(what, remedy, path=place, line=node.lineno)


def _refuse_unknown_tasks(collectors: list[Collector], config: Lab, place: str) -> None:
    """Raise DeclarationError for a collector of an edition or a task that lab.yml does not have."""
    for collector in collectors:
        year, number = collector.edition, collector.task
        if year is not None and year not in config.editions:
            there = ", ".join(map(str, sorted(config.editions))) or "none"
            what = f"{collector.name}: lab.yml has no edition {year}"
            raise DeclarationError(what, f"its editions are: {there}", path=place)
        editions = config.editions.values() if year is None else [config.editions[year]]
        tasks = {task for edition in editions for task in edition.tasks}
        if number is not None and number not in tasks:
            of = "" if year is None else f" in its edition {year}"
            what = f"{collector.name}: lab.yml has no task {number}{of}"
            remedy = f"its tasks are: {', '.join(map(str, sorted(tasks))) or 'none'}"
            raise DeclarationError(what, remedy, path=place)


def _refuse_missing_files(collectors: list[Collector], folder: Path, place: str) -> None:
    """Raise DeclarationError for a collector that uses what is no file of the lab's folder."""
    for collector in collectors:
        for name in collector.uses:
            path = folder / name
            if not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
                what = f"{collector.name} uses {name!r}, which is no file of the lab's folder"
                raise DeclarationError(what, "correct uses=", path=place)


def _make_importable(collectors: Path) -> None:
    """Make `collectors.<lab>` importable from the folder `collectors`.

    The folder need not be a package, and its project need not be on sys.path. The folders of several projects
    can be importable in one process.
    """
    package = sys.modules.setdefault("collectors", ModuleType("collectors"))
    places = list(getattr(package, "__path__", []))
    package.__path__ = places if str(collectors) in places else [*places, str(collectors)]


def _import(module: str, path: Path, root: Path) -> ModuleType:
    """Import a module of a lab. Raise DeclarationError with file and line for anything that it raises."""
    place = path.relative_to(root).as_posix()
    try:
        return importlib.import_module(module)
    except DeclarationError as error:
        raise DeclarationError(error.what, error.remedy, path=place, line=error.line) from error
    except (Exception, SystemExit) as error:
        file, line = _origin(error, path.parent) or (path, 1)
        what = str(error).replace(f"{root}/", "")
        raise DeclarationError(
            f"{type(error).__name__}: {what}", path=file.relative_to(root).as_posix(), line=line
        ) from error


def _origin(error: BaseException, folder: Path) -> tuple[Path, int] | None:
    """Return the innermost file in the lab's folder, and its line, that an error came from."""
    places = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        places.append((error.filename or "", error.lineno))
    for file, line in reversed(places):
        if Path(file).is_relative_to(folder):
            return Path(file), line or 1
    return None


def read_config(path: Path, root: Path) -> Lab:
    """Return a lab.yml. Raise DeclarationError that names the file, the line or the key, and the mistake."""
    place = path.relative_to(root).as_posix()
    try:
        text = path.read_text(encoding="utf-8")
        node = compose(text)
        return Lab.model_validate(None if node is None else value_of(node))
    except FileNotFoundError:
        names = ", ".join(lab_names(root)) or "none"
        raise DeclarationError("not there", f"the labs are: {names}", path=place) from None
    except BadYamlError as error:
        column = f" at column {error.column}" if error.column else ""
        what = error.what.removeprefix("not YAML: ")
        line = min(error.line, text.count("\n") + 1)  # libyaml means the line after the last one
        raise DeclarationError(f"not YAML{column}: {what}", path=place, line=line) from None
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise DeclarationError(what, "check who owns it", path=place) from None
    except UnicodeDecodeError as error:
        what = f"not UTF-8 (byte {error.start})"
        raise DeclarationError(what, "save it as UTF-8", path=place) from None
    except ValidationError as error:
        raise DeclarationError(explain(error), REFERENCE, path=place) from None


def ordered(lab: str, collectors: list[Collector]) -> tuple[Collector, ...]:
    """Return collectors in the order in which they run: by `after`, then task, edition, module and line.

    Raise DeclarationError for a name or a file that two of them have, and for an `after` of another lab. A
    cycle is impossible, because `after` can name only collectors that were declared before.
    """
    place = f"collectors/{lab}"
    names: dict[str, Collector] = {}
    writers: dict[str, str] = {}
    for collector in collectors:
        if collector.name in names:
            what = f"two collectors are called {collector.name}"
            raise DeclarationError(what, "rename one", path=place)
        names[collector.name] = collector
        for file in collector.writes:
            if file in writers:
                what = f"{writers[file]} and {collector.name} both write {file}"
                raise DeclarationError(what, "rename one file", path=place)
            writers[file] = collector.name
    for collector in collectors:
        for earlier in collector.after:
            if names.get(earlier.name) is not earlier:
                what = f"{collector.name} is after {earlier.name}, which is not in this lab"
                raise DeclarationError(what, "name a collector of this lab", path=place)
    waiting = sorted(collectors, key=lambda item: (item.task or 0, item.edition or 0, item.module, item.line))
    order: list[Collector] = []
    while waiting:
        ready = next(item for item in waiting if all(earlier in order for earlier in item.after))
        waiting.remove(ready)
        order.append(ready)
    return tuple(order)


def source_of(collector: Collector, root: Path) -> Source:
    """Return where a collector is defined, and the hashes that tell whether it changed.

    Its own hash covers its module without the other collectors there, so that a function it shares with them
    counts. `modules` are the modules of the lab that it imports, directly or through one another, and the
    files of the lab's folder that it uses.
    """
    if collector.by_hand:
        return Source(name=collector.name, hash_rule=HASH_RULE)
    return Source(
        name=collector.name,
        file=_from_root(collector.path, root),
        line=collector.line,
        sha256=source_hash(_source(collector.path), collector.name),
        modules=_modules(collector, root) | _used(collector, root),
        hash_rule=HASH_RULE,
    )


def _modules(collector: Collector, root: Path) -> dict[str, str]:
    """Return the hashes of the lab's modules that a collector imports, by their path."""
    return {_from_root(path, root): source_hash(_source(path)) for path in _imported(collector.module)}


def _used(collector: Collector, root: Path) -> dict[str, str]:
    """Return the SHA-256 of the files that a collector uses, by their path."""
    paths = [collector.path.parent / name for name in collector.uses]
    return {_from_root(path, root): sha256(path.read_bytes()).hexdigest() for path in paths}


def _from_root(path: Path, root: Path) -> str:
    return path.resolve().relative_to(root.resolve()).as_posix()


def _source(path: Path) -> str:
    """Return a module's text, decoded as Python does it."""
    with tokenize.open(path) as file:
        return file.read()


def _imported(module: str) -> list[Path]:
    """Return the files of the lab's modules that `module` imports, directly or not, sorted."""
    lab = ".".join(module.split(".")[:2])
    files: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        importer = sys.modules[waiting.pop()]
        for name in _imports(importer):
            file = getattr(sys.modules.get(name), "__file__", None)
            if file and name not in {module, *files} and name.startswith(f"{lab}."):
                files[name] = Path(file)
                waiting.append(name)
    return sorted(files.values())


def _imports(module: ModuleType) -> set[str]:
    """Return all dotted names that the import statements of a module can refer to, modules or not."""
    names = set()
    for node in ast.walk(ast.parse(_source(Path(module.__file__ or "")))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            relative = "." * node.level + (node.module or "")
            base = resolve_name(relative, module.__package__)
            names |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return names
