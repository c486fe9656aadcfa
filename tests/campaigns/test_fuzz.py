"""A sample of the random hostile files."""

import pytest

from tests.campaigns import fuzz

SEED = 2502


@pytest.mark.slow_after(2)
@pytest.mark.parametrize("target", fuzz.TARGETS)
def test_a_few_of_each_kind(target: str) -> None:
    """Fifty files of each kind do nothing outside the project and end in explained errors."""
    fuzz.run(target, SEED, 50)


@pytest.mark.slow
@pytest.mark.parametrize("target", fuzz.TARGETS)
def test_hundreds_of_each_kind(target: str) -> None:
    """Five hundred files of each kind do nothing outside the project and end in explained errors."""
    fuzz.run(target, SEED + 1, 500)
