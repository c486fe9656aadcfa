"""A static site generator for reproducible lab reports.

Collectors capture evidence, pages embed it, and a build fails where a page and its evidence disagree.
"""

from typing import Any

__version__ = "0.2.0"


def define_env(env: Any) -> None:
    """Register the macros; mkdocs-macros-plugin calls this for `module_name: labreport`."""
    from labreport.site.macros import define_env as register  # noqa: PLC0415 # capturing needs no mkdocs

    register(env)
