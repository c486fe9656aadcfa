"""A small application behind the proxy, with paths, statuses and headers like those of Juice Shop.

    python3 application.py SOCKET

It listens on a Unix socket, so no port leads past the proxy. It knows no data and has no flaws: what it
answers does not depend on a payload.
"""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingUnixStreamServer
from urllib.parse import urlsplit

PAGE = b"<!doctype html><title>Stand-in</title><h1>Products</h1>" + b"<p>An apple juice.</p>" * 80
PRODUCT = {"id": 1, "name": "Apple Juice", "price": 1.99}


class Answer(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "stand-in", ""
    timeout = 60

    def setup(self) -> None:
        """Give the client an address: a Unix socket has none."""
        super().setup()
        self.client_address = ("unix", 0)

    def log_message(self, *_args: object) -> None:
        """Log nothing: the proxy does."""

    def do_GET(self) -> None:
        """Answer as Juice Shop does: an unknown page is the start page, unknown parts of the API fail."""
        path = urlsplit(self.path).path
        if path == "/rest/no-answer":
            self.close_connection = True
        elif path == "/rest/products/search":
            self._json(200, {"status": "success", "data": [PRODUCT]})
        elif path in {"/api/Products/1", "/rest/admin/application-version"}:
            self._json(200, PRODUCT)
        elif path.startswith("/api/"):
            self._json(404, {"message": "Not Found", "errors": []})
        elif path.startswith("/rest/"):
            self._json(500, {"error": {"message": f"Unexpected path: {path}"}})
        else:
            self._send(200, "text/html; charset=UTF-8", PAGE)

    def do_HEAD(self) -> None:
        """Answer as to GET, without the body."""
        self.do_GET()

    def do_POST(self) -> None:
        """Refuse every login; accept everything else."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if urlsplit(self.path).path == "/rest/user/login":
            self._send(401, "text/html; charset=UTF-8", b"Invalid email or password.")
        else:
            self._json(201, {"status": "success"})

    def _json(self, status: int, value: object) -> None:
        self._send(status, "application/json; charset=utf-8", json.dumps(value).encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        for name, value in (
            ("Access-Control-Allow-Origin", "*"),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "SAMEORIGIN"),
            ("Content-Type", kind),
            ("Content-Length", str(len(body))),
        ):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class Application(ThreadingUnixStreamServer):
    """Serves each connection in a thread."""

    daemon_threads = True
    request_queue_size = 128


if __name__ == "__main__":
    os.umask(0)  # nginx may run as another user; the folder of the socket is private
    with Application(sys.argv[1], Answer) as server:
        server.serve_forever()
