"""Scan a JPEG: its segments, and where its entropy-coded data ends.

Source: ITU-T T.81, annex B; JFIF 1.02; Exif 2.32, 4.7. What browsers show is accepted: baseline, extended and
progressive images of 8 bits.
"""

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

from labreport.contract.images.embedded import is_profile, orientation_alone, orientation_of
from labreport.contract.images.scan import (
    EXIF,
    IPTC,
    OTHER,
    TEXT,
    THUMBNAIL,
    XMP,
    ImageError,
    Scan,
    broken,
    bytes_after,
    cut_off,
)

SIGNATURE = b"\xff\xd8"

_EOI, _SOS, _DQT, _DHT, _DRI, _COM = 0xD9, 0xDA, 0xDB, 0xC4, 0xDD, 0xFE
_APP0, _APP1, _APP2, _APP13, _APP14 = 0xE0, 0xE1, 0xE2, 0xED, 0xEE
_FRAMES, _APPS = frozenset({0xC0, 0xC1, 0xC2}), range(0xE0, 0xF0)
_JFIF, _ADOBE = b"JFIF\0", b"Adobe"
_JFIF_SIZE, _ADOBE_SIZE = 12, 12
"""How much of these segments says how to show the pixels; the rest is a thumbnail, or nothing known."""

