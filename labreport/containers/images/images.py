"""The images of lab.yml, each obtained once per collect: from an archive, from a registry, or built here."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labreport.capture import recorder
from labreport.capture.command import CommandFailedError
from labreport.capture.declare import Unavailable
from labreport.capture.run import CaptureError, Run
from labreport.containers.containerd.server import Containerd, containerd
from labreport.containers.images import busybox, registry
from labreport.contract.errors import LabError
from labreport.contract.lab_config import LabImage
from labreport.contract.records import Image

IMPORT_SECONDS = 900.0
MISMATCH = ("unexpected commit digest", "failed precondition", "unexpected digest", "digest mismatch")
"""Messages of containerd about a registry that sends other content than the digest asks for."""


class ImageSourceError(LabError):
    """A source that does not have the image. The error says which source and why, in one line."""


@dataclass(frozen=True)
class ObtainedImage:
    """An image that containerd has: its description for the record, and containerd's name for it."""

    image: Image
    name: str


@dataclass
class _Attempts:
    """What was tried in this collect with one containerd, so that nothing is tried twice.

    `obtained` and `failed` are by the name in lab.yml. `unreachable` says for each host why it takes no
    connection; the text is empty for a host that does.
    """

    server: Containerd
    obtained: dict[str, ObtainedImage] = field(default_factory=dict)
    failed: dict[str, Unavailable] = field(default_factory=dict)
    unreachable: dict[registry.RegistryHost, str] = field(default_factory=dict)


def obtain(run: Run, name: str) -> ObtainedImage:
    """Return the image `name` of lab.yml, imported into the containerd of the collect, and note its use.

    Raise CaptureError if lab.yml has no such image. Raise Unavailable if no source has it; the error names
    each source that was tried and why it did not work.
    """
    wanted = run.lab.images.get(name)
    if wanted is None:
        raise CaptureError(f"images.{name}: not there", "add it", path=run.lab_file)
    server = run.resource(containerd)
    attempts: _Attempts = run.session.resources.setdefault("images", _Attempts(server))
    if attempts.server is not server:
        attempts = run.session.resources["images"] = _Attempts(server)
    if failure := attempts.failed.get(name):
        raise failure
    if name not in attempts.obtained:
        try:
            attempts.obtained[name] = _try_sources(run, attempts, name, wanted)
        except Unavailable as error:
            attempts.failed[name] = error
            raise
    run.use_image(name, attempts.obtained[name].image)
    return attempts.obtained[name]


def _try_sources(run: Run, attempts: _Attempts, name: str, wanted: LabImage) -> ObtainedImage:
    """Return the image from the first source that has it; raise Unavailable if none has."""
    sources: tuple[Callable[[], ObtainedImage], ...] = (
        lambda: _from_archive(run, name, wanted),
        lambda: _from_registry(run, attempts, name, wanted),
        lambda: _from_busybox(run, wanted),
    )
    reasons = []
    for source in sources:
        try:
            return source()
        except ImageSourceError as error:
            reasons.append(error.what)
    raise Unavailable(
        f"image {name} ({wanted.reference}) is not to be had: {'; '.join(reasons)}", remedy(wanted)
    )


def remedy(wanted: LabImage) -> str:
    """Return what to do if no source has an image."""
    archive = (
        f"{wanted.archive_env} to an archive of it (docker-archive or OCI), or " if wanted.archive_env else ""
    )
    stand_in = ", or install busybox-static" if wanted.made_from else ""
    return f"set {archive}{registry.MIRROR} to a mirror that has it (host:port){stand_in}"


def archive_file(wanted: LabImage) -> Path | None:
    """Return the archive that the image's environment variable names, or None if it is not set.

    Raise Unavailable if it names something that is not a file.
    """
    text = os.environ.get(wanted.archive_env, "") if wanted.archive_env else ""
    if not text:
        return None
    if not Path(text).is_file():
        raise Unavailable(
            f"{wanted.archive_env} names no file",
            f"set {wanted.archive_env} to a docker-archive or an OCI archive, or unset it",
        )
    return Path(text)


def _from_archive(run: Run, name: str, wanted: LabImage) -> ObtainedImage:
    """Import the archive that the environment names."""
    file = archive_file(wanted)
    if file is None:
        why = (
            f"{wanted.archive_env} is not set" if wanted.archive_env else "lab.yml names no variable for one"
        )
        raise ImageSourceError(f"archive: {why}")
    source = f"archive ({wanted.archive_env})"
    link = run.folder / f"{name}.tar"  # keeps this machine's path out of the record
    link.symlink_to(file.absolute())
    try:
        return import_archive(run, link, f"localhost/{name}", wanted, source)
    except CommandFailedError as error:
        raise Unavailable(
            f"{source} cannot be imported: {_last_line(run, error)}",
            f"set {wanted.archive_env} to a docker-archive or an OCI archive (skopeo copy makes both)",
        ) from error
    finally:
        link.unlink()


def _from_registry(run: Run, attempts: _Attempts, name: str, wanted: LabImage) -> ObtainedImage:
    """Pull the image by its pinned digest, from the mirror or else from the registry."""
    reference = registry.parse_reference(wanted.reference)
    try:
        hosts = registry.hosts(reference, registry.mirror())
    except registry.MirrorError as error:
        raise Unavailable(error.what, error.remedy) from error
    reasons = []
    for host in hosts:
        if host not in attempts.unreachable:
            attempts.unreachable[host] = registry.unreachable(host)
        if why := attempts.unreachable[host]:
            reasons.append(f"{host.label}: {why}")
            continue
        try:
            return _pull(run, host, reference, name, wanted)
        except ImageSourceError as error:
            reasons.append(error.what)
    raise ImageSourceError("; ".join(reasons))


