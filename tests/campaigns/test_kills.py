"""A sample of the kills."""

from pathlib import Path

import pytest

from tests.campaigns import kills

SEED = 2501


@pytest.mark.slow
def test_a_kill_of_each_command(tmp_path: Path) -> None:
    """One kill of each command leaves nothing torn and nothing behind."""
    results = kills.campaign(tmp_path, SEED, 5)
    assert [problem for result in results.values() for problem in result.problems] == []


@pytest.mark.slow
def test_kills_at_random_moments(tmp_path: Path) -> None:
    """Thirty kills leave nothing torn and nothing behind, and most of them come in time."""
    results = kills.campaign(tmp_path, SEED, 30)
    assert [problem for result in results.values() for problem in result.problems] == []
    assert sum(result.in_time for result in results.values()) >= 15
