"""A sample of the campaign with random reports."""

import pytest

from tests.campaigns import audits


@pytest.mark.slow
def test_random_reports() -> None:
    """None of them makes an audit fail, and CRLF or a move changes no verdict."""
    assert not audits.campaign(seed=70_000, count=60)
