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


def test_a_mutant_is_killed() -> None:
    """The reader without its check that a record is that of its collector does not pass its tests."""
    file = "labreport/contract/reader.py"
    source = (ROOT / file).read_text()
    begin = source.index("record.collector.name != collector")
    (mutant,) = (one for one in mutants.mutants(file, source) if begin < one.start < begin + 30)
    assert mutant.text == " == "
    assert list(mutants.survivors([mutant], 1)) == []
