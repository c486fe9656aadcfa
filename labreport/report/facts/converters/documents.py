"""JSON and JSON Lines: a path in the language JMESPath says which value is read.

A path selects. It makes no values: no literals but those it compares with, no new lists, no calculation.
"""

import warnings
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from labreport.report.facts.converters.failures import is_no_text
from labreport.report.facts.converters.lines import NotThere, Unreadable, checked, excerpt
from labreport.report.problems import FaultError
from labreport.report.rows import EXIT_KEYS
from labreport.report.strict_json import Pairs, read_json, with_each_key_once
from labreport.report.values import Quantity

LONGEST_PATH = 500
_FUNCTIONS = frozenset(
    {"contains", "ends_with", "keys", "length", "max", "max_by", "min", "min_by", "not_null", "reverse"}
    | {"sort", "sort_by", "starts_with", "to_number", "values"}
)
_TESTS = frozenset({"comparator", "contains", "ends_with", "starts_with"})
"""What may compare with a literal. Anywhere else, a literal would be a value that no evidence has."""
_REFUSED = {
    "multi_select_list": "makes a list",
    "multi_select_dict": "makes an object",
    "literal": "has a literal that it compares with nothing",
}
_Digits = dict[float, set[str]]


def check_path(argument: str) -> None:
    """Raise FaultError unless `argument` is a path that only selects."""
    from jmespath.exceptions import JMESPathError  # noqa: PLC0415 - few builds need it

    remedy = "https://jmespath.org describes paths: results[?name=='x'].median | [0]"
    if len(argument) > LONGEST_PATH:
        raise FaultError(f"a path of more than {LONGEST_PATH} characters", "write a shorter one")
    try:
        parsed = _compile(argument).parsed
    except (JMESPathError, RecursionError, ValueError) as error:
        raise FaultError(
            f"not a path of JMESPath: {excerpt(' '.join(str(error).split()))}", remedy
        ) from error
    for what in _faults(parsed, ""):
        raise FaultError(f"the path {argument!r} {what}", "let it select a value of the file")


def _compile(argument: str) -> Any:
    import jmespath  # noqa: PLC0415 - few builds need it

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return jmespath.compile(argument)


def _faults(node: dict[str, Any], parent: str) -> Iterator[str]:
    """Yield what a parsed path does beside selecting."""
    kind = node["type"]
    if kind == "function_expression":
        kind = node["value"]
        if kind not in _FUNCTIONS:
            yield f"calls {kind}(): use only {', '.join(sorted(_FUNCTIONS))}"
    elif kind in _REFUSED and not (kind == "literal" and parent in _TESTS):
        yield _REFUSED[kind]
    for child in node["children"]:
        if isinstance(child, dict):
            yield from _faults(child, kind)


def json_value(text: str, path: str) -> Quantity | str | tuple[Quantity, ...]:
    r"""Return the number, the text or the list of numbers at a path of JMESPath in JSON.

    >>> exported = '{"results": [{"name": "gzip", "mean": 0.420, "times": [0.41, 0.40]}, {"name": "xz"}]}'
    >>> str(json_value(exported, "results[?name=='gzip'].mean | [0]"))
    '0.420'
    >>> [str(one) for one in json_value(exported, "results[0].times")]
    ['0.41', '0.40']
    >>> str(json_value(exported, "length(results)")), json_value(exported, "results[1].name")
    ('2', 'xz')
    """
    digits: _Digits = {}
    try:
        document = _parsed(text, digits)
    except ValueError as error:
        try:
            several = _lines(text, {})
        except ValueError:
            several = []
        if len(several) > 1:
            raise Unreadable("JSON Lines, one document a line", "read it with `jsonl`") from error
        raise Unreadable(f"not JSON: {excerpt(text)}: {error}") from error
    return _selected(document, path, digits)


def jsonl_value(text: str, path: str) -> Quantity | str | tuple[Quantity, ...]:
    r"""Return the value at a path in JSON Lines, which are a list of one document a line.

    >>> runs = '{"level": 1, "bytes": 71201}\n{"level": 9, "bytes": 60312}\n'
    >>> str(jsonl_value(runs, "[?level==`9`].bytes | [0]"))
    '60312'
    >>> [str(one) for one in jsonl_value(runs, "[].level")]
    ['1', '9']
    """
    digits: _Digits = {}
    try:
        documents = _lines(text, digits)
    except ValueError as error:
        raise Unreadable(f"not JSON Lines: {excerpt(text)}: {error}") from error
    return _selected(documents, path, digits)


def _lines(text: str, digits: _Digits) -> list[Any]:
    return [_parsed(line, digits) for line in text.split("\n") if line.strip()]


def _parsed(text: str, digits: _Digits) -> Any:
    """Return a document of JSON, and note the digits of its fractions. Raise ValueError."""

    def fraction(number: str) -> float:
        value = float(number)
        digits.setdefault(value, set()).add(number)
        return value

    return read_json(text, _answered, fraction=fraction)


def _answered(pairs: Pairs) -> dict[str, Any]:
    """Return an object, without its numbers if its run failed; raise ValueError for a key twice."""
    made = with_each_key_once(pairs, excerpt)
    statuses = [one for key in EXIT_KEYS for one in _as_list(made.get(key, 0))]
    if all(status == 0 for status in statuses):
        return made
    return {key: value for key, value in made.items() if key in EXIT_KEYS or isinstance(value, str)}


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _selected(document: Any, path: str, digits: _Digits) -> Quantity | str | tuple[Quantity, ...]:
    from jmespath.exceptions import JMESPathError  # noqa: PLC0415 - few builds need it

    try:
        found = _compile(path).search(document)
    except (JMESPathError, RecursionError, TypeError) as error:
        what = f"{path} does not fit: {excerpt(' '.join(str(error).split()))}"
        raise Unreadable(what) from error
    if found is None or found in ([], ""):
        raise NotThere(f"nothing at {path}", "correct the path; the numbers of a failed run are not read")
    if isinstance(found, list) and len(found) > 1:
        return tuple(_number(one, path, digits) for one in found)
    return _one(found[0] if isinstance(found, list) else found, path, digits)


def _one(found: object, path: str, digits: _Digits) -> Quantity | str:
    if isinstance(found, str):
        if is_no_text(found):
            raise Unreadable(f"a failure, an estimate or data at {path}: {excerpt(found)}")
        return found
    return _number(found, path, digits)


def _number(found: object, path: str, digits: _Digits) -> Quantity:
    """Return a number with the digits that the file has; with the fewest, if it has the number twice."""
    if isinstance(found, bool) or not isinstance(found, int | float):
        kind = _KINDS.get(type(found), "nothing")
        raise Unreadable(f"{kind} at {path}, not a number", "let the path end at one")
    shown = min(digits.get(found, {repr(found)}), key=len) if isinstance(found, float) else str(found)
    value: Callable[[], Quantity] = lambda: Quantity(Decimal(shown), "")  # noqa: E731 - it may raise
    return checked(shown, f"number at {path}", value)


_KINDS: dict[type, str] = {
    bool: "true or false",
    dict: "an object",
    list: "a list",
    str: "a text",
}
