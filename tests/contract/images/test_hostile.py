"""Random and hostile bytes: an image is refused, or what is kept is a clean image with the same pixels."""

import io
import sys
import zlib
from collections.abc import Callable
from dataclasses import replace
from types import FrameType

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from labreport.contract.images import ImageError, clean_image, read_image
from tests.contract.images.made import (
    END,
    ENDS,
    Shown,
    chunk,
    header,
    idat,
    png,
    saved,
    segment,
    webp,
    webp_chunk,
    with_metadata,
)

SMALL = st.binary(max_size=40)
FILES = {form: (saved(form), with_metadata(form, 6)) for form in ENDS}
PNG_KINDS = [
    b"tEXt",
    b"iTXt",
    b"tIME",
    b"eXIf",
    b"gAMA",
    b"sRGB",
    b"tRNS",
    b"iCCP",
    b"PLTE",
    b"acTL",
    b"zzZz",
    b"ABCD",
]
JPEG_MARKERS = [*range(0xE0, 0xF0), 0xFE, 0xDB, 0xC4, 0xC0, 0xDD, 0xDA]
JPEG_STARTS = [b"", b"JFIF\0\1\1\0\0\1\0\1\0\0", b"Exif\0\0", b"Adobe\0d\0\0\0\0\1", b"ICC_PROFILE\0\1\1"]
WEBP_KINDS = [b"EXIF", b"XMP ", b"ICCP", b"ALPH", b"VP8X", b"ANIM", b"junk"]


def hold(path: str, data: bytes) -> None:
    """Check that an image is refused, or that what is kept is clean, no larger, and shows the same."""
    try:
        image = read_image(path, data)
    except ImageError:
        return
    assert clean_image(path, image.data).data == image.data
    assert len(image.data) <= len(data)
    assert image.is_clean == (image.data == data)
    try:
        before = Shown.of(data)
    except (OSError, SyntaxError, ValueError, IndexError, Image.DecompressionBombError):
        return  # no viewer shows it
    after = Shown.of(image.data)
    if "image-other" in image.removed and not after.profile:
        before = replace(before, profile=None)  # it was none
    assert after == before


@given(st.lists(st.tuples(st.sampled_from(PNG_KINDS), SMALL), max_size=8), st.data())
def test_any_chunks_of_a_png(extra: list[tuple[bytes, bytes]], data: st.DataObject) -> None:
    """Chunks of any kind and content, before, among and after the pixels."""
    parts = [chunk(kind, content) for kind, content in extra]
    at = data.draw(st.integers(0, len(parts)))
    hold("x.png", png(header(1, 1), *parts[:at], idat(), *parts[at:], END))


@given(
    st.lists(st.tuples(st.sampled_from(JPEG_MARKERS), st.sampled_from(JPEG_STARTS), SMALL), max_size=8),
    st.sampled_from(["early", "late"]),
)
def test_any_segments_of_a_jpeg(extra: list[tuple[int, bytes, bytes]], where: str) -> None:
    """Segments of any marker and content, before and after the pixels."""
    parts = b"".join(segment(marker, start + content) for marker, start, content in extra)
    plain = FILES["JPEG"][0]
    hold("x.jpg", plain[:2] + parts + plain[2:] if where == "early" else plain[:-2] + parts + plain[-2:])


@given(st.lists(st.tuples(st.sampled_from(WEBP_KINDS), SMALL), max_size=8), st.integers(0, 8))
def test_any_chunks_of_a_webp(extra: list[tuple[bytes, bytes]], at: int) -> None:
    """Chunks of any kind and content, before and after the bit stream, with and without a header."""
    parts = [webp_chunk(kind, content) for kind, content in extra]
    extended = webp_chunk(b"VP8X", bytes(4) + (59).to_bytes(3, "little") + (39).to_bytes(3, "little"))
    hold("x.webp", webp(*parts[:at], FILES["WEBP"][0][12:], *parts[at:]))
    hold("x.webp", webp(extended, *parts[:at], FILES["WEBP"][0][12:], *parts[at:]))


