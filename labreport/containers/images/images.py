"""Images of lab.yml, had once in a collect: from an archive, a registry or its mirror, or made here."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from labreport.capture.command import CommandFailedError
from labreport.capture.declare import Unavailable
from labreport.capture.run import CaptureError, Run
from labreport.containers.containerd.private import containerd
from labreport.containers.containerd.server import Containerd
from labreport.containers.images import busybox, registry
from labreport.containers.images.manifests import listed, platform_manifest, target
from labreport.contract.errors import LabError
from labreport.contract.lab_config import LabImage
from labreport.contract.records import Image

IMPORT_SECONDS = 900.0
MISMATCH = ("unexpected commit digest", "failed precondition", "unexpected digest", "digest mismatch")
"""What containerd says when a registry sends something else than it was asked for."""


class NotHad(LabError):
    """A source that does not have the image; the text says which and why, in one line."""


@dataclass(frozen=True)
class Held:
    """An image that containerd has: its record, and containerd's own name for it."""

    image: Image
    name: str


@dataclass
class _Memory:
    """What was tried in this collect, so that nothing is tried twice."""

    held: dict[str, Held] = field(default_factory=dict)
    failed: dict[str, Unavailable] = field(default_factory=dict)
    silent: dict[registry.Host, str] = field(default_factory=dict)


def have(run: Run, name: str) -> Held:
    """Return the image `name` of lab.yml, imported into the collect's containerd, and note that it is used.

    Raise Unavailable, which names the image, every source tried with why it did not work, and what to do.
    """
    wanted = run.lab.images.get(name)
    if wanted is None:
        raise CaptureError(f"lab.yml: images.{name}: not there: add it")
    memory: _Memory = run.session.resources.setdefault("images", _Memory())
    if failed := memory.failed.get(name):
        raise failed
    if name not in memory.held:
        try:
            memory.held[name] = _get(run, memory, name, wanted)
        except Unavailable as error:
            memory.failed[name] = error
            raise
    run.use_image(name, memory.held[name].image)
    return memory.held[name]


def _get(run: Run, memory: _Memory, name: str, wanted: LabImage) -> Held:
    """Try the sources in order; raise Unavailable if none has the image."""
    sources: tuple[Callable[[], Held], ...] = (
        lambda: _from_archive(run, name, wanted),
        lambda: _from_registry(run, memory, name, wanted),
        lambda: _made(run, wanted),
    )
    reasons = []
    for source in sources:
        try:
            return source()
        except NotHad as reason:
            reasons.append(str(reason))
    raise Unavailable(
        f"image {name} ({wanted.reference}) is not to be had: {'; '.join(reasons)}", remedy(wanted)
    )


def remedy(wanted: LabImage) -> str:
    """Return what to do where an image cannot be had."""
    archive = (
        f"name an archive of it (docker-archive or OCI) in {wanted.archive_env}, or "
        if wanted.archive_env
        else ""
    )
    made = ", or install busybox-static" if wanted.made_from else ""
    return f"{archive}name a mirror that has it as host:port in {registry.MIRROR}, or connect this host{made}"


