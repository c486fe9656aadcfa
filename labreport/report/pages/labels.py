"""Numbers of figures and tables: "Figure 2", its caption, and its anchor in the page."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from labreport.report.problems import FaultError

_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_FORM = 'write caption="What it shows", name="start-up"'


class LabelKind(StrEnum):
    """What is numbered. Figures and tables are counted apart, through a page."""

    FIGURE = "Figure"
    TABLE = "Table"


@dataclass(frozen=True)
class Label:
    """The number and the caption of a figure or a table. `name` is what `ref` calls it, empty without one."""

    kind: LabelKind
    number: int
    caption: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"

    @property
    def anchor(self) -> str:
        """The id in the page: of a label with a name, one that stays when others are put before it."""
        return f"{self.kind.lower()}-{self.name or self.number}"


@dataclass(frozen=True)
class LabelRequest:
    """What a call says of its label, as the page writes it."""

    kind: LabelKind
    caption: object = None
    name: object = None


@dataclass(frozen=True)
class PageLabels:
    """The labels of a page: of each request its label, None if it has none, or what is wrong with it."""

    of_request: Sequence[Label | FaultError | None]
    by_name: Mapping[str, Label]

    def find(self, name: object) -> Label:
        """Return the label called `name`; raise FaultError if the page has none."""
        if isinstance(name, str) and name in self.by_name:
            return self.by_name[name]
        remedy = f"use one of: {', '.join(self.by_name)}" if self.by_name else f"give one a name: {_FORM}"
        raise FaultError(f"no figure and no table of this page is called {name!r}", remedy)


NO_LABELS = PageLabels((), {})


def number_labels(requests: Sequence[LabelRequest]) -> PageLabels:
    """Return the labels of a page, whose requests are in the order of the page.

    >>> table = LabelRequest(LabelKind.TABLE, "Memory", "memory")
    >>> str(number_labels([LabelRequest(LabelKind.FIGURE, "Starts"), table]).by_name["memory"])
    'Table 1'
    """
    count = dict.fromkeys(LabelKind, 0)
    labels: list[Label | FaultError | None] = []
    by_name: dict[str, Label] = {}
    for request in requests:
        if request.caption is None and request.name is None:
            labels.append(None)
            continue
        try:
            label = _label(request, count[request.kind] + 1, by_name)
        except FaultError as error:
            labels.append(error)
            continue
        count[request.kind] += 1
        labels.append(label)
        if label.name:
            by_name[label.name] = label
    return PageLabels(labels, by_name)


def _label(request: LabelRequest, number: int, taken: Mapping[str, Label]) -> Label:
    """Return the label that a call asks for; raise FaultError."""
    caption, name = request.caption, request.name
    if not isinstance(caption, str) or not caption.strip():
        what = f"caption is {caption!r}" if caption is not None else "it has a name and no caption"
        raise FaultError(what, _FORM)
    if name is None:
        return Label(request.kind, number, _sentence(caption))
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise FaultError(f"name is {name!r}", 'use small letters, digits and hyphens: name="start-up"')
    if name in taken:
        raise FaultError(f"{taken[name]} of this page is called {name}, too", "give each a name of its own")
    return Label(request.kind, number, _sentence(caption), name)


def _sentence(caption: str) -> str:
    """Return a caption as one line that ends in a full stop."""
    text = " ".join(caption.split())
    return text if text.endswith((".", "?", "!")) else f"{text}."
