"""Redaction takes time and memory in proportion to its input, whatever the input is."""

import base64
import random
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labreport.capture.redact import Identity, PrivateKeys, RedactionTimeoutError, Redactor

MIB = 1 << 20
WHO = Identity(
    users=frozenset({"alice"}),
    homes=frozenset({"/srv/people/alice"}),
    hosts=frozenset({"build-7"}),
    mirrors=frozenset({"mirror.corp.example"}),
    folders=(("/srv/my-lab", "."),),
    machine_ids=frozenset({"0123456789abcdef0123456789abcdef"}),
    serials=frozenset({"S3Z8NB0K"}),
)
NOISE = random.Random(25).randbytes(MIB * 3 // 4)  # noqa: S311 - test data

NASTY = {
    "hyphens": b"a-",
    "hyphenated words": b"well-known-and-hyphenated-words-",
    "underscores": b"a_",
    "dots": b"a.",
    "one letter": b"a",
    "one space": b" ",
    "empty lines": b"\n",
    "lines of a letter": b"a\n",
    "base64": base64.b64encode(NOISE),
    "base64 lines": base64.encodebytes(NOISE),
    "random bytes": NOISE,
    "hexadecimal": NOISE.hex().encode(),
    "NUL": b"\0",
    "escape characters": b"\x1b",
    "open control sequences": b"\x1b[1;",
    "open control strings": b"\x1b]0;",
    "colours": b"\x1b[1ma\x1b[0m\n",
    "titles": b"\x1b]0;password=hunter22\x07\n",
    "a secret among colours": b"password=hunter22" + b"\x1b[1ma\x1b[0m\n" * (MIB // 10),
    "names": b"password",
    "names with equals": b"password=",
    "names that are no secrets": b"key=",
    "variables that are no secrets": b"KEY=",
    "names with versions": b"token: " + b"1." * 90 + b"x\n",
    "names with paths": b"token: " + b"/a" * 90 + b"\n",
    "names with words": b"token: " + b"a." * 90 + b"\n",
    "names with assignments": b"token: " + b"a=" * 90 + b"\n",
    "names with lists": b"token: " + b"a," * 90 + b"\n",
    "names with brackets": b"token: " + b"[None]" * 30 + b"\n",
    "names with gaps": b"token" + b" " * 90,
    "names with backslashes": b"token" + b"\\" * 90,
    "names with options": b"--token, ",
    "names before values": b"token, value ",
    "names with long suffixes": b"token" + b"_secret_key" * 12 + b"\n",
    "names of environments": b"A_TOKEN=a\0",
    "names in elements": b"<token>a</token>",
    "names with masks": b"token=[token][secret]",
    "names with percent signs": b"token%3d%3d",
    "names whose value is the line": b"--authorization= ",
    "names with quotes": b"token='secret=\"",
    "names with spaces": b"--password ",
    "options": b"-u --user -u:",
    "short secrets": b"password=hunter22\n",
    "open elements": b"<password>",
    "dashes": b"-----",
    "begun keys": b"-----BEGIN PRIVATE KEY",
    "begun and ended keys": b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
    "ends of keys": b"-----END RSA PRIVATE KEY-----",
    "web tokens": b"eyJ",
    "dotted web tokens": b"eyJeyJeyJeyJeyJ.",
    "separated web tokens": b"-eyJ_eyA.",
    "prefixes": b"ghp_glpat-xoxb-AKIA sk-hf_npm_pypi-AIza ya29.$6$ Q~:AA-us1 _mmk",
    "all prefixes before words": b"ghp_" + b"abcdefghijklmnopqrstuvwxyz" * 3 + b" ",
    "URLs": b"http://",
    "URLs with a user": b"http://a:b",
    "URLs with an at sign": b"://a@",
    "at signs": b"a@",
    "addresses of mail": b"a.b@c.d.",
    "labels of mail": b"a@" + b"b." * (MIB // 2 - 1),
    "dotted numbers": b"1.",
    "addresses": b"10.1.2.3-10.1.2.4 ",
    "colons": b":",
    "groups of hexadecimal digits": b"fe80:",
    "pairs of hexadecimal digits": b"52:54:00:",
    "slashes": b"/home/",
    "names of hosts": b"ip-1-2-3-",
    "cookies": b"Cookie: a=b; ",
    "cookies without values": b"Set-Cookie: " + b"a" * MIB,
    "bearers": b"Bearer Basic ",
    "tabs": b"\tTRUE\t/\tFALSE\t0\t",
    "serial numbers": b"serial: serial number: S/N: ",
    "masks": b"[token][secret]=[ip]",
    "folders": b"/srv/my-lab",
    "users": b"alice",
}
"""What is repeated to a MiB, or is about as long as that."""


def filled(pattern: bytes, size: int) -> bytes:
    """Return the pattern, repeated to a size."""
    return (pattern * (size // len(pattern) + 1))[:size]


SECONDS = 5
"""The limit for a MiB: without a rule that backtracks, four times as much as is needed."""


def seconds_of(data: bytes) -> float:
    """Return the seconds of this process that it takes to redact a text."""
    redact = Redactor(WHO)
    redact(b"warm up: password=hunter22 ghp_")
    began = time.process_time()
    redact(data)
    return time.process_time() - began


@pytest.mark.slow_after(4)
@pytest.mark.parametrize("name", NASTY)
def test_a_mebibyte_takes_no_long_time(name: str) -> None:
    """No pattern makes a rule backtrack without limit, in one line or in many.

    A machine with nothing else to do takes less than a second each, a busy one up to twice as long.
    """
    assert seconds_of(filled(NASTY[name], MIB)) < SECONDS


PARTS = st.sampled_from(
    [
        *(
            b"a",
            b"A",
            b"7",
            b"-",
            b"_",
            b".",
            b":",
            b"=",
            b" ",
            b"\t",
            b"\n",
            b"\0",
            b"'",
            b'"',
            b"@",
            b"/",
            b"\\",
            b"&",
        ),
        *(
            b",",
            b";",
            b"<",
            b">",
            b"[",
            b"]",
            b"%",
            b"$",
            b"~",
            b"\x1b",
            b"[1m",
            b"\x1b]",
            b"\x07",
            b"\xc2",
            b"e0",
        ),
        *(
            b"pass",
            b"password",
            b"token",
            b"key",
            b"api",
            b"secret",
            b"auth",
            b"sig",
            b"data",
            b"://",
            b"eyJ",
            b"ghp_",
        ),
        *(
            b"BEGIN",
            b"PRIVATE KEY",
            b"-----",
            b"cookie:",
            b"bearer ",
            b"serial",
            b"login",
            b"-p ",
            b"-u ",
            b"value",
        ),
        *(
            b"10.1",
            b"fe80:",
            b"52:",
            b"ip-1",
            b"[token]",
            b"[secret]",
            b"alice",
            b"/home/",
            b"/srv/my-lab",
            b"$6$",
        ),
    ]
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(parts=st.lists(PARTS, min_size=1, max_size=6), before=st.lists(PARTS, max_size=2))
def test_twice_the_text_takes_twice_the_time(parts: list[bytes], before: list[bytes]) -> None:
    """Whatever is repeated, time grows with the length of the text, not with its square."""
    start, pattern = b"".join(before), b"".join(parts)
    once = min(seconds_of(start + filled(pattern, 1 << 15)) for _ in range(2))
    twice = min(seconds_of(start + filled(pattern, 1 << 16)) for _ in range(2))
    assert twice < 3 * once + 0.02


def test_the_time_for_redaction_is_bounded() -> None:
    """After the deadline nothing more is redacted, so that nothing unredacted is returned."""
    data = b"password=hunter22\n" * (8 * MIB // 18)
    began = time.monotonic()
    with pytest.raises(RedactionTimeoutError, match="within the time limit"):
        Redactor(WHO)(data, deadline=began + 0.05)
    assert time.monotonic() - began < 1


@pytest.mark.slow
def test_memory_is_bounded() -> None:
    """Redacting a text takes a few times its size, in lines and in one line."""
    for pattern in (b"inet 10.1.2.3/24 scope global eth0\n", b"inet 10.1.2.3/24 scope global eth0 "):
        data = filled(pattern, 2 * MIB)
        tracemalloc.start()
        try:
            Redactor(WHO)(data)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 40 * MIB


@pytest.mark.slow
def test_a_key_is_followed_through_256_mebibytes_of_pieces() -> None:
    """The state of a key is a few bytes."""
    begin, end = b"-----BEGIN RSA PRIVATE KEY-----", b"-----END RSA PRIVATE KEY-----"
    keys = PrivateKeys()
    keys.skip(begin)
    filler = b"M" * MIB
    for _ in range(256):
        assert keys.skip(filler) <= MIB
    keys.skip(end)
    assert not keys.open