def archive_file(wanted: LabImage) -> Path | None:
    """Return the archive that the environment names, None where it names none.

    Raise Unavailable if it names what is no file: whoever set the variable meant it.
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


def _from_archive(run: Run, name: str, wanted: LabImage) -> Held:
    """Import the archive that the environment names."""
    file = archive_file(wanted)
    if file is None:
        raise NotHad(
            f"archive: {wanted.archive_env} is not set" if wanted.archive_env else "archive: none is foreseen"
        )
    source = f"archive ({wanted.archive_env})"
    link = run.folder / f"{name}.tar"  # so that the record shows no path of this machine
    link.symlink_to(file.absolute())
    try:
        held = import_archive(run, link, f"localhost/{name}", wanted, source)
    except CommandFailedError as error:
        raise Unavailable(
            f"{source} cannot be imported: {last_line(error)}",
            f"set {wanted.archive_env} to a docker-archive or an OCI archive (skopeo copy makes both)",
        ) from error
    finally:
        link.unlink()
    return held


def _from_registry(run: Run, memory: _Memory, name: str, wanted: LabImage) -> Held:
    """Pull the image by its pinned digest from the mirror or the registry, whichever answers."""
    reference = registry.parse_reference(wanted.reference)
    try:
        asked = registry.hosts(reference, registry.mirror())
    except ValueError as error:
        raise Unavailable(str(error), f"set {registry.MIRROR} to host:port, or unset it") from error
    reasons = []
    for host in asked:
        if host not in memory.silent:
            memory.silent[host] = registry.unreachable(host)
        if why := memory.silent[host]:
            reasons.append(f"{host.label}: {why}")
            continue
        try:
            return _pull(run, host, reference, name, wanted)
        except NotHad as reason:
            reasons.append(str(reason))
    raise NotHad("; ".join(reasons))


def _pull(run: Run, host: registry.Host, reference: registry.Reference, name: str, wanted: LabImage) -> Held:
    """Pull from one host; raise NotHad if it has no such image, Unavailable if it sends another one."""
    server = run.resource(containerd)
    options = [*server.snapshots(), *registry.mirror_options(run.folder / "hosts", reference, host)]
    full = reference.at(wanted.digest)
    run.session.working(f"pulling {reference.repository}:{reference.tag}")
    try:
        run.command(server.ctr("images", "pull", *options, full), timeout=registry.PULL_SECONDS)
    except CommandFailedError as error:
        if any(sign in str(error) for sign in MISMATCH):
            raise Unavailable(
                f"image {name} ({wanted.reference}): {host.label} sends content that is not {wanted.digest}",
                "compare lab.yml's digest with the publisher's, then mend lab.yml or the registry",
            ) from error
        said = last_line(error).replace(f"{host.name}:{host.port}", "<host>")
        raise NotHad(f"{host.label}: {said}") from error
    digest = target(server, full)
    if digest != wanted.digest:
        raise Unavailable(
            f"image {name} ({wanted.reference}): {host.label} gave {digest}, pinned is {wanted.digest}",
            "compare lab.yml's digest with the publisher's",
        )
    source = f"registry {reference.registry}{', through a mirror' if host.is_mirror else ''}"
    return Held(_image(wanted, digest, platform_manifest(server, digest), source), full)


def _made(run: Run, wanted: LabImage) -> Held:
    """Make the image from busybox, where lab.yml says that it may be; nobody has to be asked what it is."""
    if not wanted.made_from:
        raise NotHad("making it: lab.yml does not allow a stand-in")
    path = run.folder / "busybox.tar"
    try:
        digest = busybox.write_archive(path)
    except busybox.BusyboxError as error:
        raise NotHad(f"making it: {error}") from error
    _import(run, path, "localhost/busybox")
    path.unlink()
    image = _image(wanted, digest, digest, f"made from busybox-static {busybox.version()}")
    return Held(image, f"localhost/busybox@{digest}")


def import_archive(run: Run, path: Path, base: str, wanted: LabImage, source: str) -> Held:
    """Import a docker-archive or an OCI archive as `base@digest`; raise CommandFailedError or Unavailable.

    An archive of several images has this host's taken, if there is exactly one of them.
    """
    server = _import(run, path, base)
    there = listed(server)
    names = [name for name in there if name.startswith(f"{base}@")]
    if len(names) != 1:
        raise Unavailable(
            f"{source} has {len(names)} images for this host: one is wanted",
            "make an archive of the one image (skopeo copy, docker save with one name)",
        )
    named = there[names[0]]
    return Held(_image(wanted, named, platform_manifest(server, named), source), names[0])


def _image(wanted: LabImage, named: str, digest: str, source: str) -> Image:
    """Return an image's record: its name stands for `named`, of which the manifest `digest` runs here."""
    return Image(
        reference=wanted.reference,
        pinned=wanted.digest,
        digest=digest,
        is_pinned=wanted.digest in {named, digest},
        source=source,
    )


def _import(run: Run, path: Path, base: str) -> Containerd:
    """Have containerd take in the images of an archive, each as `base@digest`; return containerd."""
    server = run.resource(containerd)
    words = ["images", "import", "--digests", "--base-name", base, *server.snapshots(), str(path)]
    run.command(server.ctr(*words), timeout=IMPORT_SECONDS)
    return server


def last_line(error: Exception) -> str:
    """Return the last line of a command's failure: what it said."""
    return str(error).splitlines()[-1].strip()[:300]
