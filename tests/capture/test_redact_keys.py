"""Private keys: masked from their beginning to their end, or to the end of the text, in every form."""

from pathlib import Path
from tempfile import TemporaryFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labreport.capture.recording import cut
from labreport.capture.redact import Identity, PrivateKeys, Redactor

TYPES = ("", "RSA ", "DSA ", "EC ", "ENCRYPTED ", "OPENSSH ", "ANY ", "SSH2 ENCRYPTED ")
BODY = [f"TUlJRXZRSUJBREFOQmdrcWhraUc5dzBCQVFFRkFBU0N{number}" for number in range(5)]


def redacted(text: str) -> str:
    """Return a text, redacted on a machine without names."""
    return Redactor(Identity()).text(text)


def redacted_part(data: bytes, keys: PrivateKeys) -> bytes:
    """Return a part of a text, redacted as part of it."""
    return Redactor(Identity())(data, keys=keys)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("prefix", ["", "    ", "> ", "+", "Nov 28 01:02:03 host app[1]: "])
@pytest.mark.parametrize("gap", ["\n", "\r\n", "\\n", "\\r\\n"])
def test_a_key_is_masked_and_what_is_around_it_stays(kind: str, prefix: str, gap: str) -> None:
    """Every type, indented, quoted with escapes, or after the prefix of a log."""
    key = f"{gap}{prefix}".join(
        (f"-----BEGIN {kind}PRIVATE KEY-----", *BODY, f"-----END {kind}PRIVATE KEY-----")
    )
    assert redacted(f"before\n{prefix}{key}\nafter\n") == f"before\n{prefix}[token]\nafter\n"


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("-----BEGIN PGP PRIVATE KEY BLOCK-----", "-----END PGP PRIVATE KEY BLOCK-----"),
        ("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----", "---- END SSH2 ENCRYPTED PRIVATE KEY ----"),
        ("PuTTY-User-Key-File-2: ssh-rsa", "Private-MAC: 0123456789abcdef"),
        ("PuTTY-User-Key-File-3: ssh-ed25519", "Private-MAC: 0123456789abcdef"),
        ("PuTTY-User-Key-File-1: ssh-rsa", "Private-Hash: 0123456789abcdef"),
        ("-----BEGIN%20RSA%20PRIVATE%20KEY-----", "-----END%20RSA%20PRIVATE%20KEY-----"),
        ("-----BEGIN+PRIVATE+KEY-----", "-----END+PRIVATE+KEY-----"),
    ],
)
def test_other_forms(begin: str, end: str) -> None:
    """PGP, SSH2, PuTTY's .ppk, and a key in a URL."""
    assert redacted("\n".join(("before", begin, *BODY, end, "after"))) == "before\n[token]\nafter"


def test_a_key_without_an_end_reaches_to_the_end_of_the_text() -> None:
    """Whatever follows: the key may have been cut, and then its rest would be shown."""
    assert redacted("before\n-----BEGIN PRIVATE KEY-----\nabc\n\nSubject: x\n") == "before\n[token]"


def test_two_keys_and_what_is_between_them() -> None:
    """The end of the first key is its own, not that of the second one."""
    key = "-----BEGIN EC PRIVATE KEY-----\nabc\n-----END EC PRIVATE KEY-----"
    redact = Redactor(Identity())
    assert redact.text(f"{key}\nbetween\n{key}\n") == "[token]\nbetween\n[token]\n"
    assert redact.counts == {"token": 2}


def test_public_parts_stay() -> None:
    """Certificates, public keys and requests are no secrets."""
    for kind in ("CERTIFICATE", "PUBLIC KEY", "CERTIFICATE REQUEST", "PGP PUBLIC KEY BLOCK", "PGP SIGNATURE"):
        text = f"-----BEGIN {kind}-----\nMIIBszCCAVmgAwIBAgIUbK\n-----END {kind}-----\n"
        assert redacted(text) == text


@given(head=st.integers(1, 12), tail=st.integers(1, 12))
def test_no_cut_shows_a_part_of_a_key(head: int, tail: int) -> None:
    """A part that begins or ends within a key has a mask or nothing of it, and the note counts all lines."""
    text = "\n".join(
        ("one", "-----BEGIN PRIVATE KEY-----", *BODY, "-----END PRIVATE KEY-----", "last", "")
    ).encode()
    with TemporaryFile() as file:
        file.write(text)
        first, note = cut(file, head=head, tail=None, limit=10000, redact=redacted_part)
        assert note == ("" if head >= 9 else f"first {head} of 9 lines")
        last, note = cut(file, head=None, tail=tail, limit=10000, redact=redacted_part)
        assert note == ("" if tail >= 9 else f"last {tail} of 9 lines")
        assert b"TUlJ" not in first + last


def test_a_key_that_begins_far_before_the_kept_lines(tmp_path: Path) -> None:
    """A key of some MiB, in lines of any length, is still open at the last lines."""
    path = tmp_path / "output"
    for gap in ("\n", " "):
        path.write_text(f"-----BEGIN PRIVATE KEY-----{gap}" + f"{'A' * 63}{gap}" * 40000 + "\nlast\n")
        with path.open("rb") as file:
            kept, note = cut(file, head=None, tail=1, limit=100, redact=redacted_part)
        assert kept == b""
        assert note.startswith("last 1 of ")


def test_control_sequences_do_not_hide_a_key() -> None:
    """Neither in its BEGIN nor in its END."""
    begin, end = "-----BE\x1b[31mGIN PRIVATE\x1b[0m KEY-----", "\x1b[1m-----END PRIVATE\x1b[0m KEY-----"
    assert redacted("\n".join((begin, *BODY, end, "after"))) == "[token]\nafter"
    keys = PrivateKeys()
    redact = Redactor(Identity())
    assert redact(begin.encode() + b"\n", keys=keys) == b"[token]"
    assert redact(b"\x1b[1mTUlJ\x1b[0m\n", keys=keys) == b""
    assert redact(f"{end}\nafter\n".encode(), keys=keys) == b"\nafter\n"


def test_a_piece_may_end_within_the_begin_of_a_key() -> None:
    """What is not read of a piece is the start of the next one."""
    begin = b"-----BEGIN RSA PRIVATE KEY-----"
    text = b"x" * 300 + begin
    for end in range(301, len(text)):
        keys = PrivateKeys()
        read = keys.skip(text[:end])
        assert read <= end
        keys.skip(text[read:])
        assert keys.open
