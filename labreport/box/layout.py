"""The files of the box on this host: its folder, its machines, its lock."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from filelock import FileLock, Timeout

from labreport.capture import recorder
from labreport.contract.errors import ExitStatus, LabError

VARIABLE = "LAB_BOX"
"""The environment variable that names another folder for the box."""

STARTED = "started"
"""The name of the machine that `lab box start` starts. Each `lab box run` has a machine of its own."""

FRESH = "fresh"
"""The name of the machine for escapes: it runs on the started machine's disk, and is restored for each."""


class BoxError(LabError):
    """The box cannot do what was asked."""

    exit_status = ExitStatus.CANNOT_RUN


@dataclass(frozen=True)
class Box:
    """The folder that holds the image, its keys and the machines that run from it."""

    folder: Path

    @property
    def image(self) -> Path:
        """The disk image (ext4) as it was made. Nothing writes to it afterwards."""
        return self.folder / "image.ext4"

    @property
    def kernel(self) -> Path:
        """The image's kernel, used to test whether KVM can boot it."""
        return self.folder / "vmlinuz"

    @property
    def key(self) -> Path:
        """The private ssh key of root, made for this box."""
        return self.folder / "key"

    @property
    def known_hosts(self) -> Path:
        """The public ssh key of the box, by which it is recognized."""
        return self.folder / "known_hosts"

    @property
    def log(self) -> Path:
        """The log of debvm-create."""
        return self.folder / "create.log"

    @property
    def accelerator(self) -> Path:
        """The cached answer to whether KVM works. It is valid until this host boots again."""
        return self.folder / "accelerator.json"

    def machine(self, name: str = STARTED) -> "Machine":
        """Return one of the box's machines."""
        return Machine(self, name)


@dataclass(frozen=True)
class Machine:
    """A virtual machine of a box, running or not. Only the started machine keeps what it writes."""

    box: Box
    name: str

    @property
    def folder(self) -> Path:
        """The folder of its disk, console log and state."""
        return self.box.folder / self.name

    @property
    def mark(self) -> str:
        """The run name in the environment of its processes. It finds them without a PID file."""
        return f"box-{sha256(str(self.folder).encode()).hexdigest()[:8]}"

    @property
    def keeps(self) -> bool:
        """Whether it has its own disk. The other machines write to an overlay that ends with them."""
        return self.name == STARTED

    @property
    def disk(self) -> Path:
        """The disk that it boots from."""
        if self.name == FRESH:
            return self.box.machine().disk
        return self.folder / "disk.ext4" if self.keeps else self.box.image

    @property
    def monitor(self) -> Path:
        """The socket of QEMU's monitor. Only the fresh machine has one."""
        return self.folder / "monitor"

    @property
    def console(self) -> Path:
        """The log of its serial console since the last start."""
        return self.folder / "console.log"

    @property
    def console_before(self) -> Path:
        """The console log of the start before the last one."""
        return self.folder / "console.log.1"

    @property
    def state(self) -> Path:
        """The state file, written when the machine is ready."""
        return self.folder / "running.json"


@contextmanager
def locked(box: Box) -> Iterator[None]:
    """Lock the box while it is changed or used; raise BoxError at once if another `lab` holds the lock."""
    box.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FileLock(box.folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise BoxError(f"{box.folder}: another lab uses this box", "wait for it, or end it") from None
    try:
        yield
    finally:
        lock.release()


def remove_folder(folder: Path) -> None:
    """Remove a folder of the box, but no file system mounted in it; raise BoxError if something is left."""
    recorder.output(["rm", "-rf", "--one-file-system", str(folder)], timeout=120)
    if folder.exists():
        raise BoxError(
            f"{folder}: cannot be removed", "run findmnt: unmount what is mounted in it, then remove it"
        )


def default_box() -> Box:
    """Return this user's box: in LAB_BOX, in /var/lib/lab/box for root, else in the user's data folder."""
    if folder := os.environ.get(VARIABLE):
        return Box(Path(folder).absolute())
    if os.geteuid() == 0:
        return Box(Path("/var/lib/lab/box"))
    return Box(Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "lab" / "box")
