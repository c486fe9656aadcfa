"""A report that was handed in, before anybody has read it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Report:
    """A report that was handed in. `name` is unique in its class; `file` is its path."""

    name: str
    file: str
    data: bytes
