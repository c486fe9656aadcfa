"""The model of `collectors/<lab>/lab.yml`: titles, images, archives, tasks and settings of a lab."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from labreport.contract.fields import EvidencePath
from labreport.contract.records import Model

CONVERTERS_FILE = "converters.py"
"""A lab's own converters, beside its lab.yml: code of the report, which no capture imports."""


class LabImage(Model):
    """A container image, pinned by tag and digest.

    `archive_env` is the environment variable that may name a local archive of the image. `made_from` names
    what a stand-in may be built from: "busybox" is the statically linked one of the distribution.
    """

    reference: str
    digest: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
    archive_env: str = ""
    made_from: Literal["", "busybox"] = ""


class Archive(Model):
    """A file that a lab installs from: its address, and the variable that may name a local copy or a mirror.

    `sha256` is the hash of the file; it is empty if the user has to provide it.
    """

    url: str = ""
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
