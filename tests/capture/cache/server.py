"""A real HTTP server on 127.0.0.1 that knows ranges, and can drop, stall, or lie about a length."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

NAME = "kata-static-3.23.0-amd64.tar.zst"


@dataclass
class Behaviour:
    """What a server sends, and how: set by a test, also while it runs.

    `cuts` are the numbers of bytes after which the next answers drop the connection. `pace` is a pause in
    seconds after each KiB. `knows_ranges` and `version` say whether it can go on, and how the file is marked.
    `claims` is a Content-Length that it makes up. `status` is that of an error that it answers with, and
    `location` where it redirects to.
    """

    data: bytes
    cuts: list[int] = field(default_factory=list)
    pace: float = 0.0
    knows_ranges: bool = True
    version: str = '"one"'
    claims: int | str | None = None
    status: int = 0
    location: str = ""
    requests: list[tuple[str, int]] = field(default_factory=list)
    sent: int = 0


@dataclass(frozen=True)
class Server:
    """A server that runs: the address of its file, and what it does."""

    url: str
    behaviour: Behaviour


@contextmanager
def serving(data: bytes) -> Iterator[Server]:
    """Start a server for one file; end it afterwards."""
    behaviour = Behaviour(data)

    class Handler(BaseHTTPRequestHandler):
        """Answers each request with the file, or with the rest of it."""

        def do_GET(self) -> None:
            """Send as the behaviour says."""
            answer(self, behaviour)

        do_HEAD = do_GET  # noqa: N815 # the standard library's name

        def log_message(self, *_words: Any) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield Server(f"http://127.0.0.1:{server.server_port}/{NAME}", behaviour)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def answer(handler: BaseHTTPRequestHandler, behaviour: Behaviour) -> None:
    """Answer one request."""
    start = 0
    wanted = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
    version = handler.headers.get("If-Range", behaviour.version)
    if wanted and behaviour.knows_ranges and version == behaviour.version:
        start = int(wanted[1])
    behaviour.requests.append((handler.headers.get("Range", ""), start))
    if behaviour.location:
        handler.send_response(302)
        handler.send_header("Location", behaviour.location)
        handler.end_headers()
        return
    if behaviour.status:
        handler.send_error(behaviour.status)
        return
    if start >= len(behaviour.data) > 0:
        handler.send_error(416)
        return
    handler.send_response(206 if start else 200)
    if start:
        handler.send_header("Content-Range", f"bytes {start}-{len(behaviour.data) - 1}/{len(behaviour.data)}")
    if behaviour.version:
        handler.send_header("ETag", behaviour.version)
    length = len(behaviour.data) - start if behaviour.claims is None else behaviour.claims
    handler.send_header("Content-Length", str(length))
    handler.end_headers()
    if handler.command == "HEAD":
        return
    send(handler, behaviour, behaviour.data[start:][: behaviour.cuts.pop(0) if behaviour.cuts else None])


def send(handler: BaseHTTPRequestHandler, behaviour: Behaviour, data: bytes) -> None:
    """Send bytes at the pace of the behaviour; a client that is gone is nobody's fault."""
    step = 1024 if behaviour.pace else len(data) or 1
    try:
        for place in range(0, len(data), step):
            handler.wfile.write(data[place : place + step])
            behaviour.sent += step
            time.sleep(behaviour.pace)
    except OSError:
        pass
    handler.close_connection = True
