"""Scan a PNG: its chunks and checksums, and how many bytes its pixels unpack to.

Source: PNG, third edition (W3C, 2025). A chunk is its length, its type, its data and a CRC of both.
"""

import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from labreport.contract.images.embedded import is_profile, orientation_alone, orientation_of
from labreport.contract.images.scan import (
    EXIF,
    OTHER,
    TEXT,
    TIME,
    XMP,
    ImageError,
    Scan,
    animated,
    broken,
    bytes_after,
    cut_off,
)

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
"""The channels and the bits a channel that each colour type can have."""

_INDEXED, _COLOURS = 3, frozenset({2, 3, 6})
_LOOKS = {
    b"cHRM": {32},
    b"gAMA": {4},
    b"sBIT": {1, 2, 3, 4},
    b"sRGB": {1},
    b"cICP": {4},
    b"mDCV": {24},
    b"cLLI": {8},
    b"tRNS": set(range(1, 257)),
    b"bKGD": {1, 2, 6},
    b"pHYs": {9},
}
"""The small chunks that change how pixels look, each with the sizes that its data can have."""

_ANIMATION = frozenset({b"acTL", b"fcTL", b"fdAT"})
_RULES = {b"tEXt": TEXT, b"zTXt": TEXT, b"iTXt": TEXT, b"tIME": TIME, b"eXIf": EXIF}
_XMP = b"XML:com.adobe.xmp\0"
_PASSES = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
"""The first pixel and the steps of each pass of an interlaced image, across and down."""

_PIECE = 1 << 16
_BLOCK = 1 << 20
_FILTERS = frozenset(range(5))
_LONGEST_NAME = 79
_MOST_PROFILE = 4 << 20
"""The most bytes of a colour profile, unpacked."""


@dataclass(frozen=True)
class _Header:
    """What the chunk IHDR says of the pixels."""

    width: int
    height: int
    depth: int
    colour: int
    is_interlaced: bool

    def rows(self) -> Iterator[tuple[int, int]]:
        """Yield the bytes of a row, with its filter, and the number of rows of each pass."""
        for left, top, across, down in _PASSES if self.is_interlaced else ((0, 0, 1, 1),):
            width = (self.width - left + across - 1) // across
            height = (self.height - top + down - 1) // down
            if width > 0 and height > 0:
                yield 1 + (width * self.depth * _CHANNELS[self.colour] + 7) // 8, height


def scan(data: bytes) -> Scan:
    """Return the scan of a PNG; raise ImageError."""
    result = Scan()
    result.keep(SIGNATURE)
    reader = _PngChunks(result)
    at = len(SIGNATURE)
    while not reader.ended:
        at = reader.read(data, at)
    if at < len(data):
        raise bytes_after(len(data) - at)
    return result


