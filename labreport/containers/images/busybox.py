"""A small image, built from the distribution's static busybox.

The build is reproducible: the same busybox and the same files give the same digest.
"""

import hashlib
import io
import json
import platform
import re
import struct
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labreport.capture import recorder
from labreport.capture.program import which
from labreport.contract.errors import LabError

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "armv6l": "arm", "i686": "386"}
"""The kernel's names of architectures to those of Go, which images use, where the two differ."""

FOLDERS = ("bin", "dev", "etc", "proc", "root", "sbin", "sys", "tmp", "usr", "usr/bin", "usr/sbin", "var")
ACCOUNTS = {
    "etc/passwd": b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    "etc/group": b"root:x:0:\nnobody:x:65534:\n",
}
LAYER = "application/vnd.oci.image.layer.v1.tar"
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"

PT_INTERP = 3
INSTALL = "install the static one (Debian: apt install busybox-static)"


class BusyboxError(LabError):
    """There is no static busybox to build an image from."""


@dataclass(frozen=True)
class Program:
    """What an image runs: fields of its configuration, and the files to add to it.

    `files` maps paths without a leading slash to their content.
    """

    entrypoint: Sequence[str] = ()
    cmd: Sequence[str] = ("sh",)
    env: Sequence[str] = ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",)
    user: str = ""
    working_dir: str = "/"
    files: Mapping[str, bytes] = field(default_factory=dict)


SHELL = Program()


def architecture() -> str:
    """Return this machine's architecture by the name that images use, such as amd64."""
    return ARCHITECTURES.get(platform.machine(), platform.machine())


def find_busybox() -> Path:
    """Return the path of the busybox on PATH; raise BusyboxError if there is none or it is not static."""
    found = which("busybox")
    if found is None:
        raise BusyboxError("busybox is not on PATH", INSTALL)
    with Path(found).open("rb") as file:
        head = file.read(4096)
    if not is_static(head):
        raise BusyboxError("busybox is linked dynamically", INSTALL)
    return Path(found)


def is_static(head: bytes) -> bool:
    """Return whether an ELF file is linked statically: it has no program header of type PT_INTERP.

    `head` is the beginning of the file, with the program headers. A file that is not little-endian ELF is not
    static. Format: elf(5).
    """
    if head[:4] != b"\x7fELF" or head[5:6] != b"\x01":
        return False
    if head[4] == 2:  # noqa: PLR2004 - ELFCLASS64
        start, (size, number) = struct.unpack_from("<Q", head, 32)[0], struct.unpack_from("<HH", head, 54)
    else:
        start, (size, number) = struct.unpack_from("<I", head, 28)[0], struct.unpack_from("<HH", head, 42)
    kinds = (struct.unpack_from("<I", head, start + size * index)[0] for index in range(number))
    return PT_INTERP not in kinds


def version() -> str:
    """Return the version of busybox, such as 1.35.0, or an empty text if it prints none."""
    found = re.search(r"BusyBox v(\S+)", recorder.output(["busybox", "--help"]))
    return found[1] if found else ""


def write_archive(path: Path, program: Program = SHELL) -> str:
    """Write an image to `path` as an OCI archive; return the digest of its manifest.

    An OCI archive is a tar of an OCI layout. Each applet of busybox is a link to it. Raise BusyboxError.
    Format: opencontainers/image-spec 1.0.
    """
    binary = find_busybox()
    applets = recorder.output([str(binary), "--list-full"]).split()
    blobs: dict[str, bytes] = {}

    def add_blob(media_type: str, data: bytes) -> dict[str, Any]:
        """Add a blob; return its descriptor."""
        digest = _digest(data)
        blobs[f"blobs/sha256/{digest.removeprefix('sha256:')}"] = data
        return {"mediaType": media_type, "digest": digest, "size": len(data)}

    layer = add_blob(LAYER, layer_tar(binary.read_bytes(), applets, program.files))
    config = add_blob(CONFIG, _json(image_config(program, layer["digest"])))
    manifest = add_blob(
        MANIFEST, _json({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]})
    )
    host_platform = {"architecture": architecture(), "os": "linux"}
    index = {"schemaVersion": 2, "manifests": [manifest | {"platform": host_platform}]}
    layout = {"oci-layout": _json({"imageLayoutVersion": "1.0.0"}), "index.json": _json(index), **blobs}
    path.write_bytes(_tar({name: (data, 0o644) for name, data in layout.items()}, {}, ()))
    return str(manifest["digest"])


def layer_tar(binary: bytes, applets: Sequence[str], files: Mapping[str, bytes]) -> bytes:
    """Return the image's only layer as a tar: busybox, links for its applets, two accounts, and `files`."""
    content = {name: (data, 0o644) for name, data in {**ACCOUNTS, **files}.items()}
    content["bin/busybox"] = (binary, 0o755)
    links = {name: "/bin/busybox" for name in applets if name not in content}
    folders = set(FOLDERS)
    for name in (*content, *links):
        while (name := name.rpartition("/")[0]) and name not in folders:  # its parents
            folders.add(name)
    return _tar(content, links, sorted(folders))


def image_config(program: Program, layer_id: str) -> dict[str, Any]:
    """Return the image's configuration.

    It always has a working directory, because Kata fails without one (kata-containers #13694).
    """
    settings: dict[str, Any] = {
        "Env": list(program.env),
        "Cmd": list(program.cmd),
        "WorkingDir": program.working_dir,
    }
    if program.entrypoint:
        settings |= {"Entrypoint": list(program.entrypoint), "Cmd": None}
    if program.user:
        settings["User"] = program.user
    return {
        "created": "1970-01-01T00:00:00Z",
        "architecture": architecture(),
        "os": "linux",
        "config": settings,
        "rootfs": {"type": "layers", "diff_ids": [layer_id]},
    }


def _tar(files: Mapping[str, tuple[bytes, int]], links: Mapping[str, str], folders: Sequence[str]) -> bytes:
    """Return a tar archive with entries in a fixed order, and with fixed owners and times.

    `files` maps a name to content and mode, `links` a name to the target of a symbolic link.
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in folders:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            archive.addfile(entry)
        for name, (data, mode) in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), mode
            archive.addfile(entry, io.BytesIO(data))
        for name, target in sorted(links.items()):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, target, 0o777
            archive.addfile(entry)
    return buffer.getvalue()


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
