"""Task 1: Kata's Rust shim, built from upstream's source at the pinned commit.

Source and cargo's target folder stay in the build folder, so that a build that was interrupted goes on:
KATA_BUILD, /var/lib/lab/build, or ~/.cache/lab/build without root.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from collectors.containers.ctr import in_runc
from collectors.containers.needs import CONTAINERS, image
from collectors.engine import Need, Run, Unavailable, collector
from collectors.engine.host import on_path
from collectors.engine.outcome import CommandFailedError
from collectors.engine.run import Argv, CaptureError
from collectors.records import Lab

LOG = "setup/build-kata-runtime.log"
SHIM = "containerd-shim-kata-v2"
MAKE_SECONDS = 3 * 3600.0
GIT_SECONDS = 3600.0

PASSED = (
    "CARGO_HOME",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "CARGO_NET_GIT_FETCH_WITH_CLI",
    "GIT_CONFIG_GLOBAL",
)
"""Variables that say which toolchain builds, and where it gets its crates: given to it, and recorded.

Upstream pins a toolchain in rust-toolchain.toml; RUSTUP_TOOLCHAIN=stable sets the pin aside.
"""

OPTIONS = ("PREFIX=/opt/kata", "LIBC=musl", "EXTRA_RUSTFLAGS=--cap-lints warn")
"""Upstream denies warnings: a compiler newer than its own has new ones, which are no errors here."""

IN_CONTAINER = """
set -e
cd /kata/src/runtime-rs
if ! command -v musl-gcc protoc >/dev/null; then
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends musl-tools protobuf-compiler
fi
if command -v rustup >/dev/null; then rustup target add "$(uname -m)-unknown-linux-musl"; fi
rustc --version
cargo --version
make "$@"
"""
"""What the toolchain's image lacks is added in the container: Rust's own has no musl and no protoc."""

HOST_TOOLCHAIN = on_path("make", "cargo", "rustc", "musl-gcc", "protoc", packages=())
"""No packages: Debian 12's Rust is too old, and a capture without a build should install none of it."""


def _no_toolchain(lab: Lab) -> str:
    """Return why nothing can be built here with the toolchain that lab.yml names, or an empty text."""
    if lab.settings.get("kata", {}).get("toolchain") == "container":
        return CONTAINERS.missing(lab) or image("rust").missing(lab)
    return HOST_TOOLCHAIN.missing(lab)


TOOLCHAIN = Need(
    name="toolchain",
    missing=_no_toolchain,
    remedy=(
        "install make, musl-tools, protobuf-compiler, and Rust from 1.85.1 on with its musl target (rustup); "
        "or set settings.kata.toolchain to container"
    ),
)


@collector(
    edition=2025, task=1, writes=[LOG], needs=[TOOLCHAIN, on_path("git", packages=("git",))], role="build"
)
def build(run: Run) -> None:
    """Kata's Rust shim, built from source at the pinned commit."""
    tree = build_folder(run) / "kata-containers"
    given = environment(run)
    commit = run.setting("kata.commit", str)
    with run.file(LOG) as out:
        out.line("=== Source ===")
        clone(run, tree, commit)
        out.run(["git", "-C", str(tree), "checkout", "--quiet", "--detach", "--force", commit], stderr=True)
        out.run(["git", "-C", str(tree), "log", "-1", "--format=%H %cI %s"], expect=f"^{commit}")
        make: Argv
        if run.setting("kata.toolchain", str) == "container":
            out.line("=== Toolchain and build, in a container ===")
            mount = f"type=bind,src={tree},dst=/kata,options=rbind:rw"
            options = ["--net-host", "--mount", mount]
            make = in_runc("sh", "-c", IN_CONTAINER, "build", *OPTIONS, image="rust", options=options)
        else:
            out.line("=== Toolchain ===")
            for program in ("rustc", "cargo"):
                out.run(["env", "-C", str(tree), program, "--version"], env=given, timeout=MAKE_SECONDS)
            out.line("=== Build ===")
            make = ["make", "-C", str(tree / "src/runtime-rs"), *OPTIONS]
        out.run(make, tail=40, stderr=True, env=given, timeout=MAKE_SECONDS)
        out.line(f"the build took {run.commands[-1].seconds:.0f} s")
        out.line("=== The shim ===")
        shim = str(binary(tree))
        out.run(["sha256sum", shim])
        out.run(["stat", "--format=%s bytes", shim])
        out.run([shim, "--version"], stderr=True)


def build_folder(run: Run) -> Path:
    """Return where source and target folder stay, made if need be; in the record it is $KATA_BUILD."""
    kept = Path("/var/lib/lab/build") if os.geteuid() == 0 else Path.home() / ".cache/lab/build"
    folder = Path(os.environ.get("KATA_BUILD") or kept).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted({str(folder.resolve()), str(folder)}):
        run.hide(path, "$KATA_BUILD")
    return folder


def environment(run: Run) -> dict[str, str]:
    """Return what the toolchain is given of the caller's environment; its paths are hidden."""
    given = {name: os.environ[name] for name in PASSED if os.environ.get(name)}
    for name, value in given.items():
        if value.startswith("/"):
            run.hide(value, f"${name}")
    return given


def clone(run: Run, tree: Path, commit: str) -> None:
    """Have a whole clone that holds the commit; raise Unavailable, or CaptureError if the source lacks it."""
    source = os.environ.get("KATA_SOURCE", "") or run.setting("kata.source", str)
    if source != run.lab.settings["kata"].get("source"):
        run.hide(source, "$KATA_SOURCE")
    there = ["git", "-C", str(tree), "cat-file", "-e", f"{commit}^{{commit}}"]
    if not (tree / ".git/lab-whole").exists():
        shutil.rmtree(tree, ignore_errors=True)
        _clone(run, source, tree)
    try:
        run.command(there)
    except CommandFailedError as error:
        shutil.rmtree(tree)
        raise CaptureError(
            f"the source has no commit {commit}: name one that has it in KATA_SOURCE, or mend "
            "settings.kata.commit in lab.yml"
        ) from error


def _clone(run: Run, source: str, tree: Path) -> None:
    """Clone a source; a clone that was cut short is not taken for a whole one."""
    try:
        run.command(
            ["git", "clone", "--quiet", "--no-checkout", source, str(tree)],
            timeout=GIT_SECONDS,
            env={"GIT_TERMINAL_PROMPT": "0"},
        )
    except CommandFailedError as error:
        with suppress(OSError):
            tree.parent.rmdir()
        raise Unavailable(
            f"Kata's source cannot be cloned: {str(error).splitlines()[-1].strip()}",
            "name a repository that can be cloned, such as a local clone, in KATA_SOURCE",
        ) from error
    (tree / ".git/lab-whole").touch()


def binary(tree: Path) -> Path:
    """Return the shim that was built; raise CaptureError if there is none."""
    found = sorted(tree.glob(f"src/runtime-rs/target/*/release/{SHIM}")) or sorted(
        tree.glob(f"target/*/release/{SHIM}")
    )
    if not found:
        raise CaptureError(f"make ended well and left no {SHIM}: see what it printed")
    return found[-1]
