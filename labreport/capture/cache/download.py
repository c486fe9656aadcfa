"""Download a file over HTTP, going on with what has come already.

A connection that drops or stalls is made anew a few times. The file is bounded, and the disk is looked at
before anything is written. What has come stays on the disk, whatever ends the download, so that the next one
goes on from there.
"""

import errno
import hashlib
import http.client
import os
import re
import shutil
import socket
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import IO, NoReturn
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from labreport import __version__
from labreport.capture import reach
from labreport.capture.cache.folder import PART, CacheEntry
from labreport.contract.errors import ExitStatus, LabError

STALL_SECONDS = 30.0
"""Seconds without a byte after which a connection has stalled."""

ANNOUNCE_SECONDS = 5.0
"""Seconds for a server to tell the size of a file."""

SLOW_SECONDS, SLOW_BYTES = 60.0, 64 << 10
"""A connection over which fewer bytes come in that time has stalled, too."""

PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds before each new try in a row that brought nothing new."""

HEADERS = {"Accept-Encoding": "identity", "User-Agent": f"labreport/{__version__}"}
CHUNK = 1 << 20
MAX_BYTES = 4 << 30
SPARE_BYTES = 64 << 20
MAX_TRIES = 1000
FULL = {errno.ENOSPC, errno.EDQUOT}
DISK_ERRORS = FULL | {errno.EIO, errno.EROFS, errno.EFBIG}
TRANSIENT_STATUS = {408, 425, 429, 500, 502, 503, 504}
PARTIAL, OUT_OF_RANGE = 206, 416
MAKE_ROOM = "make room (lab cache clean), or name a folder on another disk: XDG_CACHE_HOME=FOLDER"
ELSEWHERE = "download it elsewhere, and name the file"

OnStep = Callable[[str], None]
"""Takes a text that says what is being done."""


class DownloadError(LabError):
    """A file cannot be downloaded. The error says from which host, and why."""

    exit_status = ExitStatus.CANNOT_RUN


class _DroppedError(Exception):
    """The connection ended before the file was whole."""


class _StalledError(_DroppedError):
    """Nothing came over the connection for some time, or hardly anything."""


@dataclass(frozen=True)
class Download:
    """A download into the file `part` of a locked entry. `name` is for people.

    If the file's hash is known (`is_pinned`), parts from different addresses can make one file.
    """

    url: str
    name: str
    entry: CacheEntry
    is_pinned: bool

    def run(self, on_step: OnStep) -> str:
        """Download until the file is whole; return its SHA-256. Raise DownloadError."""
        if (proxy := reach.proxy_of(self.url)) and not proxy.name:
            raise DownloadError(f"{self.name}: {proxy.variable} names no address", "correct it, or unset it")
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        part = os.open(PART, flags, 0o600, dir_fd=self.entry.folder.descriptor)
        with os.fdopen(part, "r+b", buffering=0) as file:
            try:
                self._until_whole(part, on_step)
                on_step(f"checking {self.name}")
                os.fsync(part)
                file.seek(0)
                return hashlib.file_digest(file, "sha256").hexdigest()
            except OSError as error:
                if error.errno not in FULL:
                    raise
                raise DownloadError(
                    f"{self.name}: the disk is full after {_mib(os.fstat(part).st_size)}",
                    f"{MAKE_ROOM}; the next run goes on",
                ) from error

    def _until_whole(self, part: int, on_step: OnStep) -> None:
        """Receive until the file is whole. Give up after a few tries in a row that brought little."""
        most, idle = os.fstat(part).st_size, 0
        if most and self.entry.about().get("total") == str(most):
            return  # a run was killed between its last byte and the check
        for number in count(1):
            try:
                self._receive(part, on_step)
            except _DroppedError as error:
                size = os.fstat(part).st_size
                goes_on = size > most and not isinstance(error, _StalledError)
                idle, most = 0 if goes_on else idle + 1, max(size, most)
                if idle > len(PAUSES) or number == MAX_TRIES:
                    raise self._error(f"{error}, after {_mib(size)}", "run it again: it goes on") from error
                time.sleep(PAUSES[max(idle - 1, 0)])
            else:
                return

    def _receive(self, part: int, on_step: OnStep) -> None:
        """Receive what is missing over one connection; raise _DroppedError if that is not all."""
        size = os.fstat(part).st_size
        headers = HEADERS
        version = self.entry.about().get("version", "")
        if size and (self.is_pinned or version):
            headers = (
                headers | {"Range": f"bytes={size}-"} | ({} if self.is_pinned else {"If-Range": version})
            )
        else:
            os.ftruncate(part, 0)
        request = urllib.request.Request(self.url, headers=headers)  # noqa: S310 # _opener has http and https
        try:
            with _opener().open(request, timeout=STALL_SECONDS) as answer:
                self._write(part, answer, on_step)
        except HTTPError as error:
            if error.code == OUT_OF_RANGE:
                os.ftruncate(part, 0)
            if error.code in {OUT_OF_RANGE, *TRANSIENT_STATUS}:
                raise _DroppedError(f"answers {error.code} {error.reason}") from error
            remedy = f"correct the address, or {ELSEWHERE}"
            raise self._error(f"answers {error.code} {error.reason}", remedy) from error
        except URLError as error:
            self._explain(error)
        except (ValueError, http.client.InvalidURL) as error:  # that of a redirect
            raise self._error("redirects to what is no address", ELSEWHERE) from error
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, OSError) and error.errno in DISK_ERRORS:
                raise
            if isinstance(error, TimeoutError):
                raise _StalledError(_why(error)) from error
            raise _DroppedError("drops the connection") from error

    def _write(self, part: int, answer: http.client.HTTPResponse, on_step: OnStep) -> None:
        """Write an answer to the end of the file, or from its start if the server sends all of it."""
        size, total = self._placed(part, answer)
        if size < total:
            _require_room(self.entry, self.name, total - size)
        elif not total and size:
            raise self._error("sends a file of no known size", ELSEWHERE)
        since, counted = time.monotonic(), size
        while chunk := answer.read1(CHUNK):
            size += len(chunk)
            if size > (total or MAX_BYTES):
                raise self._error(f"sends more than {_mib(total or MAX_BYTES)}", ELSEWHERE)
            _write_all(part, chunk)
            share = f" of {_mib(total)} ({100 * size // total} %)" if total else ""
            on_step(f"downloading {self.name}: {_mib(size)}{share}")
            if time.monotonic() - since > SLOW_SECONDS:
                if size - counted < SLOW_BYTES:
                    raise _StalledError("hardly sends anything")
                since, counted = time.monotonic(), size
        if size < total:
            raise _DroppedError("drops the connection")

    def _placed(self, part: int, answer: http.client.HTTPResponse) -> tuple[int, int]:
        """Move to where the answer goes on; return the bytes before it, and all bytes (0 if unknown)."""
        size = os.fstat(part).st_size
        if answer.status == PARTIAL:
            found = re.fullmatch(
                r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18})", answer.headers.get("Content-Range", "")
            )
            if not found or int(found[1]) != size:
                os.ftruncate(part, 0)
                raise _DroppedError("sends another part than it was asked for")
            total = int(found[2])
        else:
            os.ftruncate(part, 0)
            length = answer.headers.get("Content-Length", "")
            size, total = 0, _length(length)
            strong = answer.headers.get("ETag", "")
            version = strong if strong.startswith('"') else answer.headers.get("Last-Modified", "")
            self.entry.note(version=version, total=str(total))
        if total > MAX_BYTES:
            raise self._error(f"sends {_mib(total)}, at most {_mib(MAX_BYTES)}", ELSEWHERE)
        os.lseek(part, 0, os.SEEK_END)
        return size, total

    def _explain(self, error: URLError) -> NoReturn:
        """Raise the error for a connection that was not made: a drop, or one that a new try does not help."""
        reason = error.reason
        if isinstance(reason, TimeoutError | ConnectionResetError | ConnectionAbortedError):
            raise _DroppedError(_why(reason)) from error
        if (proxy := reach.proxy_of(self.url)) is None:
            raise self._error(_why(reason), f"connect this host, or {ELSEWHERE}") from error
        remedy = f"correct or unset {proxy.variable}, or {ELSEWHERE}"
        raise DownloadError(f"{self.name}: {proxy} {_why(reason)}", remedy) from error

    def _error(self, why: str, remedy: str) -> DownloadError:
        return DownloadError(f"{self.name}: {_host(self.url)} {why}", remedy)


def announced_bytes(url: str) -> int:
    """Return the size of a file as its server announces it, without a download; 0 if it does not."""
    request = urllib.request.Request(url, headers=HEADERS, method="HEAD")  # noqa: S310 # as above
    try:
        with _opener().open(request, timeout=ANNOUNCE_SECONDS) as answer:
            length = answer.headers.get("Content-Length", "")
    except (OSError, ValueError, http.client.HTTPException):
        return 0
    return _length(length)


def _length(text: str) -> int:
    """Return a Content-Length; 0 if it is none. Python refuses to convert a number of thousands of digits."""
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else 0


class _NoDowngrade(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but none from https to http: what comes then could be anybody's."""

    def redirect_request(  # noqa: PLR0913, PLR0917 # the signature of urllib
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Return the request for `newurl`; raise URLError for a step down."""
        schemes = urlsplit(req.full_url).scheme, urlsplit(newurl).scheme
        if schemes[1] not in {"http", "https"} or schemes == ("https", "http"):
            raise URLError(f"redirects from {schemes[0]} to {schemes[1]}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    """Return what opens addresses of http and https, and no others: no file:, ftp: or data:."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPErrorProcessor,
        urllib.request.UnknownHandler,
        _NoDowngrade,
    ):
        opener.add_handler(handler())
    return opener


def _require_room(entry: CacheEntry, name: str, needed: int) -> None:
    """Raise DownloadError if the disk of the cache has too little room."""
    free = shutil.disk_usage(entry.path).free
    if free < needed + SPARE_BYTES:
        raise DownloadError(
            f"{name}: {_mib(free)} are free, and {_mib(needed + SPARE_BYTES)} are needed",
            MAKE_ROOM,
        )


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _why(error: object) -> str:
    """Return in words why a connection failed."""
    if isinstance(error, TimeoutError):
        return f"sends nothing for {STALL_SECONDS:g} s"
    if isinstance(error, socket.gaierror):
        return "is not known here (no network?)"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be reached ({error.strerror.lower()})"
    return str(error) or "drops the connection"


def _host(url: str) -> str:
    return urlsplit(url).hostname or "the host"


def _mib(size: int) -> str:
    return f"{size / (1 << 20):.0f} MiB" if size >= 10 << 20 else f"{size / (1 << 20):.1f} MiB"
