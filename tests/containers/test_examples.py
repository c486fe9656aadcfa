"""The examples in the docstrings of labreport.containers."""

import doctest
import pkgutil
from importlib import import_module

import pytest

from labreport import containers

MODULES = [found.name for found in pkgutil.walk_packages(containers.__path__, "labreport.containers.")]
WITH_EXAMPLES = {
    "containerd.server",
    "escapes",
    "host.cgroups",
    "host.privileges",
    "images.images",
    "images.registry",
    "kata.values",
    "network.cni",
    "network.namespaces",
    "probes.frames",
}


@pytest.mark.parametrize("module", MODULES)
def test_examples(module: str) -> None:
    """All examples are true, and the modules with examples are those listed."""
    result = doctest.testmod(import_module(module))
    assert result.failed == 0
    assert bool(result.attempted) == (module.removeprefix("labreport.containers.") in WITH_EXAMPLES)
