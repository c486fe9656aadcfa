"""What must not be published: names of people and machines, addresses, secrets.

Applied to what commands printed, to their arguments in the record and to what a failed capture keeps, before
anything reaches the evidence folder. Rules work on bytes, so that output which is no text passes unharmed.
Digests, versions and addresses that identify nobody (loopback, unspecified, broadcast, netmask) stay.
"""

import ipaddress
import os
import pwd
import re
import socket
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

VERSION = 2
"""Goes into every record; raised when a rule changes what it would mask."""

FIRST_PERSON = 1000
NOBODY = 65534

COMMON = frozenset({
    "admin", "arch", "centos", "debian", "fedora", "guest", "host", "kali", "linux", "localhost", "root",
    "runner", "student", "ubuntu", "user", "vagrant", "virtual", "vm",
})  # fmt: skip
"""User and host names that many machines share: they identify nobody and are words of any kernel log."""

PUBLIC_SUFFIXES = ("debian.org", "ubuntu.com", "pypi.org", "pythonhosted.org", "github.com", "crates.io",
                   "golang.org", "npmjs.org", "docker.io", "docker.com", "quay.io", "ghcr.io", "maven.org",
                   "apache.org", "rust-lang.org")  # fmt: skip
"""Hosts that package tools use everywhere; any other that is configured here is a private mirror."""

MIRROR_FILES = ("/etc/pip.conf", "~/.config/pip/pip.conf", "~/.pip/pip.conf", "~/.cargo/config.toml",
                "~/.cargo/config", "~/.npmrc", "/etc/npmrc", "~/.gitconfig", "/etc/gitconfig",
                "~/.config/go/env", "~/.m2/settings.xml", "/etc/apt/sources.list",
                "$CARGO_HOME/config.toml", "$CARGO_HOME/config", "$GIT_CONFIG_GLOBAL")  # fmt: skip
MIRROR_VARIABLES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "GOPROXY", "NPM_CONFIG_REGISTRY", "HTTP_PROXY",
                    "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY")  # fmt: skip

PRIVATE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*[.-][A-Za-z0-9.-]*[A-Za-z0-9]")
"""A mirror's name that identifies something: a lone word such as `proxy` is in every log."""

Replace = Callable[[re.Match[bytes]], bytes]


@dataclass(frozen=True)
class Rule:
    """A name, what it looks for, and what stands there afterwards; `replace` may keep the match."""

    name: str
    pattern: re.Pattern[bytes]
    replace: Replace


@dataclass(frozen=True)
class Identity:
    """What there is to hide on a machine: people, their homes, host names, private mirrors, folders."""

    users: frozenset[str] = frozenset()
    homes: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    mirrors: frozenset[str] = frozenset()
    folders: tuple[tuple[str, str], ...] = ()


def identity(root: Path) -> Identity:
    """Return what this machine has to hide; `root` is the project's folder, which becomes `.`."""
    people = [one for one in pwd.getpwall() if one.pw_uid >= FIRST_PERSON and one.pw_uid != NOBODY]
    name = socket.gethostname()
    return Identity(
        users=frozenset(one.pw_name for one in people) - COMMON,
        homes=frozenset(one.pw_dir for one in people if one.pw_dir.count("/") > 1),
        hosts=frozenset({name, name.split(".")[0]}) - COMMON,
        mirrors=frozenset(_mirrors()),
        folders=tuple((path, ".") for path in sorted({str(root.resolve()), str(root.absolute())})),
    )


def _mirrors() -> Iterable[str]:
    """Yield the hosts of private package mirrors and proxies that are configured here."""
    texts = [os.environ.get(name, "") for name in MIRROR_VARIABLES]
    lists = Path("/etc/apt/sources.list.d")
    files = [Path(os.path.expandvars(one)).expanduser() for one in MIRROR_FILES]
    files += sorted(lists.glob("*")) if lists.is_dir() else []
    for file in files:
        try:
            texts.append(file.read_text(errors="replace"))
        except OSError:
            continue
    for host in re.findall(r"://(?:[^/@\s\"']*@)?([A-Za-z0-9.-]+)", "\n".join(texts)):
        known = host in {"localhost", "127.0.0.1"} or any(
            host == public or host.endswith(f".{public}") for public in PUBLIC_SUFFIXES
        )
        if not known and PRIVATE_NAME.fullmatch(host):
            yield host


