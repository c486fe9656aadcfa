"""A small image made on the spot from the distribution's static busybox.

The same busybox and the same content give the same digest: no times, no names of a machine, no compression.
"""

import hashlib
import io
import json
import platform
import re
import shutil
import struct
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labreport.capture import recorder
from labreport.contract.errors import LabError

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "armv6l": "arm", "i686": "386"}
"""Go's names, which images use, where they are not the kernel's."""

FOLDERS = ("bin", "dev", "etc", "proc", "root", "sbin", "sys", "tmp", "usr", "usr/bin", "usr/sbin", "var")
ACCOUNTS = {
    "etc/passwd": b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    "etc/group": b"root:x:0:\nnobody:x:65534:\n",
}
PT_INTERP = 3


class BusyboxError(LabError):
    """There is no static busybox to make an image from; the text says why."""


@dataclass(frozen=True)
class Program:
    """What an image runs, and with which files: the image's configuration, in its own words.

    `files` maps paths without a leading slash to content.
    """

    entrypoint: Sequence[str] = ()
    cmd: Sequence[str] = ("sh",)
    env: Sequence[str] = ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",)
    user: str = ""
    working_dir: str = "/"
    files: Mapping[str, bytes] = field(default_factory=dict)


SHELL = Program()


def architecture() -> str:
    """Return this machine's architecture as images call it."""
    return ARCHITECTURES.get(platform.machine(), platform.machine())


def find_busybox() -> Path:
    """Return the static busybox on PATH; raise BusyboxError."""
    found = shutil.which("busybox")
    if found is None:
        raise BusyboxError("busybox is not on PATH (Debian: apt install busybox-static)")
    with Path(found).open("rb") as file:
        head = file.read(4096)
    if not is_static(head):
        raise BusyboxError("busybox is linked dynamically (Debian: apt install busybox-static)")
    return Path(found)


def is_static(head: bytes) -> bool:
    """Return whether the beginning of a 64- or 32-bit little-endian ELF file names no loader (PT_INTERP)."""
    if head[:4] != b"\x7fELF" or head[5:6] != b"\x01":
        return False
    if head[4] == 2:  # noqa: PLR2004 - ELFCLASS64
        start, (size, number) = struct.unpack_from("<Q", head, 32)[0], struct.unpack_from("<HH", head, 54)
    else:
        start, (size, number) = struct.unpack_from("<I", head, 28)[0], struct.unpack_from("<HH", head, 42)
    kinds = (struct.unpack_from("<I", head, start + size * index)[0] for index in range(number))
    return PT_INTERP not in kinds


def version() -> str:
    """Return busybox's own version, such as 1.35.0; empty if it says none."""
    found = re.search(r"BusyBox v(\S+)", recorder.output(["busybox", "--help"]))
    return found[1] if found else ""


def write_archive(path: Path, program: Program = SHELL) -> str:
    """Write an image as an OCI archive (a tar of an OCI layout) to `path`; return its manifest's digest.

    All of busybox's applets are links to it. Raise BusyboxError. Format: opencontainers/image-spec 1.0.
    """
    binary = find_busybox()
    applets = recorder.output([str(binary), "--list-full"]).split()
    layer = layer_tar(binary.read_bytes(), applets, program.files)
    layer_is = _descriptor("application/vnd.oci.image.layer.v1.tar", layer)
    config = _json(image_config(program, layer_is["digest"]))
    config_is = _descriptor("application/vnd.oci.image.config.v1+json", config)
    media_type = "application/vnd.oci.image.manifest.v1+json"
    manifest = _json({"schemaVersion": 2, "mediaType": media_type, "config": config_is, "layers": [layer_is]})
    manifest_is = _descriptor(media_type, manifest)
    platform_is = {"architecture": architecture(), "os": "linux"}
    index = {"schemaVersion": 2, "manifests": [manifest_is | {"platform": platform_is}]}
    blobs = ((layer_is, layer), (config_is, config), (manifest_is, manifest))
    named = {"oci-layout": _json({"imageLayoutVersion": "1.0.0"}), "index.json": _json(index)}
    named |= {f"blobs/sha256/{blob_is['digest'][7:]}": blob for blob_is, blob in blobs}
    path.write_bytes(_tar({name: (data, 0o644) for name, data in named.items()}, {}, ()))
    return str(manifest_is["digest"])


def layer_tar(binary: bytes, applets: Sequence[str], files: Mapping[str, bytes]) -> bytes:
    """Return the one layer: busybox, its applets as links, two accounts, and `files`."""
    content = {name: (data, 0o644) for name, data in {**ACCOUNTS, **files}.items()}
    content["bin/busybox"] = (binary, 0o755)
    links = {name: "/bin/busybox" for name in applets if name not in content}
    folders = set(FOLDERS)
    for name in (*content, *links):
        while (name := name.rpartition("/")[0]) and name not in folders:  # its parents
            folders.add(name)
    return _tar(content, links, sorted(folders))


def image_config(program: Program, layer_id: str) -> dict[str, Any]:
    """Return the image's configuration; a working directory always, as Kata fails without one (#13694)."""
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
    """Return a tar archive in a fixed order with fixed owners and times."""
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


def _descriptor(media_type: str, data: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": _digest(data), "size": len(data)}


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
