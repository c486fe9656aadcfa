"""Requests without a pause, and which certificate answered each of them.

    python3 under_way.py PORT SECONDS LEAST    prints CSV, a row when its request has been answered

Some clients open a connection for each request, others keep one. They end after SECONDS, and on a slow host
when LEAST requests have been answered.
"""

import hashlib
import http.client
import ssl
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

HOST = "127.0.0.1"
BEGAN = time.monotonic()
CLIENTS = {"new": 3, "kept": 2}
"""How many clients open a connection for each request, and how many keep theirs."""


def connect(port: int) -> http.client.HTTPSConnection:
    """Return a connection that accepts any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(HOST, port, timeout=10, context=context)


def ask(connection: http.client.HTTPSConnection) -> tuple[str, str, int]:
    """Send one request; return its status or error, the start of the certificate's SHA-256, and the tries.

    A server may close a kept connection at any time. A client that finds it closed opens another one and asks
    again, as every browser does (RFC 9110, section 9.2.2).
    """
    failure = ""
    tries = (1, 2) if connection.sock else (1,)
    for number in tries:
        try:
            if connection.sock is None:
                connection.connect()
            shown = connection.sock.getpeercert(binary_form=True) or b""
            connection.request("GET", "/rest/products/search?q=juice")
            response = connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            failure = type(error).__name__
        else:
            return str(response.status), hashlib.sha256(shown).hexdigest()[:12], number
    return failure, "none", tries[-1]


def client(port: int, kind: str, is_under_way: Callable[[], bool], answered: list[float]) -> None:
    """Send requests one after the other; print a row for each, and add its start to `answered`."""
    connection = connect(port)
    while is_under_way():
        start = time.monotonic() - BEGAN
        status, certificate, tries = ask(connection)
        answered.append(start)
        sys.stdout.write(f"{start:.4f},{kind},{status},{certificate},{tries}\n")
        sys.stdout.flush()
        if kind == "new":
            connection.close()
        time.sleep(0.005)
    connection.close()


def main(words: list[str]) -> None:
    """Run the clients, and wait until all of them have ended."""
    port, seconds, least = int(words[0]), float(words[1]), int(words[2])
    answered: list[float] = []

    def is_under_way() -> bool:
        return time.monotonic() - BEGAN < seconds or len(answered) < least

    sys.stdout.write("seconds,connection,status,certificate,tries\n")
    kinds = [kind for kind, number in CLIENTS.items() for _ in range(number)]
    with ThreadPoolExecutor(len(kinds)) as pool:
        for one in [pool.submit(client, port, kind, is_under_way, answered) for kind in kinds]:
            one.result()


if __name__ == "__main__":
    main(sys.argv[1:])
