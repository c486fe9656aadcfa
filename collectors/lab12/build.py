"""Task 1: Kata's Rust shim, built from upstream's source at the pinned commit."""

from pathlib import Path

from labreport.capture import Run, collector
from labreport.capture.command import Argv
from labreport.capture.host import on_path
from labreport.containers.kata import build as kata_build

LOG = "setup/build-kata-runtime.log"
MAKE_SECONDS = 3 * 3600.0

OPTIONS = ("PREFIX=/opt/kata", "LIBC=musl", "EXTRA_RUSTFLAGS=--cap-lints warn")
"""Upstream denies warnings: a compiler newer than its own has new ones, which are no errors here."""


@collector(
    edition=2025,
    task=1,
    writes=[LOG],
    needs=[kata_build.TOOLCHAIN, on_path("git", packages=("git",))],
    role="build",
)
def build(run: Run) -> None:
    """Kata's Rust shim, built from source at the pinned commit."""
    tree = kata_build.build_folder(run) / "kata-containers"
    commit, given = run.setting("kata.commit", str), kata_build.environment(run)
    contained = run.setting("kata.toolchain", str) == "container"
    earlier = (tree / "src/runtime-rs/target").exists() or (tree / "target").exists()
    if not earlier:
        kata_build.ask_for_room(tree.parent)
    with run.file(LOG) as out:
        out.line("=== Source ===")
        kata_build.fetch(run, out, tree, commit, given)
        out.run(["git", "-C", str(tree), "checkout", "--quiet", "--detach", "--force", commit], stderr=True)
        out.run(["git", "-C", str(tree), "log", "-1", "--format=%H %cI %s"], expect=f"^{commit}")
        out.line(f"=== Toolchain: {'in a container of the image rust' if contained else 'of this host'} ===")
        env = {} if contained else given
        for program in ("rustc", "cargo"):
            out.run(kata_build.toolchain(tree, program, "--version", contained=contained), env=env)
        out.line("=== Build: the end of what it printed ===")
        make = making(tree, contained=contained)
        out.run(make, tail=40, stderr=True, env=env, timeout=MAKE_SECONDS)
        left = ", of what an earlier build had left to do" if earlier else ""
        out.line(f"the build took {run.commands[-1].seconds:.0f} s{left}")
        out.line("=== The shim ===")
        shim = str(kata_build.binary(tree))
        out.run(["sha256sum", shim])
        out.run(["stat", "--format=%s bytes", shim])
        out.run([shim, "--version"], stderr=True)


def making(tree: Path, *, contained: bool) -> Argv:
    """Return the command that builds: make, and before it what a container's image lacks."""
    if contained:
        return kata_build.toolchain(
            tree, "sh", "-c", kata_build.IN_CONTAINER, "build", *OPTIONS, contained=True
        )
    return ["make", "-C", str(tree / "src/runtime-rs"), *OPTIONS]
