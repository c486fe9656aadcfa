"""The files that the settings of a site come from: mkdocs.yml, and those that it inherits from."""

import os
from pathlib import Path

from mkdocs.utils.yaml import get_yaml_loader
from yaml import MappingNode, YAMLError

INHERIT = "INHERIT"
"""The key that names the file to inherit from, by its path from the folder of the file with the key."""


def settings_files(path: Path) -> tuple[Path, ...]:
    """Return the file at `path` and those that it inherits from; the last may be missing."""
    files = [path]
    while (parent := _inherited(files[-1])) is not None and parent not in files:
        files.append(parent)
    return tuple(files)


def _inherited(path: Path) -> Path | None:
    """Return which file a file inherits from. Only this value is made of its YAML, which may run code."""
    try:
        loader = get_yaml_loader()(path.read_bytes())
        top = loader.get_single_node()
        pairs = top.value if isinstance(top, MappingNode) else ()
        value = next((loader.construct_object(value) for key, value in pairs if key.value == INHERIT), None)
    except (OSError, ValueError, YAMLError):
        return None
    return Path(os.path.normpath(path.parent / value)) if isinstance(value, str) else None
