"""What identifies somebody is left out of an image, and nothing that a viewer shows changes."""

import pytest

from labreport.contract.images import ImageError, clean_image, described, read_image
from tests.contract.images.made import (
    ENDS,
    SECRET,
    SIZE,
    Shown,
    after_header,
    after_start,
    before_end,
    chunk,
    profile,
    saved,
    segment,
    webp,
    webp_chunk,
    with_metadata,
)

UPRIGHT, ORIENTATIONS = 1, range(1, 9)
RULES = {
    "PNG": {"image-exif": 1, "image-text": 2, "image-time": 1, "image-xmp": 1},
    "JPEG": {"image-exif": 1, "image-text": 1, "image-xmp": 1},
    "WEBP": {"image-exif": 1, "image-xmp": 1},
}


@pytest.mark.parametrize("form", ENDS)
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_metadata_goes_and_pixels_stay(form: str, orientation: int) -> None:
    """Names and texts are gone and counted; pixels, colour profile and orientation are as before."""
    data = with_metadata(form, orientation)
    assert SECRET in data
    image = read_image(f"x{ENDS[form]}", data)
    assert SECRET not in image.data
    assert dict(image.removed) == RULES[form]
    assert Shown.of(image.data) == Shown.of(data)
    width, height = SIZE if orientation < 5 else reversed(SIZE)
    assert (image.width, image.height, image.is_clean) == (width, height, False)


@pytest.mark.parametrize("form", ENDS)
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_what_is_cleaned_is_clean(form: str, orientation: int) -> None:
    """A second pass finds nothing and changes no byte."""
    once = read_image(f"x{ENDS[form]}", with_metadata(form, orientation))
    again = clean_image(f"x{ENDS[form]}", once.data)
    assert (again.data, dict(again.removed)) == (once.data, {})


@pytest.mark.parametrize(
    ("form", "mode", "options"),
    [
        *(("PNG", mode, {}) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
        ("PNG", "RGB", {"icc_profile": profile(), "dpi": (144, 144)}),
        ("PNG", "P", {"transparency": 3}),
        *(("JPEG", mode, {}) for mode in ("L", "RGB", "CMYK", "YCbCr")),
        ("JPEG", "RGB", {"progressive": True, "icc_profile": profile(), "restart_marker_rows": 1}),
        ("WEBP", "RGB", {}),
        ("WEBP", "RGBA", {"icc_profile": profile()}),
        ("WEBP", "RGBA", {"lossless": True}),
    ],
)
def test_a_clean_image_is_kept_byte_for_byte(form: str, mode: str, options: dict[str, object]) -> None:
    """Every form that Pillow writes without metadata is accepted as it is."""
    data = saved(form, mode if mode != "I;16" else "L", **options)
    image = clean_image(f"x{ENDS[form]}", data)
    assert (image.data, image.width, image.height) == (data, *SIZE)


def test_what_changes_the_looks_of_a_png_is_kept() -> None:
    """Gamma, colours and rendering intent stay; so do the pixels of an interlaced image."""
    looks = (chunk(b"gAMA", (45455).to_bytes(4)), chunk(b"cHRM", bytes(32)), chunk(b"sRGB", b"\0"))
    data = after_header(saved("PNG"), *looks)
    assert clean_image("x.png", data).data == data


@pytest.mark.parametrize(
    "extra", [chunk(b"prVt", SECRET), chunk(b"sPLT", SECRET), chunk(b"iCCP", b"name\0\0" + SECRET)]
)
def test_a_private_chunk_of_a_png_goes(extra: bytes) -> None:
    """A chunk that no list names goes, and so does a colour profile that is none."""
    image = read_image("x.png", after_header(saved("PNG"), extra))
    assert (image.data, dict(image.removed)) == (saved("PNG"), {"image-other": 1})


@pytest.mark.parametrize(
    ("extra", "rule"),
    [
        (segment(0xFE, SECRET), "image-text"),
        (segment(0xED, b"Photoshop 3.0\x008BIM" + SECRET), "image-iptc"),
        (segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + SECRET), "image-xmp"),
        (segment(0xE0, b"JFXX\0\x10" + SECRET), "image-thumbnail"),
        (segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\1\1" + SECRET), "image-other"),
        (segment(0xE2, b"MPF\0" + SECRET), "image-other"),
        (segment(0xE2, b"ICC_PROFILE\0\1\2" + SECRET), "image-other"),
        (segment(0xEE, b"Adobe\0d\0\0\0\0\1" + SECRET), "image-other"),
        (segment(0xEB, SECRET), "image-other"),
    ],
)
def test_a_segment_of_a_jpeg_goes(extra: bytes, rule: str) -> None:
    """Comments, thumbnails, IPTC and what no list names go."""
    data = after_start(saved("JPEG"), saved("JPEG")[2:20], extra)
    image = read_image("x.jpg", data)
    assert SECRET not in image.data
    assert image.removed[rule] >= 1


def test_the_thumbnail_of_jfif_goes() -> None:
    """The segment itself stays, because it says how dense the pixels are."""
    plain = saved("JPEG")
    alone = plain[4 + 2 : 4 + 2 + 12]
    data = plain[:2] + segment(0xE0, alone + b"\1\1" + b"rgb") + plain[20:]
    image = read_image("x.jpg", data)
    assert (image.data, dict(image.removed)) == (plain, {"image-thumbnail": 1})


def test_a_broken_orientation_is_none() -> None:
    """EXIF that is cut off, or names no orientation of the eight, goes as a whole."""
    for tail in (
        b"",
        b"II*\0\x08\0\0\0\1\0",
        b"MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\x09\0\0",
        b"MM\0*\xff\xff\xff\xff\0\0",
    ):
        image = read_image("x.png", before_end(saved("PNG"), chunk(b"eXIf", tail)))
        assert image.data == saved("PNG")


def test_unknown_chunks_of_a_webp_go() -> None:
    """What stands beside the bit stream goes, and the header names it no longer."""
    plain = saved("WEBP", "RGBA", lossless=True)
    data = webp(plain[12:], webp_chunk(b"junk", SECRET))
    image = read_image("x.webp", data)
    assert (image.data, dict(image.removed)) == (plain, {"image-other": 1})


def test_a_clean_image_is_asked_for() -> None:
    """With metadata it is an error, which names the rules and what to do."""
    with pytest.raises(ImageError) as caught:
        clean_image("shots/x.jpg", with_metadata("JPEG"))
    assert caught.value.what == (
        "has metadata, which may name people, places or machines (image-exif 1, image-text 1, image-xmp 1)"
    )
    assert caught.value.path == "shots/x.jpg"
    assert "run.image" in caught.value.remedy


def test_an_image_in_words() -> None:
    """The kind and the size; nothing for what is no image."""
    assert described("x.png", saved("PNG")) == "PNG, 60 x 40 pixels"
    assert described("x.jpg", with_metadata("JPEG", 6)) == "JPEG, 40 x 60 pixels"
    assert (described("x.png", b"x"), described("x.txt", saved("PNG"))) == ("", "")
