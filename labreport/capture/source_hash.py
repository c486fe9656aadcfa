"""Hash the source of a collector, so that a change that matters is noticed and no other is.

Rule 2: comments, imports and docstrings (every string that is a statement) are cut out by their position.
Blank lines, trailing whitespace and trailing semicolons are dropped. The rest is hashed as it is written.
Nothing is printed from a syntax tree, because `ast.dump` and `ast.unparse` differ between Python versions,
and a record made with one version has to be comparable under another.

This module needs nothing but the standard library: a test runs it under every Python on the machine.
"""

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Iterator
from hashlib import sha256

HASH_RULE = 2
"""The number of this rule, for the record. Rule 1, of version 0.1, hashed the source as written."""

IN_STRING = "\0"
"""Stands for a line feed inside a string while blank lines are dropped. Python source has no NUL."""

LINE_END = re.compile(r"[ \t\f;]*\n(?:[ \t\f]*\n)*")
"""A line feed, whitespace and semicolons before it, and blank lines after it."""

SEMICOLON = re.compile(r"[ \t\f]*;[ \t\f]*")
"""A semicolon between two statements on one line."""

STRING_STARTS, STRING_ENDS = ({f"{kind}STRING_{end}" for kind in "FT"} for end in ("START", "END"))
"""The token types around a formatted string: from Python 3.12 on, tokenize reads what is inside, too."""

Position = tuple[int, int]
"""A row (0-based) and a column, in characters."""


def source_hash(source: str, collector: str = "") -> str:
    """Return the SHA-256 of a module's source under rule 2; see `reduced`."""
    return sha256(reduced(source, collector).encode()).hexdigest()


def reduced(source: str, collector: str = "") -> str:
    """Return what is hashed of a module's source. Raise SyntaxError if it is not Python.

    With the name of a collector, the functions of all other collectors in the module are left out, so that a
    change of one collector does not change the hashes of the others.
    """
    text = source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")  # not splitlines(), which also splits at form feeds: Python does not
    statements = list(_statements(_parsed(text), lines, collector))
    cuts, in_string = _comments(text, lines)
    for (first, begin), (last, end) in statements:
        in_string -= set(range(first, last))
        for row in range(first, last + 1):
            cuts.append((row, begin if row == first else 0, end if row == last else len(lines[row])))
    for row, begin, end in sorted(cuts, reverse=True):
        lines[row] = lines[row][:begin] + lines[row][end:]
    kept = "".join(line + (IN_STRING if row in in_string else "\n") for row, line in enumerate(lines))
    return LINE_END.sub("\n", kept).replace(IN_STRING, "\n").strip("\n")


def _comments(text: str, lines: list[str]) -> tuple[list[tuple[int, int, int]], set[int]]:
    """Return the comments as (row, begin, end), and the rows whose line feed is inside a string."""
    comments = []
    in_string: set[int] = set()
    starts: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        kind = tokenize.tok_name[token.type]
        row = token.start[0] - 1
        if kind == "COMMENT":  # always the end of its line
            comments.append((row, len(lines[row]) - len(token.string), len(lines[row])))
        elif kind == "STRING":
            in_string |= set(range(row, token.end[0] - 1))
        elif kind in STRING_STARTS:
            starts.append(row)
        elif kind in STRING_ENDS:
            in_string |= set(range(starts.pop(), row))
    return comments, in_string


def _parsed(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the import of the module has shown them already
        return ast.parse(text)


def _statements(tree: ast.Module, lines: list[str], collector: str) -> Iterator[tuple[Position, Position]]:
    """Yield where each statement that is cut out begins and ends, a semicolon after it included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and _is_ignored(node):
            first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
            begin = _characters(lines[first], node.col_offset)
            end = _characters(lines[last], node.end_col_offset or 0)
            semicolon = SEMICOLON.match(lines[last], end)
            yield (first, begin), (last, semicolon.end() if semicolon else end)
    for function in collectors_in(tree) if collector else ():
        if function.name != collector:
            first, last = function.decorator_list[0].lineno - 1, (function.end_lineno or 0) - 1
            yield (first, 0), (last, len(lines[last]))


def _is_ignored(node: ast.stmt) -> bool:
    """Return whether a statement is an import, or a string that is a statement of its own."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    return isinstance(node, ast.Import | ast.ImportFrom)


def _characters(line: str, column: int) -> int:
    """Return a column of the syntax tree, which counts UTF-8 bytes, in characters."""
    return len(line.encode()[:column].decode())


def collectors_in(tree: ast.Module) -> list[ast.FunctionDef]:
    """Return the functions of a module that are decorated with @collector(...)."""
    return [node for node in tree.body if isinstance(node, ast.FunctionDef) and _is_collector(node)]


def _is_collector(function: ast.FunctionDef) -> bool:
    calls = [decorator.func for decorator in function.decorator_list if isinstance(decorator, ast.Call)]
    return any(getattr(call, "id", getattr(call, "attr", "")) == "collector" for call in calls)
