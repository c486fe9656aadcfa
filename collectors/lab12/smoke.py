"""Task 1: the version of the installed shim, and a smoke test."""

from labreport.capture import Run, collector
from labreport.containers.ctr import in_kata
from labreport.containers.kata.installation import SHIM, kata
from labreport.containers.kata.runtime import KATA
from labreport.containers.needs import CONTAINERS, image

KATA_NEEDS = (CONTAINERS, KATA, image("alpine"))


@collector(edition=2025, task=1, writes=["setup/kata-built-version.txt"], needs=[CONTAINERS, KATA])
def version(run: Run) -> None:
    """The version of the installed shim."""
    with run.file("setup/kata-built-version.txt") as out:
        used = kata(run)
        out.run([*used.inside, used.shim or SHIM, "--version"])


@collector(edition=2025, task=1, writes=["kata/test1.txt"], needs=KATA_NEEDS, after=[version])
def smoke(run: Run) -> None:
    """The smoke test: uname in a container under Kata."""
    with run.file("kata/test1.txt") as out:
        out.run(in_kata("uname", "-a"), expect="^Linux ")
