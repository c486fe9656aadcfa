"""Small notes beside the archives of the cache: what was found out about this host, and is slow to find out.

A note is a convenience. One that cannot be read or written is no error: it is found out again.
"""

from contextlib import suppress

from labreport.contract.errors import LabError
from labreport.contract.folder import opened
from labreport.contract.user_cache import PRIVATE_FILE, require_own, user_cache

MAX_BYTES = 1 << 16
OTHERS_WRITE = 0o022


def read_note(name: str) -> bytes:
    """Return a note; empty if there is none, or if others could have written it."""
    with suppress(LabError, OSError), opened(user_cache()) as folder:
        require_own(folder, OTHERS_WRITE)
        return folder.read(name, MAX_BYTES)
    return b""


def write_note(name: str, data: bytes) -> None:
    """Write a note if the cache can be written. At no moment is half of it there."""
    with suppress(LabError, OSError):
        path = user_cache()
        path.mkdir(mode=0o755, parents=True, exist_ok=True)
        with opened(path) as folder:
            require_own(folder, OTHERS_WRITE)
            folder.replace(name, data, PRIVATE_FILE)
