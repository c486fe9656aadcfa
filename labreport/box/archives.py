"""The archives that go into the box: those that the environment names."""

import os
from collections.abc import Iterable
from pathlib import Path


def archives(variables: Iterable[str]) -> dict[str, Path]:
    """Return the local files that the environment names in these variables, by variable."""
    named = {name: Path(os.environ.get(name, "")) for name in variables if os.environ.get(name)}
    return {name: path for name, path in named.items() if path.is_file()}
