"""Edit containerd's table of runtimes, in TOML. Comments and order are kept."""

import re
from collections.abc import Mapping
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from labreport.containers.ctr import KATA
from labreport.contract.errors import LabError

PLUGINS = {2: "io.containerd.grpc.v1.cri", 3: "io.containerd.cri.v1.runtime"}
"""The plugin that has the table of runtimes, by the version of the configuration. containerd 1.x reads
version 2, and 2.x reads 3."""


class TableError(LabError):
    """A configuration that cannot be edited."""


def config_version(printed: str) -> int:
    """Return the version of the configuration that an installed containerd reads: 2 for 1.x, otherwise 3.

    `printed` is the output of `containerd --version`. Raise TableError if there is no version in it.

    >>> config_version("containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3")
    2
    >>> config_version("containerd github.com/containerd/containerd/v2 v2.1.4 75cb2b7193")
    3
    """
    match = re.search(r"\sv?(\d+)\.(\d+)\.", printed)
    if match is None:
        raise TableError(f"`containerd --version` prints no version: {printed!r}", "install containerd")
    return 2 if match[1] == "1" else 3


def with_kata(text: str, version: int) -> str:
    r"""Return a containerd configuration with Kata's runtime added; unchanged if it has it already.

    `version` is that of the configuration which the installed containerd reads; an empty text gets it. Raise
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
            f"it is of version {found}", "see what `containerd config migrate` makes of it, and use that"
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
            raise TableError(f"{'.'.join(keys[:depth])}: not a table", "correct it")
    if "kata" in table:
        runtime_type = table["kata"].get("runtime_type") if isinstance(table["kata"], Mapping) else None
        if runtime_type != KATA:
            raise TableError(
                f"{'.'.join(keys)}.kata: is there already, of type {runtime_type!r}", "rename or remove it"
            )
        return text
    kata = tomlkit.table()
    kata["runtime_type"] = KATA
    table["kata"] = kata
    return tomlkit.dumps(document)


def _parsed(text: str) -> tomlkit.TOMLDocument:
    """Return a TOML document; raise TableError."""
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        raise TableError(f"not TOML: {error}", "correct it") from error
