"""The programs of lab 11: what they read, and what they answer."""

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.lab11.converters import cell, directive
from collectors.lab11.programs.audit_rules import rules
from collectors.lab11.programs.slow_clients import line_of
from labreport.report.facts.converters import NotThere, Unreadable

PROGRAMS = Path(__file__).parents[2] / "collectors/lab11/programs"

LOG = """---aaaaaaaa---A--
[29/Nov/2026:00:00:00 +0000] 1 127.0.0.1 1 127.0.0.1 2
---aaaaaaaa---B--
GET / HTTP/1.1
x-lab-request: attack-one

---aaaaaaaa---H--
ModSecurity: Warning. [id "942100"] [rev ""] [msg "SQL Injection"] [data ""]
ModSecurity: Warning. [id "942100"] [rev ""] [msg "SQL Injection"] [data "again"]
ModSecurity: Access denied with code 403 (phase 2). [id "949110"] [rev ""] [msg "Score Exceeded"]

---aaaaaaaa---Z--

---bbbbbbbb---B--
GET / HTTP/1.1
X-Lab-Request: ordinary-two

---bbbbbbbb---H--
ModSecurity: Warning. [id "930120"] [rev ""] [msg "OS File Access, Attempt"]

---bbbbbbbb---Z--
"""


def test_the_rules_of_each_request() -> None:
    """Each rule once, without those that add up; only of requests with the prefix."""
    assert list(rules(LOG, "attack")) == [("attack-one", "942100", "SQL Injection")]
    assert list(rules(LOG, "ordinary")) == [("ordinary-two", "930120", "OS File Access, Attempt")]
    assert list(rules(LOG, "none")) == []


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Path]:
    """Run the application, and return its socket."""
    path = tmp_path / "s"
    process = subprocess.Popen([sys.executable, "-I", PROGRAMS / "application.py", path])
    try:
        while not path.exists():
            assert process.poll() is None
            time.sleep(0.02)
        yield path
    finally:
        process.terminate()
        process.wait()


def asked(
    path: Path, method: str, target: str, body: bytes | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of an answer."""
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(path))
    connection.request(method, target, body)
    answer = connection.getresponse()
    found = (answer.status, dict(answer.getheaders()), answer.read())
    connection.close()
    return found


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/no/such/page", 200),
        ("GET", "/rest/products/search?q=%27", 200),
        ("GET", "/api/Products/999999", 404),
        ("GET", "/rest/unexpected", 500),
        ("POST", "/rest/user/login", 401),
        ("POST", "/api/Feedbacks", 201),
    ],
)
def test_the_application_answers_as_juice_shop(
    application: Path, method: str, target: str, status: int
) -> None:
    """Statuses, and two weak headers that the proxy has to replace."""
    found, headers, body = asked(application, method, target, b"{}" if method == "POST" else None)
    assert found == status
    assert body
    assert headers["X-Frame-Options"] == "SAMEORIGIN"


def test_an_answer_to_head_has_no_body(application: Path) -> None:
    """Its length is that of the page."""
    status, headers, body = asked(application, "HEAD", "/")
    assert (status, body) == (200, b"")
    assert int(headers["Content-Length"]) > 1000


def test_an_application_that_does_not_answer(application: Path) -> None:
    """It closes the connection, so that nginx makes an error of its own."""
    with pytest.raises(http.client.RemoteDisconnected):
        asked(application, "GET", "/rest/no-answer")


def test_the_first_line_of_an_answer() -> None:
    """A server that closes at once has sent none."""
    assert line_of(b"HTTP/1.1 408 Request Time-out\r\nServer: x\r\n") == "HTTP/1.1 408 Request Time-out"
    assert line_of(b"") == "no answer"


def test_a_cell_that_is_not_there_or_not_the_only_one() -> None:
    """Both are errors that name what was asked for."""
    text = "client,ended\na,closed\na,open\n"
    for argument in ("ended where client=a", "ended where client=b", "length where client=a", "ended"):
        with pytest.raises(NotThere, match="rows for"):
            cell(text, argument)


def test_a_directive_without_seconds() -> None:
    """A size is no time."""
    with pytest.raises(Unreadable, match="no time in seconds: 2m;"):
        directive("client_max_body_size 2m;", "client_max_body_size")
