"""Clients that are too slow, until the server closes the connection.

    python3 slow_clients.py LIMIT NAME=PORT…    all kinds of clients at once, over TLS; prints CSV
    python3 slow_clients.py once PORT plain|tls one line of a request, then silence; prints a sentence

LIMIT is how many seconds are waited at most.
"""

import socket
import ssl
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

HOST = "127.0.0.1"
LINE = b"GET / HTTP/1.0\r\n"
POST = b"POST /api/Feedbacks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"
CLIENTS = {
    "headers then silence": (LINE, b""),
    "headers byte by byte": (LINE + b"X-Slow: ", b"a"),
    "body then silence": (POST + b"a" * 500, b""),
    "body byte by byte": (POST, b"a"),
}
"""What each kind of client sends at once, and then each second."""
TICK = 1.0


def connect(port: int, *, tls: bool) -> socket.socket:
    """Connect to a port; any certificate is accepted."""
    plain = socket.create_connection((HOST, port), 10)
    if not tls:
        return plain
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(plain, server_hostname="localhost")


def wait(port: int, sent: tuple[bytes, bytes], limit: float, *, tls: bool = True) -> tuple[float, str, str]:
    """Connect, send a text, and then another one every second.

    Return the seconds since the connection was opened, how it ended, and the first line of an answer.
    """
    first, each = sent
    answer = b""
    began = time.monotonic()
    with connect(port, tls=tls) as connection:
        connection.sendall(first)
        connection.settimeout(TICK)
        while (waited := time.monotonic() - began) < limit:
            try:
                received = connection.recv(4096)
                if not received:
                    return time.monotonic() - began, "closed", line_of(answer)
                answer += received
            except TimeoutError:
                with suppress(OSError):  # the next read says that it is closed
                    connection.sendall(each)
            except OSError:
                return time.monotonic() - began, "closed", line_of(answer)
    return waited, "still open", line_of(answer)


def line_of(answer: bytes) -> str:
    """Return the first line of an answer."""
    return answer.split(b"\r\n")[0].decode("latin-1") or "no answer"


def all_clients(limit: float, ports: dict[str, int]) -> Iterator[str]:
    """Yield the rows of a CSV; all clients wait at the same time."""
    yield "configuration,client,seconds,ended,answer"
    cases = [(name, client) for name in ports for client in CLIENTS]
    with ThreadPoolExecutor(len(cases)) as pool:
        waiting = [pool.submit(wait, ports[name], CLIENTS[client], limit) for name, client in cases]
        for (name, client), result in zip(cases, waiting, strict=True):
            seconds, ended, answer = result.result()
            yield f"{name},{client},{seconds:.1f},{ended},{answer}"


def main(words: list[str]) -> None:
    """Do what the arguments say."""
    if words[0] == "once":
        seconds, ended, answer = wait(int(words[1]), (LINE, b""), 30, tls=words[2] == "tls")
        sys.stdout.write(f"{answer}\n{ended} after {seconds:.1f} s\n")
        return
    named = (word.partition("=") for word in words[1:])
    for row in all_clients(float(words[0]), {name: int(port) for name, _, port in named}):
        sys.stdout.write(f"{row}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
