"""Samples of the campaigns that change the source: defences that are taken out, and mutants."""

import random

import pytest

from tests.campaigns import defences, mutants
from tests.campaigns.copies import ROOT, Copy

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SEED = 2503


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """Return a copy of the project."""
    return Copy(tmp_path_factory.mktemp("copy"))


SAMPLE = random.Random(SEED).sample(defences.defences(), 12)  # noqa: S311 - no secret


@pytest.mark.parametrize("defence", SAMPLE, ids=lambda defence: defence.line)
def test_without_its_defence_a_test_fails(copy: Copy, defence: defences.Defence) -> None:
    """The test of a line of the threat model fails if the defence is taken out."""
    assert defences.is_held(copy, defence)


def test_nine_in_ten_mutants_are_killed() -> None:
    """Of ten small changes of the modules that read hostile input, the tests notice at least nine."""
    chosen = mutants.drawn(SEED, 10)
    alive = [mutant.describe((ROOT / mutant.file).read_text()) for mutant in mutants.survivors(chosen, 1)]
    assert len(alive) <= len(chosen) * (1 - mutants.KILLED) + 0.01, alive
