"""The filters that a page may use. Those that could make a value much larger are our own."""

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from jinja2.filters import FILTERS
from jinja2.runtime import Undefined

from labreport.report.pages.limits import DIGITS_OF_A_FLOAT, SandboxError, check_size
from labreport.report.pages.placeholders import check_usable

_JINJA_FILTERS = (
    "abs capitalize count d default dictsort first float int items last length list lower map max min reject"
    " rejectattr reverse select selectattr sort title trim truncate unique upper wordcount"
)
DEFAULTS = frozenset({"d", "default"})
"""The filters whose argument is handed on as it is."""


def shown(value: object) -> object:
    """Return a value that can be shown as text; raise TypeError for another one."""
    if value is None or isinstance(value, str | int | float | Undefined):
        return value
    raise TypeError(f"a {type(value).__name__} cannot be shown as text")


def _string(value: object) -> str:
    check_usable(value)
    return str(shown(value))  # of what is not there, this says so


def _join(values: Iterable[object], separator: str = "") -> str:
    texts = list(map(_string, values))
    check_size(sum(map(len, texts)) + len(separator) * len(texts))
    return separator.join(texts)


def _replace(text: str, old: str, new: str) -> str:
    check_size(len(text) + text.count(old) * len(new))
    return text.replace(old, new)


def _round(value: float, digits: int = 0) -> float:
    if not 0 <= digits <= DIGITS_OF_A_FLOAT:
        raise SandboxError(f"{digits} digits to round to", f"give 0 to {DIGITS_OF_A_FLOAT}")
    return round(value, digits)


PAGE_FILTERS: dict[str, Callable[..., Any]] = {name: FILTERS[name] for name in _JINJA_FILTERS.split()}
"""The filters by name."""
PAGE_FILTERS |= {"join": _join, "replace": _replace, "round": _round, "string": _string}


_SIGNATURES = {name: inspect.signature(function) for name, function in PAGE_FILTERS.items()}


def check_arguments(name: str, args: tuple[object, ...], named: dict[str, object]) -> None:
    """Raise SandboxError if a filter takes no such arguments; `args` are all that Jinja calls it with."""
    function, signature = PAGE_FILTERS[name], _SIGNATURES[name]
    is_given, is_taken = (
        hasattr(one, "jinja_pass_arg") for one in (function, inspect.unwrap(function))
    )  # Jinja gives some filters its context, which their variant for async takes out again
    try:
        signature.bind(*args[is_given - is_taken :], **named)
    except TypeError as error:
        parameters = list(signature.parameters)[1 + is_taken :]
        remedy = f"it takes {', '.join(parameters) or 'nothing'}"
        raise SandboxError(f"the filter {name}: {error}", remedy) from error
