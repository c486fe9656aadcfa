"""A made-up kata-static archive with the layout of a release. Its Rust shim hands over to runc's own.

The Go shim in bin/ only fails, so that a test shows which one containerd takes.
"""

import hashlib
import shutil
import subprocess
from pathlib import Path

from tests.containers.kata.test_archive import FILE, FOLDER, LINK, Member, packed

NAME = "kata-static-3.23.0-amd64.tar.zst"
VERSION = "containerd-shim-kata-v2 made up 3.23.0"
DRAGONBALL = """\
# Kata's own
[hypervisor.dragonball]
kernel = "/opt/kata/share/kata-containers/vmlinux.container"
kernel_params = "" # of the guest
default_memory = 2048
[agent.kata]
reconnect_timeout_ms = 3000
create_container_timeout = 30
"""
CONFIGURATIONS = "./opt/kata/share/defaults/kata-containers/runtime-rs"
SHIM = f"""\
#!/bin/sh
[ "$1" != --version ] || {{ echo {VERSION}; exit; }}
grep -q "^# Kata's own" /opt/kata/share/defaults/kata-containers/runtime-rs/configuration.toml || exit 7
exec RUNC "$@"
"""
"""It fails unless it sees Kata's configuration in its usual place."""


def members(shim: str = "") -> list[Member]:
    """Return the members of the archive: both shims, a kernel, and the configurations of the Rust one.

    The Rust shim hands over to `shim`, or to runc's.
    """
    runc = shim or shutil.which("containerd-shim-runc-v2") or "/nowhere"
    return [
        ("./", FOLDER, ""),
        ("./opt/", FOLDER, ""),
        ("./opt/kata/", FOLDER, ""),
        ("./opt/kata/VERSION", FILE, "3.23.0\n"),
        ("./opt/kata/bin/containerd-shim-kata-v2", FILE, "#!/bin/sh\necho the Go shim >&2\nexit 1\n"),
        ("./opt/kata/runtime-rs/bin/containerd-shim-kata-v2", FILE, SHIM.replace("RUNC", runc)),
        ("./opt/kata/share/kata-containers/vmlinux-6.12", FILE, "kernel"),
        ("./opt/kata/share/kata-containers/vmlinux.container", LINK, "vmlinux-6.12"),
        (f"{CONFIGURATIONS}/configuration-dragonball.toml", FILE, DRAGONBALL),
        (f"{CONFIGURATIONS}/configuration-rs-fc.toml", FILE, "# Firecracker\n"),
        (f"{CONFIGURATIONS}/configuration.toml", LINK, "configuration-rs-fc.toml"),
    ]


def write(folder: Path, shim: str = "") -> Path:
    """Write the archive into a folder, compressed with zstd; return its path."""
    tar = packed(folder / NAME.removesuffix(".zst"), members(shim), 0o755)
    subprocess.run(["zstd", "--quiet", "--rm", str(tar)], check=True)
    return folder / NAME


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
