"""Times, endings, images and links in the words that every table, block and sentence has for them."""

from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote

from labreport.contract.records import RECORDS, Command, Host, HostClass, Image, Record
from labreport.report.source.cite import published


@lru_cache(maxsize=1024)
def utc(moment: datetime) -> str:
    """Return `moment` as `2026-11-24 06:18:20 UTC`."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def seconds_words(seconds: float) -> str:
    """Return seconds as people read them: `12.9 s`, `0.007 s`."""
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds:.3f} s"


def exit_words(command: Command) -> str:
    """Return how a command ended, in words."""
    if command.timed_out:
        return "ended at its time limit"
    if command.exit_status is None:
        return "could not be started"
    return f"exit status {command.exit_status}"


def image_note(image: Image) -> str:
    """Return what is to be said of an image that is not the pinned one; empty if it is."""
    if image.is_pinned:
        return ""
    return f"{image.reference}: {image.digest} was run ({image.source}), {image.pinned} is pinned"


def raw_link(name: str, path: str) -> str:
    """Return where the file `path` of the set `name` is in the site, quoted for a link."""
    return quote(f"evidence/{name}/{published(path)}")


def record_link(name: str, record: Record) -> str:
    """Return where a record of the set `name` is in the site, quoted for a link."""
    return raw_link(name, f"{RECORDS}/{record.collector.name}.json")


def is_emulated(host: Host | None) -> bool:
    """Return whether a host's timings are those of an emulated processor."""
    return host is not None and host.host_class is HostClass.EMULATED
