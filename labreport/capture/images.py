"""Images that a command writes: read when the block ends, and stored without what identifies anybody.

The command writes into the run's folder, never into the evidence folder: what it wrote is not evidence before
its metadata is left out. Nothing else of the file changes, so no pixel does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from labreport.capture import writing
from labreport.capture.redact import Redactor
from labreport.contract.errors import LabError
from labreport.contract.fields import writable_path
from labreport.contract.folder import EvidenceError, opened
from labreport.contract.images import SUFFIXES, is_image_path, read_image
from labreport.contract.records import Command, Span
from labreport.contract.text import line_count

FOLDER = "images"
"""The folder of the run in which commands write images."""

PLACE = "{}"
"""What stands for the image in a command of `lab record`."""


class ImageCaptureError(LabError):
    """An image that no command wrote, or that is called by a name that no image has."""


class ImageRun(Protocol):
    """What runs the commands: the Run."""

    commands: list[Command]
    spans: dict[str, list[Span]]
    awaited: set[Path]

    @property
    def folder(self) -> Path:
        """A folder for sockets and the like."""

    def hide(self, text: str, mask: str) -> None:
        """Replace `text`, a path of this machine, by `mask` in files and records."""


@contextmanager
def image_file(run: ImageRun, path: str, staging: Path, redact: Redactor) -> Iterator[Path]:
    """Yield a path at which a command of the block writes an image, and make that the evidence file `path`.

    It is put into the folder `staging`, and `redact` counts what is left out. Raise ImageCaptureError if no
    command ran or wrote it, EvidenceError if it is no plain file of at most MAX_BYTES, and ImageError if it
    is not one whole image of the kind that its name says.
    """
    if not is_image_path(path):
        raise ImageCaptureError("has not the name of an image", f"end it in {', '.join(SUFFIXES)}", path=path)
    target = run.folder.resolve() / FOLDER / writable_path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    run.hide(str(target), path)
    run.awaited.add(target)
    before = len(run.commands)
    try:
        yield target
        if len(run.commands) == before:
            what, remedy = "no command ran that could have written it", "run one in the block of run.image"
            raise ImageCaptureError(what, remedy, path=path)
        image = read_image(path, _written(target, path))
    finally:
        run.awaited.discard(target)
        with suppress(OSError):  # the run's folder goes in the end, whatever a command put there
            writing.remove(target)
    (staging / path).parent.mkdir(parents=True, exist_ok=True)
    (staging / path).write_bytes(image.data)
    run.spans[path] = [Span(start=1, end=line_count(image.data), command=len(run.commands) - 1)]
    redact.counts.update(image.removed)


def _written(target: Path, path: str) -> bytes:
    """Return what a command wrote; raise ImageCaptureError if it is nothing, EvidenceError as `read` does."""
    with opened(target.parent) as folder:
        if not folder.mode(target.name):
            what = "the command ended, and did not write it"
            raise ImageCaptureError(what, "give it the path of run.image, or {} in lab record", path=path)
        try:
            return folder.read(target.name)
        except EvidenceError as error:
            remedy = "make it smaller: fewer pixels, or another format"
            raise EvidenceError(error.what, remedy, path=path) from error
