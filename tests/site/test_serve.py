"""`mkdocs serve` stays up through bad pages and shows them, and shows evidence that has changed."""

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project import CapturedFile, Little, clean_environment, make

PAGE = '# Task 1\n\nWords.\n\n{{ evidence("a/b.txt", lines="1:2") }}\n'


class Served:
    """A running `mkdocs serve` of a little project; the site that it leaves when ended is beside that."""

    def __init__(self, little: Little, *args: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/labs/lab12/task-1.html"
        self.log = little.root / "serve.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mkdocs", "serve", "-a", f"127.0.0.1:{port}", *args],
                cwd=little.root,
                env={**clean_environment(), "TMPDIR": str(little.root.parent)},
                stdout=log,
                stderr=log,
            )

    def shows(self, text: str) -> str:
        """Wait until the page holds `text`, and return the page; fail after 60 s or if serve has ended."""
        page, end = "", time.monotonic() + 60
        while time.monotonic() < end:
            assert self.process.poll() is None, self.log.read_text()
            try:
                with urllib.request.urlopen(self.url, timeout=5) as answer:  # noqa: S310 # our own loopback
                    page = answer.read().decode()
            except (urllib.error.URLError, ConnectionError):
                page = ""
            if text in page:
                return page
            time.sleep(0.2)
        pytest.fail(f"{text!r} is not in the page: {self.log.read_text()}")


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Make a project with one page whose range is wrong."""
    made = make(tmp_path / "project")
    made.capture(CapturedFile("a/b.txt", b"one\ntwo\n"))
    made.page("labs/lab12/task-1.md", PAGE.replace("1:2", "1:9"))
    made.page("labs/lab12/task-2.md", "# Task 2\n\nNo evidence.\n")
    return made


@pytest.fixture(params=[(), ("--dirty",)], ids=["clean", "dirty"])
def served(little: Little, request: pytest.FixtureRequest) -> Iterator[Served]:
    """Run `mkdocs serve` on the project, and end it afterwards."""
    running = Served(little, *request.param)
    yield running
    running.process.terminate()
    running.process.wait(timeout=10)


@pytest.mark.slow
def test_serve_stays_up_and_shows_each_change(little: Little, served: Served) -> None:
    """A bad range, then the page mended, then evidence changed, then a typo: each shows in place."""
    page = served.shows("1:2 is the whole file")
    assert str(little.root) not in page
    little.page("labs/lab12/task-1.md", PAGE)
    assert "ev-problem" not in served.shows('data-lines="1:2">one\ntwo\n</code>')
    little.capture(CapturedFile("a/b.txt", b"uno\ndue\n"))
    assert "altered" not in served.shows('data-lines="1:2">uno\ndue\n</code>')
    little.page("labs/lab12/task-1.md", PAGE + "\n{{ evidnce() }}\n{{ evidence( }}\n")
    served.shows("invalid Jinja")
    (little.root / "docs/labs/lab12/task-1.md").write_bytes(b"# Task 1\n\nLow \x96 yes.\n")
    served.shows("not UTF-8")
    little.page("labs/lab12/task-1.md", PAGE)
    assert "ev-problem" not in served.shows('data-lines="1:2">uno')
