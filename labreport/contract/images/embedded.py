"""What the formats have in common inside: the orientation in EXIF, and ICC colour profiles."""

import struct

UPRIGHT = 1
SIDEWAYS = frozenset({5, 6, 7, 8})
"""The orientations that exchange width and height."""

_ORIENTATION, _SHORT = 0x0112, 3
_MOST_ENTRIES = 1000
_SMALLEST = 10
_MOST_ORIENTATIONS = 8
_ICC_HEADER = 128


def orientation_of(exif: bytes) -> int:
    """Return the orientation in EXIF data, 1 to 8; 1 (upright) if it names none that is valid.

    Source: TIFF 6.0, "Image File Directory", and Exif 2.32, tag 274. Only the first directory is read.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None or len(exif) < _SMALLEST:
        return UPRIGHT
    (start,) = struct.unpack_from(f"{order}I", exif, 4)
    if start + 2 > len(exif):
        return UPRIGHT
    (count,) = struct.unpack_from(f"{order}H", exif, start)
    for number in range(min(count, _MOST_ENTRIES)):
        at = start + 2 + 12 * number
        if at + 12 > len(exif):
            break
        tag, kind, values, value = struct.unpack_from(f"{order}HHIH", exif, at)
        if tag == _ORIENTATION:
            valid = kind == _SHORT and values == 1 and UPRIGHT <= value <= _MOST_ORIENTATIONS
            return int(value) if valid else UPRIGHT
    return UPRIGHT


def orientation_alone(orientation: int) -> bytes:
    """Return EXIF data that holds an orientation and nothing else; empty for an upright image."""
    if orientation == UPRIGHT:
        return b""
    return struct.pack(">4sIHHHIHHI", b"MM\0*", 8, 1, _ORIENTATION, _SHORT, 1, orientation, 0, 0)


def is_profile(data: bytes) -> bool:
    """Return whether data is an ICC profile as a whole: its size and its signature (ICC.1:2022, 7.2)."""
    return len(data) >= _ICC_HEADER and data[36:40] == b"acsp" and int.from_bytes(data[:4]) == len(data)
