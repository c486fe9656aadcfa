"""What a system prints about itself: kernel, processor, memory, capabilities, interfaces."""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from ipaddress import ip_interface

from labreport.report.facts.converters.lines import (
    NotThere,
    Unreadable,
    ValueKind,
    checked,
    count_of,
    excerpt,
    form,
    lines_of,
    read_line,
)
from labreport.report.values import Quantity

_RELEASE = r"([0-9]{1,3}\.[0-9]{1,4}\.[0-9]{1,5}(?:[-+._~][\w.+~-]*)?)"
_KERNEL = ValueKind(
    "kernel release",
    (
        form(_RELEASE, lambda m: m[1]),
        form(rf"Linux \S+ {_RELEASE} #.*", lambda m: m[1]),
        form(rf"(?:\[[ 0-9.]+\] )?Linux version {_RELEASE} \(.*", lambda m: m[1]),
    ),
    re.compile(r"(?:\[[ 0-9.]+\] )?Linux\b"),
)


def kernel(text: str, label: str = "") -> str:
    r"""Return the kernel release from `uname -r`, `uname -a`, /proc/version or the kernel's first message.

    >>> kernel("6.12.47\n"), kernel("Host kernel: 6.1.0-18-amd64", "Host kernel")
    ('6.12.47', '6.1.0-18-amd64')
    >>> kernel("Linux box 6.1.0-18-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 x86_64 GNU/Linux")
    '6.1.0-18-amd64'
    >>> kernel("Linux version 6.12.47 (@4bcec8f4443d) (gcc (Ubuntu 11.4.0) 11.4.0) #1 SMP")
    '6.12.47'
    """
    return read_line(text, label, _KERNEL)


_MODEL = ValueKind(
    "model name", (form(r"model name\s*: (\S.*)", lambda m: m[1]),), re.compile(r"model name\b")
)


def cpu(text: str, label: str = "") -> str:
    r"""Return the processor's model from /proc/cpuinfo, which must be the same for all cores.

    >>> cpu("processor\t: 0\nmodel name\t: AMD EPYC 7763 64-Core Processor\nprocessor\t: 1\n")
    'AMD EPYC 7763 64-Core Processor'
    >>> cpu("Host CPU:\nmodel name\t: AMD EPYC 7763\nKata VM CPU:\nmodel name\t: AMD EPYC\n", "Kata VM CPU")
    'AMD EPYC'
    """
    return read_line(text, label, _MODEL)


_MEMORY = ValueKind(
    "size",
    (
        form(r"([0-9]{1,20}) kB", lambda m: Quantity(Decimal(m[1]), "KiB")),
        form(r"([0-9]{1,20})", lambda m: count_of(m[1])),
    ),
    re.compile(r"$"),
)


def meminfo(text: str, key: str) -> Quantity:
    r"""Return a line of /proc/meminfo or smaps_rollup, whose kB are KiB (proc(5)), or a count.

    >>> memory = "MemTotal:       24684092 kB\nHugePages_Total:       0\n"
    >>> str(meminfo(memory, "MemTotal")), str(meminfo(memory, "HugePages_Total"))
    ('24684092 KiB', '0')
    """
    return read_line(text, key, _MEMORY)


_MASK = ValueKind("mask", (form(r"(?:0x)?([0-9a-f]{8,16})", lambda m: int(m[1], 16)),), re.compile(r"$"))


def mask(text: str, key: str) -> Quantity:
    r"""Return a capability mask of /proc/PID/status as a number.

    >>> str(mask("CapInh:\t0000000000000000\nCapEff:\t00000000a80425fb\n", "CapEff"))
    '2818844155'
    """
    return count_of(read_line(text, key, _MASK))


def capabilities(text: str, key: str = "") -> Quantity:
    r"""Return the number of capabilities in a mask of /proc/PID/status, or in a line of `capsh --decode`.

    >>> str(capabilities("CapInh:\t0000000000000000\nCapEff:\t00000000a80425fb\n", "CapEff"))
    '14'
    >>> str(capabilities("0x0000000000000401=cap_chown,cap_net_bind_service\n"))
    '2'
    """
    if not key:
        return read_line(text, "", _DECODED)
    return count_of(read_line(text, key, _MASK).bit_count())


_DECODED = ValueKind(
    "decoded mask",
    (form(r"0x([0-9a-f]{8,16})=((?:\w+(?:,\w+)*)?)", lambda m: _count_names(m[1], m[2])),),
    re.compile(r"0x[0-9a-f]*="),
)


def _count_names(digits: str, names: str) -> Quantity:
    """Return the number of names; raise ValueError unless the mask has as many bits."""
    bits, named = int(digits, 16).bit_count(), len(names.split(",")) if names else 0
    if bits != named:
        raise ValueError(f"{bits} bits and {named} names")
    return count_of(bits)


_INTERFACE = re.compile(r"[0-9]+: ([^\s:@]+)(?:@[^\s:]+)?: (.*)")
_ADDRESS = re.compile(r"(inet6?) (\S+)\b.*", re.ASCII)
_MTU = re.compile(r"<[A-Z0-9_,-]*> mtu ([0-9]{1,7})(?: .*)?", re.ASCII)


def _section(text: str, interface: str) -> Iterator[str]:
    """Yield the lines about an interface, the first one from its flags on; raise NotThere."""
    inside = found = False
    for line in lines_of(text):
        head = _INTERFACE.fullmatch(line)
        if head:
            inside = head[1] == interface
            found = found or inside
        if inside:
            yield head[2] if head else line
    if not found:
        raise NotThere(f"no interface {interface!r} in {excerpt(text)}")


def addresses(text: str, interface: str) -> str:
    r"""Return all addresses of an interface, with their prefix lengths.

    >>> addresses("2: eth0@if5: <UP>\n    inet 10.4.0.7/24\n    inet6 fe80::1/64", "eth0")
    '10.4.0.7/24, fe80::1/64'
    """
    found = list(_addresses(text, interface))
    if not found:
        raise NotThere(f"{interface} has no address")
    return ", ".join(found)


def address(text: str, interface: str) -> str:
    r"""Return the only IPv4 address of an interface, with its prefix length.

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
            raise Unreadable(f"no valid address: {excerpt(line)}")


def mtu(text: str, interface: str) -> Quantity:
    r"""Return the MTU of an interface, its largest packet, in bytes.

    >>> str(mtu("1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN qlen 1000\n", "lo"))
    '65536 B'
    """
    first = next(iter(_section(text, interface)))
    found = _MTU.fullmatch(first)
    if not found:
        raise Unreadable(f"no valid MTU: {excerpt(first)}")
    return Quantity(count_of(found[1]).value, "B")
