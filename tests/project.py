"""A little project in a folder of its own: the repo's mkdocs.yml and report, its own pages and evidence."""

import hashlib
import json
import os
import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from labreport.check.project import CheckReport, check_project
from labreport.contract.records import (
    Command,
    File,
    Host,
    HostClass,
    Image,
    Outcome,
    Project,
    Record,
    Redactions,
    Source,
    Span,
    dump,
)
from labreport.contract.state import State
from labreport.contract.text import text_lines
from labreport.report.pages.context import MacroContext
from labreport.report.pages.render import RenderPass, SitePages
from labreport.report.source.cite import Page
from tests import forked

REPO = Path(__file__).parents[1]
WHEN = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
HOST = Host(
    kernel="6.12.0",
    distribution="Debian GNU/Linux 13",
    architecture="x86_64",
    cpu="AMD EPYC",
    cores=2,
    memory_mib=4096,
    host_class=HostClass.VIRTUAL,
    container=False,
)


@dataclass(frozen=True)
class CapturedFile:
    """One evidence file of a little project; each of `argv` printed an equal share of its lines."""

    path: str
    data: bytes
    argv: tuple[tuple[str, ...], ...] = (("uname", "-a"),)
    collector: str = ""


@dataclass(frozen=True)
class Little:
    """A project's root, and what can be done with it."""

    root: Path

    @property
    def site(self) -> Path:
        """Where a build puts the site."""
        return self.root / "site"

    def page(self, path: str, text: str) -> Path:
        """Write a page of docs/."""
        target = self.root / "docs" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="")
        return target

    def capture(
        self, captured: CapturedFile, lab: str = "lab12", host: Host = HOST, **given: object
    ) -> Record:
        """Write an evidence file with its record, as a collector would."""
        folder = self.root / "evidence" / lab
        name = captured.collector or captured.path.replace("/", "-").lower()
        record = record_of(captured, name, folder.name, host).model_copy(update=given)
        (folder / captured.path).parent.mkdir(parents=True, exist_ok=True)
        (folder / captured.path).write_bytes(captured.data)
        (folder / "records").mkdir(exist_ok=True)
        (folder / "records" / f"{name}.json").write_bytes(dump(record))
        (folder / "records" / f"host-{host.id}.json").write_bytes(dump(host))
        return record

    def state(self, *rows: dict[str, object], lab: str = "lab12") -> None:
        """Write the lab's state.json."""
        folder = self.root / "evidence" / lab / "records"
        folder.mkdir(parents=True, exist_ok=True)
        state = State.model_validate({"lab": lab.rpartition("/")[2], "collectors": list(rows)})
        (folder / "state.json").write_bytes(dump(state))

    def render_pass(self) -> RenderPass:
        """Return a pass over the pages, with the project's evidence."""
        return RenderPass(self.root / "docs", self.root / "evidence")

    def context(self, page: str = "labs/lab12/x.md") -> MacroContext:
        """Return what a macro on a page works with."""
        rendering = self.render_pass()
        return MacroContext(rendering.evidence, rendering.lab_facts, Page(page), rendering.docs)

    def pages(self) -> SitePages:
        """Return the pages that mkdocs builds."""
        from labreport.site.pages import Site  # noqa: PLC0415 # mkdocs takes a while to import

        return Site(self.root).pages()

    def check(self, day: date, *, links: bool = False) -> CheckReport:
        """Run `lab check`, with or without the check of links."""
        from labreport.site.links import broken_links  # noqa: PLC0415 # likewise
        from labreport.site.pages import Site  # noqa: PLC0415 # likewise

        site = Site(self.root)
        return check_project(site.pages(), day, [partial(broken_links, site)] if links else [])

    def build(self, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run `mkdocs build`."""
        return forked.mkdocs(["build", *args], self.root, {**clean_environment(), **env})


def clean_environment() -> dict[str, str]:
    """Return the environment without what would change a build."""
    return {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "LAB_HERE"}}


def installed_environment(folder: Path) -> dict[str, str]:
    """Return an environment in which mkdocs finds the plugin as if the tool were installed; uses `folder`."""
    entry_points = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]["entry-points"]
    info = folder / "labreport-0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    lines = [f"{name} = {value}" for name, value in entry_points["mkdocs.plugins"].items()]
    (info / "entry_points.txt").write_text("\n".join(["[mkdocs.plugins]", *lines, ""]))
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: labreport\nVersion: 0\n")
    return {**clean_environment(), "PYTHONPATH": f"{folder}{os.pathsep}{REPO}", "NO_MKDOCS_2_WARNING": "1"}


def record_of(captured: CapturedFile, name: str, lab: str, host: Host) -> Record:
    """Return the record that a capture of `captured` leaves."""
    lines = captured.data.count(b"\n") + (not captured.data.endswith(b"\n") and captured.data != b"")
    share = max(lines // max(len(captured.argv), 1), 1)
    spans = [
        Span(start=n * share + 1, end=lines if n == len(captured.argv) - 1 else (n + 1) * share, command=n)
        for n in range(len(captured.argv))
        if lines
    ]
    commands = [
        Command(
            argv=list(argv),
            executable=None,
            exit_status=0,
            outcome=Outcome.ANSWERED,
            start=WHEN,
            seconds=0.25,
            bytes=len(captured.data),
        )
        for argv in captured.argv
    ]
    file = File(
        path=captured.path,
        bytes=len(captured.data),
        lines=text_lines(captured.data),
        sha256=hashlib.sha256(captured.data).hexdigest(),
        spans=spans,
    )
    return Record(
        collector=Source(name=name, file=f"collectors/{lab}/x.py", line=7),
        lab=lab,
        edition=2025,
        task=1,
        start=WHEN,
        seconds=1.5,
        host=host.id,
        project=Project(commit="0" * 40, dirty=False),
        commands=commands,
        files=[file],
        redactions=Redactions(version=1),
    )


def stand_in() -> Image:
    """Return an image that is not the pinned one."""
    return Image(
        reference="alpine:3.19",
        pinned="sha256:" + "a" * 64,
        digest="sha256:" + "b" * 64,
        is_pinned=False,
        source="busybox",
    )


def make(root: Path) -> Little:
    """Make an empty little project in `root`: no page but the index, no evidence."""
    root.mkdir(parents=True, exist_ok=True)
    for name in ("labreport", "collectors"):
        (root / name).symlink_to(REPO / name)
    shutil.copy(REPO / "mkdocs.yml", root)
    (root / "docs" / "assets").mkdir(parents=True)
    (root / "docs" / "assets" / "mark.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    (root / "evidence").mkdir()
    little = Little(root)
    little.page("index.md", "# Start\n\nA page without evidence.\n")
    return little


def row(name: str, *writes: str, state: str = "missing", **given: object) -> dict[str, object]:
    """Return a row of state.json."""
    return {"name": name, "writes": list(writes), "state": state, "edition": 2025, "task": 1, **given}


def as_json(path: Path) -> object:
    """Return what a JSON file holds."""
    return json.loads(path.read_bytes())
