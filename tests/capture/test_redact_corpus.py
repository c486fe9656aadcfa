"""The corpus of planted secrets: none reaches a place that is published or shown."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labreport.capture.command import CommandSpec
from labreport.capture.recording import cut, run_and_record
from labreport.capture.redact import Identity, Redactor
from tests.capture.planted import Planted, corpus
from tests.capture.throwaway import Throwaway

CORPUS = corpus()
KINDS = (
    "AWS access key", "AWS by name", "Azure", "Azure by name", "Docker", "Docker configuration", "GitHub",
    "GitLab", "Google", "Hugging Face", "PyPI", "Slack", "Stripe", "URL", "configuration", "cookie", "crypt",
    "environment", "header", "host name", "kubeconfig", "machine", "models", "npm", "option of two words",
    "private key", "private key, PuTTY", "private key, SSH2", "private key, after a prefix",
    "private key, in JSON", "private key, indented", "private key, without an end", "web token",
)  # fmt: skip
SHELL = ("sh", "-c")


def leaks(planted: Planted, *texts: bytes) -> bool:
    """Return whether anything of a secret is in one of the texts."""
    return any(hidden.encode() in text for hidden in planted.hidden for text in texts)


def test_the_corpus_has_all_kinds() -> None:
    """There are 200 secrets of 33 kinds, each different."""
    assert (len(CORPUS), len({planted.text for planted in CORPUS})) == (200, 200)
    assert sorted(Counter(planted.kind for planted in CORPUS)) == sorted(KINDS)
    assert all(leaks(planted, planted.text.encode()) for planted in CORPUS)


@pytest.mark.parametrize("seed", [25, 1, 2, 3])
def test_no_secret_is_left_in_a_text(seed: int) -> None:
    """All are masked, alone and between other lines, and masking them twice changes nothing."""
    for planted in corpus(seed):
        alone = Redactor(Identity())(planted.text.encode())
        within = Redactor(Identity())(f"first line\n{planted.text}\nlast line\n".encode())
        assert not leaks(planted, alone, within), planted
        assert Redactor(Identity())(alone) == alone, planted
        if planted.kind != "private key, without an end":
            assert within.startswith(b"first line\n")
            assert within.endswith(b"\nlast line\n")


PIECES = sorted({piece for planted in CORPUS for piece in (planted.text, *planted.text.split(" ")[:6])})
GAPS = ("", ".", "-", " ", ":", "\n", "=", ",", "\0", '"', "\x1b[1m", "\x1b]0;")
WHO = Identity(
    users=frozenset({"alice", "bob"}),
    homes=frozenset({"/srv/people/alice"}),
    hosts=frozenset({"build-7"}),
    folders=(("/srv/my-lab", "."),),
)
NAMES = (
    "alice",
    "bob",
    "build-7",
    "/srv/people/alice",
    "/srv/my-lab",
    "10.1.2.3",
    "52:54:00:12:34:56",
    "a@b.example",
)


@settings(max_examples=300, deadline=None)
@given(pieces=st.lists(st.sampled_from([*PIECES, *NAMES]), max_size=6), gap=st.sampled_from(GAPS))
def test_once_is_enough_for_secrets(pieces: list[str], gap: str) -> None:
    """Redaction is idempotent for any sequence of secrets, names of secrets, and names."""
    once = Redactor(WHO)(gap.join(pieces).encode())
    again = Redactor(WHO)
    assert (again(once), dict(again.counts)) == (once, {})


def in_stdout(planted: Planted, folder: Path) -> list[bytes]:
    """Return what is kept of a command that prints a secret, in its output and its errors."""
    (folder / "text").write_text(planted.text)
    spec = CommandSpec([*SHELL, "cat text; cat text >&2; exit 3", "sh"], answered=(3,))
    recorded = run_and_record(spec, 0, "lab00000000", folder, Redactor(Identity()))
    return [recorded.result.data, recorded.command.stderr.encode()]


def in_failure(planted: Planted, folder: Path) -> list[bytes]:
    """Return what is kept and said of a command that prints a secret and fails."""
    (folder / "text").write_text(planted.text)
    spec = CommandSpec([*SHELL, "cat text; exit 1"])
    error = run_and_record(spec, 0, "lab00000000", folder, Redactor(Identity())).error
    assert error is not None
    return [error.printed, str(error).encode(), error.how.encode()]


def in_argv(planted: Planted, folder: Path) -> list[bytes]:
    """Return the arguments in the record with a secret in one word, or an option and its value in two."""
    found = []
    options = planted.kind == "option of two words"
    for words in ([planted.text], planted.text.split(" ") if options else []):
        argv = ["true", *(word for word in words if word)]
        recorded = run_and_record(CommandSpec(argv), 0, "lab00000000", folder, Redactor(Identity()))
        found.append("\n".join(recorded.command.argv).encode())
    return found


def in_head_and_tail(planted: Planted, _folder: Path) -> list[bytes]:
    """Return each head and each tail of an output with a secret in its middle."""
    text = b"one\ntwo\n" + planted.text.encode() + b"\n"
    lines = text.count(b"\n")
    redact = Redactor(Identity())
    found = []
    with TemporaryFile() as file:
        file.write(text)
        for wanted in range(1, lines + 1):
            for head, tail in ((wanted, None), (None, wanted)):
                found.append(
                    cut(file, head=head, tail=tail, limit=1 << 20, redact=lambda d, k: redact(d, keys=k))[0]
                )
    return found


@pytest.mark.slow
@pytest.mark.parametrize("sink", [in_stdout, in_failure, in_argv, in_head_and_tail])
def test_no_secret_is_left_of_a_command(sink: Callable[[Planted, Path], list[bytes]], tmp_path: Path) -> None:
    """Neither output, errors, arguments, failure nor a part of the output shows one."""
    assert [planted for planted in CORPUS if leaks(planted, *sink(planted, tmp_path))] == []


def test_no_secret_is_left_in_an_environment() -> None:
    """A variable's value is masked for its name alone, and for its form; an ordinary one stays."""
    redact = Redactor(Identity())
    for name in ("DB_PASSWORD", "NAME_TOKEN", "SECRET_KEY", "AWS_SESSION_TOKEN", "MYSQL_PASS", "token"):
        assert redact.variable(name, "correct horse battery staple, with spaces") == "[secret]"
    assert redact.variable("TOKEN_FILE", "/run/token") == "/run/token"
    assert redact.variable("PATH", "/usr/bin:/bin") == "/usr/bin:/bin"
    assert redact.variable("HOME", "") == ""
    for planted in CORPUS:
        assert not leaks(planted, redact.variable("X", planted.text).encode()), planted


