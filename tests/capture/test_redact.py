"""Redaction: what is masked, what is kept, and how often a rule applied."""

import hashlib
import itertools
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from labreport.capture.redact import Identity, Redactor, identity, rules
from tests.capture.throwaway import Throwaway

CASES = yaml.safe_load((Path(__file__).parent / "cases/redact.yml").read_text())
WHO = Identity(
    users=frozenset(CASES["who"]["users"]),
    homes=frozenset(CASES["who"]["homes"]),
    hosts=frozenset(CASES["who"]["hosts"]),
    mirrors=frozenset(CASES["who"]["mirrors"]),
    folders=tuple(CASES["who"]["folders"].items()),
)
WORDS = [
    *dict.fromkeys(part for case in CASES["cases"] for part in case["input"].split(" ")),
    *(*WHO.users, *WHO.homes, *WHO.hosts, *WHO.mirrors),
    *("\n", "\0", "é", ":", "@", "-", "/", ".", "_"),
]
GAPS = ["", ".", "-", " ", ":", "\n"]


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["input"][:40])
def test_case(case: dict[str, Any]) -> None:
    """Each input becomes the output of its case, and the counts are right."""
    redact = Redactor(WHO, frozenset(case.get("keep", [])))
    assert redact.text(case["input"]) == case.get("output", case["input"])
    assert dict(redact.counts) == case.get("counts", {})


@example(words=["alice", "/home/carol/.ssh"], gap="")
@example(words=["/srv/my-lab.", "alice"], gap="")
@given(words=st.lists(st.sampled_from(WORDS), max_size=12), gap=st.sampled_from(GAPS))
def test_once_is_enough(words: list[str], gap: str) -> None:
    """Redaction is idempotent: a second pass changes and counts nothing."""
    once = Redactor(WHO)(gap.join(words).encode())
    again = Redactor(WHO)
    assert (again(once), dict(again.counts)) == (once, {})


@pytest.mark.slow
@pytest.mark.parametrize("gap", GAPS)
def test_no_mask_makes_room_for_another(gap: str) -> None:
    """If two secrets are next to each other, masking one does not prevent masking the other."""
    masked = [word for word in WORDS if Redactor(WHO).text(word) != word]
    found = []
    for pair in itertools.product(masked, [*masked, "x", ""]):
        once = Redactor(WHO).text(gap.join(pair))
        if Redactor(WHO).text(once) != once:
            found.append((*pair, once))
    assert len(masked) > len(rules(WHO))
    assert found == []


@given(data=st.binary(max_size=200))
def test_bytes_that_are_no_text_pass(data: bytes) -> None:
    """Any bytes are accepted, and they change only if a rule counted a match."""
    redact = Redactor(WHO)
    assert (redact(data) == data) == (not redact.counts)


@given(data=st.binary(), before=st.sampled_from(["", "sha256:", "alpine@sha256:", '"']))
def test_digests_are_untouched(data: bytes, before: str) -> None:
    """A sha256 is never masked as an address or a secret."""
    text = f"{before}{hashlib.sha256(data).hexdigest()}"
    assert Redactor(WHO).text(text) == text


NUMBER = st.integers(0, 255)
TAIL = st.sampled_from(["-1", "-5+deb12u1", "+dfsg-1", "~rc1-2", "-r0", "_1"])


@given(parts=st.tuples(NUMBER, NUMBER, NUMBER, NUMBER), tail=TAIL, before=st.sampled_from(["", "1:", "("]))
def test_versions_are_untouched(parts: tuple[int, ...], tail: str, before: str) -> None:
    """The version of a Debian package with four numbers is not masked as an address."""
    text = f"{before}{'.'.join(map(str, parts))}{tail}"
    assert Redactor(WHO).text(text) == text


PRINTED = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=3)
"""Text without control characters: CSI takes the letter after it for itself."""


@given(before=PRINTED, after=PRINTED)
def test_names_are_masked_as_whole_words_only(before: str, after: str) -> None:
    """A user's name is masked exactly if no letter, digit or underscore touches it."""
    redact = Redactor(Identity(users=frozenset({"alice"})))
    touched = re.search(r"[A-Za-z0-9_]$", before) or re.match(r"[A-Za-z0-9_]", after)
    text = f"{before}alice{after}"
    assert redact.text(text).count("alice") == text.count("alice") - (not touched)
    assert redact.counts["user"] == (not touched)


MASKS = {
    b"[mac]": re.compile(rb"(?i)([0-9a-f]{2}[:-]){5}[0-9a-f]{2}"),
    b"[ip]": re.compile(rb"(\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:]+"),
    b"[email]": re.compile(rb"\S+@\S+\.[A-Za-z]+"),
    b"/home/[user]": re.compile(rb"/\S+"),
}


def justified(before: bytes, after: bytes, names: set[bytes]) -> bool:
    """Return whether a changed line differs only by masks, each in the place of a match of its rule."""
    parts = re.split(rb"(/home/\[user\]|\[[a-z]+\]|\.(?=/|$))", after)
    pattern = b""
    for part in parts:
        known = MASKS.get(part)
        if known:
            pattern += b"(?:" + known.pattern.replace(b"(?i)", b"") + b")"
        elif re.fullmatch(rb"\[(user|host|mirror|folder)\]|\.", part):
            pattern += b"(?:" + b"|".join([*map(re.escape, sorted(names)), re.escape(part)]) + b")"
        else:
            pattern += re.escape(part)
    return re.fullmatch(pattern, before, re.IGNORECASE | re.DOTALL) is not None


