"""Whether a host can be reached, without asking it for anything."""

import socket
import urllib.request
from dataclasses import dataclass
from urllib.parse import urlsplit

from labreport.capture import recorder

CONNECT_SECONDS = 3.0
ADDRESSES = 3
"""How many of a name's addresses are tried. The first may be of a protocol without a route, such as IPv6."""

PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Proxy:
    """A proxy, and the variable that names it. It has no name if the value of the variable is no address."""

    variable: str
    name: str
    port: int

    def __str__(self) -> str:
        """Return the words for it in a message, without what else its address has, such as a password."""
        return f"the proxy {self.name} ({self.variable})"


def proxy_of(url: str) -> Proxy | None:
    """Return the proxy that the environment names for an address of http or https, or None."""
    parts = urlsplit(url)
    named = urllib.request.getproxies().get(parts.scheme)
    if not named or urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    variable = f"{parts.scheme}_proxy"
    try:
        proxy = urlsplit(named if "://" in named else f"//{named}")
        return Proxy(variable, proxy.hostname or "", proxy.port or PORTS[parts.scheme])
    except ValueError:
        return Proxy(variable, "", 0)


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
    """Return why the host of an address of http or https takes no connection, or an empty text.

    If the environment names a proxy for it, that is asked for a connection.
    """
    if (proxy := proxy_of(url)) is None:
        parts = urlsplit(url)
        name, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    elif proxy.name:
        name, port = proxy.name, proxy.port
    else:
        return f"{proxy.variable} names no address"
    why = unreachable(name, port)
    return f"{proxy or name}: {why}" if why else ""
