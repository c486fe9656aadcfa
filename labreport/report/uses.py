"""What a macro call and a page used: files, and questions about evidence, noted while they are made.

`mkdocs serve` makes a page anew when one of them has changed. A file that was missing is noted as well.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from labreport.contract.fields import with_folders

V = TypeVar("V")
ALL = "*"
"""The key of a question about everything that a mapping holds."""

_open: list[set[str]] = []


def note(name: str) -> None:
    """Note that what is made at the moment used `name`. Without `noting`, nothing is kept."""
    if _open:
        _open[-1].add(name)


def note_evidence(path: str) -> None:
    """Note the use of a file of evidence, by its path from the root, and of the folders that it is in.

    One of them may become a link, which is never followed.
    """
    for name in with_folders(path):
        note(name)


def facts_use(lab: str) -> str:
    """Return the name under which the use of a lab's facts is noted."""
    return f"facts of {lab}"


@contextmanager
def noting() -> Iterator[set[str]]:
    """Collect what is noted within a `with`; an inner `with` keeps its own.

    >>> with noting() as outer:
    ...     note("a")
    ...     with noting() as inner:
    ...         note("b")
    >>> outer, inner
    ({'a'}, {'b'})
    """
    uses: set[str] = set()
    _open.append(uses)
    try:
        yield uses
    finally:
        _open.pop()


class Noted(Mapping[str, V]):
    """A mapping that notes the keys that were asked for, also those that it does not have."""

    def __init__(self, name: str, values: Mapping[str, V]) -> None:
        self._name = name
        self._values = values

    def __getitem__(self, key: str) -> V:
        note(f"{self._name}:{key}")
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        note(f"{self._name}:{ALL}")
        return iter(self._values)

    def __len__(self) -> int:
        note(f"{self._name}:{ALL}")
        return len(self._values)


def differences(name: str, before: Mapping[str, V], after: Mapping[str, V]) -> set[str]:
    """Return what a `Noted` mapping `name` would have noted for each key whose value has changed.

    >>> sorted(differences("x", {"a": 1, "b": 2}, {"a": 1, "b": 3}))
    ['x:*', 'x:b']
    """
    keys = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    return {f"{name}:{key}" for key in (*keys, ALL)} if keys else set()
