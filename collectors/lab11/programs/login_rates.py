"""Logins at several rates, each from a loopback address of its own, so that each has its own limit.

    python3 login_rates.py PORT SECONDS RATE…    RATE is in requests a minute; prints CSV

All rates run at the same time. Each request has a connection of its own.
"""

import http.client
import ssl
import sys
import time
from concurrent.futures import ThreadPoolExecutor

HOST = "127.0.0.1"
REFUSED = 429
FIRST = 100
"""The first source address is 127.0.0.100: no other client of the lab has it."""


def login(port: int, source: str) -> int:
    """Return the status of one login."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection(
        HOST, port, timeout=10, source_address=(source, 0), context=context
    )
    try:
        connection.request("POST", "/rest/user/login", "{}", {"Content-Type": "application/json"})
        return connection.getresponse().status
    finally:
        connection.close()


def at_rate(port: int, seconds: float, rate: int, source: str) -> str:
    """Send logins at a rate for some seconds; return a row of the CSV."""
    began = time.monotonic()
    statuses: list[int] = []
    while (due := len(statuses) * 60 / rate) < seconds:
        time.sleep(max(0.0, began + due - time.monotonic()))
        statuses.append(login(port, source))
    refused = statuses.count(REFUSED)
    return f"{rate},{len(statuses)},{len(statuses) - refused},{refused}"


def main(words: list[str]) -> None:
    """Print a row for each rate."""
    port, seconds, *rates = map(int, words)
    sys.stdout.write("rate_per_minute,sent,passed,refused\n")
    with ThreadPoolExecutor(len(rates)) as pool:
        rows = [
            pool.submit(at_rate, port, seconds, rate, f"127.0.0.{FIRST + number}")
            for number, rate in enumerate(rates)
        ]
        for row in rows:
            sys.stdout.write(f"{row.result()}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
