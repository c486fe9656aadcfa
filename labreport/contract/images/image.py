"""Read an image: which kind it is by its bytes, whether its name says the same, and what is left out."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from labreport.contract.images import jpeg, png, webp
from labreport.contract.images.embedded import SIDEWAYS
from labreport.contract.images.scan import ImageError, Scan


class ImageKind(StrEnum):
    """The formats of images that a page can show."""

    PNG = "PNG"
    JPEG = "JPEG"
    WEBP = "WebP"


SUFFIXES = {
    ".png": ImageKind.PNG,
    ".jpg": ImageKind.JPEG,
    ".jpeg": ImageKind.JPEG,
    ".webp": ImageKind.WEBP,
}
"""The kinds by the ends of their names."""

_SCANS = {ImageKind.PNG: png.scan, ImageKind.JPEG: jpeg.scan, ImageKind.WEBP: webp.scan}
_ENDS = ", ".join(SUFFIXES)
_STRANGERS = {
    b"GIF8": "a GIF",
    b"BM": "a BMP",
    b"II*\0": "a TIFF",
    b"MM\0*": "a TIFF",
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a ZIP",
    b"<svg": "SVG",
    b"<?xml": "XML",
    b"<": "HTML or XML",
}
_CAPTURE = "capture it with run.image, or with lab record, which leave it out"


@dataclass(frozen=True)
class ImageFile:
    """An image: its kind, its size in pixels as it is shown, and its bytes without metadata.

    `removed` counts the metadata by rule. `is_clean` says that the file is these bytes already.
    """

    kind: ImageKind
    width: int
    height: int
    data: bytes
    removed: Counter[str]
    is_clean: bool

    @property
    def form(self) -> str:
        """The kind and the size: `PNG, 800 x 600 pixels`."""
        return f"{self.kind}, {self.width} x {self.height} pixels"


def is_image_path(path: str) -> bool:
    """Return whether the name of a file ends as that of an image."""
    return PurePosixPath(path).suffix.lower() in SUFFIXES


def read_image(path: str, data: bytes) -> ImageFile:
    """Return the image in `data`, which has the name `path`, with its metadata left out.

    Raise ImageError if the data is not exactly one whole image of the kind that the name says, or if it has
    more pixels than an image may have.
    """
    kind = SUFFIXES.get(PurePosixPath(path).suffix)
    if kind is None:
        raise ImageError("has not the name of an image", f"end it in one of {_ENDS}", path=path)
    found = _kind_of(data)
    if found is not kind:
        what = f"is {found}" if found else f"is {_stranger(data)}"
        remedy = f"give it the name {_named(path, found)}" if found else "name it by what it is"
        raise ImageError(f"{what}, and its name says {kind}", remedy, path=path)
    try:
        return _image(kind, _SCANS[kind](data), data)
    except ImageError as error:
        raise ImageError(error.what, error.remedy, path=path) from error


def clean_image(path: str, data: bytes) -> ImageFile:
    """Return the image in `data` as read_image does; raise ImageError if it has metadata as well."""
    image = read_image(path, data)
    if not image.is_clean:
        rules = ", ".join(f"{rule} {count}" for rule, count in sorted(image.removed.items()))
        what = f"has metadata, which may name people, places or machines ({rules or 'in its header'})"
        raise ImageError(what, _CAPTURE, path=path)
    return image


def is_clean_image(path: str, data: bytes) -> bool:
    """Return whether data is exactly one image of the kind that the name says, without metadata."""
    try:
        return clean_image(path, data).is_clean
    except ImageError:
        return False


def described(path: str, data: bytes) -> str:
    """Return the kind and the size of an image in words; empty if it is none."""
    try:
        return read_image(path, data).form if is_image_path(path) else ""
    except ImageError:
        return ""


def _kind_of(data: bytes) -> ImageKind | None:
    """Return the kind of an image by how it begins."""
    if data.startswith(png.SIGNATURE):
        return ImageKind.PNG
    if data.startswith(jpeg.SIGNATURE + b"\xff"):
        return ImageKind.JPEG
    return ImageKind.WEBP if webp.begins_like(data) else None


def _stranger(data: bytes) -> str:
    """Return what data begins like that is no image which a page can show."""
    if not data:
        return "empty"
    begin = data[:64].lstrip().lower()
    found = (name for start, name in _STRANGERS.items() if begin.startswith(start.lower()))
    return next(found, "none of PNG, JPEG and WebP")


def _named(path: str, kind: ImageKind) -> str:
    """Return the name that a file of a kind would have."""
    suffix = next(suffix for suffix, one in SUFFIXES.items() if one is kind)
    return str(PurePosixPath(path).with_suffix(suffix))


def _image(kind: ImageKind, scan: Scan, data: bytes) -> ImageFile:
    kept = b"".join(scan.kept)
    sides = (scan.width, scan.height)
    width, height = reversed(sides) if scan.orientation in SIDEWAYS else sides
    return ImageFile(kind, width, height, kept, scan.removed, kept == data)
