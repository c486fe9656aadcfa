"""SIGTERM while a container starts: the collect ends in time, and the host is as it was before."""

from pathlib import Path

import pytest

from tests.campaigns.interrupts import LIMIT, campaign


@pytest.mark.slow
@pytest.mark.usefixtures("host")
@pytest.mark.parametrize("count", [3, pytest.param(9, marks=pytest.mark.slow)])
def test_interrupted_at_random_moments(tmp_path: Path, count: int) -> None:
    """Each ends within 15 seconds, and leaves nothing or says what; each third one gets a second signal."""
    endings = campaign(tmp_path, 25 + count, count)
    assert [ending.left for ending in endings if ending.left] == []
    assert max(ending.seconds for ending in endings) <= LIMIT
