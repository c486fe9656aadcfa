"""`lab verify --signed` finds an old file that was put back with its old record."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Shell


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """Return a private key; beside it is a file of allowed signers that has its public half."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed")
    path = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path], check=True)
    signers = f"lab@example.org {path.with_suffix('.pub').read_text()}"
    (tmp_path / "signers").write_text(signers)
    return path


def sign(shell: Shell, key: Path, namespace: str = "labreport-evidence") -> None:
    """Write the list of evidence and sign it, as scripts/evidence does."""
    place = shell.root / "evidence/evidence.sums"
    listed = shell.lab("verify", "--sums")
    assert listed.returncode == 0, listed.stderr
    place.write_text(listed.stdout)
    place.with_suffix(".sums.sig").unlink(missing_ok=True)
    argv = ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", str(key), str(place)]
    subprocess.run(argv, check=True, capture_output=True)


@pytest.fixture
def signed(one_lab: Shell, key: Path) -> Shell:
    """Return a project with one captured file, whose list is signed."""
    assert one_lab.lab("collect").returncode == 0
    sign(one_lab, key)
    return one_lab


def verify(shell: Shell, key: Path) -> subprocess.CompletedProcess[str]:
    """Verify with the signature."""
    return shell.lab("verify", "--signed", str(key.with_name("signers")))


def test_a_signed_set_is_intact(signed: Shell, key: Path) -> None:
    """The signature is accepted, by this command and by stock tools, as the manual has it."""
    ended = verify(signed, key)
    assert ended.returncode == 0, ended.stdout
    assert ended.stderr == "the list of 4 files is signed by lab@example.org\n"
    stock = (
        "sha256sum --quiet -c evidence.sums && ssh-keygen -Y verify -n labreport-evidence "
        f"-I lab@example.org -f {key.with_name('signers')} -s evidence.sums.sig <evidence.sums"
    )
    ended = subprocess.run(
        ["sh", "-c", stock], cwd=signed.root / "evidence", capture_output=True, text=True, check=True
    )
    assert "Good" in ended.stdout
    manual = (ROOT / "docs/manual/how-to/verify-a-site.md").read_text()
    assert "ssh-keygen -Y verify -n labreport-evidence" in manual


@pytest.mark.slow
def test_an_old_pair_that_was_put_back_is_found(signed: Shell, key: Path) -> None:
    """File and record agree, and verify alone finds nothing. The signed list has other hashes."""
    evidence = signed.root / "evidence/mine"
    old = {path: path.read_bytes() for path in evidence.rglob("*") if path.is_file()}
    assert signed.lab("collect", "mine/release").returncode == 0
    sign(signed, key)
    assert verify(signed, key).returncode == 0
    for path, data in old.items():
        path.write_bytes(data)
    assert signed.lab("verify").returncode == 0
    ended = verify(signed, key)
    assert ended.returncode == 1
    assert "mine/records/release.json: altered: sha256 is " in ended.stdout
    assert "signed is " in ended.stdout


def test_files_that_come_and_go(signed: Shell, key: Path) -> None:
    """A capture that is not in the list, and one that is gone, are found."""
    shutil.copytree(signed.root / "evidence/mine", signed.root / "evidence/hosts/pc/mine")
    shutil.rmtree(signed.root / "evidence/mine")
    ended = verify(signed, key)
    assert ended.returncode == 1
    assert "mine/records/release.json: altered: is signed, and is gone" in ended.stdout
    assert "hosts/pc/mine/records/release.json: altered: is not in the signed list" in ended.stdout


@pytest.mark.slow_after(2)
@pytest.mark.parametrize("forgery", ["list", "key", "namespace", "no signature", "no list", "garbage"])
def test_a_signature_that_does_not_count(signed: Shell, key: Path, tmp_path: Path, forgery: str) -> None:
    """One line says what is wrong, and the exit status is 1."""
    place = signed.root / "evidence/evidence.sums"
    if forgery == "list":
        place.write_text(place.read_text().replace("0", "1", 1))
    elif forgery == "key":
        other = tmp_path / "other"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other], check=True)
        sign(signed, other)
    elif forgery == "namespace":
        sign(signed, key, "file")
    elif forgery == "garbage":
        place.with_suffix(".sums.sig").write_text("garbage")
    else:
        (place if forgery == "no list" else place.with_suffix(".sums.sig")).unlink()
    ended = verify(signed, key)
    assert ended.returncode == 1
    assert ended.stderr.startswith("lab: evidence.sums"), ended.stderr
    assert len(ended.stderr.splitlines()) == 1
