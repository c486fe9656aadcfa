"""Decides which names are those of secrets, and which values are secrets."""

import re
from collections.abc import Callable

from labreport.capture.redact.name import Name
from labreport.capture.redact.rule import Text, any_mask

SURE = (b"passw", b"passphrase", b"passcode", b"pwd", b"secret", b"authorization")
"""What a name contains if anything beside it is a secret."""

KEY_OF = tuple(
    b"api access auth client account service sign signing crypt cryption master storage session secret"
    b" license licence deploy database db admin root app application consumer webhook private preshared"
    b" pre-shared shared aws".split()
)
"""What stands before `key` in the name of a secret. A public key and a sort key are none."""
PASS_OF = (b"store", b"key", b"user", b"db", b"root", b"admin")
OTHER_KEYS = (b"public_", b"primary_", b"foreign_", b"sort_", b"host_")

NO_SECRET = re.compile(
    rb"[_.-]?(?:len|length|count|size|min\w*|max\w*|age|days|expir\w*|ttl|timeout|policy|file\w*|path|dir|ur[il]"
    rb"|endpoint|names?|types?|format|fields?|store|version|enabled|required|authentication|aging|mode|izer"
    rb"|ize[dr]?|ary|ring|prompt|attempts|manager|provider|source|ref|stdin|usages?|s?[_-]?left|server|issuer"
    rb"|scopes?|algorithm|bits)"
)
"""What a name ends with that contains the name of a secret, and is none: `password_file`, `token_type`."""

ORDINARY = frozenset(
    b"none null nil true false yes no on off required optional disabled enabled default unset empty hidden"
    b" set redacted inherit prompt files compat systemd not invalid missing expired string str bytes int bool"
    b" object any unknown unchanged changed incorrect wrong ignored bearer basic digest permission"
    b" authentication operation amd64 arm64 armhf i386 all native ppc64el s390x riscv64"
    b" x86_64 aarch64 noarch".split()
)
"""Values that tell something about a secret, and are none."""

VERSION = re.compile(
    rb"[\^~<>=!v]{0,3}\d++(?:\.\d++){1,4}+(?:[-+~.:]?(?:rc|alpha|beta|dev|post|dfsg|deb|ubuntu|r|p)?[\d.]++){0,4}$"
)
AUTH_OF = re.compile(rb"[_.-]?(?:token|key|secret|string|pass\w*|code|cookie|hash|data|header)s?[_.\w-]*$")
PROSE = frozenset(
    b"a after also an and are argument as asks at be before but by can cannot does flag for from has have"
    b" if in instead is it may means must not of on only option or prints reads should takes than that the"
    b" then this to uses was when where which will with without you".split()
)
"""Words after the name of an option in a sentence about it."""

WORDS = re.compile(rb"[a-z]+(?:[._-][a-z]+)*$")
PLACEHOLDER = re.compile(rb"[A-Z][A-Z_-]*$")
PATH = re.compile(rb"(?:~|\.{1,2})?(?:/[a-z0-9._@+-]*)+$")
MASK = re.compile(any_mask())
SHORTEST, SHORT = 4, 200
"""A shorter value is no secret, and one that is not short always is."""
RANDOM, COUNT = 16, 8
"""A word of this length is taken for random; a number of fewer digits for a count."""


def may_have_a_secret(name: Name) -> bool:
    """Return whether a name may be that of a secret, judged without the value beside it."""
    separator = _stripped(name)
    if NO_SECRET.fullmatch(name.suffix) or (separator == b">" and name.before != b"<"):
        return False
    judge = BY_NAME.get(name.word)
    return (bool(separator) or name.is_option or _is_login(name)) and (judge is None or judge(name))


def is_secret(name: Name, value: bytes) -> bool:
    """Return whether the value beside such a name is a secret. Its first bytes are enough."""
    judge = BY_VALUE.get(name.word)
    if not _belong_together(name, value) or not (judge is None or judge(name, value)):
        return False
    visible, numbered = MASK.sub(b"", value), MASK.sub(b"0.0", value)
    if len(visible) >= SHORT:
        return True
    if len(visible) < SHORTEST or not visible.strip(b"*xX.#_=-"):
        return False
    if PATH.match(visible) or VERSION.match(numbered) or value.lower().strip(b".,:!()") in ORDINARY:
        return False
    is_sure = name.head["quote"] or name.is_option or name.is_variable or name.before in {b"?", b"&"}
    if is_sure or name.prefix.startswith(b"x-") or any(part in name.whole for part in SURE):
        return True
    is_word, is_count = WORDS.match(visible), visible.isdigit() and len(visible) < COUNT
    return (len(visible) >= RANDOM and not is_word) or (_has_digit(visible) and not is_count)


def _stripped(name: Name) -> bytes:
    """Return the separator without spaces and commas: empty if the value is simply the next word."""
    return name.separator.strip(b" \t\0,\n")


def _has_digit(value: bytes) -> bool:
    return any(byte in b"0123456789" for byte in value)


