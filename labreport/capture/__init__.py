"""Captures evidence. It knows no lab; a lab's collectors import what they need from here.

A collector is a function with the `collector` decorator. It takes the Run:

    @collector(writes=["kernel/release.txt"], needs=[ROOT])
    def release(run: Run) -> None:
        "The kernel's release."
        with run.file("kernel/release.txt") as out:
            out.line("=== Kernel ===")
            out.run(["uname", "-sr"], timeout=5)

- `Collector`, `Need`: what `collector` makes, and what its `needs` lists. `ROOT` and `on_path` are needs.
- `Run`, `Out`: the run, and an evidence file that is being written. `CommandSpec` documents the arguments of
  `run.command` and `out.run`, `CommandResult` what they return.
- `NotApplicable`, `Unavailable`: a collector raises them if its question makes no sense on this host, or if
  something that it needs cannot be had.
- `CaptureError`, `CommandFailedError`: a capture that failed.
- `Argv`, `Attempt`, `RetryOnHang`: for commands whose arguments differ from run to run, or that may hang.
- `free_port`, `listens`: ports of 127.0.0.1, for `run.server`.
- `EVERYTHING`: a `volatile` pattern for a whole output.

Series of timed commands are in `labreport.capture.series`, containers in `labreport.containers`.

What belongs in this folder: everything that captures, records and stores evidence, and nothing that reads it
for a page.
"""

from labreport.capture.command import (
    EVERYTHING,
    Argv,
    Attempt,
    CommandFailedError,
    CommandResult,
    CommandSpec,
    RetryOnHang,
)
from labreport.capture.declare import Collector, Need, NotApplicable, Unavailable, collector
from labreport.capture.host import ROOT, on_path
from labreport.capture.out import Out
from labreport.capture.ports import free_port, listens
from labreport.capture.run import CaptureError, Run

__all__ = [
    "EVERYTHING",
    "ROOT",
    "Argv",
    "Attempt",
    "CaptureError",
    "Collector",
    "CommandFailedError",
    "CommandResult",
    "CommandSpec",
    "Need",
    "NotApplicable",
    "Out",
    "RetryOnHang",
    "Run",
    "Unavailable",
    "collector",
    "free_port",
    "listens",
    "on_path",
]
