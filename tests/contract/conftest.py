"""The throw-away project of the capturing tests."""

from tests.capture.conftest import project

__all__ = ["project"]
