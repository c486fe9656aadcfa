"""Task 3, beyond the sheet: a container seen from the host, and the page cache that its reads use."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from collectors.lab12.smoke import KATA_NEEDS, smoke
from labreport.capture import CaptureError, Out, Run, collector, on_path
from labreport.capture.cleanup import leaks
from labreport.containers.container import Container, container
from labreport.containers.containerd.server import ROOTS, containerd
from labreport.containers.ctr import RUNTIMES
from labreport.containers.kata.installation import kata, note_configuration

WORKLOAD = ("sleep", "86399")
STATUS = ("Name", "Uid", "CapEff", "NoNewPrivs", "Seccomp", "Threads")
SETTINGS = ("enable_annotations", "disable_guest_seccomp", "seccompsandbox", "rootless", "shared_fs",
            "virtio_fs_cache", "virtio_fs_extra_args", "sandbox_cgroup_only", "disable_selinux")  # fmt: skip
NUMBERS = r"^(Pss|Threads):\s+.*|(?<=^pid )\d+|^\d+(?= )"
"""Pattern for what changes from run to run: memory, number of threads, process ids."""


@collector(edition=2025, task=3, writes=["isolation/outside.txt"], needs=KATA_NEEDS, after=[smoke])
def outside(run: Run) -> None:
    """A container seen from the host: is its process visible, and which processes belong to it?"""
    with run.file("isolation/outside.txt") as out:
        for name, runtime in RUNTIMES.items():
            with container(run, runtime, "alpine", *WORKLOAD, network=False) as box:
                out.line(f"=== {name} ===")
                out.line(f"--- processes of the host that are `{' '.join(WORKLOAD)}`")
                pgrep = ["pgrep", "--list-full", "--full", f"^{' '.join(WORKLOAD)}$"]
                hidden = out.run(pgrep, answered=[1], volatile=NUMBERS).exit_status
                out.line(f"=> the host {'does not see' if hidden else 'sees'} its process")
                out.line("--- processes of the host that belong to it")
                describe(out, box)
        out.line("=== what Kata's configuration allows ===")
        used = kata(run)
        if used.configuration is None:
            raise CaptureError("Kata has no configuration.toml in any of its places", "install it")
        note_configuration(run)
        pattern = f"^ *({'|'.join(SETTINGS)}) *="
        out.run([*used.inside, "grep", "-nE", pattern, str(used.configuration)])


def describe(out: Out, box: Container) -> None:
    """Write command line, status and memory of every process on the host that belongs to a container."""
    pids = sorted(leaks.processes(box.id))
    if not pids:
        raise CaptureError(f"{box.id}: the host has no process that belongs to it")
    for pid in pids:
        out.run(["sh", "-c", f"echo pid {pid}; tr '\\000' ' ' </proc/{pid}/cmdline; echo"], volatile=NUMBERS)
        out.run(["grep", "-E", f"^({'|'.join(STATUS)}):", f"/proc/{pid}/status"], volatile=NUMBERS)
        out.run(["grep", "^Pss:", f"/proc/{pid}/smaps_rollup"], volatile=NUMBERS)


CACHED_KIB = 16 * 1024
THROUGH, OWN = "through the host's page cache", "from a page cache of its own"


@collector(
    edition=2025,
    task=3,
    writes=["isolation/page-cache.txt"],
    needs=[*KATA_NEEDS, on_path("fincore", packages=("util-linux-extra",))],
    after=[smoke],
)
def page_cache(run: Run) -> None:
    """The page cache of a mounted file: read in a container, dropped by the host, read again."""
    with run.file("isolation/page-cache.txt") as out:
        for name, runtime in RUNTIMES.items():
            with shared_file(run) as file:
                mount = f"type=bind,src={file.parent},dst=/host,options=rbind:ro"
                options = ["--mount", mount]
                with container(run, runtime, "alpine", *WORKLOAD, network=False, options=options) as box:
                    out.line(f"=== {name} ===")
                    drop_from_cache(file)
                    cached(out, file, "the host's cache before anybody reads")
                    run.command(box.exec("dd", "if=/host/file", "of=/dev/null", "bs=1M"))
                    cached(out, file, "after the container has read the file")
                    drop_from_cache(file)
                    cached(out, file, "after the host has forgotten it")
                    run.command(box.exec("dd", "if=/host/file", "of=/dev/null", "bs=1M"))
                    again = cached(out, file, "after the container has read it again")
                    out.line(f"=> read {THROUGH if again else OWN}")


@contextmanager
def shared_file(run: Run) -> Iterator[Path]:
    """Create a file on the host's disk, alone in a folder; remove both at the end."""
    run.resource(containerd)  # creates the folder of the run in ROOTS, and removes it at the end
    folder = ROOTS / run.name / "cached"
    folder.mkdir()
    try:
        (folder / "file").write_bytes(os.urandom(1024) * CACHED_KIB)
        yield folder / "file"
    finally:
        (folder / "file").unlink(missing_ok=True)
        folder.rmdir()


def drop_from_cache(file: Path) -> None:
    """Write the file to disk and drop it from the host's page cache (posix_fadvise(2), DONTNEED)."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def cached(out: Out, file: Path, when: str) -> bool:
    """Write how many bytes of the file are in the host's page cache, and its size; return whether any are."""
    out.line(f"{when}:")
    result = out.run(["fincore", "--noheadings", "--bytes", "--output", "RES,SIZE", str(file)])
    return int(result.text.split()[0]) > 0
