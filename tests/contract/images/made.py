"""Images made by Pillow and by hand, with and without metadata, for the tests of several packages."""

import io
import struct
import zlib
from dataclasses import dataclass
from typing import Any

from PIL import ExifTags, Image, ImageCms, ImageDraw
from PIL.PngImagePlugin import PngInfo

SECRET = b"Alice Example"
"""What identifies somebody in each image that has metadata."""

SIZE = (60, 40)


def drawing(mode: str = "RGB") -> Image.Image:
    """Return a picture without any symmetry, so that a wrong orientation is seen."""
    image = Image.new("RGBA" if mode in {"RGBA", "LA"} else "RGB", SIZE, (250, 250, 240))
    draw = ImageDraw.Draw(image)
    draw.rectangle((3, 3, 20, 12), fill=(200, 30, 30))
    draw.line((0, 39, 59, 20), fill=(20, 20, 160), width=3)
    return image.convert(mode)


def exif(orientation: int = 1) -> bytes:
    """Return EXIF data that names somebody and, if it is not upright, an orientation."""
    made = Image.Exif()
    made[ExifTags.Base.Artist] = SECRET.decode()
    if orientation != 1:
        made[ExifTags.Base.Orientation] = orientation
    return made.tobytes()


def profile() -> bytes:
    """Return an ICC profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def saved(form: str, mode: str = "RGB", **options: Any) -> bytes:
    """Return the drawing as a file."""
    out = io.BytesIO()
    drawing(mode).save(out, form, **options)
    return out.getvalue()


def with_metadata(form: str, orientation: int = 1) -> bytes:
    """Return the drawing with every metadata that Pillow can write in a format, and a colour profile."""
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + SECRET + b"</x:xmpmeta>"
    options: dict[str, Any] = {"exif": exif(orientation), "icc_profile": profile()}
    if form == "PNG":
        text = PngInfo()
        text.add_text("Author", SECRET.decode())
        text.add_itxt("XML:com.adobe.xmp", xmp.decode())
        text.add_text("Comment", SECRET.decode() * 9, zip=True)
        text.add(b"tIME", bytes(7))
        options["pnginfo"] = text
    elif form == "JPEG":
        options |= {"comment": SECRET, "xmp": xmp}
    else:
        options["xmp"] = xmp
    return saved(form, **options)


@dataclass(frozen=True)
class Shown:
    """What a viewer shows of an image."""

    mode: str
    size: tuple[int, int]
    pixels: bytes
    palette: list[int] | None
    orientation: int
    profile: bytes | None
    others: tuple[object, ...]

    @classmethod
    def of(cls, data: bytes) -> "Shown":
        """Return what a viewer shows of a file: decoded pixels, colours, and how it is turned."""
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
            keys = ("gamma", "transparency", "srgb", "chromaticity", "jfif_density", "adobe")
            others = tuple(image.info.get(key) for key in keys)
            found = image.info.get("icc_profile")
            return cls(
                image.mode, image.size, image.tobytes(), image.getpalette(), orientation, found, others
            )


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(*chunks: bytes) -> bytes:
    """Return a PNG of chunks."""
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def header(
    width: int = 1, height: int = 1, depth: int = 8, colour: int = 0, rest: bytes = b"\0\0\0"
) -> bytes:
    """Return the header of a PNG."""
    return chunk(b"IHDR", struct.pack(">IIBB", width, height, depth, colour) + rest)


def idat(rows: bytes = b"\0\0") -> bytes:
    """Return a chunk with packed rows."""
    return chunk(b"IDAT", zlib.compress(rows))


END = chunk(b"IEND", b"")


def before_end(data: bytes, *chunks: bytes) -> bytes:
    """Return a PNG with chunks before its last one."""
    return data.removesuffix(END) + b"".join(chunks) + END


def after_header(data: bytes, *chunks: bytes) -> bytes:
    """Return a PNG with chunks after its header."""
    return data[:33] + b"".join(chunks) + data[33:]


def segment(marker: int, content: bytes) -> bytes:
    """Return a segment of a JPEG."""
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def after_start(data: bytes, *segments: bytes) -> bytes:
    """Return a JPEG with segments after its start."""
    return data[:2] + b"".join(segments) + data[2:]


def webp_chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk of a WebP."""
    return kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def webp(*chunks: bytes) -> bytes:
    """Return a WebP of chunks."""
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def changed(data: bytes, at: int, new: bytes) -> bytes:
    """Return data with other bytes at a place."""
    return data[:at] + new + data[at + len(new) :]


ENDS = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}
"""The end of the name of each format of Pillow."""