class Redactor:
    """Applies the rules and counts what each one masked."""

    def __init__(self, who: Identity, keep: frozenset[str] = frozenset()) -> None:
        self._rules = [rule for rule in rules(who) if rule.name not in keep]
        self.counts: Counter[str] = Counter()

    def hide(self, text: str, mask: str) -> None:
        """Have a path or an address of this machine shown as `mask` from now on, before all other rules."""
        self._rules.insert(0, Rule("folder", _literal(text), _always(mask)))

    def __call__(self, data: bytes) -> bytes:
        """Return `data` with everything masked that must not be published."""
        for rule in self._rules:
            data = rule.pattern.sub(lambda match, rule=rule: self._mask(rule, match), data)  # type: ignore[misc]
        return data

    def text(self, text: str) -> str:
        """Return `text` masked; what is no UTF-8 survives as it was."""
        return self(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")

    def _mask(self, rule: Rule, match: re.Match[bytes]) -> bytes:
        masked = rule.replace(match)
        if masked != match.group():
            self.counts[rule.name] += 1
        return masked


def rules(who: Identity) -> list[Rule]:
    """Return the rules for a machine, in the order in which they are applied."""
    return [
        *(Rule("folder", _literal(path), _always(mask)) for path, mask in who.folders),
        Rule("mac", MAC, _mac),
        Rule("token", TOKEN, _always("[token]")),
        Rule("secret", SECRET, _secret),
        *(Rule("mirror", _word(host), _always("[mirror]")) for host in _longest(who.mirrors)),
        *(Rule("home", _literal(home, LATER), _always("/home/[user]")) for home in _longest(who.homes)),
        Rule("home", HOME, _always("/home/[user]")),
        Rule("email", EMAIL, _email),
        *(Rule("user", _word(user), _always("[user]")) for user in _longest(who.users)),
        *(Rule("host", _word(host), _always("[host]")) for host in _longest(who.hosts)),
        Rule("ip", IPV4, _ipv4),
        Rule("ip", IPV6, _ipv6),
    ]


LATER = ("email", "user", "host", "ip")
"""Masks of the rules that come after those for homes."""
MASKS = ("mac", "token", "secret", "mirror", *LATER)
"""All but a home's own. What stands beside one was part of a longer name, and is left as it was then."""


def _begins(masks: Iterable[str]) -> bytes:
    """Match where a path begins: no part of a longer one goes before, nor what one of `masks` stands for."""
    return rb"(?<![\w.-])" + b"".join(rb"(?<!\[%b\])" % mask.encode() for mask in masks)


def _any(masks: Iterable[str]) -> bytes:
    """Match one of `masks`."""
    return rb"\[(?:%b)\]" % "|".join(masks).encode()


TOKEN = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----"
    rb"|\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,}|glpat-[\w-]{20,}|xox[abprs]-[\w-]{10,}"
    rb"|AKIA[0-9A-Z]{16}|sk-[A-Za-z0-9_-]{20,}|npm_[A-Za-z0-9]{36}|pypi-[\w-]{50,}"
    rb"|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,})",
    re.DOTALL,
)
SECRET = re.compile(
    rb"(?P<head>://[^/@\s:]+:)(?P<url>[^/@\s]+)(?=@)"
    rb"|(?P<name>\b(?:Bearer|Basic)[ \t]+)(?P<bearer>(?=[A-Za-z+/._~-]*[0-9=])[A-Za-z0-9+/._~-]{12,}=*)"
    rb"|(?P<key>\b[\w-]*(?:password|passwd|secret|api[_-]?key|access[_-]?token|auth[_-]?token)[\"']?"
    rb"[ \t]*[=:][ \t]*[\"']?)"
    rb"(?P<value>(?:(?:%(mask)b)*(?!%(mask)b)[^\s\"'&,;]){4}[^\s\"'&,;]*)" % {b"mask": _any(MASKS)},
    re.IGNORECASE,
)
HOME = re.compile(_begins(LATER) + rb"/(?:home|Users)/(?!\[user\])[A-Za-z0-9._-]+")
EMAIL = re.compile(
    rb"(?<![\w.+@-])[A-Za-z0-9][\w.+-]*@(?!v?\d+\.\d+\.|(?:[A-Za-z0-9-]++\.)++%b)" % _any(LATER)
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
    rb"(?<![0-9A-Fa-f:.-])[0-9A-Fa-f]{2}(?P<sep>[:-])"
    rb"(?:[0-9A-Fa-f]{2}(?P=sep)){4}[0-9A-Fa-f]{2}(?![0-9A-Fa-f:-])"
)
QUAD = rb"(?:\d{1,3}\.){3}\d{1,3}"
RANGE_AFTER = QUAD + rb"|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2}"
IPV4 = re.compile(rb"(?<![\w.+~])" + QUAD + rb"(?![\w+~]|\.\w|-(?!" + RANGE_AFTER + rb")\w)")
RANGE_BEFORE = re.compile(QUAD + rb"-$")
IPV6 = re.compile(rb"(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:]|\.\w)")
VERSION_BEFORE = re.compile(rb"(?:version|release|\bver\.?|\bv)[ :=]*$", re.IGNORECASE)
OCTET = 255


