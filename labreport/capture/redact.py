"""Redact what must not be published: names of people and machines, addresses, secrets.

Output of commands, their arguments in the record, and the output of failed captures are redacted before they
reach the evidence folder. The rules work on bytes, so that binary output stays intact. Digests, versions and
addresses that identify nobody (loopback, unspecified, broadcast, netmask) are kept.
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
"""The version of the rules, for the record. A rule that masks more or less than before raises it."""

FIRST_PERSON = 1000
NOBODY = 65534

COMMON = frozenset({
    "admin", "arch", "centos", "debian", "fedora", "guest", "host", "kali", "linux", "localhost", "root",
    "runner", "student", "ubuntu", "user", "vagrant", "virtual", "vm",
})  # fmt: skip
"""Names of users and hosts that many machines share. They identify nobody, and kernel logs contain them."""

PUBLIC_SUFFIXES = ("debian.org", "ubuntu.com", "pypi.org", "pythonhosted.org", "github.com", "crates.io",
                   "golang.org", "npmjs.org", "docker.io", "docker.com", "quay.io", "ghcr.io", "maven.org",
                   "apache.org", "rust-lang.org")  # fmt: skip
"""Hosts that package tools use everywhere. Any other host in their configuration is a private mirror."""

MIRROR_FILES = ("/etc/pip.conf", "~/.config/pip/pip.conf", "~/.pip/pip.conf", "~/.cargo/config.toml",
                "~/.cargo/config", "~/.npmrc", "/etc/npmrc", "~/.gitconfig", "/etc/gitconfig",
                "~/.config/go/env", "~/.m2/settings.xml", "/etc/apt/sources.list",
                "$CARGO_HOME/config.toml", "$CARGO_HOME/config", "$GIT_CONFIG_GLOBAL")  # fmt: skip
MIRROR_VARIABLES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "GOPROXY", "NPM_CONFIG_REGISTRY", "HTTP_PROXY",
                    "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY")  # fmt: skip

PRIVATE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*[.-][A-Za-z0-9.-]*[A-Za-z0-9]")
"""A mirror's name that identifies something. A single word, such as `proxy`, occurs in every log."""

Replace = Callable[[re.Match[bytes]], bytes]


@dataclass(frozen=True)
class Rule:
    """A redaction rule: `replace` returns the mask of a match, or the match itself to keep it."""

    name: str
    pattern: re.Pattern[bytes]
    replace: Replace


@dataclass(frozen=True)
class Identity:
    """What identifies a machine and its people. `folders` are pairs of a path and its mask."""

    users: frozenset[str] = frozenset()
    homes: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    mirrors: frozenset[str] = frozenset()
    folders: tuple[tuple[str, str], ...] = ()


def identity(root: Path) -> Identity:
    """Return what identifies this machine. `root` is the project's folder, whose mask is `.`."""
    people = [user for user in pwd.getpwall() if user.pw_uid >= FIRST_PERSON and user.pw_uid != NOBODY]
    name = socket.gethostname()
    return Identity(
        users=frozenset(user.pw_name for user in people) - COMMON,
        homes=frozenset(user.pw_dir for user in people if user.pw_dir.count("/") > 1),
        hosts=frozenset({name, name.split(".")[0]}) - COMMON,
        mirrors=frozenset(_mirrors()),
        folders=tuple((path, ".") for path in sorted({str(root.resolve()), str(root.absolute())})),
    )


