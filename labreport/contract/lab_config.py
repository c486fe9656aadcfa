"""The model of `collectors/<lab>/lab.yml`: titles, images, archives, tasks and settings of a lab."""

import re
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from labreport.contract.fields import EvidencePath
from labreport.contract.records import Model

CONVERTERS_FILE = "converters.py"
"""A lab's own converters, beside its lab.yml: code of the report, which no capture imports."""

SCHEMES = frozenset({"http", "https"})
MAX_PORT = 65535

_REGISTRY = r"(?=localhost|[^/]*[.:])[A-Za-z0-9.-]+(?::(?P<port>[0-9]{1,5}))?"
_PART = r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_IMAGE = re.compile(f"(?:{_REGISTRY}/)?{_PART}(?:/{_PART})*(?::{_TAG})?")


def http_address(text: str) -> str:
    """Return `text` if it is an address of http or https that may be shown, else raise ValueError.

    It has a host and a port that can exist, no blank and no character beyond ASCII. It has no user name and
    no password, because messages and records show it.
    """
    if "@" in re.split("[/?#]", text.partition("://")[2])[0]:
        raise ValueError("the address has a user name or a password, which records would show")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(f"{text!a} has a character that an address cannot have: write it as %20")
    try:
        parts = urlsplit(text)
        is_host = parts.port != 0 and bool((parts.hostname or "").encode("idna"))
    except ValueError as error:
        raise ValueError(f"{text!r} is no address: {error}") from error
    if parts.scheme not in SCHEMES or not is_host:
        raise ValueError(f"{text!r} is no address of http or https")
    return text


def _image_reference(text: str) -> str:
    found = _IMAGE.fullmatch(text)
    if not found or int(found["port"] or 0) > MAX_PORT:
        raise ValueError(f"{text!r} is no name of an image, such as docker.io/library/alpine:3.19")
    return text


class LabImage(Model):
    """A container image, pinned by tag and digest.

    `archive_env` is the environment variable that may name a local archive of the image. `made_from` names
    what a stand-in may be built from: "busybox" is the statically linked one of the distribution.
    """

    reference: Annotated[str, AfterValidator(_image_reference)]
    digest: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
    archive_env: str = ""
    made_from: Literal["", "busybox"] = ""


class Archive(Model):
    """A file that a lab installs from: its address, and the variable that may name a local copy or a mirror.

    `sha256` is the hash of the file; it is empty if the user has to provide it.
    """

    url: Annotated[str, AfterValidator(lambda url: url and http_address(url))] = ""
    archive_env: str = ""
    sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""


class Task(Model):
    """A task of an edition: its heading, and the evidence files that it asks for."""

    title: str
    files: list[EvidencePath]


class Edition(Model):
    """The course sheet of one year."""

    title: str
    source: str
    images: list[str] = Field(default=[])
    tasks: dict[int, Task]


class Lab(Model):
    """The contents of a lab.yml.

    `settings` are the lab's own. `volatile` names files whose whole content differs from run to run and that
    are no measurement series; a refresh does not compare them.
    """

    title: str
    images: dict[str, LabImage] = Field(default={})
    archives: dict[str, Archive] = Field(default={})
    editions: dict[int, Edition]
    settings: dict[str, Any] = Field(default={})
    volatile: list[EvidencePath] = Field(default=[])

    @model_validator(mode="after")
    def _editions_name_images(self) -> Self:
        for year, edition in self.editions.items():
            for image in edition.images:
                if image not in self.images:
                    raise ValueError(f"editions.{year}.images: {image!r} is not under images")
        return self
