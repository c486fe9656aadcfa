"""Kata for a private containerd alone, on a real one. The archive is made up, and its shim is runc's own."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from labreport.capture.cleanup import leaks, runs
from labreport.capture.declare import Unavailable
from labreport.capture.run import CaptureError, Run
from labreport.capture.session import Allowed, session
from labreport.containers import ctr
from labreport.containers.container import container, wait_http
from labreport.containers.containerd.server import EDITS, containerd
from labreport.containers.ctr import in_kata
from labreport.containers.kata import obtain
from labreport.containers.kata.installation import SHIM, kata, note_configuration
from labreport.contract.lab_config import Archive
from tests.containers.host_state import host_state, new_things, snapshot
from tests.containers.kata import made_up
from tests.containers.kata.test_archive import LINK, packed

ROOT = Path(__file__).parents[3]
MakeRun = Callable[..., Run]


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: None) -> Path:  # noqa: ARG001 - skips first
    """Name a made-up archive, and a cache of this test; return its path."""
    monkeypatch.delenv("SUDO_UID", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = made_up.write(tmp_path)
    monkeypatch.setenv("KATA_ARCHIVE", str(path))
    return path


@pytest.fixture
def unchanged(tmp_path: Path, host: None) -> Iterator[None]:  # noqa: ARG001 - skips first
    """Compare the host before and after a test, byte by byte, and the mounts of every process."""
    before, state = snapshot(), host_state()
    yield
    assert snapshot() == before
    assert not new_things(state)
    assert not seen_by_anybody(tmp_path)


def seen_by_anybody(folder: Path) -> list[str]:
    """Return the processes whose mounts have something of a folder at /opt/kata."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/mountinfo"):
        try:
            lines = entry.read_text().splitlines()
        except OSError:
            continue
        found += [entry.parts[2] for line in lines if " /opt/kata " in line and folder.name in line]
    return found


@pytest.fixture
def with_kata(make_run: MakeRun, archive: Path, web: Path, monkeypatch: pytest.MonkeyPatch) -> MakeRun:
    """Return a function that makes a run in a session, of a lab that pins the archive."""
    monkeypatch.setenv("TEST_WEB_ARCHIVE", str(web))
    wanted = Archive(
        url="https://example.invalid/x", sha256=made_up.digest(archive), archive_env="KATA_ARCHIVE"
    )

    def make(*words: object) -> Run:
        made = make_run(*words, alpine={"made_from": "busybox"}, web={"archive_env": "TEST_WEB_ARCHIVE"})
        made.lab = made.lab.model_copy(update={"archives": {"kata": wanted}})
        return made

    return make


@pytest.mark.slow
@pytest.mark.usefixtures("unchanged")
def test_containers_run_and_the_host_does_not_change(with_kata: MakeRun, archive: Path) -> None:
    """The Rust shim is found first, and finds its configuration. The host's /opt is as it was."""
    with session(lambda _text: None) as own:
        run = with_kata(own)
        with run.file("x.txt") as out:
            assert out.run(in_kata("echo", "here")).text == "here\n"
        made = kata(run)
        assert (made.shim, made.is_private) == ("/opt/kata/runtime-rs/bin/containerd-shim-kata-v2", True)
        note_configuration(run)
        assert run.tools == {SHIM: made_up.VERSION}
        assert run.archives["kata"].is_pinned
        assert run.archives["kata"].source == "a local file (KATA_ARCHIVE)"
        assert not Path("/opt/kata").exists()
        assert str(archive.parent) not in "".join(command.model_dump_json() for command in run.commands[-1:])
        seen = run.command([*made.inside, "ls", "-A", "/opt"]).text.split()
        assert set(seen) == {*(path.name for path in Path("/opt").iterdir()), "kata"}
        refused = run.command([*made.inside, "touch", "/opt/kata/x"], answered=[1])
        assert refused.exit_status == 1
        with container(run, ctr.KATA, "web", publish={}, network=True) as box:
            assert box.address
        own.look_for_leaks()


@pytest.mark.slow
def test_a_container_with_a_network(with_kata: MakeRun, port: int) -> None:
    """A network namespace that is made after containerd's own mounts is seen in them."""
    with session(lambda _text: None) as own:
        run = with_kata(own)
        with container(run, ctr.KATA, "web", publish={port: 3000}) as box:
            wait_http(run, box)