_EXIF, _PROFILE = b"Exif\0\0", b"ICC_PROFILE\0"
_RULES = (
    (_APP0, b"JFXX\0", THUMBNAIL),
    (_APP1, b"Exif\0", EXIF),
    (_APP1, b"http://ns.adobe.com/", XMP),
    (_APP13, b"Photoshop 3.0\0", IPTC),
)
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""The end of entropy-coded data: a marker that is neither a stuffed byte nor a restart."""

_MOST_SCANS = 100
"""A progressive image has about ten; each one more costs a viewer a pass over all pixels."""


def scan(data: bytes) -> Scan:
    """Return the scan of a JPEG; raise ImageError."""
    reader = _Segments(data)
    while not reader.ended:
        reader.read()
    return reader.result()


@dataclass(frozen=True)
class _ProfilePart:
    """A part of a colour profile: its place among what is kept, its number, the number of parts, its data."""

    place: int
    number: int
    count: int
    data: bytes


class _Segments:
    """Reads segment after segment into a Scan."""

    def __init__(self, data: bytes) -> None:
        self.ended = False
        self._data = data
        self._at = len(SIGNATURE)
        self._scan = Scan(kept=[SIGNATURE])
        self._profile: list[_ProfilePart] = []
        self._scans = 0
        self._has_exif = self._has_adobe = self._has_jfif = False

    def result(self) -> Scan:
        """Return the scan, with the colour profile if its parts are one."""
        parts = sorted(self._profile, key=lambda part: part.number)
        numbers = [part.number for part in parts]
        is_whole = numbers == list(range(1, len(parts) + 1)) and all(
            part.count == len(parts) for part in parts
        )
        if parts and not (is_whole and is_profile(b"".join(part.data for part in parts))):
            for part in parts:
                self._scan.kept[part.place] = b""
                self._scan.remove(OTHER)
        return self._scan

    def read(self) -> None:
        """Read the next segment; raise ImageError."""
        self._scan.count_part()
        data, at = self._data, self._at
        if at + 2 > len(data):
            raise cut_off("before its end")
        if data[at] != 0xFF:  # noqa: PLR2004 - how a marker begins
            raise broken(f"no segment begins at byte {at}")
        marker = data[at + 1]
        if marker == 0xFF:  # noqa: PLR2004 - a byte that fills the place before a marker
            self._at += 1
            return
        if marker == _EOI:
            self._end(at + 2)
            return
        if at + 4 > len(data):
            raise cut_off("in a segment")
        (size,) = struct.unpack_from(">H", data, at + 2)
        end = at + 2 + size
        if size < 2 or end > len(data):  # noqa: PLR2004 - the size counts itself
            raise cut_off("in a segment") if size >= 2 else broken("a segment has no size")  # noqa: PLR2004
        self._take(marker, data[at + 4 : end], data[at:end])
        self._at = end
        if marker == _SOS:
            self._read_coded()

    def _take(self, marker: int, content: bytes, segment: bytes) -> None:
        """Keep a segment, what stands in its place, or nothing."""
        if marker in _APPS:
            self._take_app(marker, content, segment)
            return
        if marker == _COM:
            self._scan.remove(TEXT)
            return
        if marker in _FRAMES:
            self._read_frame(content)
        elif marker == _SOS:
            self._check_scan(content)
        elif marker == _DQT:
            _check_tables(content, lambda table: 129 if table[0] >> 4 else 65)
        elif marker == _DHT:
            _check_tables(content, lambda table: 17 + sum(table[1:17]))
        elif marker != _DRI or len(content) != 2:  # noqa: PLR2004 - its size in the standard
            raise ImageError(f"has a segment FF{marker:02X}, which browsers do not show", "save it as PNG")
        self._scan.keep(segment)

    def _take_app(self, marker: int, content: bytes, segment: bytes) -> None:
        """Keep what says how to show pixels: JFIF, Adobe, a colour profile, and of EXIF the orientation."""
        if marker == _APP0 and content.startswith(_JFIF) and len(content) >= _JFIF_SIZE + 2:
            self._take_jfif(content)
        elif marker == _APP14 and content.startswith(_ADOBE) and len(content) >= _ADOBE_SIZE:
            self._take_adobe(content)
        elif marker == _APP2 and content.startswith(_PROFILE) and len(content) > len(_PROFILE) + 2:
            number, count = content[len(_PROFILE)], content[len(_PROFILE) + 1]
            place, part = len(self._scan.kept), content[len(_PROFILE) + 2 :]
            self._profile.append(_ProfilePart(place, number, count, part))
            self._scan.keep(segment)
        elif marker == _APP1 and content.startswith(_EXIF):
            self._take_exif(content)
        else:
            rules = (rule for app, start, rule in _RULES if app == marker and content.startswith(start))
            self._scan.remove(next(rules, OTHER))

    def _take_jfif(self, content: bytes) -> None:
        if self._has_jfif:
            self._scan.remove(OTHER)
            return
        self._has_jfif = True
        alone = content[:_JFIF_SIZE] + b"\0\0"
        self._scan.keep(_segment(_APP0, alone))
        if content != alone:
            self._scan.remove(THUMBNAIL)

    def _take_adobe(self, content: bytes) -> None:
        if self._has_adobe:
            raise broken("it says twice how its colours are stored")
        self._has_adobe = True
        self._scan.keep(_segment(_APP14, content[:_ADOBE_SIZE]))
        if len(content) > _ADOBE_SIZE:
            self._scan.remove(OTHER)

    def _take_exif(self, content: bytes) -> None:
        alone = b""
        if not self._has_exif:
            self._scan.orientation = orientation_of(content[len(_EXIF) :])
            if kept := orientation_alone(self._scan.orientation):
                alone = _EXIF + kept
                self._scan.keep(_segment(_APP1, alone))
        self._has_exif = True
        if content != alone:
            self._scan.remove(EXIF)

    def _read_frame(self, content: bytes) -> None:
        if self._scan.width or len(content) < 6:  # noqa: PLR2004 - its size in the standard
            raise broken("it has two frames, or one that is cut")
        precision, height, width, components = struct.unpack_from(">BHHB", content)
        if precision != 8 or components not in {1, 3, 4} or len(content) != 6 + 3 * components:  # noqa: PLR2004
            raise ImageError(f"has {components} channels of {precision} bits", "save it as PNG")
        self._scan.set_size(width, height)

    def _check_scan(self, content: bytes) -> None:
        if not self._scan.width:
            raise broken("its pixels come before its size")
        if not content or len(content) != 4 + 2 * content[0]:
            raise broken("a scan of its pixels has another size")
        self._scans += 1
        if self._scans > _MOST_SCANS:
            raise ImageError(f"has more than {_MOST_SCANS} scans", "save it as PNG")

    def _read_coded(self) -> None:
        """Keep the entropy-coded data that follows, up to the next marker."""
        found = _MARKER.search(self._data, self._at)
        if found is None:
            raise cut_off("in its pixels")
        if found.start() == self._at:
            raise broken("a scan has no pixels")
        self._scan.keep(self._data[self._at : found.start()])
        self._at = found.start()

    def _end(self, after: int) -> None:
        if not self._scans:
            raise broken("it has no pixels")
        if after < len(self._data):
            raise bytes_after(len(self._data) - after)
        self._scan.keep(b"\xff\xd9")
        self.ended = True


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def _check_tables(content: bytes, size_of: Callable[[bytes], int]) -> None:
    """Raise ImageError unless content is one whole table after the other."""
    at = 0
    while at < len(content):
        at += size_of(content[at : at + 17])
    if at != len(content) or not content:
        raise broken("a table that its pixels need has another size")
