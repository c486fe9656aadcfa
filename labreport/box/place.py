"""Where the box is kept on this machine, and what its files are called."""

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
"""Names another folder for the box."""

STARTED = "started"
"""The machine that `start` starts; each `run` has one of its own beside it."""

FRESH = "fresh"
"""The machine that goes on from the started one's disk, and is put back to one moment again and again."""


class BoxError(LabError):
    """The box cannot do what was asked; the text says what, why and what to do."""

    exit_status = ExitStatus.CANNOT_RUN


@dataclass(frozen=True)
class Box:
    """The folder with the image, its key and the machines that were started from it."""

    folder: Path

    @property
    def image(self) -> Path:
        """The disk as it was made, ext4, never written to again."""
        return self.folder / "image.ext4"

    @property
    def kernel(self) -> Path:
        """The image's kernel, for the question whether KVM can run it."""
        return self.folder / "vmlinuz"

    @property
    def key(self) -> Path:
        """The private key that root's login takes; made for this box."""
        return self.folder / "key"

    @property
    def known_hosts(self) -> Path:
        """The public key by which the box shows that it is this one."""
        return self.folder / "known_hosts"

    @property
    def log(self) -> Path:
        """What debvm-create said."""
        return self.folder / "create.log"

    @property
    def accelerator(self) -> Path:
        """What was found out about KVM on this machine, for as long as it is not started anew."""
        return self.folder / "accelerator.json"

    def machine(self, name: str = STARTED) -> "Machine":
        """Return one of the box's machines."""
        return Machine(self, name)


@dataclass(frozen=True)
class Machine:
    """One virtual machine of a box, started or not. Only the one called `started` keeps what it writes."""

    box: Box
    name: str

    @property
    def folder(self) -> Path:
        """Where its disk, console log and state are."""
        return self.box.folder / self.name

    @property
    def mark(self) -> str:
        """What its processes carry in their environment, so that they are found without a note of them."""
        return f"box-{sha256(str(self.folder).encode()).hexdigest()[:8]}"

    @property
    def keeps(self) -> bool:
        """Whether it has a disk of its own; the others write to a snapshot that is gone with them."""
        return self.name == STARTED

    @property
    def disk(self) -> Path:
        """The disk that it boots."""
        if self.name == FRESH:
            return self.box.machine().disk
        return self.folder / "disk.ext4" if self.keeps else self.box.image

    @property
    def monitor(self) -> Path:
        """The socket on which QEMU takes orders; only the fresh one has it."""
        return self.folder / "monitor"

    @property
    def console(self) -> Path:
        """What its serial console said since its last start."""
        return self.folder / "console.log"

    @property
    def console_before(self) -> Path:
        """What it said in the start before that."""
        return self.folder / "console.log.1"

    @property
    def state(self) -> Path:
        """What is known of the machine while it runs."""
        return self.folder / "running.json"


@contextmanager
def alone(kept: Box) -> Iterator[None]:
    """Hold the box while it is changed or captured in; raise BoxError at once if another lab does."""
    kept.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FileLock(kept.folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise BoxError(f"{kept.folder}: another lab is busy with this box: wait for it, or end it") from None
    try:
        yield
    finally:
        lock.release()


def wipe(folder: Path) -> None:
    """Remove a folder of the box, but nothing that is mounted in it; raise BoxError if something is left."""
    recorder.output(["rm", "-rf", "--one-file-system", str(folder)], timeout=120)
    if folder.exists():
        raise BoxError(
            f"{folder}: cannot be removed: is something mounted in it? Look at findmnt, and remove it"
        )


def box() -> Box:
    """Return this user's box, made or not: in LAB_BOX, /var/lib/lab/box for root, else in the user's data."""
    if named := os.environ.get(VARIABLE):
        return Box(Path(named).absolute())
    if os.geteuid() == 0:
        return Box(Path("/var/lib/lab/box"))
    return Box(Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "lab" / "box")