def _word(text: str) -> re.Pattern[bytes]:
    """Match `text` as a whole word: no letter, digit or underscore beside it."""
    return re.compile(rb"(?<![A-Za-z0-9_])" + re.escape(text.encode()) + rb"(?![A-Za-z0-9_])")


def _literal(path: str, masks: Iterable[str] = MASKS) -> re.Pattern[bytes]:
    """Match a folder's path, with what is below it, but no longer name, those that `masks` end included."""
    return re.compile(_begins(masks) + re.escape(path.encode()) + rb"(?![\w-]|\.\w|\.?%b)" % _any(masks))


def _longest(names: Iterable[str]) -> list[str]:
    """Return the names, longest first, so that one inside another does not break it up."""
    return sorted((name for name in names if name), key=lambda name: (-len(name), name))


def _always(mask: str) -> Replace:
    return lambda _match: mask.encode()


def _secret(match: re.Match[bytes]) -> bytes:
    """Keep what names the secret, mask its value."""
    return (match["head"] or match["name"] or match["key"]) + b"[secret]"


def _email(match: re.Match[bytes]) -> bytes:
    """Mask an address; a systemd unit instance and git's own user are none."""
    found = match.group()
    return found if found.endswith(UNITS) or found.startswith(b"git@") else b"[email]"


def _mac(match: re.Match[bytes]) -> bytes:
    """Mask a hardware address other than all zeros and broadcast."""
    digits = set(match.group().lower()) - set(b":-")
    return match.group() if digits in ({ord("0")}, {ord("f")}) else b"[mac]"


def _ipv4(match: re.Match[bytes]) -> bytes:
    """Mask a dotted quad that is an address of one host or network, and no version."""
    octets = [int(part) for part in match.group().split(b".")]
    before = match.string[max(0, match.start() - 16) : match.start()]
    part_of_name = before.endswith(b"-") and not RANGE_BEFORE.search(before)
    if max(octets) > OCTET or part_of_name or VERSION_BEFORE.search(before):
        return match.group()
    return match.group() if octets[0] in {0, 127, OCTET} else b"[ip]"


def _ipv6(match: re.Match[bytes]) -> bytes:
    """Mask what the standard library takes for an address of one host or network."""
    found = match.group()
    try:
        address = ipaddress.IPv6Address(found.decode())
    except ValueError:
        return found
    if address.is_loopback or address.is_unspecified or address.is_multicast or not re.search(rb"\d", found):
        return found
    return b"[ip]"