def _pull(
    run: Run, host: registry.RegistryHost, reference: registry.ImageReference, name: str, wanted: LabImage
) -> ObtainedImage:
    """Pull from one host.

    Raise ImageSourceError if the host does not have the image, Unavailable if it sends another one.
    """
    server = run.resource(containerd)
    options = [*server.snapshotter_options(), *registry.mirror_options(run.folder / "hosts", reference, host)]
    full = reference.at(wanted.digest)
    run.session.working(f"pulling {reference.repository}:{reference.tag}")
    try:
        run.command(server.ctr("images", "pull", *options, full), timeout=registry.PULL_SECONDS)
    except CommandFailedError as error:
        if any(sign in run.commands[-1].stderr for sign in MISMATCH):
            raise Unavailable(
                f"image {name} ({wanted.reference}): {host.label} sends content that is not {wanted.digest}",
                "compare lab.yml's digest with the publisher's, then correct lab.yml or the registry",
            ) from error
        said = _last_line(run, error).replace(f"{host.name}:{host.port}", "<host>")
        raise ImageSourceError(f"{host.label}: {said}") from error
    digest = target(server, full)
    if digest != wanted.digest:
        raise Unavailable(
            f"image {name} ({wanted.reference}): {host.label} gave {digest}, pinned is {wanted.digest}",
            "compare lab.yml's digest with the publisher's",
        )
    source = f"registry {reference.registry}{', through a mirror' if host.is_mirror else ''}"
    return ObtainedImage(_image(wanted, digest, platform_manifest(server, digest), source), full)


def _from_busybox(run: Run, wanted: LabImage) -> ObtainedImage:
    """Build a stand-in from busybox, if lab.yml allows it."""
    if not wanted.made_from:
        raise ImageSourceError("making it: lab.yml does not allow a stand-in")
    path = run.folder / "busybox.tar"
    try:
        digest = busybox.write_archive(path)
    except busybox.BusyboxError as error:
        raise ImageSourceError(f"making it: {error}") from error
    _import(run, path, "localhost/busybox")
    path.unlink()
    image = _image(wanted, digest, digest, f"made from busybox-static {busybox.version()}")
    return ObtainedImage(image, f"localhost/busybox@{digest}")


def import_archive(run: Run, path: Path, base: str, wanted: LabImage, source: str) -> ObtainedImage:
    """Import a docker-archive or an OCI archive under the name `base@digest`.

    `source` names the archive in the record. Raise CommandFailedError if containerd refuses it, Unavailable
    unless it has exactly one image for this host's platform.
    """
    server = _import(run, path, base)
    digests = list_images(server)
    names = [name for name in digests if name.startswith(f"{base}@")]
    if len(names) != 1:
        raise Unavailable(
            f"{source} has {len(names)} images for this host: one is wanted",
            "make an archive of the one image (skopeo copy, docker save with one name)",
        )
    digest = digests[names[0]]
    return ObtainedImage(_image(wanted, digest, platform_manifest(server, digest), source), names[0])


def _image(wanted: LabImage, named: str, digest: str, source: str) -> Image:
    """Return the description of an image for the record.

    `named` is the digest that its name points to, which may be an index; `digest` is that of the manifest
    that runs on this host. Either may be the pinned one.
    """
    return Image(
        reference=wanted.reference,
        pinned=wanted.digest,
        digest=digest,
        is_pinned=wanted.digest in {named, digest},
        source=source,
    )


def _import(run: Run, path: Path, base: str) -> Containerd:
    """Import the images of an archive, each under the name `base@digest`; return the containerd."""
    server = run.resource(containerd)
    words = ["images", "import", "--digests", "--base-name", base, *server.snapshotter_options(), str(path)]
    run.command(server.ctr(*words), timeout=IMPORT_SECONDS)
    return server


def list_images(server: Containerd) -> dict[str, str]:
    """Return the images that containerd has: the digest that each name points to."""
    return parse_images(recorder.output(server.ctr("images", "ls")))


def parse_images(table: str) -> dict[str, str]:
    r"""Return name and digest from each row of `ctr images ls` (REF TYPE DIGEST SIZE …).

    >>> parse_images("REF TYPE DIGEST SIZE\na.b/c:1 application/x sha256:00 2.0 MiB linux/amd64 -")
    {'a.b/c:1': 'sha256:00'}
    """
    rows = (line.split() for line in table.splitlines()[1:])
    return {row[0]: row[2] for row in rows if len(row) > 2}  # noqa: PLR2004 - the third column


def target(server: Containerd, name: str) -> str:
    """Return the digest that an image's name points to; raise CaptureError if containerd does not list it."""
    try:
        return list_images(server)[name]
    except KeyError:
        raise CaptureError(f"containerd does not list {name} after the pull", "see its log") from None


def platform_manifest(server: Containerd, digest: str) -> str:
    """Return the digest of the manifest that runs on this host.

    That is `digest` itself, or the manifest for this platform if `digest` is an index.
    """
    content = json.loads(recorder.output(server.ctr("content", "get", digest)) or "{}")
    if "manifests" not in content:
        return digest
    return choose_manifest(content["manifests"], busybox.architecture()) or digest


def choose_manifest(manifests: list[dict[str, Any]], architecture: str) -> str:
    """Return the digest of the first manifest for Linux on `architecture`; empty if there is none."""
    for manifest in manifests:
        platform = manifest.get("platform", {})
        if platform.get("os") == "linux" and platform.get("architecture") == architecture:
            return str(manifest["digest"])
    return ""


def _last_line(run: Run, error: CommandFailedError) -> str:
    """Return the last line that the last command printed to standard error, or else how it ended."""
    lines = run.commands[-1].stderr.strip().splitlines()
    return (lines or [error.how])[-1].strip()[:300]
