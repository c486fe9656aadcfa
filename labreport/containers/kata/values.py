"""Edit Kata's configuration, which is TOML. Comments and order are kept."""

from collections.abc import Mapping
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from labreport.contract.errors import LabError


class ConfigurationError(LabError):
    """A configuration of Kata that cannot be edited."""


def with_values(text: str, values: Mapping[str, Any]) -> str:
    r"""Return a TOML text with other values at dotted keys; raise ConfigurationError for a missing key.

    >>> with_values("[a.b] # here\nc = 1 # one\n", {"a.b.c": 2})
    '[a.b] # here\nc = 2 # one\n'
    """
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise ConfigurationError(f"not TOML: {error}", "correct it") from error
    for dotted, value in values.items():
        *above, last = dotted.split(".")
        table: Any = document
        for key in above:
            table = table.get(key, {})
        if last not in table:
            raise ConfigurationError(f"{dotted}: not in the configuration", "correct the key in lab.yml")
        table[last] = value
    return tomlkit.dumps(document)
