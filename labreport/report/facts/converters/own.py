"""Load the converters that a lab brings, from `collectors/LAB/converters.py`.

That file is code of the project. It runs only if the caller says so: `mkdocs build` and `serve`, `lab check`,
`facts`, `diff` and `export` do, for the user's own project. Nothing that reads other people's evidence does,
and no capture imports the file. A mistake in it becomes a ConverterError that names the file and the line.
"""

import ast
import functools
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

from labreport.contract.lab_config import CONVERTERS_FILE
from labreport.report.facts.converters import CONVERTERS, Converted, Converter, NotThere, Unreadable
from labreport.report.problems import FaultError
from labreport.report.values import Quantity

_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_DOCUMENTED = "manual/reference/facts.md has an example"


class ConverterError(FaultError):
    """A mistake in a lab's converters; `path` and `line` are its place."""


def lab_converters(root: Path, lab: str, *, run_code: bool) -> Mapping[str, Converter]:
    """Return the tool's converters, and those of a lab in the project `root` if `run_code` is true.

    Raise ConverterError if the lab's file cannot be used.
    """
    path, file = _place(root, lab)
    if not run_code or not path.is_file():
        return CONVERTERS
    return {**CONVERTERS, **_own_converters(_run(path, file), path, file)}


def sample_errors(root: Path, lab: str) -> list[ConverterError]:
    """Run the doctests of a lab's converters, and return an error for each that fails or has none.

    Raise ConverterError as `lab_converters` does.
    """
    path, file = _place(root, lab)
    if not path.is_file():
        return []
    module = _run(path, file)
    return [
        error
        for converter in _own_converters(module, path, file).values()
        if (error := _sample_error(inspect.unwrap(converter.read), module, file))
    ]


def _sample_error(read: Callable[..., object], module: ModuleType, file: str) -> ConverterError | None:
    import doctest  # noqa: PLC0415 - with unittest it takes 13 ms, and a build does not need it

    name, line = _name_and_line(read)
    tests = doctest.DocTestFinder(recurse=False).find(read, name, module)
    if not any(test.examples for test in tests):
        return ConverterError(f"{name} has no sample", "write one as a doctest", path=file, line=line)
    output: list[str] = []
    for test in tests:
        if doctest.DocTestRunner(verbose=False).run(test, out=output.append).failed:
            _head, _, difference = "".join(output).partition("Failed example:")
            what = f"the sample of {name} fails: {' '.join(difference.split())}"
            return ConverterError(what, "correct the converter or the sample", path=file, line=line)
    return None


def _place(root: Path, lab: str) -> tuple[Path, str]:
    """Return the path of a lab's converters, and the same from the project's root."""
    file = f"collectors/{lab}/{CONVERTERS_FILE}"
    return (root / file).absolute(), file


def _run(path: Path, file: str) -> ModuleType:
    """Run a lab's converters.py and return it as a module."""
    name = f"converters of {path.parent.name}"
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module  # a dataclass in the file looks its module up
    try:
        SourceFileLoader(name, str(path)).exec_module(module)
    except (Exception, SystemExit) as error:
        raise _mistake(error, path, file) from error
    return module


def _own_converters(module: ModuleType, path: Path, file: str) -> dict[str, Converter]:
    """Return the CONVERTERS of a lab's module, each guarded; raise ConverterError for a wrong entry."""
    found = getattr(module, "CONVERTERS", None)
    if not isinstance(found, dict) or not found:
        what = "has no CONVERTERS, a dict of names and converters"
        raise ConverterError(what, _DOCUMENTED, path=file, line=1)
    source = path.read_text(encoding="utf-8")
    converters = {}
    for name, converter in found.items():
        line = _line_of(source, name)
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            remedy = "use small letters, digits, - and _"
            raise ConverterError(f"{name!r} is not a name for a converter", remedy, path=file, line=line)
        if name in CONVERTERS:
            remedy = "give it another name"
            raise ConverterError(f"the tool has a converter {name!r}", remedy, path=file, line=line)
        if not isinstance(converter, Converter) or not callable(converter.read):
            what = f"{name!r} is {_kind(converter)}, not a Converter"
            raise ConverterError(what, _DOCUMENTED, path=file, line=line)
        guarded = _guarded(converter.read, path, file)
        converters[name] = replace(converter, read=guarded, check=None)
    return converters


def _guarded(read: Callable[[str, str], Converted], path: Path, file: str) -> Callable[[str, str], Converted]:
    """Return `read` with any exception, and any result of a wrong type, as a ConverterError."""
    name, line = _name_and_line(read)

    @functools.wraps(read)
    def guarded(text: str, argument: str) -> Converted:
        try:
            result = read(text, argument)
        except (NotThere, Unreadable):
            raise
        except (Exception, SystemExit) as error:
            raise _mistake(error, path, file, line) from error
        if not _is_converted(result):
            what = f"{name} returned {_kind(result)}"
            remedy = "return a Quantity, a str, or a tuple of Quantity"
            raise ConverterError(what, remedy, path=file, line=line)
        return result

    return guarded


def _name_and_line(read: Callable[..., object]) -> tuple[str, int]:
    code = getattr(read, "__code__", None)
    return getattr(read, "__name__", "the converter"), code.co_firstlineno if code else 1


def _is_converted(result: object) -> bool:
    if isinstance(result, tuple):
        return bool(result) and all(isinstance(one, Quantity) for one in result)
    return isinstance(result, Quantity | str)


def _kind(value: object) -> str:
    return "an empty tuple" if value == () else f"a value of type {type(value).__name__}"


def _mistake(error: BaseException, path: Path, file: str, line: int = 1) -> ConverterError:
    """Return an exception as a ConverterError at the last line of the file that it passed through."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path)]
    if isinstance(error, SyntaxError) and error.filename == str(path):
        lines.append(error.lineno)
    place = next((number for number in reversed(lines) if number), line)
    what = f"{type(error).__name__}: {error.msg if isinstance(error, SyntaxError) else error}".rstrip(": ")
    return ConverterError(what.replace(str(path), file), "fix the converter", path=file, line=place)


def _line_of(source: str, name: object) -> int:
    """Return the line on which a text stands in the source, 1 if it does not."""
    constants = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return next((node.lineno for node in constants if node.value == name), 1)
