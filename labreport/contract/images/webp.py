"""Scan a WebP: its chunks, and the size in its bit stream.

Source: RFC 9649. A file is a RIFF container with one bit stream, lossy (VP8) or lossless (VP8L), and in the
extended form a header (VP8X) with chunks beside it. Animations are refused.
"""

import struct
from collections.abc import Iterator

from labreport.contract.images.embedded import is_profile, orientation_alone, orientation_of
from labreport.contract.images.scan import EXIF, OTHER, XMP, Scan, animated, broken, bytes_after, cut_off

_HEADER = 12
_FLAG_PROFILE, _FLAG_ALPHA, _FLAG_EXIF, _FLAG_ANIMATION = 0x20, 0x10, 0x08, 0x02
_EXIF_PREFIX = b"Exif\0\0"
_FOURTEEN_BITS = 0x3FFF


def begins_like(data: bytes) -> bool:
    """Return whether data begins as a WebP does."""
    return data[:4] == b"RIFF" and data[8:_HEADER] == b"WEBP"


def scan(data: bytes) -> Scan:
    """Return the scan of a WebP; raise ImageError."""
    size = int.from_bytes(data[4:8], "little") + 8
    if size > len(data):
        raise cut_off("before the end that its header names")
    if size < len(data):
        raise bytes_after(len(data) - size)
    reader = _WebpChunks()
    for kind, content in _chunks(data):
        reader.take(kind, content)
    return reader.result()


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the type and the content of each chunk. A content of odd length has a zero after it."""
    at = _HEADER
    while at < len(data):
        if at + 8 > len(data):
            raise cut_off("in a chunk")
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        end = at + 8 + size
        if end + size % 2 > len(data):
            raise cut_off("in a chunk")
        if size % 2 and data[end]:
            raise broken("a byte that fills a place is not zero")
        yield data[at : at + 4], data[at + 8 : end]
        at = end + size % 2


class _WebpChunks:
    """Takes chunk after chunk, and makes a Scan of them."""

    def __init__(self) -> None:
        self._scan = Scan()
        self._extended: bytes | None = None
        self._canvas = (0, 0)
        self._chunks: list[tuple[bytes, bytes]] = []
        self._kinds: set[bytes] = set()

    def take(self, kind: bytes, content: bytes) -> None:
        """Keep a chunk, what stands in its place, or nothing; raise ImageError."""
        self._scan.count_part()
        has_pixels = bool(self._scan.width)
        match kind:
            case b"VP8X":
                self._take_header(content)
            case b"VP8 " | b"VP8L":
                if has_pixels:
                    raise broken("it has two images")
                self._scan.set_size(*(_lossy_size(content) if kind == b"VP8 " else _lossless_size(content)))
                self._keep(kind, content)
            case b"ANIM" | b"ANMF":
                raise animated()
            case b"ALPH" if self._extended and not has_pixels and kind not in self._kinds:
                self._keep(kind, content)
            case b"ICCP" if self._extended and not self._kinds and is_profile(content):
                self._keep(kind, content)
            case b"EXIF":
                self._take_exif(content)
            case _:
                self._scan.remove(XMP if kind == b"XMP " else OTHER)

    def _keep(self, kind: bytes, content: bytes) -> None:
        self._kinds.add(kind)
        self._chunks.append((kind, content))

    def _take_header(self, content: bytes) -> None:
        if self._extended or self._kinds or len(content) != 10:  # noqa: PLR2004 - its size in the standard
            raise broken("its header is not its first chunk, or has another size")
        if content[0] & _FLAG_ANIMATION:
            raise animated()
        self._extended = content
        width, height = (int.from_bytes(content[at : at + 3], "little") + 1 for at in (4, 7))
        self._canvas = (width, height)

    def _take_exif(self, content: bytes) -> None:
        alone = b""
        if self._extended and b"EXIF" not in self._kinds:
            self._scan.orientation = orientation_of(content.removeprefix(_EXIF_PREFIX))
            if alone := orientation_alone(self._scan.orientation):
                self._keep(b"EXIF", alone)
        self._kinds.add(b"EXIF")
        if content != alone:
            self._scan.remove(EXIF)

    def result(self) -> Scan:
        """Return the scan; raise ImageError if there is no image, or it has another size than the header."""
        if not self._scan.width:
            raise broken("it has no pixels")
        kinds = {kind for kind, _content in self._chunks}
        if self._extended:
            if self._canvas != (self._scan.width, self._scan.height):
                raise broken("its header names another size than its pixels have")
            flags = self._extended[0] & _FLAG_ALPHA
            flags |= _FLAG_PROFILE if b"ICCP" in kinds else 0
            flags |= _FLAG_EXIF if b"EXIF" in kinds else 0
            self._chunks.insert(0, (b"VP8X", bytes([flags, 0, 0, 0]) + self._extended[4:]))
        body = b"WEBP" + b"".join(map(_chunk, self._chunks))
        self._scan.keep(b"RIFF" + struct.pack("<I", len(body)) + body)
        return self._scan


def _chunk(chunk: tuple[bytes, bytes]) -> bytes:
    kind, content = chunk
    return kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _lossy_size(content: bytes) -> tuple[int, int]:
    """Return the size in a VP8 frame (RFC 6386, 9.1)."""
    if len(content) < 10 or content[0] & 1 or content[3:6] != b"\x9d\x01\x2a":  # noqa: PLR2004 - its header
        raise broken("its pixels do not begin with a frame")
    if int.from_bytes(content[:3], "little") >> 5 > len(content) - 10:
        raise cut_off("in its pixels")
    width, height = struct.unpack_from("<HH", content, 6)
    return width & _FOURTEEN_BITS, height & _FOURTEEN_BITS


def _lossless_size(content: bytes) -> tuple[int, int]:
    """Return the size in a VP8L bit stream (RFC 9649, 3.4)."""
    if len(content) < 6 or content[0] != 0x2F or content[4] >> 5:  # noqa: PLR2004 - its signature
        raise broken("its pixels do not begin with a bit stream")
    bits = int.from_bytes(content[1:5], "little")
    return (bits & _FOURTEEN_BITS) + 1, (bits >> 14 & _FOURTEEN_BITS) + 1
