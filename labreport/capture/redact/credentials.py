"""Finds secrets that their place gives away: in a URL, in a header, in the options of a command."""

import re
from collections.abc import Iterator

from labreport.capture.redact.rule import Masked, Rule, Text, any_mask

MASK = re.compile(any_mask())
SHORTEST = 4

URL = re.compile(rb"://(?P<user>[^\s\0/@:\"'<>?#\[]{0,256}+):(?P<value>[^\s\0/\"'<>]++)")
"""A URL with a password, and with or without a user. The password ends at the last @ before the path."""

URL_TOKEN = re.compile(rb"://(?P<value>(?=[a-z_.~%-]{0,64}[0-9])[a-z0-9_.~%-]{16,}+)@")
"""A URL with a long user and no password: a token."""

BEARER = re.compile(
    rb"(?<![a-z0-9_])(?:bearer|basic)[ \t]+(?P<value>(?=[a-z+/._~-]{0,4096}[0-9=])[a-z0-9+/._~-]{12,}+=*)"
)
COOKIES = re.compile(
    rb"(?<![a-z0-9-])(?P<set>set-)?cookie2?[\"']?[ \t]*[:,][ \t]*b?[\"']?(?P<value>[^\0\r\n\"']++)"
)
COOKIE = re.compile(rb"(?<![^\s;,\"':])(?P<name>[^\s;=,]{1,256}+)=(?P<value>[^\s;]++)")
ATTRIBUTES = (b"path", b"domain", b"expires", b"max-age", b"samesite", b"priority", b"version")
JAR = re.compile(
    rb"\t(?:true|false)\t/[^\t\n]{0,512}\t(?:true|false)\t\d{1,20}\t[^\t\n]{1,256}\t(?P<value>[^\t\r\n]++)"
)
"""A line of a cookie jar in Netscape's format: curl --cookie-jar."""

XAUTH = re.compile(rb"mit-magic-cookie-1[ \t]+(?P<value>[0-9a-f]{16,}+)")

COMMAND = re.compile(
    rb"(?:sshpass(?<![a-z0-9]sshpass)|login(?<![a-z0-9]login)|curl(?<![a-z0-9]curl)|wget(?<![a-z0-9]wget)"
    rb"|mysql(?<![a-z0-9]mysql)|redis-cli|ldap(?:search|modify|whoami|add)|mosquitto_[ps]ub)[^\n;|&]*+"
)
USER = re.compile(
    rb"-(?<![a-z0-9-]-)(?:u|-user|-proxy-user)[\"']?(?:,?[ \t\0]{1,8}+|=)[\"']?[^\s\0:\"']{1,64}+:"
    rb"(?P<value>[^\s\0\"']++)"
)
PASSWORD = re.compile(
    rb"[ \t\0\"']-p(?:[\"']?,?[ \t\0]{1,8}+[\"']?|(?<=sshpass -p))(?P<value>[^\s\0\"'-][^\s\0\"']*+)"
)
ATTACHED = re.compile(rb"(?<=[\s\0\"'])-p(?!ort\b|rotocol\b|lugin)(?P<value>[^\s\0\"'-][^\s\0\"']*+)")
LETTER = re.compile(rb"[ \t\0\"']-[aw][\"']?,?[ \t\0]{1,8}+[\"']?(?P<value>[^\s\0\"'-][^\s\0\"']*+)")
OPTIONS = (
    (b"curl", USER),
    (b"wget", USER),
    (b"sshpass", PASSWORD),
    (b"login", PASSWORD),
    (b"mosquitto_", PASSWORD),
    (b"mysql", ATTACHED),
    (b"redis-cli", LETTER),
    (b"ldap", LETTER),
)
"""The options of programs that name a password by a letter: curl -u, docker login -p, mysql -psecret."""

