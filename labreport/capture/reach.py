"""Whether a host can be reached, without asking it for anything."""

import socket
import urllib.request
from urllib.parse import urlsplit

from labreport.capture import recorder

CONNECT_SECONDS = 3.0
ADDRESSES = 3
"""How many of a name's addresses are tried. The first may be of a protocol without a route, such as IPv6."""

PORTS = {"http": 80, "https": 443}


def unreachable(name: str, port: int) -> str:
    """Return why a host takes no connection, or an empty text.

    A host that does not answer takes CONNECT_SECONDS for each of its addresses.
    """
    found = recorder.output(["getent", "ahosts", name], timeout=CONNECT_SECONDS).splitlines()
    why = "its name is not known here (no network?)"
    for address in list(dict.fromkeys(line.split()[0] for line in found))[:ADDRESSES]:
        try:
            socket.create_connection((address, port), CONNECT_SECONDS).close()
        except TimeoutError:
            why = f"no answer within {CONNECT_SECONDS:g} s"
        except OSError as error:
            why = (error.strerror or "no connection").lower()
        else:
            return ""
    return why


def unreachable_address(url: str) -> str:
    """Return why the host of an address takes no connection, or an empty text.

    If the environment names a proxy for it, nothing is tried: the proxy decides.
    """
    parts = urlsplit(url)
    name = parts.hostname or ""
    if parts.scheme in urllib.request.getproxies() and not urllib.request.proxy_bypass(name):
        return ""
    why = unreachable(name, parts.port or PORTS.get(parts.scheme, 0))
    return f"{name}: {why}" if why else ""
