"""Change the source in small ways, and see whether the tests notice: scripts/campaign mutants [--count N].

Each mutant changes one operator, number or statement of a module that reads or writes what strangers made.
Texts of messages are left as they are. Prints the mutants that survive, and how many were killed; the exit
status is 1 if fewer than nine in ten were.
"""

import argparse
import ast
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from queue import Queue

import click

from tests.campaigns.copies import ROOT, Copy

TESTS = {
    "labreport/contract/folder.py": (
        "tests/contract/test_folder.py",
        "tests/contract/test_verify.py",
        "tests/capture/test_hostile_clone.py",
    ),
    "labreport/contract/reader.py": (
        "tests/contract/test_records.py",
        "tests/contract/test_verify.py",
        "tests/contract/test_folder.py",
        "tests/capture/test_store.py",
    ),
    "labreport/contract/unfinished.py": (
        "tests/contract/test_verify.py",
        "tests/capture/test_store.py",
        "tests/capture/test_hostile_clone.py",
    ),
    "labreport/capture/store.py": (
        "tests/capture/test_writing.py",
        "tests/capture/test_store.py",
        "tests/capture/test_collect.py",
        "tests/capture/test_hostile_clone.py",
        "tests/capture/test_killed.py::test_killed_at_a_step",
    ),
    "labreport/capture/staging.py": (
        "tests/capture/test_writing.py",
        "tests/capture/test_hostile_clone.py",
        "tests/capture/test_store.py",
    ),
    "labreport/capture/writing.py": (
        "tests/capture/test_writing.py",
        "tests/capture/test_store.py",
        "tests/capture/test_hostile_clone.py",
        "tests/capture/test_collect.py",
    ),
    "labreport/capture/adopt.py": ("tests/capture/test_adopt.py", "tests/cli/test_pack_adopt.py"),
    "labreport/capture/redact": (
        "tests/capture/test_redact_limits.py",
        "tests/capture/test_redact_keys.py",
        "tests/capture/test_redact_corpus.py::test_no_secret_is_left_in_a_text",
        "tests/capture/test_redact.py",
    ),
    "labreport/report/pages/slots.py": ("tests/report/pages/test_slots.py", "tests/site/test_plugin.py"),
}
"""The modules, or folders of modules, that are changed, and their own tests: the quick ones come first."""

SECONDS_OF_A_TEST = 40
"""A test that takes longer has failed: a change may let it wait for ever."""

SECONDS = 600.0
"""The time limit of all tests of a mutant."""

KILLED = 0.9
"""The part of the mutants that has to be killed."""

SWAPS: dict[type[ast.AST], tuple[str, str]] = {
    ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="), ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="), ast.GtE: (">=", ">"), ast.In: ("in", "not in"), ast.NotIn: ("not in", "in"),
    ast.Is: ("is", "is not"), ast.IsNot: ("is not", "is"), ast.And: ("and", "or"), ast.Or: ("or", "and"),
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.BitOr: ("|", "&"), ast.BitAnd: ("&", "|"),
}  # fmt: skip
"""How an operator is written, and the one that takes its place."""


@dataclass(frozen=True)
class Mutant:
    """A change: the text from `start` to `end` of `file` becomes `text`."""

    file: str
    start: int
    end: int
    text: str

    def source(self, before: str) -> str:
        """Return the changed source."""
        return before[: self.start] + self.text + before[self.end :]

    def describe(self, before: str) -> str:
        """Return the change in one line."""
        line = before.count("\n", 0, self.start) + 1
        return f"{self.file}:{line}: {before[self.start : self.end]!r} -> {self.text!r}"


