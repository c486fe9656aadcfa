"""Ordinary output stays as it is: less than one line in ten thousand is touched without need."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labreport.capture.redact import Identity, Redactor
from tests.project import REPO

ALLOWED = 10_000
"""One line in so many may be touched."""

JUSTIFIED = re.compile(rb"\[(?:ip|mac|email|user|host|mirror)\]|/home/\[user\]")
"""Masks of what identifies somebody. Other tests say where these may be; here secrets count."""

PROGRAM = """\
#include <stdio.h>
struct token { const char *key; int secret; };
static int password(const struct token *token) { int unused; return printf("%s %d", token->key, "x"); }
int main(void) { struct token token = { "key", 0 }; return password(&token) + undeclared_secret; }
"""


def printed(*argv: str, cwd: Path | None = None) -> bytes:
    """Return what a command prints, errors included; skip the test if the program is missing."""
    if not shutil.which(argv[0]):
        pytest.skip(f"{argv[0]}: not here")
    command = subprocess.run(argv, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return command.stdout


def build_log(folder: Path) -> bytes:
    """Return what a compiler prints about a program with many mistakes, and how it works."""
    (folder / "program.c").write_text(PROGRAM)
    return b"".join(
        printed("cc", *options, "-o", "program", "program.c", cwd=folder)
        for options in (["-Wall", "-Wextra"], ["-v", "-Wall"], ["-E", "-dM"], ["-H"])
    )


SOURCES: dict[str, Callable[[Path], bytes]] = {
    "kernel log": lambda _folder: printed("dmesg"),
    "processors": lambda _folder: Path("/proc/cpuinfo").read_bytes(),
    "kernel symbols": lambda _folder: Path("/proc/kallsyms").read_bytes()[: 1 << 20],
    "kernel settings": lambda _folder: printed("sysctl", "-a"),
    "packages": lambda _folder: printed("dpkg", "-l"),
    "descriptions of packages": lambda _folder: Path("/var/lib/dpkg/status").read_bytes(),
    "archives": lambda _folder: printed("apt-cache", "dumpavail")[: 1 << 20],
    "log of installations": lambda _folder: Path("/var/log/dpkg.log").read_bytes(),
    "build": build_log,
    "imports": lambda _folder: printed(sys.executable, "-v", "-c", "import http.server, ssl, json"),
    "modules": lambda _folder: printed(sys.executable, "-m", "pip", "list", "--format", "freeze"),
    "name service": lambda _folder: Path("/etc/nsswitch.conf").read_bytes(),
    "help": lambda folder: printed(sys.executable, "-m", "pip", "install", "--help", cwd=folder),
}


@pytest.mark.slow_after(2)
@pytest.mark.parametrize("name", SOURCES)
def test_real_output_is_not_touched(name: str, tmp_path: Path) -> None:
    """Output that programs on this machine print has no secrets, and so no mask of one."""
    try:
        data = SOURCES[name](tmp_path)
    except OSError as error:
        pytest.skip(f"{name}: {error}")
    lines = data.split(b"\n")
    redacted = Redactor(Identity())(data).split(b"\n")
    assert len(lines) == len(redacted)
    pairs = zip(lines, redacted, strict=True)
    touched = [pair for pair in pairs if pair[0] != pair[1] and not is_justified(*pair)]
    assert len(touched) * ALLOWED <= len(lines), touched[:5]


def is_justified(line: bytes, after: bytes) -> bool:
    """Return whether a line differs from what it was only by justified masks."""
    parts = [re.escape(part) for part in JUSTIFIED.split(after)]
    return re.fullmatch(b".+?".join(parts), line, re.DOTALL) is not None


def test_this_repositorys_evidence_is_not_touched() -> None:
    """Evidence was redacted when it was captured. Today's rules find no secret that those of then missed."""
    redact = Redactor(Identity())
    lines = 0
    for path in sorted((REPO / "evidence").rglob("*.txt")):
        data = path.read_bytes()
        lines += data.count(b"\n")
        redact(data)
    found = {
        name: count
        for name, count in redact.counts.items()
        if name in {"token", "secret", "serial", "machine-id"}
    }
    assert sum(found.values()) * ALLOWED <= lines, found


WORDS = st.text(st.characters(codec="ascii", categories=["Ll", "Lu", "Nd"]), min_size=1, max_size=12)
PUNCTUATION = st.sampled_from(
    [" ", " ", " ", ", ", "; ", ": ", " = ", "=", "/", "-", "_", ".", " (", ") ", "\n", "\t"]
)
NAMES = re.compile(
    r"pass|pwd|pw|secret|token|key|cred|auth|sess|psk|sig|connect|cookie|bearer|basic|machine|uuid|serial|sn|tag"
    r"|login|curl|wget|sshpass|ip|vm|ec2|host|node|dhcp|home|Users",
    re.IGNORECASE,
)


@given(parts=st.lists(st.tuples(WORDS, PUNCTUATION), max_size=30))
def test_words_and_numbers_are_not_touched(parts: list[tuple[str, str]]) -> None:
    """Text without a name of a secret, without an address and without the form of a token stays."""
    text = "".join(word + gap for word, gap in parts if not NAMES.search(word))
    if not re.search(r"\d\.\d+\.\d+\.\d|[0-9a-fA-F]{2}-[0-9a-fA-F]{2}-", text):
        assert Redactor(Identity()).text(text) == text


@given(
    kind=st.sampled_from(
        ["sha256", "sha512", "md5", "git", "uuid", "date", "version", "size", "hex", "path"]
    ),
    number=st.integers(0, 2**512 - 1),
    before=st.sampled_from(
        ["", "sha256:", "commit ", "Digest: ", "id=", "/usr/lib/", '"', "(", "version ", "at "]
    ),
)
def test_what_looks_random_and_is_no_secret_stays(kind: str, number: int, before: str) -> None:
    """Digests, commits, ids, dates, versions, sizes and paths."""
    digits = f"{number:0128x}"
    value = {
        "sha256": digits[:64],
        "sha512": digits,
        "md5": digits[:32],
        "git": digits[:40],
        "uuid": f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}",
        "date": f"2026-{number % 12 + 1:02d}-{number % 28 + 1:02d}T{number % 24:02d}:00:00Z",
        "version": f"{number % 10}.{number // 10 % 100}.{number // 1000 % 100}.{number // 100000 % 100}",
        "size": f"{number % 10**9} bytes",
        "hex": f"0x{digits[:16]}",
        "path": f"x86_64-linux-gnu/libx-{digits[:8]}.so.{number % 10}",
    }[kind]
    if kind != "version" or before not in {"id=", "at ", "/usr/lib/"}:
        assert Redactor(Identity()).text(f"{before}{value}\n") == f"{before}{value}\n"