def _belong_together(name: Name, value: bytes) -> bool:
    """Return whether what stands between a name and a value makes it the value of that name."""
    separator = _stripped(name)
    if not separator:
        return _is_option_value(name, value) or (_is_login(name) and _is_password_of_login(name, value))
    if name.is_option and separator == b"=" and (name.separator.endswith(b" ") or PLACEHOLDER.match(value)):
        return False
    if separator in {b"is", b"was", b"is:", b"was:"}:
        return name.word == b"password" and _has_digit(value)
    # no message about a file: `cat: /run/secrets/token: Permission denied`
    return not (name.before == b"/" and name.separator == b": " and value.isalpha())


def _is_option_value(name: Name, value: bytes) -> bool:
    """Return whether a word after an option is its value, and not the text of a help page."""
    one_gap = name.separator.strip(b",") in {b" ", b"\0", b"\t", b""} or b"," in name.separator
    prose = name.suffix == b"s" or value.strip(b".,;:") in PROSE
    return name.is_option and one_gap and not (prose or value.startswith(b"-") or PLACEHOLDER.match(value))


def _is_login(name: Name) -> bool:
    """Return whether a name may be that in a line of a .netrc: `login me password …`."""
    return name.word in {b"password", b"passwd"} and not (
        name.prefix or name.suffix or b"," in name.separator
    )


def _is_password_of_login(name: Name, value: bytes) -> bool:
    """Return whether `password` and its value stand in a line of a .netrc, after a login or alone."""
    start = name.head.start()
    line = name.text.lower[max(0, start - 80) : start].rpartition(b"\n")[2]
    return b"login " in line or (not line.strip() and _has_digit(value))


def is_other_key(text: Text, head: re.Match[bytes]) -> bool:
    """Return whether a name is that of a key which is no secret; quick, because `key` is a frequent word."""
    start = head.start()
    is_variable = text.data[max(0, start - 1) : start + 3] == b"_KEY"
    return head["name"] == b"key" and not is_variable and not _is_key_of(text, start)


def _is_key_of(text: Text, start: int) -> bool:
    """Return whether a key, which starts at `start`, is a secret by its name: `api_key`, `Private key`."""
    gap = 1 if text.lower.endswith((b"_", b".", b" ", b"-"), 0, start) else 0
    return text.lower.endswith(KEY_OF, 0, start - gap)


def _may_be_key(name: Name) -> bool:
    """Return whether a key is a secret by its name, or a variable `…_KEY=`."""
    is_variable = name.is_variable and not name.prefix.endswith(OTHER_KEYS)
    return is_variable or _is_key_of(name.text, name.head.start())


def _is_key(name: Name, value: bytes) -> bool:
    """Return whether a key is a secret by its name, or a variable `…_KEY=` with a random value."""
    is_random = len(value) >= SHORT or (len(value) >= RANDOM and _has_digit(value))
    return is_random or _is_key_of(name.text, name.head.start())


def _may_be_pass(name: Name) -> bool:
    """Return whether the word `pass` means a password: `DB_PASS=…`, `pass:…` of openssl, not `PASS: test`."""
    after_space = name.separator == b":" and name.before in {b" ", b"\0", b'"', b"'"}
    alone = not name.prefix and (name.separator == b"=" or after_space)
    of_tool = name.is_option and name.prefix.endswith(PASS_OF)
    return not name.suffix and (alone or of_tool or name.prefix.endswith((b"_", b"-")))


def _may_be_auth(name: Name) -> bool:
    """Return whether the word `auth` means a credential: npm's `_auth=`, Docker's `"auth":`, `auth_token`."""
    if name.suffix:
        return AUTH_OF.match(name.suffix) is not None
    return name.prefix.endswith(b"_") or name.head["close"].endswith(b'"')


def _is_passwd(name: Name, value: bytes) -> bool:
    """Return whether `passwd` begins no line of nsswitch.conf and no message of passwd(1)."""
    is_message = not name.prefix and b":" in name.separator and not name.head["quote"]
    return not (is_message and value.isalpha())


def _may_be_signature(name: Name) -> bool:
    """Return whether a signature is that of a request: in a URL, or in the header of AWS."""
    return name.prefix.startswith(b"x-") or name.before in {b"?", b"&", b" ", b","}


BY_NAME: dict[bytes, Callable[[Name], bool]] = {
    b"auth": _may_be_auth,
    b"key": _may_be_key,
    b"pass": _may_be_pass,
    b"cookie": lambda name: name.is_variable or name.head["quote"] is not None,
    b"pat": lambda name: not name.suffix and name.is_variable,
    b"pw": lambda name: not name.suffix,
    b"signature": _may_be_signature,
}
"""What decides for the words that mean other things as well, before the value is read."""
BY_VALUE: dict[bytes, Callable[[Name, bytes], bool]] = {
    b"key": _is_key,
    b"pass": lambda _name, value: not value.isdigit(),
    b"passwd": _is_passwd,
    b"signature": lambda _name, value: len(value) >= 2 * RANDOM,
}
"""What decides for them by the value."""
