"""Read JSON that a tool printed. NaN is an error, and so is a key that an object has twice."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any, NoReturn

Pairs = list[tuple[str, Any]]


def read_json(
    text: str,
    made: Callable[[Pairs], object],
    *,
    fraction: Callable[[str], object],
    whole: Callable[[str], object] = int,
) -> Any:
    """Return a document; raise ValueError that says what is wrong with it.

    `made` makes an object of its keys and values, `fraction` and `whole` make a number of its digits.
    """
    try:
        return json.loads(
            text,
            object_pairs_hook=made,
            parse_float=fraction,
            parse_int=whole,
            parse_constant=refuse_constant,
        )
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} in line {error.lineno}") from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def refuse_constant(constant: str) -> NoReturn:
    """Raise ValueError for NaN and the infinities, which Python's JSON would read."""
    raise ValueError(f"{constant} is not a number")


def with_each_key_once(pairs: Pairs, shown: Callable[[str], str]) -> dict[str, Any]:
    """Return an object; raise ValueError for a key that it has twice. `shown` writes the key in the error."""
    made = dict(pairs)
    if len(made) < len(pairs):
        counts = Counter(key for key, _value in pairs)
        twice = next(key for key, count in counts.items() if count > 1)
        raise ValueError(f"an object has {shown(twice)} twice")
    return made