def _mirrors() -> Iterable[str]:
    """Yield the hosts of the private package mirrors and proxies in this machine's configuration."""
    texts = [os.environ.get(name, "") for name in MIRROR_VARIABLES]
    lists = Path("/etc/apt/sources.list.d")
    files = [Path(os.path.expandvars(file)).expanduser() for file in MIRROR_FILES]
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
    """Applies the rules and counts what each rule masked. Rules named in `keep` do not apply."""

    def __init__(self, who: Identity, keep: frozenset[str] = frozenset()) -> None:
        self._rules = [rule for rule in rules(who) if rule.name not in keep]
        self.counts: Counter[str] = Counter()

    def hide(self, text: str, mask: str) -> None:
        """Mask a path or an address of this machine with `mask` from now on, before all other rules."""
        self._rules.insert(0, Rule("folder", _literal(text), _always(mask)))

    def __call__(self, data: bytes) -> bytes:
        """Return `data`, redacted."""
        for rule in self._rules:
            data = rule.pattern.sub(lambda match, rule=rule: self._mask(rule, match), data)  # type: ignore[misc]
        return data

    def text(self, text: str) -> str:
        """Return `text`, redacted. Surrogates that stand for invalid UTF-8 are kept."""
        return self(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")

    def _mask(self, rule: Rule, match: re.Match[bytes]) -> bytes:
        masked = rule.replace(match)
        if masked != match.group():
            self.counts[rule.name] += 1
        return masked


def rules(who: Identity) -> list[Rule]:
    """Return the rules for a machine, in the order in which they apply."""
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
"""The masks of the rules that apply after those for homes."""
MASKS = ("mac", "token", "secret", "mirror", *LATER)
"""All masks except that of a home.

They make redaction idempotent: a name next to a mask was part of a longer name before the mask was put there,
and a second pass must leave it alone, as the first one did.
"""


def _begins(masks: Iterable[str]) -> bytes:
    """Match the start of a path: not inside a longer name, and not after one of `masks`."""
    return rb"(?<![\w.-])" + b"".join(rb"(?<!\[%b\])" % mask.encode() for mask in masks)


def _any(masks: Iterable[str]) -> bytes:
    """Return the pattern of any one of `masks`."""
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
    """Match `text` as a whole word: not next to a letter, a digit or an underscore."""
    return re.compile(rb"(?<![A-Za-z0-9_])" + re.escape(text.encode()) + rb"(?![A-Za-z0-9_])")


def _literal(path: str, masks: Iterable[str] = MASKS) -> re.Pattern[bytes]:
    """Match a folder's path and the paths below it, but no longer name, and none with a mask at its end."""
    return re.compile(_begins(masks) + re.escape(path.encode()) + rb"(?![\w-]|\.\w|\.?%b)" % _any(masks))


def _longest(names: Iterable[str]) -> list[str]:
    """Return the names, longest first, so that a name inside a longer one does not break it up."""
    return sorted((name for name in names if name), key=lambda name: (-len(name), name))


def _always(mask: str) -> Replace:
    return lambda _match: mask.encode()


def _secret(match: re.Match[bytes]) -> bytes:
    """Keep the key of a secret and mask its value."""
    return (match["head"] or match["name"] or match["key"]) + b"[secret]"


def _email(match: re.Match[bytes]) -> bytes:
    """Mask an e-mail address, but neither an instance of a systemd unit nor `git@`."""
    address = match.group()
    return address if address.endswith(UNITS) or address.startswith(b"git@") else b"[email]"


def _mac(match: re.Match[bytes]) -> bytes:
    """Mask a hardware address, except all zeros and broadcast."""
    digits = set(match.group().lower()) - set(b":-")
    return match.group() if digits in ({ord("0")}, {ord("f")}) else b"[mac]"


def _ipv4(match: re.Match[bytes]) -> bytes:
    """Mask a dotted quad that is the address of a host or a network, but not a version number."""
    octets = [int(part) for part in match.group().split(b".")]
    before = match.string[max(0, match.start() - 16) : match.start()]
    part_of_name = before.endswith(b"-") and not RANGE_BEFORE.search(before)
    if max(octets) > OCTET or part_of_name or VERSION_BEFORE.search(before):
        return match.group()
    return match.group() if octets[0] in {0, 127, OCTET} else b"[ip]"


def _ipv6(match: re.Match[bytes]) -> bytes:
    """Mask what the standard library accepts as the address of a host or a network."""
    text = match.group()
    try:
        address = ipaddress.IPv6Address(text.decode())
    except ValueError:
        return text
    if address.is_loopback or address.is_unspecified or address.is_multicast or not re.search(rb"\d", text):
        return text
    return b"[ip]"
