"""Small notes beside the archives of the cache: what was found out about this host, and is slow to find out.

A note is a convenience. One that cannot be read or written is no error: it is found out again.
"""

import os
import secrets
from contextlib import suppress

from labreport.capture.cache.folder import cache_folder, require_own
from labreport.contract.errors import LabError
from labreport.contract.folder import opened

MAX_BYTES = 1 << 16
OTHERS_WRITE = 0o022


def read_note(name: str) -> bytes:
    """Return a note; empty if there is none, or if others could have written it."""
    with suppress(LabError, OSError), opened(cache_folder().parent) as folder:
        require_own(folder, OTHERS_WRITE)
        return folder.read(name, MAX_BYTES)
    return b""


def write_note(name: str, data: bytes) -> None:
    """Write a note if the cache can be written. At no moment is half of it there."""
    partial = f".{name}.{secrets.token_hex(8)}.part"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with suppress(LabError, OSError):
        path = cache_folder().parent
        path.mkdir(mode=0o755, parents=True, exist_ok=True)
        with opened(path) as folder:
            require_own(folder, OTHERS_WRITE)
            try:
                with os.fdopen(os.open(partial, flags, 0o600, dir_fd=folder.descriptor), "wb") as file:
                    file.write(data)
                os.rename(partial, name, src_dir_fd=folder.descriptor, dst_dir_fd=folder.descriptor)
            except OSError:
                with suppress(OSError):
                    os.unlink(partial, dir_fd=folder.descriptor)
