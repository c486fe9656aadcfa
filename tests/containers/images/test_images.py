"""Images from an archive, from a registry or its mirror, or built from busybox."""

import json
import subprocess
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from labreport.capture.declare import Unavailable
from labreport.capture.run import Run
from labreport.capture.session import Session
from labreport.containers.containerd.server import containerd
from labreport.containers.ctr import in_runc
from labreport.containers.images import busybox, images
from tests.containers.layouts import two_platforms


def skopeo(*words: str) -> None:
    """Run skopeo with a policy that accepts everything."""
    subprocess.run(["skopeo", "--insecure-policy", *words], check=True, capture_output=True)


def digest_in(archive: Path) -> str:
    """Return the digest of the one manifest of an OCI archive."""
    with tarfile.open(archive) as tar:
        index = tar.extractfile("index.json")
        assert index
        return str(json.load(index)["manifests"][0]["digest"])


@pytest.mark.usefixtures("host")
def test_busybox_is_reproducible(tmp_path: Path) -> None:
    """Two builds, at different times and in different folders, give the same bytes and the same digest."""
    first = busybox.write_archive(tmp_path / "one.tar")
    time.sleep(1.1)
    (tmp_path / "elsewhere").mkdir()
    assert (
        busybox.write_archive(tmp_path / "elsewhere" / "two.tar") == first == digest_in(tmp_path / "one.tar")
    )
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "elsewhere" / "two.tar").read_bytes()


def test_busybox_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No busybox, or one that is not static, is an error that says so."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(busybox.BusyboxError, match="not on PATH"):
        busybox.find_busybox()
    (tmp_path / "busybox").symlink_to("/bin/true")
    with pytest.raises(busybox.BusyboxError, match="linked dynamically"):
        busybox.find_busybox()


