"""containerd's table of runtimes, with Kata in it: edited so that comments and order stay."""

from collections.abc import Mapping
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from labreport.contract.errors import LabError

KATA_TYPE = "io.containerd.kata.v2"

PLUGINS = {2: "io.containerd.grpc.v1.cri", 3: "io.containerd.cri.v1.runtime"}
"""The plugin that holds the table, by the configuration's version: containerd 1.x has 2, 2.x has 3."""


class TableError(LabError):
    """A configuration that cannot be edited; the text says where, why and what to do."""


def with_kata(text: str, version: int) -> str:
    r"""Return a containerd configuration that has Kata's runtime; as it was if it has it already.

    `version` is the one that the installed containerd asks for: an empty configuration gets it. Raise
    TableError.

    >>> print(with_kata("# mine\nversion = 2\n", 2))
    # mine
    version = 2
    <BLANKLINE>
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.kata]
    runtime_type = "io.containerd.kata.v2"
    <BLANKLINE>
    """
    document = _parsed(text)
    found = document.get("version", version if not text.strip() else 1)
    if found not in PLUGINS:
        raise TableError(
            f"it is of version {found}: see what `containerd config migrate` makes of it, and use that"
        )
    if "version" not in document:
        document["version"] = found
    keys = ("plugins", PLUGINS[found], "containerd", "runtimes")
    table: Any = document
    for depth, key in enumerate(keys, 1):
        if key not in table:
            table[key] = tomlkit.table(is_super_table=True)
        table = table[key]
        if not isinstance(table, Mapping):
            raise TableError(f"{'.'.join(keys[:depth])}: not a table: mend it")
    if "kata" in table:
        kind = table["kata"].get("runtime_type") if isinstance(table["kata"], Mapping) else None
        if kind != KATA_TYPE:
            raise TableError(
                f"{'.'.join(keys)}.kata: is there already, of type {kind!r}: rename or remove it"
            )
        return text
    kata = tomlkit.table()
    kata["runtime_type"] = KATA_TYPE
    table["kata"] = kata
    return tomlkit.dumps(document)


def with_values(text: str, values: Mapping[str, Any]) -> str:
    r"""Return a TOML text with other values at dotted keys that it has; raise TableError for one it has not.

    >>> with_values("[a.b] # here\nc = 1 # one\n", {"a.b.c": 2})
    '[a.b] # here\nc = 2 # one\n'
    """
    document = _parsed(text)
    for dotted, value in values.items():
        *above, last = dotted.split(".")
        table: Any = document
        for key in above:
            table = table.get(key, {})
        if last not in table:
            raise TableError(f"{dotted}: not in the configuration")
        table[last] = value
    return tomlkit.dumps(document)


def _parsed(text: str) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        raise TableError(f"not TOML: {error}: mend it") from error
