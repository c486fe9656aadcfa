"""OCI layouts for two platforms, made from an archive for one."""

import json
import tarfile
from pathlib import Path

from labreport.containers.images import busybox


def two_platforms(archive: Path, folder: Path) -> tuple[str, str]:
    """Make an OCI layout in `folder` with an index of two manifests: another architecture, then this one.

    Return the digest of the index and that of this platform's manifest.
    """
    with tarfile.open(archive) as tar:
        for member in tar:
            content = tar.extractfile(member)
            assert content
            (folder / member.name).parent.mkdir(parents=True, exist_ok=True)
            (folder / member.name).write_bytes(content.read())
    index = json.loads((folder / "index.json").read_text())
    ours = index["manifests"][0]
    manifest = json.loads(blob(folder, ours["digest"]).read_text())
    config = json.loads(blob(folder, manifest["config"]["digest"]).read_text())
    config["architecture"] = "mips"
    manifest["config"] |= add_blob(folder, config)
    theirs = ours | add_blob(folder, manifest) | {"platform": {"architecture": "mips", "os": "linux"}}
    both = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [theirs, ours]}
    top = {"mediaType": INDEX, **add_blob(folder, both)}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [top]}))
    return str(top["digest"]), str(ours["digest"])


INDEX = "application/vnd.oci.image.index.v1+json"


def blob(folder: Path, digest: str) -> Path:
    """Return the file of a blob in an OCI layout."""
    return folder / "blobs" / "sha256" / digest.removeprefix("sha256:")


def add_blob(folder: Path, value: object) -> dict[str, object]:
    """Add a JSON blob to an OCI layout; return its digest and size."""
    data = json.dumps(value).encode()
    digest = busybox._digest(data)
    blob(folder, digest).write_bytes(data)
    return {"digest": digest, "size": len(data)}
