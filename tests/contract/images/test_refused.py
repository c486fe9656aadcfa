"""What is not exactly one whole image is refused, each with a message that says what is wrong."""

import zlib

import pytest

from labreport.contract.images import MAX_SIDE, ImageError, read_image
from tests.contract.images.made import (
    END,
    after_header,
    after_start,
    before_end,
    changed,
    chunk,
    header,
    idat,
    png,
    saved,
    segment,
    webp,
    webp_chunk,
)

PNG, JPEG, WEBP = saved("PNG"), saved("JPEG"), saved("WEBP")
HTML, ZIP = b"<html><script>alert(1)</script>", b"PK\x03\x04" + bytes(40)

# ruff: noqa: E501 - a case a line

REFUSED = [
    # another kind than the name says
    ("x.png", JPEG, "is JPEG, and its name says PNG"),
    ("x.jpg", WEBP, "is WebP, and its name says JPEG"),
    ("x.webp", PNG, "is PNG, and its name says WebP"),
    ("x.png", b"", "is empty, and its name says PNG"),
    ("x.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is SVG, and its name says PNG"),
    ("x.jpg", b"\n <!DOCTYPE html>", "is HTML or XML, and its name says JPEG"),
    ("x.png", b"GIF89a" + PNG, "is a GIF, and its name says PNG"),
    ("x.png", HTML + PNG, "is HTML or XML, and its name says PNG"),
    ("x.png", b"x" + PNG, "is none of PNG, JPEG and WebP, and its name says PNG"),
    ("x.PNG", PNG, "has not the name of an image"),
    ("x.gif", b"GIF89a", "has not the name of an image"),
    ("x", PNG, "has not the name of an image"),
    # bytes after the end, and files that are two things
    ("x.png", PNG + b"\n", "a byte follows the end of the image"),
    ("x.png", PNG + HTML, "31 bytes follow the end of the image"),
    ("x.png", PNG + ZIP, "44 bytes follow the end of the image"),
    ("x.jpg", JPEG + ZIP, "44 bytes follow the end of the image"),
    ("x.jpg", JPEG + JPEG, f"{len(JPEG)} bytes follow the end of the image"),
    ("x.webp", WEBP + ZIP, "44 bytes follow the end of the image"),
    ("x.png", png(header(), chunk(b"IDAT", zlib.compress(b"\0\0") + HTML), END), "bytes follow its pixels"),
    # cut off
    ("x.png", PNG[:-12], "is cut off before its last chunk"),
    ("x.png", PNG[:-20], "is cut off in its chunk IDAT"),
    ("x.png", PNG[:20], "is cut off in its chunk IHDR"),
    ("x.png", png(header(2, 2), idat(b"\0\0\0"), END), "is cut off in its pixels"),
    ("x.png", png(header(), chunk(b"IDAT", zlib.compress(b"\0\0")[:-4]), END), "is cut off in its pixels"),
    ("x.jpg", JPEG[:-2], "is cut off in its pixels"),
    ("x.jpg", JPEG[:100], "is cut off in a segment"),
    ("x.jpg", JPEG[:3], "is cut off before its end"),
    ("x.jpg", JPEG[:22], "is cut off in a segment"),
    ("x.webp", WEBP[:-2], "is cut off before the end that its header names"),
    ("x.webp", webp(WEBP[12:-2]), "is cut off in a chunk"),
    ("x.webp", webp(WEBP[12:], b"EXI"), "is cut off in a chunk"),
    # broken
    ("x.png", changed(PNG, 50, b"\xff"), "is broken: the checksum of its chunk IDAT is wrong"),
    ("x.png", changed(PNG, 12, b"\0"), "is broken: no chunk begins at byte 8"),
    ("x.png", png(idat(), header(), END), "is broken: its header is not its first chunk, or is there twice"),
    ("x.png", png(header(), header(), idat(), END), "is broken: its header is not its first chunk, or is there twice"),
    ("x.png", png(chunk(b"IHDR", b"x"), END), "is broken: its header has another size"),
    ("x.png", png(header(depth=3), END), "is broken: its header names a form that the standard does not have"),
    ("x.png", png(header(rest=b"\0\0\2"), END), "is broken: its header names a form that the standard does not have"),
    ("x.png", png(header(), END), "is broken: it has no pixels"),
    ("x.png", png(header(colour=3), idat(), END), "is broken: it has no palette"),
    ("x.png", png(header(), idat(), chunk(b"IEND", b"x")), "is broken: its last chunk is not empty"),
    ("x.png", png(header(), idat(b"\5\0"), END), "is broken: a row of its pixels has no valid filter"),
    ("x.png", png(header(), chunk(b"IDAT", b"xx"), END), "is broken: its pixels cannot be unpacked"),
    ("x.png", png(header(), idat(), chunk(b"tEXt", b""), idat(), END), "is broken: another chunk stands among its pixels"),
    ("x.png", after_header(PNG, chunk(b"HTML", b"")), "is broken: its chunk HTML is in no standard"),
    ("x.png", after_header(PNG, chunk(b"gAMA", HTML)), "is broken: its chunk gAMA has another size, or is in another place"),
    ("x.png", before_end(PNG, chunk(b"gAMA", bytes(4))), "is broken: its chunk gAMA has another size, or is in another place"),
    ("x.png", after_header(PNG, chunk(b"PLTE", HTML)), "is broken: its palette has another size, or is in another place"),
    ("x.jpg", JPEG[:20] + b"x" + JPEG[20:], "is broken: no segment begins at byte 20"),
    ("x.jpg", after_start(JPEG, b"\xff\xfe\0\0"), "is broken: a segment has no size"),
    ("x.jpg", b"\xff\xd8\xff\xd9", "is broken: it has no pixels"),
    ("x.jpg", after_start(JPEG, segment(0xDB, b"\0" * 9)), "is broken: a table that its pixels need has another size"),
    ("x.jpg", after_start(JPEG, segment(0xC4, b"\0" * 9)), "is broken: a table that its pixels need has another size"),
    ("x.jpg", after_start(JPEG, segment(0xDA, b"\1\1\0\0\0\0")), "is broken: its pixels come before its size"),
    ("x.jpg", JPEG[:-2] + segment(0xDA, b"\1") + b"\0\xff\xd9", "is broken: a scan of its pixels has another size"),
    ("x.jpg", JPEG[:-2] + segment(0xDA, b"\0\0\0\0") + b"\xff\xd9", "is broken: a scan has no pixels"),
    ("x.jpg", after_start(JPEG, segment(0xC0, b"\x08\0\1\0\1\1\0\0\0")), "is broken: it has two frames, or one that is cut"),
    ("x.jpg", after_start(JPEG, *[segment(0xEE, b"Adobe" + bytes(7))] * 2), "is broken: it says twice how its colours are stored"),
    ("x.webp", webp(), "is broken: it has no pixels"),
    ("x.webp", webp(webp_chunk(b"VP8 ", bytes(12))), "is broken: its pixels do not begin with a frame"),
    ("x.webp", webp(webp_chunk(b"VP8L", bytes(12))), "is broken: its pixels do not begin with a bit stream"),
    ("x.webp", webp(WEBP[12:], WEBP[12:]), "is broken: it has two images"),
    ("x.webp", webp(WEBP[12:], webp_chunk(b"VP8X", bytes(10))), "is broken: its header is not its first chunk, or has another size"),
    ("x.webp", webp(webp_chunk(b"VP8X", bytes(10)), WEBP[12:]), "is broken: its header names another size than its pixels have"),
    ("x.webp", webp(webp_chunk(b"VP8 ", changed(WEBP[20:], 0, b"\xf0\xff\xff"))), "is cut off in its pixels"),
    ("x.webp", webp(webp_chunk(b"junk", b"x")[:-1] + b"x", WEBP[12:]), "is broken: a byte that fills a place is not zero"),
    # too large, animated, not shown by browsers
    ("x.png", png(header(MAX_SIDE + 1, 1), idat(), END), "16385 x 1 pixels, at most 16384 on a side and 33554432 in all"),
    ("x.png", png(header(8192, 8192), idat(), END), "8192 x 8192 pixels, at most 16384 on a side and 33554432 in all"),
    ("x.png", png(header(2**31 - 1, 2**31 - 1), idat(), END), "2147483647 x 2147483647 pixels, at most 16384 on a side and 33554432 in all"),
    ("x.png", png(header(0, 5), idat(), END), "is broken: it has 0 x 5 pixels"),
    ("x.jpg", after_start(JPEG, segment(0xC0, b"\x08\xff\xff\xff\xff\1\0\0\0")), "65535 x 65535 pixels, at most 16384 on a side and 33554432 in all"),
    ("x.png", after_header(PNG, chunk(b"acTL", bytes(8))), "is animated"),
    ("x.webp", webp(webp_chunk(b"VP8X", b"\2" + bytes(9))), "is animated"),
    ("x.webp", webp(webp_chunk(b"VP8X", bytes(10)), webp_chunk(b"ANMF", b"")), "is animated"),
    ("x.jpg", after_start(JPEG, segment(0xC3, b"")), "has a segment FFC3, which browsers do not show"),
    ("x.jpg", after_start(JPEG, segment(0xC0, b"\x0c\0\1\0\1\1\0\0\0")), "has 1 channels of 12 bits"),
    ("x.jpg", JPEG[:-2] + JPEG[JPEG.rindex(b"\xff\xda") : -2] * 100 + b"\xff\xd9", "has more than 100 scans"),
    ("x.jpg", b"\xff\xd8" + segment(0xFE, b"") * 20001, "has more than 20000 parts"),
    ("x.jpg", b"\xff\xd8" + b"\xff" * 20001, "has more than 20000 parts"),
    ("x.png", png(header(), chunk(b"tEXt", b"") * 20001), "has more than 20000 parts"),
    ("x.webp", webp(webp_chunk(b"junk", b"") * 20001), "has more than 20000 parts"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "data", "what"), REFUSED, ids=[f"{row[0]}: {row[2]}" for row in REFUSED])
def test_it_is_refused(path: str, data: bytes, what: str) -> None:
    """The message names the file, what is wrong and what to do."""
    with pytest.raises(ImageError) as caught:
        read_image(path, data)
    assert (caught.value.path, caught.value.what) == (path, what)
    assert caught.value.remedy


def test_the_right_name_is_said() -> None:
    """The remedy of a wrong ending is the right one."""
    with pytest.raises(ImageError) as caught:
        read_image("shots/front.png", JPEG)
    assert caught.value.remedy == "give it the name shots/front.jpg"


def test_a_small_file_unpacks_to_no_more_than_its_pixels() -> None:
    """Rows beyond those of the header are refused, before they are unpacked."""
    bomb = png(header(), chunk(b"IDAT", zlib.compress(bytes(6 << 20))), END)
    with pytest.raises(ImageError, match="more pixels than its header says"):
        read_image("x.png", bomb)


def test_a_profile_that_unpacks_to_much_is_no_profile() -> None:
    """It is left out, and not unpacked as a whole."""
    bomb = chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(6 << 20)))
    assert read_image("x.png", after_header(PNG, bomb)).data == PNG
