"""Edition 2026, tasks 1 and 2: kernels, devices and capabilities, one command per file as in the sheet."""

import re

from collectors.lab12.smoke import smoke
from labreport.capture import Argv, Out, Run, collector, on_path
from labreport.containers.ctr import in_kata, in_runc
from labreport.containers.kata.runtime import KATA
from labreport.containers.needs import CONTAINERS, image

IMAGE = "alpine-3.20"
NEEDS = (CONTAINERS, KATA, image(IMAGE))

KERNEL = ("sh", "-c", "uname -a; head -3 /proc/cpuinfo")
DEVICES = ("ls", "/dev")
CAPABILITIES = ("grep", "^Cap", "/proc/1/status")


@collector(
    edition=2026,
    task=1,
    writes=["results/runc-kernel.txt", "results/kata-kernel.txt"],
    needs=NEEDS,
    after=[smoke],
)
def kernels(run: Run) -> None:
    """Kernel and processor that a container sees, under runc and under Kata."""
    with run.file("results/runc-kernel.txt") as out:
        out.run(in_runc(*KERNEL, image=IMAGE), expect="^Linux ")
    with run.file("results/kata-kernel.txt") as out:
        out.run(in_kata(*KERNEL, image=IMAGE), expect="^Linux ")


@collector(
    edition=2026,
    task=2,
    writes=["results/runc-devs.txt", "results/kata-devs.txt", "results/dev-diff.txt"],
    needs=NEEDS,
    after=[smoke],
)
def devices(run: Run) -> None:
    """The entries of /dev under runc and under Kata, and the difference."""
    with run.file("results/runc-devs.txt") as out:
        out.run(in_runc(*DEVICES, image=IMAGE))
    with run.file("results/kata-devs.txt") as out:
        out.run(in_kata(*DEVICES, image=IMAGE))
    with run.file("results/dev-diff.txt") as out:
        out.run(["diff", "results/runc-devs.txt", "results/kata-devs.txt"], answered=[1])


@collector(
    edition=2026,
    task=2,
    writes=["results/runc-caps.txt", "results/kata-caps.txt"],
    needs=[*NEEDS, on_path("capsh", packages=("libcap2-bin",))],
    after=[smoke],
)
def capabilities(run: Run) -> None:
    """The capabilities of the first process under runc and under Kata, raw and decoded."""
    with run.file("results/runc-caps.txt") as out:
        write_decoded(out, in_runc(*CAPABILITIES, image=IMAGE))
    with run.file("results/kata-caps.txt") as out:
        write_decoded(out, in_kata(*CAPABILITIES, image=IMAGE))


def write_decoded(out: Out, command: Argv) -> None:
    """Run a command that prints capability masks; write them, and each mask decoded by capsh."""
    result = out.run(command, expect="^CapEff:")
    out.line("decoded by capsh:")
    for mask in dict.fromkeys(re.findall(r"^Cap\w+:\s+([0-9a-f]+)$", result.text, re.MULTILINE)):
        out.run(["capsh", f"--decode={mask}"])