REAL: dict[str, Callable[[], bytes]] = {
    "dmesg": lambda: printed(["dmesg"]),
    "cpuinfo": Path("/proc/cpuinfo").read_bytes,
    "version": Path("/proc/version").read_bytes,
    "address": lambda: printed(["ip", "addr"]),
    "mounts": Path("/proc/self/mounts").read_bytes,
    "packages": lambda: printed(["dpkg", "-l"]),
}


def printed(argv: list[str]) -> bytes:
    """Return what a command prints; skip the test if it is missing or fails."""
    try:
        return subprocess.run(argv, check=True, capture_output=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"{argv[0]}: {error}")


@pytest.mark.parametrize("name", REAL)
def test_real_output_changes_only_where_it_should(name: str) -> None:
    """Of this machine's own output, only lines with a match of a rule change."""
    try:
        data = REAL[name]()
    except OSError as error:
        pytest.skip(f"{name}: {error}")
    who = identity(Path("/nonexistent/project"))
    names = {word.encode() for word in (*who.users, *who.hosts, *who.mirrors, "/nonexistent/project")}
    redact = Redactor(who)
    lines = data.split(b"\n")
    changed = [(line, after) for line in lines if (after := redact(line)) != line]
    assert [pair for pair in changed if not justified(*pair, names)] == []
    assert Redactor(who)(data) == b"\n".join(redact(line) for line in lines)
    if name in {"cpuinfo", "packages"}:
        assert [line for line, _after in changed if not any(word in line for word in names)] == []


def test_this_machines_names_are_known() -> None:
    """Users from 1000 on are people; names that many machines share are kept."""
    who = identity(Path("/somewhere/project"))
    assert "root" not in who.users
    assert "nobody" not in who.users
    assert ("/somewhere/project", ".") in who.folders


def test_mirrors_configured_elsewhere_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mirrors are found in files that the environment names; public hosts are not mirrors."""
    (tmp_path / "config.toml").write_text('index = "sparse+https://crates.example-corp.test/api/"\n')
    (tmp_path / "git").write_text(
        '[url "https://git.example-corp.test/"]\n insteadOf = https://github.com/\n'
    )
    monkeypatch.setenv("CARGO_HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "git"))
    mirrors = identity(tmp_path / "project").mirrors
    assert {"crates.example-corp.test", "git.example-corp.test"} <= mirrors
    assert "github.com" not in mirrors


def test_arguments_errors_and_our_own_lines_are_masked(project: Throwaway) -> None:
    """No address reaches evidence, record, failed/ or state.json, and every mask is counted."""
    body = """
        with run.file("x.txt") as out:
            out.line("from 10.9.8.7")
            out.run(["sh", "-c", "echo 10.9.8.6; echo 10.9.8.5 >&2", "10.9.8.4"], env={"PEER": "10.9.8.3"})
        """
    project.probe(body)
    everything = b"".join(path.read_bytes() for path in project.folder.rglob("*") if path.is_file())
    assert b"10.9.8" not in everything
    assert project.read() == b"from [ip]\n[ip]\n"
    assert project.record().redactions.counts["ip"] == 7
    project.probe(
        'with run.file("x.txt") as out:\n    out.run(["sh", "-c", "echo 10.9.8.7 10.9.8.6 >&2; exit 1"])'
    )
    project.probe('raise Unavailable("no 10.9.8.7", "ask 10.9.8.6")', 'writes=["y.txt"]')
    everything = b"".join(path.read_bytes() for path in project.folder.rglob("*") if path.is_file())
    assert b"10.9.8" not in everything


def test_what_is_kept_is_kept(project: Throwaway) -> None:
    """A collector can keep addresses by declaration."""
    body = 'with run.file("x.txt") as out:\n    out.run(["echo", "10.9.8.7 52:54:00:12:34:56"])'
    project.probe(body, 'writes=["x.txt"], keep=["ip"]')
    assert project.read() == b"10.9.8.7 [mac]\n"


def test_a_name_at_the_end_of_what_is_kept(project: Throwaway) -> None:
    """Standard error is redacted before it is cut, so that no half of a secret remains."""
    script = "printf '%4090s' x >&2; echo ' password=abcdefghij' >&2"
    project.probe(f'with run.file("x.txt") as out:\n    out.run(["sh", "-c", {script!r}])')
    assert "abc" not in project.record().commands[0].stderr


def test_a_file_that_a_command_wrote_itself_is_redacted(project: Throwaway) -> None:
    """What a command writes past us is no evidence; the failed capture keeps it, redacted."""
    body = """
        with run.file("x.txt") as out:
            out.line("ours")
            run.command(["sh", "-c", "echo password=hunter22 >>x.txt"])
        """
    assert "has lines that the collector did not write" in project.probe(body).reason
    assert (project.folder / "failed/probe/x.txt").read_bytes() == b"ours\npassword=[secret]\n"
    links = body.replace("echo password=hunter22 >>x.txt", "ln -sf /etc/hostname x.txt")
    assert project.probe(links).record is None
    assert not (project.folder / "failed/probe/x.txt").exists()


def test_a_key_that_a_collector_writes_line_by_line(project: Throwaway) -> None:
    """It is one mask; lines before and after it stay, and so do empty ones."""
    body = """
        with run.file("x.txt") as out:
            key = ("-----BEGIN PRIVATE KEY-----", "TUlJ", "", "-----END PRIVATE KEY-----")
            for line in ("a", "", *key, "b"):
                out.line(line)
        """
    assert project.probe(body).record
    assert project.read() == b"a\n\n[token]\nb\n"
