"""Archives whose bytes depend on nothing but the names and the bytes of their members."""

import io
import tarfile
import zipfile
from collections.abc import Mapping

_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can have."""
_PLAIN_FILE = 0o100644 << 16
_UNIX = 3


def zip_of(members: Mapping[str, bytes]) -> bytes:
    """Return a zip of files by their names, sorted; no member has an owner or a time."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in sorted(members.items()):
            info = zipfile.ZipInfo(name, _FIRST_DAY)
            info.create_system, info.external_attr = _UNIX, _PLAIN_FILE
            archive.writestr(info, data, zipfile.ZIP_DEFLATED, 9)
    return written.getvalue()


def tar_of(members: Mapping[str, bytes]) -> bytes:
    """Return a tar of files by their names, sorted; no member has an owner, and each has the time 0."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in sorted(members.items()):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return written.getvalue()
