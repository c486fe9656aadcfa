"""A block links to its file in the repository only if the commit that is built holds exactly that file."""

import os
import subprocess
from pathlib import Path

import pytest

from labreport.site.repository import Repository, read_repository
from tests.project import Little

ADDRESS = "https://github.com/example/lab"
WHO = {f"GIT_{who}_{what}": "x@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def git(root: Path, *words: str) -> str:
    """Run git in a folder."""
    argv = ["git", "-C", str(root), *words]
    return subprocess.run(argv, check=True, capture_output=True, text=True, env={**os.environ, **WHO}).stdout


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a project in a folder of a repository, with one file committed and a link to it."""
    project = tmp_path / "repository" / "a project"
    (project / "evidence/lab12").mkdir(parents=True)
    (project / "evidence/lab12/a ä.txt").write_bytes(b"one\n")
    (project / "evidence/lab12/link.txt").symlink_to("a ä.txt")
    git(tmp_path, "init", "-q", "repository")
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "x")
    return project


def test_a_committed_file_has_a_link(root: Path) -> None:
    """The address has the commit and the quoted path from the top of the repository."""
    commit = git(root, "rev-parse", "HEAD").strip()
    source = read_repository(root, f"{ADDRESS}/").source("lab12/a ä.txt", b"one\n")
    assert source
    assert source.address == f"{ADDRESS}/blob/{commit}/a%20project/evidence/lab12/a%20%C3%A4.txt"
    assert commit.startswith(source.commit)


@pytest.mark.parametrize(
    ("host", "folder"),
    [("gitlab.com", "blob"), ("codeberg.org", "src/commit"), ("bitbucket.org", "src")],
)
def test_other_hosts_have_other_addresses(root: Path, host: str, folder: str) -> None:
    """The folder before the commit differs."""
    source = read_repository(root, f"https://{host}/x/y").source("lab12/a ä.txt", b"one\n")
    assert source
    assert source.address.startswith(f"https://{host}/x/y/{folder}/")


def test_what_the_commit_does_not_hold_has_none(root: Path) -> None:
    """A changed file, a new one, also if it is staged, and a symbolic link."""
    (root / "evidence/lab12/new.txt").write_bytes(b"two\n")
    git(root, "add", ".")
    repository = read_repository(root, ADDRESS)
    assert repository.source("lab12/a ä.txt", b"one\n")
    assert repository.source("lab12/a ä.txt", b"two\n") is None
    assert repository.source("lab12/new.txt", b"two\n") is None
    assert repository.source("lab12/link.txt", "a ä.txt".encode()) is None


@pytest.mark.parametrize("address", [None, "", "javascript:alert(1)", "git@github.com:x/y.git"])
def test_without_an_address_git_is_not_asked(
    root: Path, address: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even if there is one."""
    monkeypatch.setattr(subprocess, "run", lambda *_words, **_named: pytest.fail("a process was started"))
    assert read_repository(root, address) == Repository()


def test_git_is_optional(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a repository, without a commit and without git there is no link, and no error."""
    (tmp_path / "plain").mkdir()
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    assert read_repository(tmp_path / "plain", ADDRESS) == Repository()
    git(tmp_path / "plain", "init", "-q")
    assert read_repository(tmp_path / "plain", ADDRESS) == Repository()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read_repository(root, ADDRESS) == Repository()


def marking(folder: Path) -> tuple[Path, Path]:
    """Return a program in `folder`, and the file that it makes when it is started."""
    ran, program = folder / "ran", folder / "program"
    program.write_text(f"#!/bin/sh\ntouch '{ran}'\n")
    program.chmod(0o755)
    return program, ran


def test_settings_of_a_hostile_repository_start_nothing(root: Path, tmp_path: Path) -> None:
    """A copied repository brings its settings, and objects that it lacks are not fetched."""
    program, ran = marking(tmp_path)
    tree = git(root, "rev-parse", "HEAD:a project/evidence").strip()
    for key, value in (
        ("core.fsmonitor", str(program)), ("core.pager", str(program)), ("core.sshCommand", str(program)),
        ("alias.ls-tree", f"!{program}"), ("extensions.partialClone", "origin"),
        ("remote.origin.promisor", "true"), ("remote.origin.url", "ssh://x/y"),
    ):  # fmt: skip
        git(root, "config", key, value)
    (root.parent / ".git/objects" / tree[:2] / tree[2:]).unlink()
    assert read_repository(root, ADDRESS).blobs == {}
    assert not ran.exists()


def test_a_build_starts_no_program_of_a_repository(little: Little, tmp_path: Path) -> None:
    """A signed commit, and settings that have git check signatures with a program."""
    program, ran = marking(tmp_path)
    root = little.root
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "x")
    head, _, message = git(root, "cat-file", "commit", "HEAD").partition("\n\n")
    signed = tmp_path / "signed"
    signed.write_text(
        f"{head}\ngpgsig -----BEGIN PGP SIGNATURE-----\n x\n -----END PGP SIGNATURE-----\n\n{message}"
    )
    git(root, "reset", "-q", "--soft", git(root, "hash-object", "-t", "commit", "-w", str(signed)).strip())
    for key, value in (
        ("log.showSignature", "true"),
        ("gpg.program", str(program)),
        ("core.fsmonitor", str(program)),
    ):
        git(root, "config", key, value)
    subprocess.run(["git", "-C", str(root), "log", "-1"], check=True, capture_output=True)
    assert ran.exists(), "git itself starts it"
    ran.unlink()
    assert little.build().returncode == 0
    assert not ran.exists()
