"""The build of Kata's shim, from a small source: make is real, and the shim that it builds is a script."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from collectors.lab12.build import require_free_space
from labreport.capture import Unavailable
from labreport.containers.images import busybox
from labreport.containers.needs import CONTAINERS
from labreport.contract.lab_config import Lab
from labreport.contract.reader import read_record
from tests.containers.host_state import host_state, new_things

LOG = "setup/build-kata-runtime.log"
MAKEFILE = """\
OUT = target/x86_64-unknown-linux-musl/release
containerd-shim-kata-v2: target/steps
\ttest ! -e $(CURDIR)/../../../fail
\ttest ! -e $(CURDIR)/../../../slow || { touch $(CURDIR)/../../../waits; sleep 100; }
\tmkdir -p $(OUT)
\tcp shim.sh $(OUT)/$@
\tchmod +x $(OUT)/$@
\t@echo "in $(CURDIR): $(PREFIX) $(LIBC) $(EXTRA_RUSTFLAGS) $(RUSTUP_TOOLCHAIN)"
target/steps:
\t@mkdir -p target
\t@for number in $$(seq 100); do echo "step $$number"; done
\t@touch $@
"""
SHIM = '#!/bin/sh\necho "shim version 3.23.0, commit: of a test"\n'
CONTAINER_MAKE = """\
#!/bin/sh
set -e
mkdir -p target/m/release
cp shim.sh target/m/release/containerd-shim-kata-v2
chmod 755 target/m/release/containerd-shim-kata-v2
echo "in $PWD: $*"
"""
NOTHING = '#!/bin/sh\necho "${0##*/} 1.0 (a stand-in)"\n'


@dataclass(frozen=True)
class KataBuild:
    """A clone of the project, a small source, and the build folder."""

    project: Path
    source: Path
    place: Path

    def git(self, *words: str) -> str:
        """Run git in the source."""
        git = ["git", "-c", "user.name=test", "-c", "user.email=test@invalid", "-C", str(self.source)]
        done = subprocess.run([*git, *words], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def setting(self, **values: str) -> None:
        """Change settings.kata of the clone's lab.yml."""
        path = self.project / "collectors/lab12/lab.yml"
        config = yaml.safe_load(path.read_text())
        config["settings"]["kata"] |= values
        path.write_text(yaml.safe_dump(config))

    def start(self, **env: str) -> subprocess.Popen[str]:
        """Start `lab collect lab12/build`."""
        argv = [sys.executable, "labreport", "collect", "lab12/build", "--as", "test", "--json"]
        given = {"KATA_SOURCE": str(self.source), "KATA_BUILD": str(self.place), **env}
        return subprocess.Popen(
            argv,
            cwd=self.project,
            env={**os.environ, **given},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def collect(self, **env: str) -> dict[str, Any]:
        """Collect the build and return its row."""
        process = self.start(**env)
        printed, said = process.communicate()
        assert "Traceback" not in said
        rows = {row["name"]: row for row in json.loads(printed)}
        return {"exit": process.returncode, **rows["build"]}

    @property
    def evidence(self) -> Path:
        """The folder of the evidence."""
        return self.project / "evidence/hosts/test/lab12"

    @property
    def log(self) -> str:
        """The text of the log that was captured."""
        return (self.evidence / LOG).read_text()


@pytest.fixture
def made(clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KataBuild:
    """Return a build with a complete toolchain, including programs that the small Makefile does not call."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("cargo", "rustc", "musl-gcc", "protoc"):
        (programs / name).write_text(NOTHING)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    made = KataBuild(clone, tmp_path / "secret-place/kata.git", tmp_path / "cache")
    (made.source / "src/runtime-rs").mkdir(parents=True)
    (made.source / "src/runtime-rs/Makefile").write_text(MAKEFILE)
    (made.source / "src/runtime-rs/shim.sh").write_text(SHIM)
    (made.source / "programs").mkdir()
    for name in ("make", "cargo", "rustc", "musl-gcc", "protoc"):
        program = made.source / "programs" / name
        program.write_text(CONTAINER_MAKE if name == "make" else NOTHING)
        program.chmod(0o755)
    made.git("init", "-q")
    made.git("add", "-A")
    made.git("commit", "-q", "-m", "the pinned one")
    made.setting(commit=made.git("rev-parse", "HEAD"))
    (made.source / "src/runtime-rs/shim.sh").write_text("#!/bin/sh\nexit 1\n")
    made.git("commit", "-q", "-a", "-m", "a later one")
    return made


@pytest.mark.slow
def test_the_pinned_commit_is_built(made: KataBuild) -> None:
    """The log has commit, toolchain, the end of make's output, duration, hash and version, and no path."""
    row = made.collect(RUSTUP_TOOLCHAIN="stable")
    assert (row["exit"], row["state"], row["role"]) == (0, "captured", "build"), row
    commit = made.git("rev-parse", "HEAD~1")
    assert made.log.startswith(
        f"=== Source ===\nFrom $KATA_SOURCE\n * branch            {commit} -> FETCH_HEAD\n"
    )
    assert f"\n{commit} " in made.log
    assert "rustc 1.0 (a stand-in)\ncargo 1.0 (a stand-in)\n" in made.log
    assert "in $KATA_BUILD/kata-containers/src/runtime-rs: /opt/kata musl --cap-lints warn stable" in made.log
    assert "step 99\n" in made.log
    assert "step 10\n" not in made.log
    assert re.search(r"^the build took \d+ s$", made.log, re.MULTILINE)
    assert re.search(r"^[0-9a-f]{64}  \$KATA_BUILD/\S+/containerd-shim-kata-v2$", made.log, re.MULTILINE)
    assert "shim version 3.23.0, commit: of a test" in made.log
    record = read_record(made.evidence, "build")
    for text in (made.log, record.model_dump_json()):
        assert "secret-place" not in text
        assert str(made.place) not in text
    assert record.environment["RUSTUP_TOOLCHAIN"] == "stable"
    assert record.settings["kata.commit"] == commit
    (make,) = [one for one in record.commands if one.argv[0] == "make"]
    assert "EXTRA_RUSTFLAGS=--cap-lints warn" in make.argv


@pytest.mark.slow
def test_a_commit_that_the_source_has_not(made: KataBuild) -> None:
    """The error names commit, source and both remedies. Nothing is captured, and the build stays."""
    assert made.collect()["state"] == "captured"
    made.setting(commit="0" * 40)
    row = made.collect()
    assert (row["exit"], row["state"]) == (1, "failed")
    assert f"the local clone in KATA_SOURCE has no commit {'0' * 40}" in row["reason"]
    assert "settings.kata.commit" in row["reason"]
    made.setting(commit=made.git("rev-parse", "HEAD~1"))
    assert made.collect()["state"] == "captured"
    assert "step 99" not in made.log
    assert re.search(
        r"^the build took \d+ s, of what an earlier build had left to do$", made.log, re.MULTILINE
    )


def test_a_source_that_is_none(made: KataBuild) -> None:
    """The error has git's message, a remedy, and no path of this machine."""
    row = made.collect(KATA_SOURCE=str(made.source.parent / "nowhere"))
    assert (row["exit"], row["state"]) == (4, "missing")
    assert (
        "from the local clone in KATA_SOURCE: '$KATA_SOURCE' does not appear to be a git repository"
        in row["reason"]
    )
    assert "KATA_SOURCE" in row["remedy"]
    assert not made.place.exists()


@pytest.mark.slow
def test_a_source_of_someone_else(made: KataBuild) -> None:
    """A local clone of another user is accepted, as through sudo. By default, git would refuse it."""
    if os.geteuid() != 0:
        pytest.skip("containers: not root")
    for path in (made.source, *made.source.rglob("*")):
        os.chown(path, 12345, 12345, follow_symlinks=False)
    assert made.collect()["state"] == "captured"


@pytest.mark.slow
def test_a_source_named_from_the_folder_at_hand(made: KataBuild) -> None:
    """A relative path is accepted, and its name is not masked as a word elsewhere."""
    (made.project / "shim").symlink_to(made.source)
    assert made.collect(KATA_SOURCE="shim")["state"] == "captured"
    assert "shim version 3.23.0" in made.log


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["{}/|https://example.invalid/", "{}/k|https://example.invalid/k",
                                  "{}/kata.git|https://example.invalid/kata.git"])  # fmt: skip
def test_an_address_that_git_rewrites(made: KataBuild, tmp_path: Path, rule: str) -> None:
    """The caller's git configuration applies. Its mirror is neither in the record nor in an error."""
    config = tmp_path / "gitconfig"
    to, public = rule.format(made.source.parent).split("|")
    config.write_text(f'[url "{to}"]\n\tinsteadOf = {public}\n')
    env = {"GIT_CONFIG_GLOBAL": str(config), "KATA_SOURCE": "https://example.invalid/kata.git"}
    assert made.collect(**env)["state"] == "captured"
    record = read_record(made.evidence, "build")
    assert record.environment["GIT_CONFIG_GLOBAL"] == "$GIT_CONFIG_GLOBAL"
    assert "From [mirror]" in made.log
    for text in (made.log, record.model_dump_json()):
        assert "secret-place" not in text
        assert "example.invalid" not in text
    made.source.rename(made.source.with_name("elsewhere"))
    row = made.collect(**env)
    assert "'[mirror]" in row["reason"]
    assert "secret-place" not in row["reason"]


@pytest.mark.slow
def test_a_build_that_is_interrupted_goes_on(made: KataBuild) -> None:
    """After Ctrl-C, the next build continues. Lock files that a killed git has left are removed."""
    made.place.mkdir()
    (made.place / "slow").touch()
    process = made.start()
    began = time.monotonic()
    while not (made.place / "waits").exists():
        assert process.poll() is None
        assert time.monotonic() - began < 60
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 3
    assert not (made.evidence / LOG).exists()
    (made.place / "slow").unlink()
    for name in ("shallow.lock", "index.lock"):
        (made.place / "kata-containers/.git" / name).touch()
    assert made.collect()["state"] == "captured"
    assert "step 99" not in made.log, "what was made is not made again"


def test_a_disk_that_is_too_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is too small is an error before the build. It says what is free and what may be needed."""
    monkeypatch.setattr("collectors.lab12.build.BUILD_BYTES", 1 << 60)
    with pytest.raises(Unavailable, match=r"\d+ MiB free, \d+ may be needed") as caught:
        require_free_space(tmp_path / "not/there/yet")
    assert "KATA_BUILD" in caught.value.remedy


@pytest.mark.slow
def test_a_make_that_fails_is_kept_and_goes_on(made: KataBuild) -> None:
    """The output of a failed make is kept under failed/, and the next build continues."""
    made.place.mkdir()
    (made.place / "fail").touch()
    row = made.collect()
    assert (row["exit"], row["state"]) == (1, "failed")
    kept = (made.evidence / "failed/build" / LOG).read_text()
    assert "step 99" in kept
    assert "secret-place" not in kept
    (made.place / "fail").unlink()
    assert made.collect()["state"] == "captured"
    assert "step 99" not in made.log, "what was made is not made again"


def test_what_is_missing_is_named(made: KataBuild, tmp_path: Path) -> None:
    """Without a toolchain the collector is missing. The remedy names both ways to get one."""
    programs = tmp_path / "few"
    programs.mkdir()
    for name in ("git", "make", "env", "sh"):
        (programs / name).symlink_to(f"/usr/bin/{name}")
    row = made.collect(PATH=str(programs))
    assert (row["exit"], row["state"]) == (4, "missing")
    assert "cargo, rustc, musl-gcc, protoc" in row["reason"]
    assert "musl-tools" in row["remedy"]
    assert "container" in row["remedy"]


@pytest.mark.slow
def test_the_toolchain_of_a_container(made: KataBuild, tmp_path: Path) -> None:
    """The source is built in a container of the image rust. The record has the image, and nothing is left."""
    if reason := CONTAINERS.reason(Lab(title="x", editions={})):
        pytest.skip(f"containers: {reason}")
    before = host_state()
    archive = tmp_path / "rust.tar"
    busybox.write_archive(archive, busybox.Program(env=["PATH=/kata/programs:/bin:/usr/bin"]))
    made.setting(toolchain="container")
    row = made.collect(RUST_ARCHIVE=str(archive))
    assert row["state"] == "captured", row["reason"]
    assert "rustc 1.0 (a stand-in)\ncargo 1.0 (a stand-in)\n" in made.log
    assert "in /kata/src/runtime-rs: PREFIX=/opt/kata LIBC=musl EXTRA_RUSTFLAGS=--cap-lints warn" in made.log
    assert "shim version 3.23.0" in made.log
    record = read_record(made.evidence, "build")
    assert "rust" in record.images
    assert str(made.place) not in record.model_dump_json()
    assert "RUSTUP_TOOLCHAIN" not in record.environment, "the container is not given the host's"
    assert not new_things(before)