class _PngChunks:
    """Reads chunk after chunk into a Scan."""

    def __init__(self, result: Scan) -> None:
        self.ended = False
        self._scan = result
        self._header: _Header | None = None
        self._seen: Counter[bytes] = Counter()
        self._pixels: list[bytes] = []
        self._last = b""

    def read(self, data: bytes, at: int) -> int:
        """Read the chunk at an offset; return the offset after it. Raise ImageError."""
        self._scan.count_part()
        if at + 12 > len(data):
            raise cut_off("before its last chunk")
        size = int.from_bytes(data[at : at + 4])
        kind, end = data[at + 4 : at + 8], at + 12 + size
        if not (kind.isalpha() and kind.isascii()):
            raise broken(f"no chunk begins at byte {at}")
        if end > len(data):
            raise cut_off(f"in its chunk {kind.decode()}")
        chunk = data[at:end]
        if zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:]):
            raise broken(f"the checksum of its chunk {kind.decode()} is wrong")
        if (self._header is None) != (kind == b"IHDR"):
            raise broken("its header is not its first chunk, or is there twice")
        self._take(kind, chunk)
        self._last = kind
        return end

    def _take(self, kind: bytes, chunk: bytes) -> None:
        content = chunk[8:-4]
        self._seen[kind] += 1
        match kind:
            case b"IHDR":
                self._header = self._read_header(content)
            case b"PLTE":
                self._check_palette(content)
            case b"IDAT":
                if self._pixels and self._last != b"IDAT":
                    raise broken("another chunk stands among its pixels")
                self._pixels.append(content)
            case b"IEND":
                self._end(content)
            case b"eXIf" | b"iCCP":
                self._take_embedded(kind, chunk, content)
                return
            case _ if kind in _ANIMATION:
                raise animated()
            case _ if kind in _LOOKS:
                self._check_look(kind, content)
            case _ if kind[:1].isupper():
                raise broken(f"its chunk {kind.decode()} is in no standard")
            case _:
                self._scan.remove(XMP if content.startswith(_XMP) else _RULES.get(kind, OTHER))
                return
        self._scan.keep(chunk)

    def _read_header(self, content: bytes) -> _Header:
        if len(content) != 13:  # noqa: PLR2004 - its size in the standard
            raise broken("its header has another size")
        width, height, depth, colour, packing, filtering, interlacing = struct.unpack(">IIBBBBB", content)
        if depth not in _DEPTHS.get(colour, ()) or packing or filtering or interlacing > 1:
            raise broken("its header names a form that the standard does not have")
        self._scan.set_size(width, height)
        return _Header(width, height, depth, colour, bool(interlacing))

    def _check_palette(self, content: bytes) -> None:
        colour = self._header.colour if self._header else 0
        fits = 3 <= len(content) <= 768 and len(content) % 3 == 0 and colour in _COLOURS  # noqa: PLR2004
        if not fits or self._seen[b"PLTE"] > 1 or self._pixels:
            raise broken("its palette has another size, or is in another place")

    def _check_look(self, kind: bytes, content: bytes) -> None:
        if len(content) not in _LOOKS[kind] or self._seen[kind] > 1 or self._pixels:
            raise broken(f"its chunk {kind.decode()} has another size, or is in another place")

    def _take_embedded(self, kind: bytes, chunk: bytes, content: bytes) -> None:
        """Keep a colour profile that is one, and of EXIF the orientation."""
        if kind == b"iCCP":
            is_kept = self._seen[kind] == 1 and not self._pixels and _is_packed_profile(content)
            if is_kept:
                self._scan.keep(chunk)
            else:
                self._scan.remove(OTHER)
            return
        alone = b""
        if self._seen[kind] == 1:
            self._scan.orientation = orientation_of(content)
            alone = orientation_alone(self._scan.orientation)
        if alone:
            self._scan.keep(_chunk(kind, alone))
        if content != alone:
            self._scan.remove(EXIF)

    def _end(self, content: bytes) -> None:
        if content or self._header is None:
            raise broken("its last chunk is not empty")
        if not self._pixels:
            raise broken("it has no pixels")
        if self._header.colour == _INDEXED and not self._seen[b"PLTE"]:
            raise broken("it has no palette")
        _check_pixels(self._header, b"".join(self._pixels))
        self.ended = True


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _is_packed_profile(content: bytes) -> bool:
    name, _, rest = content.partition(b"\0")
    if not 1 <= len(name) <= _LONGEST_NAME or rest[:1] != b"\0":
        return False
    unpacker = zlib.decompressobj()
    try:
        profile = unpacker.decompress(rest[1:], _MOST_PROFILE)
    except zlib.error:
        return False
    return unpacker.eof and not unpacker.unused_data and is_profile(profile)


def _check_pixels(header: _Header, packed: bytes) -> None:
    """Raise ImageError unless the packed pixels unpack to exactly the rows of the image.

    They are unpacked block by block, and no more than the image has: no small file takes much memory or time.
    """
    stream = _Unpacked(packed)
    try:
        for row, rows in header.rows():
            at_once = max(1, _BLOCK // row)
            for first in range(0, rows, at_once):
                block = stream.read(row * min(at_once, rows - first))
                if not _FILTERS.issuperset(block[::row]):
                    raise broken("a row of its pixels has no valid filter")
        stream.close()
    except zlib.error as error:
        raise broken("its pixels cannot be unpacked") from error


class _Unpacked:
    """Unpacks a zlib stream, piece by piece."""

    def __init__(self, packed: bytes) -> None:
        self._packed = packed
        self._at = 0
        self._unpacker = zlib.decompressobj()

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes; raise ImageError if there are fewer."""
        block = bytearray()
        while len(block) < size:
            before = len(block)
            block += self._more(size - before)
            if len(block) == before and (self._unpacker.eof or self._is_used_up):
                raise cut_off("in its pixels")
        return bytes(block)

    def close(self) -> None:
        """Raise ImageError unless the stream ends here."""
        while not self._unpacker.eof:
            if self._more(1):
                raise broken("it has more pixels than its header says")
            if self._is_used_up and not self._unpacker.eof:
                raise cut_off("in its pixels")
        if self._unpacker.unused_data or self._at < len(self._packed):
            raise ImageError("bytes follow its pixels", "save the image alone: they may be another file")

    @property
    def _is_used_up(self) -> bool:
        return self._at >= len(self._packed) and not self._unpacker.unconsumed_tail

    def _more(self, most: int) -> bytes:
        piece = self._unpacker.unconsumed_tail
        if not piece:
            piece = self._packed[self._at : self._at + _PIECE]
            self._at += len(piece)
        return self._unpacker.decompress(piece, most)
