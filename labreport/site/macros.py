"""The macros plugin's entry: names the macros, no logic."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from labreport.report.pages.macros import MACROS
from labreport.site.build import current

if TYPE_CHECKING:  # the export and the check import this package without mkdocs
    from mkdocs_macros.plugin import MacrosPlugin


def define_env(env: MacrosPlugin) -> None:
    """Name each macro for mkdocs-macros; `env` is its plugin."""
    for name in MACROS:
        env.macro(partial(_call, name), name)  # type: ignore[no-untyped-call] # the plugin has no types


def _call(name: str, /, *args: object, **named: object) -> str:
    return current().call(name, *args, **named)
