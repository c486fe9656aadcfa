"""The day on which a build or a check runs. It decides which waivers have expired."""

import os
import re
from datetime import UTC, date, datetime, time

from labreport.contract.errors import ExitStatus, LabError

EPOCH = "SOURCE_DATE_EPOCH"
LAST_EPOCH = 2**32 - 1
"""The last second that a gzip file can note; mkdocs writes one."""


class EpochError(LabError):
    """SOURCE_DATE_EPOCH is not a time that mkdocs and gzip can write."""

    exit_status = ExitStatus.WRONG_USE


def today() -> date:
    """Return the day that decides which waivers have expired.

    It is the day of SOURCE_DATE_EPOCH if that is set, so that builds are reproducible. Raise EpochError.
    """
    epoch = os.environ.get(EPOCH)
    if epoch is None:
        return datetime.now(UTC).date()
    if not re.fullmatch("[0-9]{1,10}", epoch) or int(epoch) > LAST_EPOCH:
        what = f"SOURCE_DATE_EPOCH is {epoch[:40]!r}, not seconds from 0 to {LAST_EPOCH}"
        raise EpochError(what, "set it to those of a commit (`git log -1 --format=%ct`), or unset it")
    return datetime.fromtimestamp(int(epoch), UTC).date()


def midnight() -> int:
    """Return the seconds since 1970 at which the day began (UTC)."""
    return int(datetime.combine(today(), time(), UTC).timestamp())
