"""Task 1: build Kata's Rust shim from upstream's source at the pinned commit.

The source and cargo's target folder stay in the build folder, so that an interrupted build continues. The
build folder is KATA_BUILD, or /var/lib/lab/build, or ~/.cache/lab/build without root.
"""

import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from labreport.capture import (
    Argv,
    CaptureError,
    CommandFailedError,
    Need,
    Out,
    Run,
    Unavailable,
    collector,
    on_path,
    recorder,
)
from labreport.capture.redact import PUBLIC_SUFFIXES
from labreport.containers.ctr import in_runc
from labreport.containers.needs import CONTAINERS, image
from labreport.contract.lab_config import Lab

LOG = "setup/build-kata-runtime.log"
SHIM = "containerd-shim-kata-v2"
FETCH_SECONDS = 3600.0
MAKE_SECONDS = 3 * 3600.0

BUILD_BYTES = 8 << 30
"""Free disk space in bytes that a new build needs for the source, the crates and cargo's target folder."""

OPTIONS = ("PREFIX=/opt/kata", "LIBC=musl", "EXTRA_RUSTFLAGS=--cap-lints warn")
"""Upstream treats warnings as errors, and a newer compiler has new warnings: the last option allows them."""

UPLOAD_PACK = "git -c safe.directory=* upload-pack"
"""Lets root fetch from a local clone that belongs to the user who called sudo."""

IN_CONTAINER = """
set -e
cd /kata/src/runtime-rs
if ! command -v musl-gcc >/dev/null || ! command -v protoc >/dev/null; then
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends musl-tools protobuf-compiler
fi
if command -v rustup >/dev/null; then rustup target add "$(uname -m)-unknown-linux-musl"; fi
make "$@"
"""
"""Builds in a container. Rust's own image has neither musl nor protoc, so they are installed first."""

TOOLCHAIN_VARIABLES = (
    "CARGO_HOME",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "CARGO_NET_GIT_FETCH_WITH_CLI",
    "GIT_CONFIG_GLOBAL",
)
"""The caller's variables that select the toolchain and the source of its crates. They are passed on and
recorded.

Upstream pins a toolchain in rust-toolchain.toml; RUSTUP_TOOLCHAIN=stable overrides it.
"""

NO_SUCH_COMMIT = ("not our ref", "bad object", "unadvertised object", "couldn't find remote ref")
"""Messages of git about a source that does not have the commit."""

HOST_TOOLCHAIN = on_path("make", "cargo", "rustc", "musl-gcc", "protoc", packages=())
"""It names no packages: Rust of Debian 12 is too old, and a capture without a build needs none of them."""


def _no_toolchain(lab: Lab) -> str:
    """Return why the toolchain that lab.yml names cannot be used, or an empty text."""
    if lab.settings.get("kata", {}).get("toolchain") == "container":
        return CONTAINERS.reason(lab) or image("rust").reason(lab)
    return HOST_TOOLCHAIN.reason(lab)


TOOLCHAIN = Need(
    name="toolchain",
    missing=_no_toolchain,
    remedy=(
        "install make, musl-tools, protobuf-compiler, and Rust from 1.85.1 on with its musl target (rustup); "
        "or set settings.kata.toolchain to container"
    ),
)


@collector(
    edition=2025,
    task=1,
    writes=[LOG],
    needs=[TOOLCHAIN, on_path("git", packages=("git",))],
    role="build",
)
def build(run: Run) -> None:
    """Kata's Rust shim, built from source at the pinned commit."""
    tree = build_folder(run) / "kata-containers"
    commit, variables = run.setting("kata.commit", str), environment(run)
    contained = run.setting("kata.toolchain", str) == "container"
    earlier = (tree / "src/runtime-rs/target").exists() or (tree / "target").exists()
    if not earlier:
        require_free_space(tree.parent)
    with run.file(LOG) as out:
        out.line("=== Source ===")
        fetch(run, out, tree, commit, variables)
        out.run(["git", "-C", str(tree), "checkout", "--quiet", "--detach", "--force", commit], stderr=True)
        out.run(["git", "-C", str(tree), "log", "-1", "--format=%H %cI %s"], expect=f"^{commit}")
        out.line(f"=== Toolchain: {'in a container of the image rust' if contained else 'of this host'} ===")
        env = {} if contained else variables
        for program in ("rustc", "cargo"):
            out.run(in_tree(tree, program, "--version", contained=contained), env=env)
        out.line("=== Build: the end of what it printed ===")
        make: Argv = ["make", "-C", str(tree / "src/runtime-rs"), *OPTIONS]
        if contained:
            make = in_tree(tree, "sh", "-c", IN_CONTAINER, "build", *OPTIONS, contained=True)
        out.run(make, tail=40, stderr=True, env=env, timeout=MAKE_SECONDS)
        left = ", of what an earlier build had left to do" if earlier else ""
        out.line(f"the build took {run.commands[-1].seconds:.0f} s{left}")
        out.line("=== The shim ===")
        shim = str(built_shim(tree))
        out.run(["sha256sum", shim])
        out.run(["stat", "--format=%s bytes", shim])
        out.run([shim, "--version"], stderr=True)


def in_tree(tree: Path, *argv: str, contained: bool) -> Argv:
    """Return a command that runs `argv` in the source tree, on the host or in a container of the image rust.

    In the container the tree is mounted at /kata.
    """
    if contained:
        mount = f"type=bind,src={tree},dst=/kata,options=rbind:rw"
        return in_runc(*argv, image="rust", options=["--net-host", "--mount", mount])
    return ["env", "-C", str(tree), *argv]


