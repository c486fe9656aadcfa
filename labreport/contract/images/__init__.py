"""Images as evidence: PNG, JPEG and WebP, read as hostile bytes, without decoding a pixel.

Each format has a module that scans a file part by part. What changes how the pixels look is kept as it is,
metadata is left out, and what belongs to no image is an error. The capture writes what a scan keeps. The
build shows a file only if a scan keeps all of it.
"""

from labreport.contract.images.image import (
    SUFFIXES,
    ImageFile,
    ImageKind,
    clean_image,
    described,
    is_clean_image,
    is_image_path,
    read_image,
)
from labreport.contract.images.scan import MAX_PIXELS, MAX_SIDE, ImageError

__all__ = [
    "MAX_PIXELS",
    "MAX_SIDE",
    "SUFFIXES",
    "ImageError",
    "ImageFile",
    "ImageKind",
    "clean_image",
    "described",
    "is_clean_image",
    "is_image_path",
    "read_image",
]
