"""Kata is installed on this host from a small archive, containerd is configured, and both are undone."""

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from collectors.lab12 import configure
from labreport.capture.host_changes.ledger import PLACE
from labreport.containers.kata import runtime
from labreport.contract.reader import read_record
from tests.capture.cache.server import serving
from tests.containers.fake_kata import pretend_kvm
from tests.containers.host_state import host_state, new_things, snapshot
from tests.containers.kata import made_up
from tests.containers.kata.test_archive import FILE, LINK, Member, packed

ARCHIVE = made_up.members()
KILLS = 10
PRIVATE = ("install", "configure", "version", "smoke")
INSTALLED, CONFIGURED = "setup/install-kata-assets.log", "setup/configure-containerd-kata.log"


@dataclass(frozen=True)
class Install:
    """A clone of the project, and an archive with its checksum."""

    project: Path
    archive: Path

    def start(self, *words: str, **env: str) -> subprocess.Popen[str]:
        """Start `lab` in the clone."""
        argv = [sys.executable, str(self.project / "labreport"), *words]
        environment = {
            **os.environ,
            "KATA_ARCHIVE": str(self.archive),
            "LAB_REGISTRY_MIRROR": "127.0.0.1:9",
            **env,
        }
        return subprocess.Popen(
            argv, cwd=self.project, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def collect(self, *names: str, status: int = 0, mode: str = "system", **env: str) -> dict[str, Any]:
        """Collect these, in system mode or another one, with options if any; return their rows by name."""
        words = [name if name.startswith("-") else f"lab12/{name}" for name in names]
        process = self.start("collect", *words, "--as", "test", "--containerd", mode, "--json", **env)
        out, said = process.communicate()
        assert process.returncode == status, out + said
        return {row["name"]: row for row in json.loads(out)}

    def undo(self) -> None:
        """Undo all changes of this host."""
        process = self.start("undo")
        out, said = process.communicate()
        assert process.returncode == 0, out + said

    def read(self, path: str) -> str:
        """Return an evidence file's text."""
        return (self.project / "evidence/hosts/test/lab12" / path).read_text()

    def why(self, name: str) -> str:
        """Return why a collector failed."""
        return (self.project / f"evidence/hosts/test/lab12/failed/{name}/why.txt").read_text()


def with_checksum(archive: Path) -> Path:
    """Write the checksum beside an archive, as sha256sum does."""
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    Path(f"{archive}.sha256").write_text(f"{digest}  {archive.name}\n")
    return archive


@pytest.fixture
def install(clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Yield an archive to install. After the test the host must be as it was before."""
    if os.geteuid() != 0:
        pytest.skip("not root: the host cannot be changed")
    for program in ("zstd", "containerd"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    if PLACE.exists() and any(PLACE.glob("*.json")):
        pytest.skip("this host has changes of its own to undo")
    monkeypatch.delenv("SUDO_UID", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    pretend_kvm(tmp_path / "cache")
    made = Install(clone, with_checksum(made_up.write(tmp_path)))
    before, state = snapshot(), host_state()
    yield made
    made.undo()
    assert snapshot() == before
    assert not PLACE.exists()
    assert not new_things(state)


@pytest.mark.slow
def test_installed_configured_and_put_back(install: Install) -> None:
    """Both logs show what was done by the output of commands. The second time nothing changes."""
    config = Path("/etc/containerd/config.toml")
    before = config.read_bytes() if config.exists() else b""
    rows = install.collect("install", "configure")
    assert {rows["install"]["state"], rows["configure"]["state"]} == {"captured"}, rows
    log = install.read(INSTALLED)
    digest = hashlib.sha256(install.archive.read_bytes()).hexdigest()
    assert ".tar.zst: OK\n" in log
    assert "=== Installed on this host ===" in log
    assert digest in log
    assert "7 VERSION\n" in log
    assert hashlib.sha256(b"kernel").hexdigest() in log
    shim = Path("/usr/local/bin/containerd-shim-kata-v2")
    assert str(shim.readlink()) == "/opt/kata/runtime-rs/bin/containerd-shim-kata-v2"
    configuration = Path("/etc/kata-containers/runtime-rs/configuration.toml").read_text()
    assert "[hypervisor.dragonball]" in configuration
    record = read_record(install.project / "evidence/hosts/test/lab12", "install")
    assert str(install.archive.parent) not in record.model_dump_json() + log
    assert (record.containerd, record.archives["kata"].is_pinned) == ("system", False)
    log = install.read(CONFIGURED)
    assert '+runtime_type = "io.containerd.kata.v2"\n' in log
    assert "runtimes.kata]" in log.partition("own reading")[2]
    after = config.read_bytes()
    assert after != before
    again = install.collect("install", "configure")
    assert {again["install"]["state"], again["configure"]["state"]} == {"captured"}
    assert config.read_bytes() == after
    assert "nothing was changed" in install.read(CONFIGURED)
    listed = install.start("undo", "--dry-run").communicate()[0]
    assert "/opt/kata: would be" in listed
    assert f"{config}: would be" in listed


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_at_ten_moments_it_can_be_undone(install: Install) -> None:
    """If it is killed while it installs and configures, undo restores every byte, mode and owner."""
    before = snapshot()
    words = ["lab12/install", "lab12/configure", "--as", "test", "--containerd", "system"]
    process = install.start("collect", *words)
    wait_for_a_change(process)
    began = time.monotonic()
    process.communicate()
    changing = time.monotonic() - began
    install.undo()
    assert snapshot() == before
    chance = random.Random(10)  # noqa: S311 - seeded moments
    changed = 0
    for _moment in range(KILLS):
        process = install.start("collect", *words)
        wait_for_a_change(process)
        time.sleep(chance.random() * changing)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        changed += snapshot() != before
        install.undo()
        assert snapshot() == before
    assert changed >= 3, "too few of the kills came after a change"
    install.collect("install", "configure")  # and it clears what the killed ones left


def wait_for_a_change(process: subprocess.Popen[str]) -> None:
    """Wait until a collect has noted its first change in the ledger."""
    while not any(PLACE.glob("*.json")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


@pytest.mark.slow
def test_for_a_private_containerd_alone(install: Install) -> None:
    """By default, task 1 installs for the private containerd alone. The host does not change."""
    if lack := runtime.no_kvm():
        pytest.skip(lack.reason)
    before = snapshot()
    rows = install.collect("install", "configure", "version", "smoke", mode="private")
    assert {row["state"] for name, row in rows.items() if name in PRIVATE} == {"captured"}, rows
    assert snapshot() == before
    log = install.read(INSTALLED)
    assert "Installed for a private containerd alone: nothing on this host changes" in log
    assert "this is not the archive that lab.yml pins: it is a local file (KATA_ARCHIVE)" in log
    assert f"{hashlib.sha256(made_up.DRAGONBALL.encode()).hexdigest()}" not in log
    assert "  /opt/kata/runtime-rs/bin/containerd-shim-kata-v2\n" in log
    log = install.read(CONFIGURED)
    assert '+runtime_type = "io.containerd.kata.v2"\n' in log
    assert 'runtime_type = "io.containerd.kata.v2"' in log.partition("own reading")[2]
    assert "containerd-shim-kata-v2 -> /opt/kata/runtime-rs/bin/containerd-shim-kata-v2\n" in log
    assert install.read("setup/kata-built-version.txt") == f"{made_up.VERSION}\n"
    assert install.read("kata/test1.txt").startswith("Linux ")
    folder = install.project / "evidence/hosts/test/lab12"
    for name in PRIVATE:
        record = read_record(folder, name)
        assert record.containerd == "private"
        assert not record.archives["kata"].is_pinned
        assert str(install.archive.parent) not in record.model_dump_json()
    assert read_record(folder, "smoke").tools["containerd-shim-kata-v2"] == made_up.VERSION
    install.collect("install", "configure", "--repeat", mode="private")
    again = json.loads(install.start("status", "lab12", "--as", "test", "--json").communicate()[0])
    assert {row["state"] for row in again if row["name"] in PRIVATE} == {"captured"}


HOSTILE: dict[str, list[Member]] = {
    "'./opt/kata/../../etc/x'": [*ARCHIVE, ("./opt/kata/../../etc/x", FILE, "x")],
    "'/etc/x'": [*ARCHIVE, ("/etc/x", FILE, "x")],
    "out of /opt/kata": [*ARCHIVE, ("./opt/kata/x", LINK, "/etc/passwd")],
    "no shim in it": [ARCHIVE[3]],
    "not below ./opt/kata": [("./usr/bin/sh", FILE, "x")],
}


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_archive_changes_nothing(install: Install, what: str) -> None:
    """The error names the member, and the host is not changed."""
    before = snapshot()
    bad = with_checksum(packed(install.archive.with_name("bad.tar"), HOSTILE[what]))
    row = install.collect("install", status=1, KATA_ARCHIVE=str(bad))["install"]
    assert what in row["reason"]
    assert snapshot() == before


@pytest.mark.slow
def test_an_archive_that_is_not_the_one_stated(install: Install) -> None:
    """A wrong or missing checksum, a cut archive, a missing file: each is an error, and nothing changes."""
    before = snapshot()
    row = install.collect("install", status=4, KATA_ARCHIVE_SHA256="0" * 64)["install"]
    assert f"expected is {'0' * 64}" in row["reason"]
    assert str(install.archive.parent) not in row["reason"]
    cut = install.archive.with_name("cut.tar.zst")
    cut.write_bytes(install.archive.read_bytes()[:-100])
    for file in (cut, with_checksum(cut)):
        row = install.collect("install", status=1, KATA_ARCHIVE=str(file))["install"]
        assert "zstd cannot decompress it" in row["reason"]
    row = install.collect("install", status=4, KATA_ARCHIVE="/nowhere.tar", KATA_ARCHIVE_SHA256="0" * 64)[
        "install"
    ]
    assert "KATA_ARCHIVE names no file" in row["reason"]
    assert snapshot() == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "what"),
    [("version = 2\n[plugins\n", "not TOML"),
     ('version = 2\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.kata]\nruntime_type = "x"\n',
      "is there already, of type 'x'")],
)  # fmt: skip
def test_a_configuration_that_cannot_be_edited(install: Install, text: str, what: str) -> None:
    """The error names the file and what is wrong with it. The file is not changed."""
    config = Path("/etc/containerd/config.toml")
    kept = config.read_bytes() if config.exists() else None
    config.parent.mkdir(exist_ok=True)
    try:
        config.write_text(text)
        rows = install.collect("install", "configure", status=1)
        assert f"{config}: " in rows["configure"]["reason"]
        assert what in rows["configure"]["reason"]
        assert config.read_text() == text
    finally:
        if kept is None:
            config.unlink()
        else:
            config.write_bytes(kept)


SYSTEMCTL = """\
#!/bin/sh
echo "$*" >>"$0.calls"
[ "$1" = restart ] && touch "$0.restarted"
state=active
[ -e "$0.restarted" ] && state=failed
case $1 in is-*) echo "$state"; [ "$1" = "is-$state" ] ;; esac
"""


@pytest.mark.slow
def test_a_containerd_that_does_not_come_up(install: Install, tmp_path: Path) -> None:
    """The configuration is restored, containerd is restarted, and the error has the end of the journal.

    No systemd runs here. A fake one says that containerd is active until it is restarted.
    """
    if configure.answers():
        pytest.skip("a containerd runs here: it is not put to this test")
    config = Path("/etc/containerd/config.toml")
    before = config.read_bytes() if config.exists() else None
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, text in (("systemctl", SYSTEMCTL), ("journalctl", "#!/bin/sh\necho 'no such luck'\n")):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    path = f"{programs}:{os.environ['PATH']}"
    rows = install.collect("install", "configure", status=1, PATH=path)
    assert rows["configure"]["state"] == "failed"
    assert "does not come up with it: it gives no answer: no such luck" in rows["configure"]["reason"]
    assert (config.read_bytes() if config.exists() else None) == before
    calls = programs / "systemctl.calls"
    assert calls.read_text().count("restart containerd\n") == 2
    out, said = install.start("undo", PATH=path).communicate()
    assert "systemctl restart containerd: done" in out, said
    assert calls.read_text().count("restart containerd\n") == 3


@pytest.mark.slow
def test_it_is_downloaded_where_an_address_is_given(install: Install) -> None:
    """An archive is downloaded once from an address, and its checksum has to hold."""
    digest = made_up.digest(install.archive)
    with serving(install.archive.read_bytes()) as server:
        row = install.collect("install", KATA_ARCHIVE=server.url, KATA_ARCHIVE_SHA256=digest)["install"]
        assert row["state"] == "captured"
        install.undo()
        row = install.collect("install", KATA_ARCHIVE=server.url, KATA_ARCHIVE_SHA256=digest)["install"]
        assert row["state"] == "captured"
        assert len(server.behaviour.requests) == 1
        server.behaviour.status = 404
        row = install.collect("install", status=4, KATA_ARCHIVE=server.url, KATA_ARCHIVE_SHA256="1" * 64)[
            "install"
        ]
        assert "127.0.0.1 answers 404" in row["reason"]


def test_this_host_has_a_way_to_restart_it_or_none() -> None:
    """The host's containerd is restarted if systemd runs it."""
    active = subprocess.run(
        ["systemctl", "is-active", "containerd"], capture_output=True, text=True, check=False
    )
    assert bool(configure.restart_command()) == (active.stdout.strip() == "active")
