"""Simulate `lab collect LAB --replace` on a student's bare-metal host. This script runs in a clone.

Collectors, records and states are real. But neither that host nor its Kata is here, so each collector prints
its files from the first of the given folders that has them. A file that no folder has is unavailable.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from labreport.capture import Run, Unavailable, capture, collect
from labreport.capture.capture import Target
from labreport.capture.declare import Collector
from labreport.capture.labs import find_lab
from labreport.contract.reader import readable_records
from labreport.contract.records import Host, HostClass, Span
from tests.capture.throwaway import Silent

HOST = Host(
    kernel="6.8.0-49-generic",
    distribution="Ubuntu 24.04",
    architecture="x86_64",
    cpu="12th Gen Intel(R) Core(TM) i5-1240P",
    cores=16,
    memory_mib=15_700,
    host_class=HostClass.BARE_METAL,
    container=False,
)


def printing(one: Collector, folders: list[Path], spans: Mapping[str, list[Span]]) -> Callable[[Run], None]:
    """Return a function that captures a collector's files, with lines of its own as in `spans`."""

    def function(run: Run) -> None:
        for path in one.writes:
            found = [folder / path for folder in folders if (folder / path).is_file()]
            if not found:
                raise Unavailable(f"{path}: not on this host", "use another host")
            lines = found[0].read_text(encoding="utf-8").split("\n")
            with run.file(path) as out:
                for span in spans[path]:
                    if span.command is None:
                        for line in lines[span.start - 1 : span.end]:
                            out.line(line)
                    else:
                        out.run(["sed", "-n", f"{span.start},{span.end}p", str(found[0])])

    function.__doc__ = one.title
    return function


def main(root: Path, lab: str, *folders: Path) -> None:
    """Collect `lab` of the project `root` from `folders`. The spans are taken from the last one, a set."""
    collect.this_host = capture.this_host = lambda: HOST  # type: ignore[assignment, attr-defined] # this host is not the student's
    records = readable_records(folders[-1]).values()
    spans = {file.path: file.spans for record in records for file in record.files}
    found = find_lab(root, lab)
    ours = [
        replace(one, function=printing(one, list(folders), spans), needs=(), after=())
        for one in found.collectors
    ]
    target = Target(replace(found, collectors=tuple(ours)), root / "evidence" / lab, root)
    collect.collect(target, [one.name for one in ours], Silent(), replace=True)


if __name__ == "__main__":
    main(Path.cwd(), sys.argv[1], *map(Path, sys.argv[2:]))
