"""One lab as the checks see it: its pages, the evidence that they show, its facts and its lab.yml."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from labreport.check.numbers import LabNumbers, PageNumbers, lab_numbers, numbers_of
from labreport.contract.lab_config import Lab
from labreport.report.facts.claims import BoundExpression
from labreport.report.facts.converters.own import lab_converters
from labreport.report.facts.facts import FACTS_FILE, Facts, load_facts
from labreport.report.facts.readings import Reading
from labreport.report.pages.calls import CallResult
from labreport.report.pages.context import blocks_of
from labreport.report.pages.source import PageSource
from labreport.report.problems import FaultError, Problem
from labreport.report.source.cite import LABS, lab_of
from labreport.report.source.evidence import Evidence
from labreport.report.tables import Figure
from labreport.report.yaml_file import YamlFile, read_yaml

LAB_FILE = "lab.yml"
T = TypeVar("T")


@dataclass(frozen=True)
class Display:
    """A macro call that shows evidence, with its page and line.

    `file` is the file that a block shows, relative to the lab's folder. `facts` are the facts that a value or
    a claim uses, without those that have no value.
    """

    page: str
    line: int
    file: str = ""
    facts: frozenset[str] = frozenset()


@dataclass(frozen=True)
class LabPages:
    """A lab's `pages`, the `evidence`, and the `results` of the macro calls that concern the lab, in order.

    These are the calls in its pages, and those in other pages that show its evidence or use its facts.
    """

    root: Path
    docs: Path
    lab: str
    pages: Sequence[PageSource]
    results: Sequence[CallResult]
    evidence: Evidence
    urls: Mapping[str, str]
    """Where the site has each page, from its root, by the page's path."""
    counted: dict[str, tuple[PageSource, LabNumbers, PageNumbers]] = field(default_factory=dict)
    """The numbers of pages that were searched before, by path, with the page and the settings."""

    @cached_property
    def facts(self) -> Facts | None:
        """The facts of the lab; None if there is no facts.yml or it is invalid."""
        return usable(lambda: read_facts(self.root, self.docs, self.lab))

    @cached_property
    def lab_yml(self) -> Lab | None:
        """The lab's lab.yml; None if there is none or it is invalid."""
        file = usable(lambda: read_lab(self.root, self.lab))
        return file.value if file else None

    @cached_property
    def numbers(self) -> list[PageNumbers]:
        """The numbers with a unit that are written in each page."""
        settings = lab_numbers(self.lab_yml) if self.lab_yml else LabNumbers()
        return [self._numbers_of(page, settings) for page in self.pages]

    def _numbers_of(self, page: PageSource, settings: LabNumbers) -> PageNumbers:
        before = self.counted.get(page.path)
        if before is None or before[0] is not page or before[1] != settings:
            before = self.counted[page.path] = (page, settings, numbers_of(page, settings))
        return before[2]

    @cached_property
    def expressions(self) -> list[BoundExpression]:
        """The values and claims on facts of this lab, in the pages of any lab."""
        shown = (one.shown for one in self.results)
        return [one for one in shown if isinstance(one, BoundExpression) and one.lab == self.lab]

    @cached_property
    def facts_named(self) -> frozenset[str]:
        """The facts that values, claims and charts name, with or without a value."""
        named = {name for one in self.expressions for name in one.readings}
        figures = (one.shown for one in self.results if isinstance(one.shown, Figure))
        return frozenset(named.union(*(one.facts for one in figures if one.lab == self.lab)))

    @cached_property
    def displays(self) -> list[Display]:
        """The calls that show evidence of this lab. Gaps and commands show none."""
        displays = []
        for result in self.results:
            shown = result.shown
            displays += [
                Display(result.page, result.line, file=block.content.path)
                for block in blocks_of(shown)
                if block.set.name == self.lab
            ]
            if isinstance(shown, Figure) and shown.facts and shown.lab == self.lab:
                displays.append(Display(result.page, result.line, facts=shown.facts))
            if isinstance(shown, BoundExpression) and shown.lab == self.lab:
                read = (name for name, reading in shown.readings.items() if isinstance(reading, Reading))
                displays.append(Display(result.page, result.line, facts=frozenset(read)))
        return displays


def results_by_lab(results: Iterable[CallResult]) -> dict[str, list[CallResult]]:
    """Return the results that concern each lab, in their order, by the lab's name."""
    by_lab: dict[str, list[CallResult]] = {}
    for result in results:
        labs = {lab_of(result.page), *(block.set.name for block in blocks_of(result.shown))}
        if isinstance(result.shown, BoundExpression | Figure):
            labs.add(result.shown.lab)
        for lab in labs:
            by_lab.setdefault(lab, []).append(result)
    return by_lab


def usable(read: Callable[[], T], problems: list[Problem] | None = None) -> T | None:
    """Return what `read` returns; None if the file that it reads is invalid, which `problems` then has."""
    try:
        return read()
    except FaultError as error:
        if problems is not None:
            problems.append(Problem.of_file(error))
        return None


def read_facts(root: Path, docs: Path, lab: str) -> Facts | None:
    """Return the facts of a lab, None if it has no facts.yml; raise FaultError."""
    path = docs / LABS / lab / FACTS_FILE
    if not os.path.lexists(path):
        return None
    return load_facts(path, lab_converters(root, lab, run_code=True))


def read_lab(root: Path, lab: str) -> YamlFile[Lab] | None:
    """Return the lab.yml of a lab, None if it has none; raise YamlError."""
    path = root / "collectors" / lab / LAB_FILE
    if not os.path.lexists(path):
        return None
    remedy = "manual/reference/lab-yml.md says what it holds"
    return read_yaml(path, f"collectors/{lab}/{LAB_FILE}", Lab, remedy)