@pytest.mark.slow
def test_no_secret_is_left_in_a_set(project: Throwaway, tmp_path: Path) -> None:
    """Nothing of the corpus is in evidence, records, failed/, state.json or what the console showed."""
    (tmp_path / "corpus.json").write_text(json.dumps([planted.text for planted in CORPUS]))
    body = f"""
        import json
        from pathlib import Path
        texts = json.loads(Path({str(tmp_path / "corpus.json")!r}).read_text())
        with run.file("x.txt") as out:
            for text in texts:
                out.line(text)
            for text in texts[::4]:
                out.run(["printf", "%s", text], env={{"PLANTED": text, "DB_PASSWORD": text}})
            AND_THEN
        """
    fails = 'out.run(["sh", "-c", "printf %s \\"$1\\"; exit 1", "sh", "\\n".join(texts)])'
    says = 'run.wait_until(lambda: True, "\\n".join(texts)); raise ValueError("\\n".join(texts))'
    lacks = "raise Unavailable(texts[3], texts[5])"
    assert project.probe(body.replace("AND_THEN", "")).record
    sets = [stored(project)]
    for and_then in (fails, says, lacks):
        assert project.probe(body.replace("AND_THEN", and_then)).record is None
        sets.append(stored(project))
    shown = "\n".join([*project.watch.doing, *project.watch.notes]).encode()
    shown += "\n".join(f"{end.reason} {end.remedy}" for end in project.watch.ended).encode()
    assert project.folder.joinpath("failed/probe/why.txt").stat().st_size > len(CORPUS)
    for planted in CORPUS:
        assert not leaks(planted, *sets, shown), planted


def stored(project: Throwaway) -> bytes:
    """Return all bytes of a set, failed/ and records included."""
    return b"\n".join(path.read_bytes() for path in project.folder.rglob("*") if path.is_file())
