"""Finds what identifies a machine or a person on a network: addresses, e-mail, names made of an address."""

import ipaddress
import re

from labreport.capture.redact.rule import LATER, Rule, always, any_mask, begins, matches

HOME = re.compile(rb"/" + begins(rb"/", LATER) + rb"(?:home|Users)/(?!\[user\])[A-Za-z0-9._-]+")
EMAIL = re.compile(
    rb"(?<![\w.+@-])[A-Za-z0-9][\w.+-]*+@(?!v?\d+\.\d+\.|(?:[A-Za-z0-9-]++\.)++%b)" % any_mask(LATER)
    + rb"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}(?![\w-])"
)
UNITS = (
    b".service",
    b".socket",
    b".slice",
    b".mount",
    b".automount",
    b".swap",
    b".target",
    b".timer",
    b".path",
    b".device",
    b".scope",
)
MAC = re.compile(
    rb"[0-9A-Fa-f](?<![0-9A-Fa-f:.-][0-9A-Fa-f])[0-9A-Fa-f](?P<sep>[:-])"
    rb"(?:[0-9A-Fa-f]{2}(?P=sep)){4}[0-9A-Fa-f]{2}(?![0-9A-Fa-f:-])"
)
NAMED = re.compile(
    rb"(?:ip|vm|ec2|dhcp|host|node)(?<![A-Za-z0-9](?:ip|vm))(?<![A-Za-z0-9]ec2)(?<![A-Za-z0-9](?:dhcp|host|node))"
    rb"(?:-\d{1,3}){4}(?![\w-])(?:\.[A-Za-z0-9-]+)*"
)
QUAD = rb"(?:\d{1,3}\.){3}\d{1,3}"
RANGE_AFTER = QUAD + rb"|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2}"
IPV4 = re.compile(
    rb"\d(?<![\w.+~]\d)\d{0,2}\.(?:\d{1,3}\.){2}\d{1,3}(?![\w+~]|\.\w|-(?!" + RANGE_AFTER + rb")\w)"
)
RANGE_BEFORE = re.compile(QUAD + rb"-$")
IPV6 = re.compile(
    rb"[0-9A-Fa-f:](?<![\w:.][0-9A-Fa-f:])(?:(?<!:)[0-9A-Fa-f]{0,3}+:|(?<=:))[0-9A-Fa-f]{0,4}+(?::[0-9A-Fa-f]{0,4}+){1,6}+"
    rb"(?![\w:]|\.\w)"
)
VERSION_BEFORE = re.compile(
    rb"(?:(?:version|release|\bver\.?|\bv|[=<>~!]=)[ :=\"']*|(?:kernel|linux) )$", re.IGNORECASE
)
PROGRAM_BEFORE = re.compile(rb"(?<![/:@.])\b[A-Za-z][\w+.-]*/$")
ADDRESS_BEFORE = re.compile(
    rb"(?:\b(?:inet|addr(?:ess)?|ipv?4?|from|to|via|src|dst|host|peer|server|gateway|gw|router?|dns|nameserver"
    rb"|listen(?:ing)?|connect(?:ed|ing)?|ping|client|remote|local|broadcast|brd|subnet|net|bind|resolver|proxy"
    rb"|scope|hostname|bytes from|trying)[ \t:=(\[\"']{1,3}|//|@)$",
    re.IGNORECASE,
)
ADDRESS_AFTER = re.compile(rb"/\d{1,2}\b|:\d{1,5}\b| port \d")
UPGRADE = re.compile(rb"upgrad|updat|version|release|migrat|bump", re.IGNORECASE)
OCTET, MULTICAST = 255, 224
SMALL_FIRST, SMALL = 9, 99
NEAR, LINE = 16, 60
"""How many bytes before a dotted quad say what it is, and how many what its line is about."""


def mac_rule() -> Rule:
    """Return the rule for hardware addresses."""
    return matches("mac", MAC, _mac)


def address_rules() -> list[Rule]:
    """Return the rules for addresses of hosts and networks."""
    return [matches("ip", IPV4, _ipv4, b"."), matches("ip", IPV6, _ipv6, b":")]


def named_rule() -> Rule:
    """Return the rule for host names that are made of an address, such as ip-10-1-2-3."""
    return matches("host", NAMED, _named, b"ip-", b"ec2-", b"vm-", b"dhcp-", b"host-", b"node-")


def home_rule() -> Rule:
    """Return the rule for home folders."""
    return matches("home", HOME, always("/home/[user]"), b"/home/", b"/Users/")


def email_rule() -> Rule:
    """Return the rule for e-mail addresses."""
    return matches("email", EMAIL, _email, b"@")


def _email(match: re.Match[bytes]) -> bytes | None:
    """Mask an e-mail address, but neither an instance of a systemd unit nor `git@`."""
    address = match.group()
    return None if address.endswith(UNITS) or address.startswith(b"git@") else b"[email]"


def _mac(match: re.Match[bytes]) -> bytes | None:
    """Mask a hardware address, except all zeros and broadcast."""
    digits = set(match.group().lower()) - set(b":-")
    return None if digits in ({ord("0")}, {ord("f")}) else b"[mac]"


def _named(match: re.Match[bytes]) -> bytes | None:
    """Mask a host name if its four numbers can be an address."""
    numbers = re.findall(rb"-(\d+)", match.group().split(b".")[0])
    return b"[host]" if all(int(number) <= OCTET for number in numbers) else None


def _ipv4(match: re.Match[bytes]) -> bytes | None:
    """Mask a dotted quad that is the address of a host or a network, but not a version number.

    Both look alike. The words around decide; without any, four small numbers (3.0.11.0) are a version, and
    all else is an address.
    """
    octets = [int(part) for part in match.group().split(b".")]
    before = match.string[max(0, match.start() - NEAR) : match.start()]
    part_of_name = before.endswith(b"-") and not RANGE_BEFORE.search(before)
    if max(octets) > OCTET or part_of_name or VERSION_BEFORE.search(before) or octets[0] in {0, 127, OCTET}:
        return None
    address = ipaddress.IPv4Address(bytes(octets))
    after = ADDRESS_AFTER.match(match.string, match.end())
    if address.is_private or after or octets[0] >= MULTICAST:
        return b"[ip]"
    if PROGRAM_BEFORE.search(before):
        return None
    small = octets[0] <= SMALL_FIRST and max(octets) <= SMALL
    line = match.string[max(0, match.start() - LINE) : match.start()].rpartition(b"\n")[2]
    return None if small and (UPGRADE.search(line) or not ADDRESS_BEFORE.search(before)) else b"[ip]"


def _ipv6(match: re.Match[bytes]) -> bytes | None:
    """Mask what the standard library accepts as the address of a host or a network."""
    text = match.group()
    try:
        address = ipaddress.IPv6Address(text.decode())
    except ValueError:
        return None
    if address.is_loopback or address.is_unspecified or address.is_multicast or not re.search(rb"\d", text):
        return None
    return b"[ip]"
