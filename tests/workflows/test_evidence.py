"""The evidence workflow: its own commands, in order, with a remote on disk. Only gh is a stub."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.workflows.conftest import Remote

pytestmark = pytest.mark.timeout(600)
BRANCH = "evidence/refresh"


@pytest.fixture
def workflow(remote: Remote) -> Remote:
    """Return the remote with the values that GitHub gives to a scheduled run on one host."""
    remote.values = {
        "inputs.kata_archive || vars.KATA_ARCHIVE": "",
        "inputs.kata_archive_sha256 || vars.KATA_ARCHIVE_SHA256": "",
        "vars.LAB_CONTAINERD || 'private'": "private",
        "matrix.name": "",
        "inputs.steps": "",
        "github.token": "no-token",
        "secrets.EVIDENCE_SIGNING_KEY": "",
    }
    return remote


def word(workflow: Remote) -> Path:
    """Return the file that the lab captures."""
    return workflow.path.parent / "word"


def gh_calls(workflow: Remote) -> list[str]:
    """Return the arguments of each call of gh."""
    return workflow.noted.read_text().splitlines() if workflow.noted.exists() else []


def branches(workflow: Remote) -> set[str]:
    """Return the remote's branches."""
    return set(workflow.git("branch", "--format=%(refname:short)").split())


def output(ended: list[subprocess.CompletedProcess[str]]) -> str:
    """Return the output of all steps."""
    return "".join(f"{step.stdout}{step.stderr}" for step in ended)


@pytest.mark.slow
def test_a_change_is_one_commit_and_one_request(workflow: Remote) -> None:
    """The branch has one commit with evidence only. The request describes the difference."""
    word(workflow).write_text("2\n")
    ended = workflow.run("evidence.yml")
    assert [step.returncode for step in ended] == [0, 0, 0, 0], output(ended)
    assert workflow.git("rev-list", "--count", f"main..{BRANCH}").strip() == "1"
    changed = workflow.git("diff", "--name-only", "main", BRANCH).splitlines()
    assert "evidence/mine/word.txt" in changed
    assert all(path.startswith("evidence/mine/") for path in changed)
    assert "evidence/mine/kernel/release.txt" not in changed
    assert workflow.git("show", f"{BRANCH}:evidence/mine/word.txt").startswith("2\n")
    (request,) = gh_calls(workflow)
    assert request.startswith(f"pr create --head {BRANCH} --title ")
    body = (workflow.path.parent / "run-propose" / "body.md").read_text()
    assert "| `word` |" in body
    assert "-one" in body
    assert "+2" in body
    attested = (workflow.path.parent / "run-collect" / "evidence-new.sums").read_text()
    assert "  evidence/mine/word.txt\n" in attested
    assert "kernel/release.txt" not in attested


@pytest.mark.slow
def test_with_a_key_the_list_of_evidence_is_signed(workflow: Remote, tmp_path: Path) -> None:
    """The commit has the list and its signature, which a clone of the branch verifies."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed")
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    workflow.values["secrets.EVIDENCE_SIGNING_KEY"] = key.read_text()
    word(workflow).write_text("2\n")
    ended = workflow.run("evidence.yml")
    assert [step.returncode for step in ended] == [0, 0, 0, 0], output(ended)
    assert "PRIVATE" not in output(ended)
    (tmp_path / "signers").write_text(f"ci@example.org {key.with_suffix('.pub').read_text()}")
    clone = tmp_path / "signed"
    subprocess.run(["git", "clone", "-q", "-b", BRANCH, workflow.path, clone], check=True)
    verified = Shell(clone).lab("verify", "--signed", str(tmp_path / "signers"))
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "signed by ci@example.org" in verified.stderr


@pytest.mark.slow
def test_a_second_run_without_change_opens_nothing(workflow: Remote) -> None:
    """After a merge only volatile output differs: no branch, no request, nothing to attest."""
    word(workflow).write_text("2\n")
    workflow.run("evidence.yml")
    workflow.git("update-ref", "refs/heads/main", BRANCH)
    workflow.git("branch", "-D", BRANCH)
    workflow.noted.unlink()
    ended = workflow.run("evidence.yml", "again")
    assert [step.returncode for step in ended] == [0, 0, 0, 0], output(ended)
    assert branches(workflow) == {"main"}
    assert gh_calls(workflow) == []
    assert "no evidence changed: nothing to propose" in output(ended)
    collected = workflow.path.parent / "again-collect"
    assert not (collected / "evidence-new.sums").exists()
    assert (collected / "evidence/mine/records/checked.json").is_file()


@pytest.mark.slow
def test_an_open_request_is_renewed(workflow: Remote) -> None:
    """The branch of an open request has one commit again, and the request has a new text."""
    word(workflow).write_text("2\n")
    workflow.run("evidence.yml")
    word(workflow).write_text("3\n")
    workflow.opened = True
    ended = workflow.run("evidence.yml", "again")
    assert [step.returncode for step in ended] == [0, 0, 0, 0], output(ended)
    assert workflow.git("rev-list", "--count", f"main..{BRANCH}").strip() == "1"
    assert workflow.git("show", f"{BRANCH}:evidence/mine/word.txt").startswith("3\n")
    assert [call.split(" --")[0] for call in gh_calls(workflow)] == [
        "pr create",
        "pr create",
        f"pr edit {BRANCH}",
    ]


@pytest.mark.slow
def test_a_run_that_fails_keeps_the_last_evidence(workflow: Remote) -> None:
    """The error says so, the failed output is kept, and nothing is proposed."""
    word(workflow).unlink()
    ended = workflow.run("evidence.yml")
    assert [step.returncode == 0 for step in ended] == [True, False, False], output(ended)
    assert "the collect failed: the evidence stays as it was" in output(ended)
    assert "no set arrived: every collect failed" in output(ended)
    assert branches(workflow) == {"main"}
    assert gh_calls(workflow) == []
    collected = workflow.path.parent / "run-collect"
    assert (collected / "evidence/mine/failed/word/why.txt").is_file()
    assert (collected / "evidence/mine/word.txt").read_text().startswith("one\n")


@pytest.mark.slow
def test_another_host_is_a_set_of_its_own(workflow: Remote) -> None:
    """If the matrix names a host, its evidence goes to evidence/hosts/NAME."""
    workflow.values["matrix.name"] = "lab-pc-1"
    ended = workflow.run("evidence.yml")
    assert [step.returncode for step in ended] == [0, 0, 0, 0], output(ended)
    changed = workflow.git("diff", "--name-only", "main", BRANCH).splitlines()
    assert "evidence/hosts/lab-pc-1/mine/word.txt" in changed
    assert all(path.startswith("evidence/hosts/lab-pc-1/mine/") for path in changed)


@pytest.mark.slow
def test_one_step_of_a_dispatch(workflow: Remote) -> None:
    """Only the named step is captured."""
    word(workflow).write_text("2\n")
    workflow.values["inputs.steps"] = "mine/release"
    ended = workflow.run("evidence.yml")
    assert "no evidence changed: nothing to propose" in output(ended)
    assert branches(workflow) == {"main"}
