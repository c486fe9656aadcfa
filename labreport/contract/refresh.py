"""What the last refresh of a set found: `records/checked.json`."""

from enum import StrEnum

from labreport.contract.fields import HostId, Name, Time
from labreport.contract.records import Document, Project


class CheckResult(StrEnum):
    """The result of capturing a collector again."""

    SAME = "same"
    CHANGED = "changed"
    FAILED = "failed"


class RefreshCheck(Document):
    """The last refresh of a set: `records/checked.json`. What is `same` keeps its files and its record."""

    when: Time
    host: HostId
    project: Project
    collectors: dict[Name, CheckResult]