MACHINE = re.compile(
    rb"(?:machine[_ -]?id|system[_ -]?uuid|product[_ -]?uuid|hardware[_ -]?uuid)[\"']?"
    rb"[ \t]*+[:=][ \t]*+[\"']?"
    rb"(?P<value>[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12})(?![0-9a-z])"
)
SERIAL = re.compile(
    rb"(?P<name>iserial(?=[ \t]+\d)|serial(?:[_ -]?(?:number|num|no|nr|short))?|service[_ ]?tag|asset[_ ]?tag"
    rb"|sn|s/n)"
    rb"\b\.?(?: \([a-z]+\))?[\"'}]?(?:[ \t]*+[:=#]{1,2}[ \t]*+|(?<=iserial)[ \t]++\d++[ \t]++)[\"']?"
    rb"(?P<value>(?=[^\s\0\"',;()\[]{0,200}\d)(?![0-9a-f]{4}:[0-9a-f]{2}:|\d{1,4}/|0x|\d{1,20}[ \t]*\(0x)"
    rb"[a-z0-9][^\s\0\"',;()\[]{4,}+(?: (?:[0-9a-f]{2}[ -]?){4,16})?)"
)
NAMED_SERIALS = (
    b"id_",
    b"board ",
    b"board_",
    b"product ",
    b"product_",
    b"chassis ",
    b"chassis_",
    b"disk ",
    b"device ",
    b"{",
)
WORLD_WIDE = re.compile(rb"(?<![a-z0-9])(?P<value>(?:wwn-0x|nvme-eui\.|eui\.|naa\.)[0-9a-f]{16,32}+)")


def credential_rules() -> list[Rule]:
    """Return the rules for secrets in URLs, headers and options."""
    return [
        Rule("secret", _url_passwords),
        _folded("secret", URL_TOKEN, b"://"),
        _folded("secret", BEARER, b"bearer", b"basic"),
        Rule("secret", _cookies),
        _folded("secret", JAR, b"\ttrue\t", b"\tfalse\t"),
        _folded("secret", XAUTH, b"mit-magic-cookie-1"),
        Rule("secret", _options),
    ]


def machine_rules() -> list[Rule]:
    """Return the rules for what identifies one machine, by the name beside it."""
    return [
        _folded("machine-id", MACHINE, b"machine", b"uuid"),
        Rule("serial", _serials),
        _folded("serial", WORLD_WIDE, b"wwn-0x", b"eui.", b"naa."),
    ]


def _folded(name: str, pattern: re.Pattern[bytes], *hints: bytes) -> Rule:
    """Return a rule that masks the group `value` of a pattern, which is matched in lower case."""
    mask = f"[{name}]".encode()

    def find(text: Text) -> Iterator[Masked]:
        if any(hint in text.lower for hint in hints):
            for match in pattern.finditer(text.lower):
                if _is_visible(match["value"]):
                    yield Masked(*match.span("value"), mask)

    return Rule(name, find)


def _is_visible(value: bytes) -> bool:
    """Return whether a value is long enough for a secret, masks in it not counted."""
    return len(MASK.sub(b"", value)) >= SHORTEST


def _url_passwords(text: Text) -> Iterator[Masked]:
    """Find the passwords in URLs."""
    if b"://" not in text.data or b"@" not in text.data:
        return
    for match in URL.finditer(text.data):
        password = match["value"].rpartition(b"@")[0]
        if MASK.sub(b"", password):
            yield Masked(match.start("value"), match.start("value") + len(password), b"[secret]")


def _cookies(text: Text) -> Iterator[Masked]:
    """Find the values of cookies in headers. The attributes of a cookie stay."""
    if b"cookie" not in text.lower:
        return
    for header in COOKIES.finditer(text.lower):
        for cookie in COOKIE.finditer(text.lower, *header.span("value")):
            is_attribute = header["set"] and cookie["name"] in ATTRIBUTES
            if not is_attribute and MASK.sub(b"", cookie["value"]):
                yield Masked(*cookie.span("value"), b"[secret]")


def _options(text: Text) -> Iterator[Masked]:
    """Find the passwords in options that programs name by a letter."""
    if not any(letter in text.lower for letter in (b"-u", b"-p", b"-a", b"-w")):
        return
    for command in COMMAND.finditer(text.lower):
        patterns = {pattern for program, pattern in OPTIONS if program in command.group()}
        found = [
            match.span("value")
            for pattern in patterns
            for match in pattern.finditer(text.lower, *command.span())
        ]
        yield from (
            Masked(*span, b"[secret]") for span in sorted(found) if _is_visible(text.lower[slice(*span)])
        )


def _serials(text: Text) -> Iterator[Masked]:
    """Find serial numbers. `serial:` alone has to be at the start of a line: kernels print `Serial: 8250`."""
    for match in SERIAL.finditer(text.lower):
        if match["name"] in {b"serial", b"sn"}:
            before = text.lower[max(0, match.start() - 64) : match.start()]
            if before.rpartition(b"\n")[2].strip() and not before.endswith(NAMED_SERIALS):
                continue
        if _is_visible(match["value"]):
            yield Masked(*match.span("value"), b"[serial]")
