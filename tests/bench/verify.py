"""Run `lab verify`, and `sha256sum -c` or `openssl dgst`, each as a process."""

import hashlib
import os
from functools import partial
from pathlib import Path

from labreport.contract.records import File, Project, Record, Redactions, Source, dump
from labreport.contract.text import text_lines
from tests.bench.measure import Compared, compare, seconds_of
from tests.project import HOST, WHEN

FILES = 10_000
FILES_A_RECORD = 10
RIVALS = {
    "sha256sum": (["sha256sum", "--check", "--quiet", "SUMS"], "sha256sum -c (coreutils)"),
    "openssl": (
        ["xargs", "--arg-file=NAMES", "openssl", "dgst", "-sha256"],
        "openssl dgst -sha256, which prints hashes and compares none",
    ),
}
"""The command of a rival, and what it is."""


def verify(  # noqa: PLR0913 # the settings of a benchmark
    folder: Path, *, lab: Path, rival: str, size: int, bound: float, pairs: int
) -> Compared:
    """Compare them on 10,000 files of `size` bytes, with ten files in a record.

    Debian's sha256sum has no code for the processor's SHA instructions; Python and openssl have it. So
    openssl is the harder rival, although it compares nothing: it prints each hash.
    """
    evidence = folder / "evidence" / "lab12"
    (folder / "collectors").mkdir(parents=True)
    (folder / "mkdocs.yml").write_text("")
    (evidence / "records").mkdir(parents=True)
    (evidence / "records" / f"host-{HOST.id}.json").write_bytes(dump(HOST))
    sums = [line for number in range(FILES // FILES_A_RECORD) for line in _record(evidence, number, size)]
    (folder / "SUMS").write_text("".join(sums))
    (folder / "NAMES").write_text("".join(f"{line.split('  ')[1]}" for line in sums))
    argv, against = RIVALS[rival]
    return compare(
        partial(seconds_of, [str(lab), "verify"], folder, os.environ),
        partial(seconds_of, argv, folder, os.environ),
        against=f"{against}, {FILES} files of {size} bytes",
        bound=bound,
        pairs=pairs,
    )


def _record(evidence: Path, number: int, size: int) -> list[str]:
    """Write a record and its files; return the lines of the files for sha256sum."""
    files = []
    for index in range(FILES_A_RECORD):
        path = f"part-{number:04d}/file-{index}.txt"
        line = f"line of file {index} of record {number}\n".encode()
        data = (line * (size // len(line) + 1))[:size]
        (evidence / path).parent.mkdir(exist_ok=True)
        (evidence / path).write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        files.append(File(path=path, bytes=size, lines=text_lines(data), sha256=digest))
    record = Record(
        collector=Source(name=f"record-{number}", file="collectors/lab12/x.py", line=1),
        lab="lab12",
        start=WHEN,
        seconds=1,
        host=HOST.id,
        project=Project(commit="", dirty=False),
        files=files,
        redactions=Redactions(version=1),
    )
    (evidence / "records" / f"record-{number}.json").write_bytes(dump(record))
    return [f"{file.sha256}  evidence/lab12/{file.path}\n" for file in files]