@pytest.mark.slow
def test_started_anew_it_is_installed_anew(with_kata: MakeRun) -> None:
    """When containerd is started anew in a collect, its mounts are gone, and are made again."""
    with session(lambda _text: None) as own:
        run = with_kata(own)
        run.command(in_kata("true"))
        first = run.resource(containerd)
        own.teardown_resources()
        own.resources[EDITS] = [lambda text: f"# mine\n{text}"]
        run.command(in_kata("true"))
        assert run.resource(containerd).pid != first.pid
        assert run.resource(containerd).config.read_text().startswith("# mine\n")


def test_the_systems_own(with_kata: MakeRun, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the system's containerd, Kata is the host's, and no archive is looked at."""
    shim = tmp_path / SHIM
    shim.write_text("#!/bin/sh\necho of the host\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    (tmp_path / "configuration.toml").write_text("# the host's\n")
    monkeypatch.setenv("KATA_CONF_FILE", str(tmp_path / "configuration.toml"))
    with session(lambda _text: None, Allowed(system=True)) as own:
        run = with_kata(own)
        made = kata(run)
        assert (made.shim, made.inside, made.is_private) == (str(shim), [], False)
        assert made.text == b"# the host's\n"
        assert run.tools == {SHIM: "of the host"}
        assert run.archives == {}


@pytest.mark.slow
def test_an_archive_that_is_refused(with_kata: MakeRun, archive: Path) -> None:
    """A hostile or cut archive is one line, and what was unpacked of it is not taken for an installation."""
    whole = archive.read_bytes()
    archive.write_bytes(whole[:-20])
    with session(lambda _text: None) as own:
        with pytest.raises(CaptureError, match=r"kata-static-.*: zstd cannot decompress it"):
            kata(with_kata(own))
        hostile = packed(archive.parent / "hostile.tar", [*made_up.members(), ("./opt/kata/x", LINK, "/etc")])
        archive.write_bytes(hostile.read_bytes())
        with pytest.raises(CaptureError, match="out of /opt/kata"):
            kata(with_kata(own))
        archive.write_bytes(whole)
        run = with_kata(own)
        run.command(in_kata("true"))


def test_no_room_to_unpack(with_kata: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is too small is one line, before it is full."""
    monkeypatch.setattr(obtain, "SPARE_BYTES", 1 << 60)
    with (
        session(lambda _text: None) as own,
        pytest.raises(Unavailable, match="0 MiB are not enough to unpack"),
    ):
        kata(with_kata(own))


DRIVER = """
import sys
from pathlib import Path
from labreport.capture.redact import Identity, Redactor
from labreport.capture.run import Run
from labreport.capture.session import session
from labreport.containers.ctr import in_kata
from labreport.contract.lab_config import Archive, Lab
image = {"reference": "example/x:1", "digest": "sha256:" + "0" * 64, "made_from": "busybox"}
archive = Archive(sha256=sys.argv[2], archive_env="KATA_ARCHIVE")
with session(lambda _text: None) as own:
    lab = Lab(title="x", editions={}, images={"alpine": image}, archives={"kata": archive})
    run = Run(own, lab, "lab.yml", Path(sys.argv[1]), Redactor(Identity()))
    print(own.name, flush=True)
    with run.file("x.txt") as out:
        out.run(in_kata("sh", "-c", "echo started >/host/started; sleep 60", options=["--mount",
            f"type=bind,src={sys.argv[1]},dst=/host,options=rbind:rw"]))
"""


@pytest.mark.slow
@pytest.mark.usefixtures("unchanged")
def test_killed_nothing_is_left(archive: Path, tmp_path: Path) -> None:
    """After kill -9 while a container runs, the mounts end with the processes, and all is cleared."""
    staging = tmp_path / "staging"
    staging.mkdir()
    argv = [sys.executable, "-c", DRIVER, str(staging), made_up.digest(archive)]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "LAB_REGISTRY_MIRROR": "127.0.0.1:9"}
    with subprocess.Popen(argv, env=env, text=True, stdout=subprocess.PIPE) as process:
        assert process.stdout
        name = process.stdout.readline().strip()
        while not (staging / "started").exists():
            assert process.poll() is None
        assert seen_by_anybody(tmp_path)
        process.send_signal(signal.SIGKILL)
    assert name in runs.clear_dead_runs()
    assert leaks.find(name) == set()
