"""Redaction at its limits: what is just long or near enough is masked, and what is just not stays."""

import pwd
import socket
import time
from pathlib import Path

import pytest

from labreport.capture.redact import Identity, RedactionTimeoutError, Redactor, identity
from labreport.capture.redact.redactor import PIECE, pieces

NO_ONE = Identity()
LONG = "/" + "a" * 199
"""A path of 200 bytes. A shorter one is no secret, wherever it stands."""

MASKED = {
    "password: a1b2": "password: a1b",
    f"password={LONG}": f"password={LONG[:-1]}",
    f"token: {LONG}": f"token: {LONG[:-1]}",
    "token: ABCDEFGHIJKLMNOP": "token: ABCDEFGHIJKLMNO",
    "token: 12345678": "token: 1234567",
    "MY_KEY=abcdefghijklmno1": "MY_KEY=abcdefghijklmn1",
    f"MY_KEY={'a' * 200}": f"MY_KEY={'a' * 199}",
    f"x?signature={'a1' * 16}": f"x?signature={'a1' * 15}a",
    f"login {'j' * 73} password hunter": f"login {'j' * 74} password hunter",
    f"-{'a' * 46}-password hunter": f"-{'a' * 47}-password hunter",
    "sshpass -p abcd ssh": "sshpass -p abc ssh",
    f"x{' ' * 64}serial: WDC12345": f"x{' ' * 63}serial: WDC12345",
    f"eyJ{'a' * 9}.b.c": f"eyJ{'a' * 8}.b.c",
    "AKCp012345678Z": "AKCp01234567Z",
    "3.0.11.100": "3.0.11.99",
    "11.0.11.1": "9.0.11.1",
    "45.2.3.255": "45.2.3.256",
    "nginx/224.1.2.3": "nginx/223.1.2.3",
    "ip-10-1-2-255": "ip-10-1-2-256",
    f"upgrad{'-' * 49} from 3.0.11.0": f"upgrad{'-' * 48} from 3.0.11.0",
    f"version{' ' * 10}45.2.3.4": f"version{' ' * 9}45.2.3.4",
}
"""Texts that are masked, and texts that are one step away from them and stay."""


@pytest.mark.parametrize(("masked", "kept"), MASKED.items())
def test_limit(masked: str, kept: str) -> None:
    """One byte, one number or one place more or less decides."""
    redact = Redactor(NO_ONE)
    assert redact.text(kept) == kept
    assert redact.text(masked) != masked
    assert sum(redact.counts.values()) == 1


@pytest.mark.parametrize(
    "secret",
    [
        "abc8Q~" + "d" * 34,
        "12345678:AA" + "b" * 33,
        "a" * 14 + ".atlasv1." + "b" * 60,
        "a" * 6 + "_" + "b" * 29 + "_mmk",
        "0123456789abcdef" * 2 + "-us12",
    ],
)
def test_a_token_that_begins_before_its_fixed_part(secret: str) -> None:
    """All of it is masked, and nothing of what is around it."""
    assert Redactor(NO_ONE).text(f"first/{secret} last") == "first/[token] last"


def test_a_web_token_is_masked_from_its_header_on() -> None:
    """Parts before the header stay."""
    parts = "eyJhbGciOiJIUzI1NiJ9.e30.c2ln"
    assert Redactor(NO_ONE).text(f"ab.cde.x{parts} {parts}") == "ab.cde.x[token] [token]"


def test_a_text_is_cut_into_pieces_of_whole_lines() -> None:
    """Each has at least PIECE bytes, and ends with the line in which it reaches them."""
    line = b"x" * (PIECE // 4 - 1) + b"\n"
    data = line * 11 + b"end"
    found = list(pieces(data))
    assert b"".join(found) == data
    assert [piece.count(b"\n") for piece in found] == [5, 5, 1]
    assert [piece.endswith(b"\n") for piece in found] == [True, True, False]
    assert list(pieces(b"")) == []


def test_after_the_deadline_nothing_is_returned() -> None:
    """The error says why and what to do."""
    with pytest.raises(RedactionTimeoutError, match="within the time limit: cut it, or raise the timeout"):
        Redactor(NO_ONE)(b"x", deadline=time.monotonic() - 1)


def test_words_of_a_command() -> None:
    """An option and its value are two words; a word may have any byte; what is shown is not counted."""
    redact = Redactor(NO_ONE)
    assert redact.words(["x", "--password", "hunter2"]) == ["x", "--password", "[secret]"]
    assert redact.words(["a\0b", "10.9.8.7"]) == ["a\0b", "[ip]"]
    assert redact.counts["secret"] == 1
    assert redact.shown(["x", "--password", "hunter2"]) == "x --password [secret]"
    assert redact.counts["secret"] == 1


def test_variables() -> None:
    """The value of a variable is a secret if its name says so, and otherwise redacted as a text."""
    redact = Redactor(NO_ONE)
    given = {"GITHUB_TOKEN": "x", "TOKEN": "", "PEER": "10.9.8.7", "PATH": "/bin"}
    shown = {"GITHUB_TOKEN": "[secret]", "TOKEN": "", "PEER": "[ip]", "PATH": "/bin"}
    assert {name: redact.variable(name, value) for name, value in given.items()} == shown
    assert redact.counts == {"secret": 1, "ip": 1}


def test_a_path_that_is_hidden_later() -> None:
    """A path of this machine is masked from the moment when it is known."""
    redact = Redactor(NO_ONE)
    assert redact.text("/run/x/y") == "/run/x/y"
    redact.hide("/run/x", "[run]")
    assert redact.text("/run/x/y") == "[run]/y"


def person(name: str, number: int, home: str) -> pwd.struct_passwd:
    """Return a line of /etc/passwd."""
    return pwd.struct_passwd((name, "x", number, number, "", home, "/bin/sh"))


def test_who_is_a_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Users from 1000 on are people. Homes in `/` stay; a host is known with and without its domain."""
    accounts = [
        person("daemon2", 999, "/srv/daemon2"),
        person("alice", 1000, "/srv/alice"),
        person("nobody", 65534, "/srv/nobody"),
        person("mallory", 65535, "/mallory"),
        person("student", 1001, "/srv/student"),
    ]
    monkeypatch.setattr(pwd, "getpwall", lambda: accounts)
    monkeypatch.setattr(socket, "gethostname", lambda: "build-7.corp.example")
    (tmp_path / "machine-id").write_text("0123456789abcdef0123456789ABCDEF\n")
    (tmp_path / "serial").write_text("WD-WCC1234\0")
    monkeypatch.setitem(identity.__globals__, "MACHINE_FILES", (f"{tmp_path}/*-id",))
    monkeypatch.setitem(identity.__globals__, "SERIAL_FILES", (f"{tmp_path}/serial", f"{tmp_path}/"))
    who = identity(tmp_path)
    assert who.users == {"alice", "mallory"}
    assert who.homes == {"/srv/alice", "/srv/student"}
    assert who.hosts == {"build-7.corp.example", "build-7"}
    assert who.machine_ids == {"0123456789abcdef" * 2, "0123456789ABCDEF" * 2}
    assert who.serials == {"WD-WCC1234"}
