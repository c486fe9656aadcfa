"""Give these tests the throw-away project of the capture tests."""

from tests.capture.conftest import project

__all__ = ["project"]
