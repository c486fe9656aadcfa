"""What draws: altair and vl_convert are loaded when one of them is used for the first time.

A statement such as `import altair` would load the library at once, because it asks the module for an
attribute. So the modules of this folder import both from here.
"""

import sys
from importlib import import_module
from importlib.util import LazyLoader, find_spec, module_from_spec
from types import ModuleType
from typing import TYPE_CHECKING

__all__ = ["alt", "vl_convert"]


def loaded_when_used(name: str) -> ModuleType:
    """Return a module that Python's LazyLoader loads when its first attribute is asked for.

    One that is imported already is returned as it is. Raise ImportError for one that is not installed.
    """
    spec = None if name in sys.modules else find_spec(name)
    if spec is None or spec.loader is None:
        return import_module(name)
    spec.loader = LazyLoader(spec.loader)
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if TYPE_CHECKING:
    import altair as alt
    import vl_convert
else:
    alt, vl_convert = map(loaded_when_used, ("altair", "vl_convert"))
