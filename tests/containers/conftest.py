"""Runs on a real containerd, which the tests of this folder share, and images for it."""

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from labreport.capture.redact import Redactor, identity
from labreport.capture.run import Run
from labreport.capture.session import Session, session
from labreport.containers.container import status
from labreport.containers.images import busybox
from labreport.containers.needs import CONTAINERS
from labreport.contract.lab_config import Lab

ROOT = Path(__file__).parents[2]
PINNED = "sha256:" + "0" * 64
NO_LAB = Lab(title="x", editions={})


@pytest.fixture(scope="session")
def host() -> None:
    """Skip the test, naming what is missing, if no container can run here."""
    if reason := CONTAINERS.reason(NO_LAB):
        pytest.skip(f"containers: {reason}")


@pytest.fixture(scope="session")
def shared(host: None) -> Iterator[Session]:  # noqa: ARG001 - skips first
    """Return one session, and so one containerd, for all tests."""
    with session(lambda _text: None) as made:
        yield made


MakeRun = Callable[..., Run]


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Return a function that makes a collector's run in a session. Its images are written as in lab.yml."""

    def make(in_session: Session, **images: dict[str, str]) -> Run:
        lab = Lab(
            title="x",
            editions={},
            images={
                name.replace("_", "-"): {"reference": "example/x:1", "digest": PINNED, **image}
                for name, image in images.items()
            },
        )
        staging = tmp_path / f"staging-{time.monotonic_ns()}"
        staging.mkdir()
        return Run(in_session, lab, "lab.yml", staging, Redactor(identity(ROOT), frozenset({"ip"})))

    return make


WEB = busybox.Program(
    entrypoint=("httpd", "-f", "-p", "3000", "-h", "/www"), files={"www/index.html": b"hello from busybox\n"}
)


@pytest.fixture(scope="session")
def web(tmp_path_factory: pytest.TempPathFactory, host: None) -> Path:  # noqa: ARG001 - skips first
    """Return an OCI archive of a small HTTP server on port 3000."""
    path = tmp_path_factory.mktemp("web") / "web.tar"
    busybox.write_archive(path, WEB)
    return path


@pytest.fixture
def run(shared: Session, make_run: MakeRun, web: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Return a run with a base image `alpine` and an HTTP server `web`. It must leave nothing behind."""
    monkeypatch.setenv("TEST_WEB_ARCHIVE", str(web))
    yield make_run(
        shared,
        alpine={"reference": "alpine:3.19", "made_from": "busybox", "archive_env": "TEST_ALPINE_ARCHIVE"},
        web={"archive_env": "TEST_WEB_ARCHIVE"},
    )
    shared.look_for_leaks()


@pytest.fixture(autouse=True)
def no_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no name of a registry resolve, so that no test waits for one. A test may set a mirror."""
    monkeypatch.delenv("LAB_REGISTRY_MIRROR", raising=False)
    monkeypatch.setattr("labreport.containers.images.registry.HUB_HOST", "registry.invalid")


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the distribution's registry on loopback; return its host:port."""
    program = shutil.which("docker-registry")
    if not program or not shutil.which("skopeo"):
        pytest.skip("docker-registry and skopeo are not both installed")
    folder = tmp_path_factory.mktemp("registry")
    address = f"127.0.0.1:{free_port()}"
    config = folder / "config.yml"
    config.write_text(
        f"version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {folder}/data\nhttp:\n  addr: {address}\n"
    )
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([program, "serve", str(config)], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 10
        while status(f"http://{address}/v2/") != 200:
            assert server.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield address
    finally:
        server.terminate()
        server.wait(10)


def free_port() -> int:
    """Return a port of this host that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def port() -> int:
    """Return a port of this host that nobody listens on."""
    return free_port()