def test_what_the_image_says(
    shared: Session, make_run: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without arguments the image's entrypoint runs, with its environment, user and working directory."""
    program = busybox.Program(
        entrypoint=("sh", "-c", "id -u; pwd; echo $GREETING; cat note"),
        env=("PATH=/bin:/usr/bin", "GREETING=good day"),
        user="65534",
        working_dir="/srv",
        files={"srv/note": b"a note\n"},
    )
    busybox.write_archive(tmp_path / "says.tar", program)
    monkeypatch.setenv("SAYS", str(tmp_path / "says.tar"))
    run = make_run(shared, says={"archive_env": "SAYS"})
    assert run.command(in_runc(image="says")).text == "65534\n/srv\ngood day\na note\n"


def test_made_here(
    shared: Session, make_run: Callable[..., Run], port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in that is built here is imported under the digest in the record."""
    monkeypatch.setenv("LAB_REGISTRY_MIRROR", f"127.0.0.1:{port}")
    run = make_run(shared, made={"made_from": "busybox"})
    held = images.obtain(run, "made")
    assert images.list_images(run.resource(containerd))[held.name] == held.image.digest
    assert held.image.source.startswith("made from busybox-static 1.")
    assert not held.image.is_pinned


def test_oci_archive(
    shared: Session, make_run: Callable[..., Run], web: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The digest of an OCI archive is kept. The record names the variable, and no path of this machine."""
    monkeypatch.setenv("OCI", str(web))
    run = make_run(shared, oci={"archive_env": "OCI", "reference": "example/web:v1"})
    image = images.obtain(run, "oci").image
    assert image == run.images["oci"]
    assert (image.digest, image.source) == (digest_in(web), "archive (OCI)")
    assert image.pinned != image.digest
    assert not image.is_pinned
    assert str(web) not in str(run.commands)


def test_docker_archive(
    shared: Session, make_run: Callable[..., Run], web: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A docker-archive, as `docker save` writes it, runs, too."""
    archive = tmp_path / "docker.tar"
    skopeo("copy", f"oci-archive:{web}", f"docker-archive:{archive}:some/thing:v2")
    monkeypatch.setenv("DOCKER", str(archive))
    run = make_run(shared, docker={"archive_env": "DOCKER"})
    held = images.obtain(run, "docker")
    assert held.name == f"localhost/docker@{held.image.digest}"
    assert run.command(in_runc("-h", image="docker"), refused=[1], timeout=20).exit_status in {0, 1}


def test_archive_of_several_platforms(
    shared: Session, make_run: Callable[..., Run], web: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the archive has an index, the record names the manifest for this platform."""
    layout = tmp_path / "layout"
    _index, ours = two_platforms(web, layout)
    with tarfile.open(tmp_path / "both.tar", "w") as tar:
        for path in layout.iterdir():
            tar.add(path, path.name)
    monkeypatch.setenv("BOTH", str(tmp_path / "both.tar"))
    run = make_run(shared, both={"archive_env": "BOTH"})
    assert images.obtain(run, "both").image.digest == ours


@pytest.mark.parametrize("case", [(b"", "names no file"), (b"no archive", "cannot be imported")])
def test_bad_archive(
    shared: Session,
    make_run: Callable[..., Run],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    case: tuple[bytes, str],
) -> None:
    """If the named archive is missing or invalid, that is an error, and no other source is tried."""
    content, says = case
    name = says.replace(" ", "-")
    if content:
        (tmp_path / "bad.tar").write_bytes(content)
    monkeypatch.setenv("BAD", str(tmp_path / "bad.tar"))
    run = make_run(shared, **{name: {"archive_env": "BAD", "made_from": "busybox"}})
    with pytest.raises(Unavailable, match=says) as caught:
        images.obtain(run, name)
    assert "set BAD to a docker-archive or an OCI archive" in caught.value.remedy
    assert str(tmp_path) not in str(caught.value)


def test_imported_once(
    shared: Session, make_run: Callable[..., Run], web: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An image is imported once per collect, and noted for each collector that uses it."""
    monkeypatch.setenv("ONCE", str(web))
    runs = [make_run(shared, once={"archive_env": "ONCE"}) for _collector in range(2)]
    assert images.obtain(runs[0], "once") is images.obtain(runs[1], "once")
    assert [bool(run.commands) for run in runs] == [True, False]
    assert runs[0].images == runs[1].images


@pytest.fixture(scope="session")
def pushed(registry: str, web: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Push an image for two platforms; return the digests of its index and of this platform's manifest."""
    layout = tmp_path_factory.mktemp("push") / "layout"
    digests = two_platforms(web, layout)
    target = f"docker://{registry}/library/thing:1.0"
    skopeo("copy", "--all", "--preserve-digests", "--dest-tls-verify=false", f"oci:{layout}", target)
    return digests


def test_registry(
    shared: Session,
    make_run: Callable[..., Run],
    registry: str,
    pushed: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A mirror is asked for the pinned digest. If that is an index, this platform's manifest is recorded."""
    index, ours = pushed
    monkeypatch.setenv("LAB_REGISTRY_MIRROR", registry)
    run = make_run(shared, thing={"reference": "thing:1.0", "digest": index})
    held = images.obtain(run, "thing")
    assert (held.image.pinned, held.image.digest) == (index, ours)
    assert held.image.is_pinned
    assert held.image.source == "registry docker.io, through a mirror"
    assert held.name == f"docker.io/library/thing:1.0@{index}"
    assert registry not in run.commands[-1].model_dump_json()


def test_registry_pinned_to_a_manifest(
    shared: Session,
    make_run: Callable[..., Run],
    registry: str,
    pushed: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The pinned digest may be that of one platform's manifest."""
    monkeypatch.setenv("LAB_REGISTRY_MIRROR", registry)
    run = make_run(shared, one={"reference": "docker.io/library/thing:1.0", "digest": pushed[1]})
    image = images.obtain(run, "one").image
    assert image.digest == image.pinned == pushed[1]
    assert image.is_pinned


@pytest.mark.usefixtures("pushed")
def test_registry_has_it_not(
    shared: Session, make_run: Callable[..., Run], registry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A digest that the registry does not have is an error, even if it has the tag."""
    monkeypatch.setenv("LAB_REGISTRY_MIRROR", registry)
    run = make_run(shared, other={"reference": "thing:1.0", "digest": "sha256:" + "5" * 64})
    with pytest.raises(Unavailable, match=r"mirror of docker\.io: .*not found"):
        images.obtain(run, "other")


class Liar(BaseHTTPRequestHandler):
    """A registry that sends the same manifest for every digest."""

    def do_GET(self) -> None:
        """Send the same manifest for every path."""
        body = b'{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","layers":[]}'
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 - the name that http.server calls

    def log_message(self, *_words: object) -> None:
        """Log nothing."""


@pytest.fixture
def liar() -> Iterator[str]:
    """Start the lying registry; return its host:port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Liar) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_registry_lies(
    shared: Session, make_run: Callable[..., Run], liar: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Content that does not match the pinned digest is an error, and no other source is tried."""
    monkeypatch.setenv("LAB_REGISTRY_MIRROR", liar)
    run = make_run(shared, lie={"reference": "thing:1.0", "made_from": "busybox"})
    with pytest.raises(
        Unavailable, match=r"image lie \(thing:1\.0\): mirror of docker\.io sends content that is not"
    ):
        images.obtain(run, "lie")


def test_not_to_be_had(
    shared: Session, make_run: Callable[..., Run], port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the image, each source with its reason, and a remedy. It comes within seconds."""
    monkeypatch.setenv("LAB_REGISTRY_MIRROR", f"127.0.0.1:{port}")
    monkeypatch.delenv("NOT_SET", raising=False)
    run = make_run(shared, nowhere={"reference": "bkimminich/juice-shop:v19.0.0", "archive_env": "NOT_SET"})
    began = time.monotonic()
    for _collector in range(2):
        with pytest.raises(Unavailable) as caught:
            images.obtain(run, "nowhere")
    assert time.monotonic() - began < 8
    assert caught.value.what == (
        "image nowhere (bkimminich/juice-shop:v19.0.0) is not to be had: archive: NOT_SET is not set; "
        "mirror of docker.io: connection refused; registry docker.io: its name is not known here "
        "(no network?); making it: lab.yml does not allow a stand-in"
    )
    assert "NOT_SET" in caught.value.remedy
    assert "LAB_REGISTRY_MIRROR" in caught.value.remedy


@pytest.mark.parametrize("mirror", ["http://example.org/", "example.org:99999"])
def test_bad_mirror(
    shared: Session, make_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, mirror: str
) -> None:
    """A mirror is host:port. A URL is refused, and the error says what to write."""
    monkeypatch.setenv("LAB_REGISTRY_MIRROR", mirror)
    with pytest.raises(Unavailable, match="name a mirror as host:port"):
        images.obtain(make_run(shared, badmirror={}), "badmirror")
