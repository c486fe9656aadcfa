"""The examples in the docstrings of the report are right."""

import doctest
import importlib
import pkgutil

import pytest

import labreport.report

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(labreport.report.__path__, "labreport.report.")
    if not module.name.startswith("labreport.report.facts.converters")  # test_converters.py has these
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module(name: str) -> None:
    """Each doctest of the module passes."""
    assert doctest.testmod(importlib.import_module(name)).failed == 0
