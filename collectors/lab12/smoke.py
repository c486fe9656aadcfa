"""Task 1: does Kata run at all?"""

from labreport.capture import Run, collector
from labreport.containers.containerd.ctr import in_kata
from labreport.containers.needs import CONTAINERS, KATA, image

KATA_NEEDS = (CONTAINERS, KATA, image("alpine"))


@collector(edition=2025, task=1, writes=["setup/kata-built-version.txt"], needs=[CONTAINERS, KATA])
def version(run: Run) -> None:
    """The version that the installed shim gives of itself."""
    with run.file("setup/kata-built-version.txt") as out:
        out.run(["containerd-shim-kata-v2", "--version"])


@collector(edition=2025, task=1, writes=["kata/test1.txt"], needs=KATA_NEEDS, after=[version])
def smoke(run: Run) -> None:
    """The smoke test: uname in a container under Kata."""
    with run.file("kata/test1.txt") as out:
        out.run(in_kata("uname", "-a"), expect="^Linux ")