@pytest.mark.parametrize("form", ENDS)
def test_cut_anywhere(form: str) -> None:
    """The beginning of a file is refused: its end is missing."""
    for data in FILES[form]:
        for end in range(0, len(data), 7 if len(data) > 500 else 1):
            with pytest.raises(ImageError):
                read_image(f"x{ENDS[form]}", data[:end])


@pytest.mark.parametrize("form", ENDS)
@given(st.data())
def test_any_bytes_changed(form: str, data: st.DataObject) -> None:
    """Bytes and lengths that are wrong anywhere."""
    plain = bytearray(data.draw(st.sampled_from(FILES[form])))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(plain) - 1))
        new = data.draw(
            st.sampled_from([b"\0", b"\xff", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\x01"])
        )
        plain[at : at + len(new)] = new
    hold(f"x{ENDS[form]}", bytes(plain))


@pytest.mark.parametrize("form", ENDS)
@given(st.binary(max_size=200))
@example(b"")
def test_any_bytes_behind_the_start(form: str, rest: bytes) -> None:
    """What only begins like an image."""
    hold(f"x{ENDS[form]}", FILES[form][0][:12] + rest)


@given(
    st.sampled_from([(0, 1), (0, 16), (2, 8), (3, 2), (3, 8), (4, 8), (6, 16)]),
    st.integers(1, 20),
    st.integers(1, 20),
    st.sampled_from([0, 1]),
    st.integers(-1, 1),
)
def test_the_rows_of_a_png_are_counted(
    form: tuple[int, int],
    width: int,
    height: int,
    interlaced: int,
    more: int,
) -> None:
    """Exactly as many bytes as libpng reads: one less is cut off, one more is too many."""
    colour, depth = form
    palette = chunk(b"PLTE", bytes(3 * 2**depth)) if colour == 3 else b""
    start = header(width, height, depth, colour, bytes([0, 0, interlaced]))
    size = _least(png(start, palette), width * height * 8 + height * 16 + 64)
    data = png(start, palette, idat(bytes(size + more)), END)
    if more:
        with pytest.raises(ImageError):
            read_image("x.png", data)
    else:
        assert clean_image("x.png", data).data == data
        with Image.open(io.BytesIO(data)) as image:
            image.load()


def _least(start: bytes, most: int) -> int:
    """Return how many bytes of zeros our reader takes for an image, by halving."""
    low, high = 0, most
    while low < high:
        middle = (low + high) // 2
        try:
            read_image("x.png", start + chunk(b"IDAT", zlib.compress(bytes(middle))) + END)
        except ImageError as error:
            low, high = (middle + 1, high) if "cut off" in error.what else (low, middle)
        else:
            return middle
    return low


def _calls(path: str, data: bytes) -> int:
    """Return how many functions reading an image calls."""
    count = 0

    def counted(_frame: FrameType, _event: str, _argument: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(counted)
    try:
        read_image(path, data)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize(
    ("path", "make"),
    [
        ("x.png", lambda count: png(header(), *[chunk(b"tEXt", b"a")] * count, idat(), END)),
        ("x.png", lambda count: png(header(8000, count), idat(bytes(8001 * count)), END)),
        ("x.jpg", lambda count: FILES["JPEG"][0][:2] + segment(0xFE, b"a") * count + FILES["JPEG"][0][2:]),
        ("x.jpg", lambda count: FILES["JPEG"][0][:-2] + b"\xff" * count * 99 + FILES["JPEG"][0][-2:]),
        ("x.webp", lambda count: webp(FILES["WEBP"][0][12:], *[webp_chunk(b"XMP ", b"a")] * count)),
    ],
)
def test_the_work_grows_with_the_file(path: str, make: Callable[[int], bytes]) -> None:
    """Twice as many parts take at most twice as many steps."""
    once, twice = (_calls(path, make(count)) for count in (2000, 4000))
    assert twice <= 2 * once + 10
