"""What `ip addr` says about an interface."""

import re
from collections.abc import Iterator
from functools import partial
from ipaddress import ip_interface

from labreport.report.facts.converters.lines import NotThere, Unreadable, checked, count_of, lines_of, shown
from labreport.report.values.quantity import Quantity

_INTERFACE = re.compile(r"[0-9]+: ([^\s:@]+)(?:@[^\s:]+)?: (.*)")
_ADDRESS = re.compile(r"(inet6?) (\S+)\b.*", re.ASCII)
_MTU = re.compile(r"<[A-Z0-9_,-]*> mtu ([0-9]{1,7})(?: .*)?", re.ASCII)


def _section(text: str, interface: str) -> Iterator[str]:
    """Yield what is said of an interface, its first line from the flags on; raise NotThere."""
    inside = found = False
    for line in lines_of(text):
        head = _INTERFACE.fullmatch(line)
        if head:
            inside = head[1] == interface
            found = found or inside
        if inside:
            yield head[2] if head else line
    if not found:
        raise NotThere(f"no interface {interface!r} in {shown(text.strip()) or 'an empty text'}")


def addresses(text: str, interface: str) -> str:
    r"""Return all addresses of an interface with their prefix lengths.

    >>> addresses("2: eth0@if5: <UP>\n    inet 10.4.0.7/24\n    inet6 fe80::1/64", "eth0")
    '10.4.0.7/24, fe80::1/64'
    """
    found = list(_addresses(text, interface))
    if not found:
        raise NotThere(f"{interface} has no address")
    return ", ".join(found)


def address(text: str, interface: str) -> str:
    r"""Return the one IPv4 address of an interface with its prefix length.

    >>> address("2: eth0: <UP> mtu 1500\n    inet 10.4.0.7/24 brd 10.4.0.255 scope global eth0\n", "eth0")
    '10.4.0.7/24'
    """
    found = [one for one in _addresses(text, interface) if ":" not in one]
    if not found:
        raise NotThere(f"{interface} has no IPv4 address")
    if len(found) > 1:
        raise Unreadable(f"{interface} has {len(found)} IPv4 addresses: {', '.join(found)}")
    return found[0]


def _addresses(text: str, interface: str) -> Iterator[str]:
    for line in _section(text, interface):
        found = _ADDRESS.fullmatch(line)
        if found:
            yield str(checked(line, "address", partial(ip_interface, found[2])))
        elif line.startswith("inet"):
            raise Unreadable(f"no address: {shown(line)}")


def mtu(text: str, interface: str) -> Quantity:
    r"""Return the largest packet that an interface takes, in bytes.

    >>> str(mtu("1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN qlen 1000\n", "lo"))
    '65536 B'
    """
    first = next(iter(_section(text, interface)))
    found = _MTU.fullmatch(first)
    if not found:
        raise Unreadable(f"no MTU: {shown(first)}")
    return Quantity(count_of(found[1]).value, "B")
