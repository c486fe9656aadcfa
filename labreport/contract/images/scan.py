"""The result of scanning an image: its size, what is kept of its bytes, and what is left out."""

from collections import Counter
from dataclasses import dataclass, field

from labreport.contract.errors import LabError

MAX_SIDE = 16_384
"""The largest width and height of an image, in pixels. Chromium makes no larger screenshot."""

MAX_PIXELS = 1 << 25
"""The most pixels of an image; 7680 x 4320 (8K) are a little less."""

MAX_PARTS = 20_000
"""The most chunks or segments of an image: 8 MiB in chunks of 4 KiB are a tenth of it."""

EXIF, XMP, IPTC, TEXT = "image-exif", "image-xmp", "image-iptc", "image-text"
TIME, THUMBNAIL, OTHER = "image-time", "image-thumbnail", "image-other"
"""The rules by which metadata is left out, as a record counts them."""

AGAIN = "make it again with another program"
CUT_OFF = "capture it again, and let the program that writes it end"


class ImageError(LabError):
    """A file that is not exactly one whole image of the kind that its name says, or is too large."""


@dataclass
class Scan:
    """A scan of an image: its size in pixels, its EXIF orientation, what is kept, and what is left out."""

    width: int = 0
    height: int = 0
    orientation: int = 1
    kept: list[bytes] = field(default_factory=list)
    removed: Counter[str] = field(default_factory=Counter)
    _parts: int = 0

    def count_part(self) -> None:
        """Count a chunk or a segment; raise ImageError for one too many."""
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise ImageError(f"has more than {MAX_PARTS} parts", AGAIN)

    def keep(self, data: bytes) -> None:
        """Keep a part of the file, or what stands in its place."""
        self.kept.append(data)

    def remove(self, rule: str) -> None:
        """Leave out a part of the file."""
        self.removed[rule] += 1

    def set_size(self, width: int, height: int) -> None:
        """Set the size in pixels; raise ImageError for one that is zero or too large."""
        if not width or not height:
            raise ImageError(f"is broken: it has {width} x {height} pixels", AGAIN)
        if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
            what = f"{width} x {height} pixels, at most {MAX_SIDE} on a side and {MAX_PIXELS} in all"
            raise ImageError(what, "make it smaller, or capture a part of it")
        self.width, self.height = width, height


def broken(why: str) -> ImageError:
    """Return the error for an image that a viewer could not show, or not as it was made."""
    return ImageError(f"is broken: {why}", AGAIN)


def cut_off(where: str) -> ImageError:
    """Return the error for an image whose end is missing."""
    return ImageError(f"is cut off {where}", CUT_OFF)


def bytes_after(count: int) -> ImageError:
    """Return the error for a file that goes on after its image."""
    what = (
        f"{count} bytes follow the end of the image" if count > 1 else "a byte follows the end of the image"
    )
    return ImageError(what, "save the image alone: what follows may be another file")


def animated() -> ImageError:
    """Return the error for an image of several frames."""
    return ImageError(
        "is animated", "capture one frame: paper shows no animation, and readers cannot stop it"
    )
