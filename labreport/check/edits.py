"""Edits of a text in place, applied from the bottom up so that no offset moves under another edit."""

from collections.abc import Iterable
from dataclasses import dataclass

from labreport.contract.errors import LabError


@dataclass(frozen=True, order=True)
class Edit:
    """`text` in place of what stands from `start` to `end`, offsets in characters from 0, `end` excluded."""

    start: int
    end: int
    text: str


class OverlapError(LabError):
    """Two edits of the same place; the text names both."""


def edited(text: str, edits: Iterable[Edit]) -> str:
    """Return `text` with the edits applied; an edit that is given twice counts once. Raise OverlapError."""
    last = len(text)
    for edit in sorted(set(edits), reverse=True):
        if not 0 <= edit.start <= edit.end <= last:
            raise OverlapError(
                f"the edit {edit} overlaps another one, or leaves the text: apply one at a time"
            )
        text = text[: edit.start] + edit.text + text[edit.end :]
        last = edit.start
    return text