class Positions:
    """Finds where the nodes of a source are in its text."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._data = source.encode()
        self._lines = [0]
        for line in source.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line.encode()))

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """Return where a node starts and ends."""
        end = self._at(node.end_lineno or 0, node.end_col_offset or 0)
        return self._at(node.lineno, node.col_offset), end

    def _at(self, line: int, column: int) -> int:
        return len(self._data[: self._lines[line - 1] + column].decode())


def mutants(file: str, source: str) -> Iterator[Mutant]:
    """Yield every mutant of a module."""
    places = Positions(source)
    for node in _code(ast.parse(source)):
        for start, end, text in _changes(node, places):
            yield Mutant(file, start, end, text)


def _changes(node: ast.AST, places: Positions) -> Iterator[tuple[int, int, str]]:
    """Yield the changes of a node: where, and what is put there."""
    if operands := _operands(node):
        left, operator, right = operands
        if type(operator) in SWAPS:
            start, end = places.span(left)[1], places.span(right)[0]  # parentheses may be there, too
            yield start, end, places.source[start:end].replace(*SWAPS[type(operator)], 1)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield places.span(node)[0], places.span(node.operand)[0], ""
    elif isinstance(node, ast.If | ast.While):
        start, end = places.span(node.test)
        yield start, end, f"not ({places.source[start:end]})"
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        other = str(not node.value) if isinstance(node.value, bool) else str(node.value + 1)
        yield *places.span(node), other
    elif isinstance(node, ast.Raise | ast.Continue | ast.Break) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ):
        yield *places.span(node), "pass"


def _operands(node: ast.AST) -> tuple[ast.expr, ast.AST, ast.expr] | None:
    """Return the operands and the operator of a node with two of them, or None."""
    match node:
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return left, operator, right
        case ast.BoolOp(op=operator, values=[left, right, *_]):
            return left, operator, right
        case ast.BinOp(left=left, op=operator, right=right):
            return left, operator, right
    return None


def _code(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield the nodes that run: no annotations, no texts of messages, no type checks."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for name, value in ast.iter_fields(node):
            if name in {"annotation", "returns", "decorator_list"} or isinstance(node, ast.JoinedStr):
                continue
            children = value if isinstance(value, list) else [value]
            waiting += [child for child in children if isinstance(child, ast.AST)]


def drawn(seed: int, count: int) -> list[Mutant]:
    """Draw mutants over all modules. A change of one line changes no other draw."""
    found: list[tuple[str, Mutant]] = []
    for place in TESTS:
        path = ROOT / place
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        for file in files:
            source = file.read_text()
            for mutant in mutants(file.relative_to(ROOT).as_posix(), source):
                line = source[source.rfind("\n", 0, mutant.start) + 1 : source.find("\n", mutant.end)]
                key = f"{seed} {mutant.file} {line} {mutant.text}"
                found.append((sha256(key.encode()).hexdigest(), mutant))
    found.sort(key=lambda pair: pair[0])
    return [mutant for _key, mutant in found[:count]]


def tests_of(file: str) -> tuple[str, ...]:
    """Return the tests of a module."""
    return next(tests for place, tests in TESTS.items() if file == place or file.startswith(f"{place}/"))


def _passes(copy: Copy, tests: tuple[str, ...]) -> bool:
    """Return whether all tests pass that are not slow, with all cases of those that have many."""
    chosen = ("-m", "not slow or slow_after")
    return copy.passes([*tests, *chosen, f"--timeout={SECONDS_OF_A_TEST}"], SECONDS)


def check_unchanged() -> None:
    """Raise SystemExit if tests fail without a change: then no mutant would survive them."""
    with tempfile.TemporaryDirectory(prefix="lab-campaign-") as place:
        copy = Copy(Path(place, "unchanged"))
        for tests in set(TESTS.values()):
            if not _passes(copy, tests):
                sys.exit(f"fails without a change: {' '.join(tests)}")


def survivors(chosen: list[Mutant], workers: int) -> Iterator[Mutant]:
    """Yield the mutants with which all tests pass, as they are found."""
    with tempfile.TemporaryDirectory(prefix="lab-campaign-") as place, ThreadPoolExecutor(workers) as pool:
        copies: Queue[Copy] = Queue()
        for number in range(workers):
            copies.put(Copy(Path(place, str(number))))

        def survives(mutant: Mutant) -> bool:
            copy = copies.get()
            try:
                with copy.changed(mutant.file, mutant.source((ROOT / mutant.file).read_text())):
                    return _passes(copy, tests_of(mutant.file))
            finally:
                copies.put(copy)

        for number, (mutant, lives) in enumerate(zip(chosen, pool.map(survives, chosen), strict=True), 1):
            if number % 20 == 0:
                click.echo(f"{number} of {len(chosen)}", err=True)
            if lives:
                yield mutant


def main() -> None:
    """Run the campaign."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=25)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--workers", type=int, default=2, help="processes at a time")
    given = parser.parse_args()
    check_unchanged()
    chosen = drawn(given.seed, given.count)
    killed = len(chosen)
    for mutant in survivors(chosen, given.workers):
        killed -= 1
        click.echo(f"survives: {mutant.describe((ROOT / mutant.file).read_text())}")
    click.echo(f"{killed} of {len(chosen)} mutants were killed ({killed / len(chosen):.1%})")
    sys.exit(killed < KILLED * len(chosen))


if __name__ == "__main__":
    main()