def build_folder(run: Run) -> Path:
    """Return the folder for the source and its target folder. In evidence it is written as $KATA_BUILD."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    default = Path("/var/lib/lab/build") if os.geteuid() == 0 else cache / "lab/build"
    folder = Path(os.environ.get("KATA_BUILD") or default).absolute()
    for path in sorted({str(folder.resolve()), str(folder)}):
        run.hide(path, "$KATA_BUILD")
    return folder


def require_free_space(folder: Path) -> None:
    """Raise Unavailable if the disk of the build folder is too small. The folder need not exist."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < BUILD_BYTES:
        raise Unavailable(
            f"the build folder has {free >> 20} MiB free, {BUILD_BYTES >> 20} may be needed",
            "make room, or name a folder on another disk in KATA_BUILD",
        )


def environment(run: Run) -> dict[str, str]:
    """Return the environment variables for git and the toolchain. Paths and mirrors in them are hidden.

    Without RUSTUP_TOOLCHAIN, rustup would download the toolchain that upstream pins, without its musl target.
    Therefore rustup's default toolchain is named, unless the caller names another one.
    """
    variables = {"GIT_TERMINAL_PROMPT": "0", "CARGO_NET_GIT_FETCH_WITH_CLI": "true"}  # git rewrites URLs
    if default := recorder.output(["rustup", "default"]).split():
        variables["RUSTUP_TOOLCHAIN"] = default[0]
    variables |= {name: os.environ[name] for name in TOOLCHAIN_VARIABLES if os.environ.get(name)}
    for name, value in variables.items():
        if value.startswith("/"):
            run.hide(value, f"${name}")
    for address in git_mirrors(variables):
        hide_repository(run, address, "[mirror]")
    return variables


def git_mirrors(variables: Mapping[str, str]) -> list[str]:
    """Return the addresses that git's configuration (url.*.insteadOf) puts in the place of public ones.

    Addresses that are public themselves are left out.
    """
    settings = [f"{name}={value}" for name, value in variables.items()]
    rules = recorder.output(["env", *settings, "git", "config", "--get-regexp", r"^url\..*\.insteadof$"])
    addresses = [re.sub(r"^url\.|\.insteadof .*$", "", line) for line in rules.splitlines()]
    # a rule can end in the middle of a name, which cannot be hidden: hide the folder above it
    addresses = [address if address.endswith(".git") else address.rpartition("/")[0] for address in addresses]
    return [
        address
        for address in addresses
        if address and not any(suffix in address for suffix in PUBLIC_SUFFIXES)
    ]


def hide_repository(run: Run, repository: str, mask: str) -> None:
    """Write `mask` for a repository in evidence, also where git prints it without `.git`."""
    for text in (repository, repository.removesuffix(".git")):
        run.hide(text, mask)


def source(run: Run) -> tuple[str, str]:
    """Return the address of the source, and what it is, in words. It is hidden unless it is upstream's."""
    upstream = run.setting("kata.source", str)
    named = os.environ.get("KATA_SOURCE") or upstream
    if named == upstream:
        return upstream, "upstream's address"
    is_local = Path(named).exists() or named.startswith(("/", "."))
    address = str(Path(named).absolute()) if is_local else named
    hide_repository(run, address.rstrip("/"), "$KATA_SOURCE")
    return address, f"the {'local clone' if is_local else 'address'} in KATA_SOURCE"


def fetch(run: Run, out: Out, tree: Path, commit: str, variables: Mapping[str, str]) -> None:
    """Fetch the commit, without its history, into the repository `tree`; create it if it does not exist.

    Raise CaptureError if the source does not have the commit, Unavailable if the source cannot be read.
    """
    address, kind = source(run)
    is_new = not tree.exists()
    run.command(["git", "init", "--quiet", str(tree)])
    for lock in (tree / ".git").glob("*.lock"):
        lock.unlink()  # left by a git that was killed
    words = ["fetch", "--depth", "1", "--upload-pack", UPLOAD_PACK, "--", address, commit]
    env = {name: value for name, value in variables.items() if name.startswith("GIT_")}
    try:
        out.run(["git", "-C", str(tree), *words], stderr=True, timeout=FETCH_SECONDS, env=env)
    except CommandFailedError as error:
        if is_new:
            shutil.rmtree(tree)
            with suppress(OSError):
                tree.parent.rmdir()
        printed = error.printed.decode(errors="replace")
        if any(message in printed for message in NO_SUCH_COMMIT):
            raise CaptureError(
                f"{kind} has no commit {commit}",
                "name a source that has it in KATA_SOURCE, or correct settings.kata.commit in lab.yml",
            ) from error
        why = (re.findall(r"^(?:fatal|error): (.*)", printed, re.MULTILINE) or [error.how])[0]
        raise Unavailable(
            f"Kata's source cannot be had from {kind}: {why}",
            "name a repository that can be cloned, such as a local clone, in KATA_SOURCE",
        ) from error


def built_shim(tree: Path) -> Path:
    """Return the path of the shim that make has built; raise CaptureError if there is none."""
    shims = sorted(tree.glob(f"src/runtime-rs/target/*/release/{SHIM}")) or sorted(
        tree.glob(f"target/*/release/{SHIM}")
    )
    if not shims:
        raise CaptureError(f"make ended without an error and built no {SHIM}", "see what it printed")
    return shims[-1]
