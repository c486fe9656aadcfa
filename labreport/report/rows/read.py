"""Read the rows of a text: by its file's ending, or by how it begins."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any

from labreport.contract.text import is_encodable
from labreport.report.problems import FaultError
from labreport.report.rows import LONGEST_NAME, MOST_COLUMNS, MOST_ROWS, Row, Rows, quoted
from labreport.report.strict_json import Pairs, read_json, with_each_key_once

_CSV = (".csv", ".tsv")
_BOM = "\ufeff"
DEEPEST = 8
"""How many levels of a list or an object a cell shows."""


class Digits(str):
    """A number of JSON, as the file writes it."""

    __slots__ = ()


def read_rows(path: str, text: str, at: str = "") -> Rows:
    r"""Return the rows of a text; `at` says where in a JSON document the list is: `results`, or `a.b`.

    Raise FaultError for a text that has none, and for more rows or columns than anybody would read.

    >>> [row.cells for row in read_rows("a.csv", "tool,bytes\ngzip,71201\n").rows]
    [('gzip', '71201')]
    >>> read_rows("a.json", '{"results": [{"mean": 0.10, "runs": 5}]}', "results").rows[0].cells
    ('0.10', '5')
    """
    text = text.removeprefix(_BOM)
    is_json = PurePosixPath(path).suffix not in _CSV and text.lstrip()[:1] in {"[", "{"}
    if at and not is_json:
        raise FaultError(f"{path} is no JSON document, so it has no {at}", "leave out at=")
    return _from_json(path, text, at) if is_json else _from_csv(path, text)


def _from_csv(path: str, text: str) -> Rows:
    """Return the rows of CSV, whose cells a comma, a tab or a semicolon separates; blank lines are none."""
    head = text.lstrip().partition("\n")[0]
    separator = next((one for one in "\t;" if one in head and "," not in head), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        columns = next((tuple(name.strip() for name in row) for row in reader if row), ())
        _check_columns(path, columns)
        rows = _bounded(path, (Row(f"line {reader.line_num}", tuple(row)) for row in reader if row))
    except csv.Error as error:
        raise FaultError(
            f"{path} is no CSV: line {reader.line_num}: {error}", "correct the quotes"
        ) from error
    for row in rows:
        if len(row.cells) != len(columns):
            what = f"{path}, {row.place}: {len(row.cells)} cells below {len(columns)} names"
            raise FaultError(what, "write one cell for each column")
    return Rows(path, columns, rows)


def _check_columns(path: str, columns: tuple[str, ...]) -> None:
    if not columns:
        raise FaultError(f"{path} is empty", "name a CSV whose first line names its columns")
    if len(columns) > MOST_COLUMNS:
        raise FaultError(f"{path} has {len(columns)} columns, at most {MOST_COLUMNS}", "name another file")
    if twice := next((name for name in columns if columns.count(name) > 1), None):
        raise FaultError(f"{path} has two columns {quoted(twice)}", "give each a name of its own")
    if long := next((name for name in columns if len(name) > LONGEST_NAME), None):
        raise FaultError(f"{path} has a column {quoted(long)}", f"use at most {LONGEST_NAME} characters")
    if "" in columns:
        raise FaultError(f"{path} has a column without a name", "name it in the first line")


def _bounded(path: str, found: Iterable[Row]) -> tuple[Row, ...]:
    """Return the rows; raise FaultError for none, and for more than MOST_ROWS."""
    rows: list[Row] = []
    for row in found:
        rows.append(row)
        if len(rows) > MOST_ROWS:
            raise FaultError(f"{path} has more than {MOST_ROWS} rows", "let the collector write a summary")
    if not rows:
        raise FaultError(f"{path} has no rows", "name a file with a row for each value")
    return tuple(rows)


def _from_json(path: str, text: str, at: str) -> Rows:
    """Return the objects of a list, or of JSON Lines, as rows; a key that an object lacks is empty."""
    items = _items(path, text, at)
    columns: dict[str, None] = {}
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict):
            what = f"{path}, item {number}: {quoted(_cell(item))} is no object"
            raise FaultError(what, 'name the list of objects: at="results"')
        known = len(columns)
        columns.update(dict.fromkeys(item))
        if len(columns) > known or not columns:
            _check_columns(path, tuple(columns))
    found = (
        Row(f"item {number}", tuple(_cell(item.get(name)) for name in columns))
        for number, item in enumerate(items, 1)
    )
    return Rows(path, tuple(columns), _bounded(path, found), exact=True)


def _items(path: str, text: str, at: str) -> list[Any]:
    """Return the list that a document is or has `at` a place, or the documents of JSON Lines."""
    documents = _documents(path, text)
    if len(documents) > 1:
        if at:
            raise FaultError(f"{path} is JSON Lines, so it has no {at}", "leave out at=")
        return documents
    found = documents[0]
    for key in at.split(".") if at else ():
        if not isinstance(found, dict) or key not in found:
            raise FaultError(f"{path} has no {quoted(at)}", _lists(documents[0]))
        found = found[key]
    if isinstance(found, list):
        return found
    if at or _list_keys(found) or not isinstance(found, dict):
        raise FaultError(f"{path}{f' at {at}' if at else ''} is no list of objects", _lists(documents[0]))
    return [found]


def _lists(document: object) -> str:
    keys = _list_keys(document)
    return f'write at="{keys[0]}"' if keys else "name a file with a list of objects"


def _list_keys(document: object) -> list[str]:
    """Return the keys of a document whose value is a list of objects."""
    if not isinstance(document, dict):
        return []
    return [
        key
        for key, value in document.items()
        if isinstance(value, list) and value and isinstance(value[0], dict) and key.isidentifier()
    ]


def _documents(path: str, text: str) -> list[Any]:
    """Return the only document of a text, or that of each line; raise FaultError."""
    try:
        return [_parsed(text)]
    except ValueError as error:
        lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        if len(lines) == 1 or not _is_document(lines[0][1]):
            raise FaultError(f"{path} is no JSON: {error}", "correct the file that writes it") from error
    if len(lines) > MOST_ROWS:
        raise FaultError(f"{path} has more than {MOST_ROWS} rows", "let the collector write a summary")
    return list(_each(path, lines))


def _each(path: str, lines: Iterable[tuple[int, str]]) -> Iterator[Any]:
    for number, line in lines:
        try:
            yield _parsed(line)
        except ValueError as error:
            what = f"{path} is no JSON Lines: line {number}: {error}"
            raise FaultError(what, "write one document a line") from error


def _is_document(line: str) -> bool:
    try:
        _parsed(line)
    except ValueError:
        return False
    return True


def _parsed(text: str) -> Any:
    """Return a document; raise ValueError, also for a text that no page can hold."""
    document = read_json(text, _object, fraction=Digits, whole=Digits)
    if "\\u" in text and not is_encodable(json.dumps(document, ensure_ascii=False)):
        raise ValueError(r"a text has half a character, such as \ud800")
    return document


def _object(pairs: Pairs) -> dict[str, Any]:
    return with_each_key_once(pairs, quoted)


def _cell(value: object) -> str:
    """Return a value of JSON as a cell: a text as it is, a number as it is written, nothing for null."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case _:
            return _compact(value, 0)


def _compact(value: object, depth: int) -> str:
    """Return a list or an object of JSON on one line, with its numbers as they are written."""
    if isinstance(value, Digits):
        return str(value)
    if not isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    if depth > DEEPEST:
        return "…"
    if isinstance(value, list):
        return f"[{', '.join(_compact(one, depth + 1) for one in value)}]"
    pairs = (
        f"{json.dumps(key, ensure_ascii=False)}: {_compact(one, depth + 1)}" for key, one in value.items()
    )
    return f"{{{', '.join(pairs)}}}"
