"""How evidence is shown. Knows no host and no lab; only hooks.py and macros.py know mkdocs."""

from report.macros import define_env

__all__ = ["define_env"]
