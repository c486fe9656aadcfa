"""A throw-away project: one lab with a unique name, the source of its collectors, and a silent collect."""

import linecache
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from textwrap import dedent

import collectors  # a package in this repository
from labreport.capture.capture import Target
from labreport.capture.collect import collect
from labreport.capture.declare import Collector
from labreport.capture.labs import find_lab
from labreport.capture.plan import CollectorStatus
from labreport.contract.reader import read_record, read_state
from labreport.contract.records import Record
from labreport.contract.state import State
from labreport.contract.verify import IntegrityReport, verify

HEAD = '''\
"""Collectors of a throw-away lab."""

from labreport.capture import Need, NotApplicable, Run, Unavailable, collector

'''
CONFIG = """\
title: Throw-away
images: {}
editions:
  2025:
    title: One
    source: nowhere
    tasks:
      1: {title: First, files: [one.txt]}
settings:
  answer: 42
  nested: {word: blue, day: 2026-01-02, ports: {80: http}}
"""
ONE = '''
@collector(edition=2025, task=1, writes=["one.txt"])
def one(run: Run) -> None:
    """One."""
    with run.file("one.txt") as out:
        out.line("ours")
        out.run(["echo", "theirs"])
'''
PAIR = '''
@collector(writes=["a.txt"])
def first(run: Run) -> None:
    """First."""
    {first}
    with run.file("a.txt") as out:
        out.run(["echo", "a"])


@collector(writes=["b.txt"], after=[first])
def second(run: Run) -> None:
    """Second."""
    with run.file("b.txt") as out:
        out.run(["echo", "b"])
'''
_numbers = count(1)


@dataclass
class Silent:
    """Records the progress of a collect instead of showing it."""

    begun: list[str] = field(default_factory=list)
    doing: list[str] = field(default_factory=list)
    ended: list[CollectorStatus] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def begin(self, one: Collector, number: int, total: int) -> None:  # noqa: ARG002 - the protocol's
        """Note which collector begins."""
        self.begun.append(one.name)

    def working(self, text: str) -> None:
        """Note what is being done."""
        self.doing.append(text)

    def end(self, standing: CollectorStatus) -> None:
        """Note how it ended."""
        self.ended.append(standing)

    def note(self, text: str) -> None:
        """Note a line."""
        self.notes.append(text)


@dataclass(frozen=True)
class Throwaway:
    """A project in `root` with the lab `name`, which no other test uses."""

    root: Path
    name: str
    watch: Silent = field(default_factory=Silent)

    @property
    def lab(self) -> Path:
        """The folder of the lab's source."""
        return self.root / "collectors" / self.name

    @property
    def folder(self) -> Path:
        """The folder of the report's set."""
        return self.root / "evidence" / self.name

    def config(self, text: str) -> None:
        """Write lab.yml."""
        (self.lab / "lab.yml").write_text(text, encoding="utf-8")

    def module(self, text: str, stem: str = "steps") -> Path:
        """Write a module of the lab, with the imports that every collector needs."""
        path = self.lab / f"{stem}.py"
        path.write_text(HEAD + dedent(text), encoding="utf-8")
        return path

    def collector(self, body: str, decorator: str = 'writes=["x.txt"]', name: str = "probe") -> None:
        """Write a module with one collector that has this body."""
        text = "\n".join(f"    {line}" for line in dedent(body).strip().split("\n"))
        self.module(f'@collector({decorator})\ndef {name}(run: Run) -> None:\n    """Probe."""\n{text}\n')

    def target(self, host: str = "") -> Target:
        """Load the lab's source anew; return it with the report's set, or with that of another host."""
        for module in [one for one in sys.modules if one.startswith(f"collectors.{self.name}")]:
            del sys.modules[module]
        linecache.clearcache()
        folder = self.root / "evidence" / "hosts" / host / self.name if host else self.folder
        return Target(find_lab(self.root, self.name), folder, self.root)

    def collect(self, *wanted: str, host: str = "", replace: bool = False) -> dict[str, CollectorStatus]:
        """Collect; return the status of each collector by name."""
        standings = collect(self.target(host), wanted, self.watch, replace=replace)
        return {one.collector.name: one for one in standings}

    def probe(self, body: str, decorator: str = 'writes=["x.txt"]') -> CollectorStatus:
        """Collect one collector with this body; return its status."""
        self.collector(body, decorator)
        return self.collect("probe")["probe"]

    def record(self, name: str = "probe") -> Record:
        """Return a collector's record."""
        return read_record(self.folder, name)

    def state(self) -> State:
        """Return state.json, which must exist."""
        state = read_state(self.folder)
        assert state is not None
        return state

    def read(self, path: str = "x.txt") -> bytes:
        """Return the content of an evidence file."""
        return (self.folder / path).read_bytes()

    def verify(self) -> IntegrityReport:
        """Verify the project's evidence against its records."""
        return verify(self.root / "evidence")


@contextmanager
def throwaway(root: Path) -> Iterator[Throwaway]:
    """Make a throw-away project in `root`; unload its modules at the end."""
    made = Throwaway(root, f"away{next(_numbers)}")
    made.lab.mkdir(parents=True)
    (root / "mkdocs.yml").write_text("site_name: Throw-away\n")
    made.config(CONFIG)
    made.module(ONE)
    try:
        yield made
    finally:
        for module in [one for one in sys.modules if one.startswith(f"collectors.{made.name}")]:
            del sys.modules[module]
        place = str(made.lab.parent)
        if place in collectors.__path__:
            collectors.__path__.remove(place)
