"""Where Kata's shim is built: its source at one commit, the toolchain, the folder in which both stay.

Source and cargo's target folder stay in the build folder, so that a build that was interrupted goes on:
KATA_BUILD, /var/lib/lab/build, or ~/.cache/lab/build without root.
"""

import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from labreport.capture import Need, Run, Unavailable, recorder
from labreport.capture.command import Argv, CommandFailedError
from labreport.capture.host import on_path
from labreport.capture.redact import PUBLIC_SUFFIXES
from labreport.capture.run import CaptureError, Out
from labreport.containers.containerd.ctr import in_runc
from labreport.containers.needs import CONTAINERS, image
from labreport.contract.lab_config import Lab

SHIM = "containerd-shim-kata-v2"
GIT_SECONDS = 3600.0
ROOM_BYTES = 8 << 30
"""What source, crates and cargo's target folder may take: asked for before a build begins."""

NO_SUCH_COMMIT = ("not our ref", "bad object", "unadvertised object", "couldn't find remote ref")
"""What a source says that is there and has not the commit."""

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

UPLOAD_PACK = "git -c safe.directory=* upload-pack"
"""A local clone may belong to the person who called sudo: git would refuse it to root."""

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


def toolchain(tree: Path, *argv: str, contained: bool) -> Argv:
    """Return the command that runs `argv` in the source, which a container sees as /kata."""
    if contained:
        mount = f"type=bind,src={tree},dst=/kata,options=rbind:rw"
        return in_runc(*argv, image="rust", options=["--net-host", "--mount", mount])
    return ["env", "-C", str(tree), *argv]


def build_folder(run: Run) -> Path:
    """Return where source and target folder stay; in the record it is $KATA_BUILD."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    kept = Path("/var/lib/lab/build") if os.geteuid() == 0 else cache / "lab/build"
    folder = Path(os.environ.get("KATA_BUILD") or kept).absolute()
    for path in sorted({str(folder.resolve()), str(folder)}):
        run.hide(path, "$KATA_BUILD")
    return folder


def ask_for_room(folder: Path) -> None:
    """Raise Unavailable where a build from the beginning would fill the disk."""
    there = next(one for one in (folder, *folder.parents) if one.exists())
    free = shutil.disk_usage(there).free
    if free < ROOM_BYTES:
        raise Unavailable(
            f"the build folder has {free >> 20} MiB free, {ROOM_BYTES >> 20} may be needed",
            "make room, or name a folder on another disk in KATA_BUILD",
        )


def environment(run: Run) -> dict[str, str]:
    """Return what git and the toolchain are given of the caller's environment; its paths are hidden.

    rustup would get the toolchain that upstream pins, without its musl target: the one that is its default
    here is named, unless the caller names another one.
    """
    given = {"GIT_TERMINAL_PROMPT": "0", "CARGO_NET_GIT_FETCH_WITH_CLI": "true"}  # git's rewriting applies
    if default := recorder.output(["rustup", "default"]).split():
        given["RUSTUP_TOOLCHAIN"] = default[0]
    given |= {name: os.environ[name] for name in PASSED if os.environ.get(name)}
    for name, value in given.items():
        if value.startswith("/"):
            run.hide(value, f"${name}")
    for address in rewritten(given):
        hide(run, address, "[mirror]")
    return given


def hide(run: Run, repository: str, mask: str) -> None:
    """Have a repository shown as `mask`: git says it without `.git`."""
    for text in (repository, repository.removesuffix(".git")):
        run.hide(text, mask)


def rewritten(given: Mapping[str, str]) -> list[str]:
    """Return what git is configured to put in the place of public addresses, unless it is public itself."""
    settings = [f"{name}={value}" for name, value in given.items()]
    rules = recorder.output(["env", *settings, "git", "config", "--get-regexp", r"^url\..*\.insteadof$"])
    addresses = [re.sub(r"^url\.|\.insteadof .*$", "", line) for line in rules.splitlines()]
    # the beginning of a name is no name that could be hidden: its folder is
    addresses = [one if one.endswith(".git") else one.rpartition("/")[0] for one in addresses]
    return [one for one in addresses if one and not any(public in one for public in PUBLIC_SUFFIXES)]


def source(run: Run) -> tuple[str, str]:
    """Return where the source comes from, hidden unless it is upstream, and in words what that is."""
    public = run.setting("kata.source", str)
    named = os.environ.get("KATA_SOURCE") or public
    if named == public:
        return public, "upstream's address"
    local = Path(named).exists() or named.startswith(("/", "."))
    address = str(Path(named).absolute()) if local else named
    hide(run, address.rstrip("/"), "$KATA_SOURCE")
    return address, f"the {'local clone' if local else 'address'} in KATA_SOURCE"


def fetch(run: Run, out: Out, tree: Path, commit: str, given: Mapping[str, str]) -> None:
    """Have the commit in `tree`, without its history; what was built there before stays.

    Raise CaptureError where the source has no such commit, Unavailable where there is no source.
    """
    address, kind = source(run)
    new = not tree.exists()
    run.command(["git", "init", "--quiet", str(tree)])
    for lock in (tree / ".git").glob("*.lock"):
        lock.unlink()  # left by a git that was killed
    words = ["fetch", "--depth", "1", "--upload-pack", UPLOAD_PACK, "--", address, commit]
    asked = {name: value for name, value in given.items() if name.startswith("GIT_")}
    try:
        out.run(["git", "-C", str(tree), *words], stderr=True, timeout=GIT_SECONDS, env=asked)
    except CommandFailedError as error:
        if new:
            shutil.rmtree(tree)
            with suppress(OSError):
                tree.parent.rmdir()
        said = error.printed.decode(errors="replace")
        if any(sign in said for sign in NO_SUCH_COMMIT):
            raise CaptureError(
                f"{kind} has no commit {commit}: name a source that has it in KATA_SOURCE, or mend "
                "settings.kata.commit in lab.yml"
            ) from error
        why = (re.findall(r"^(?:fatal|error): (.*)", said, re.MULTILINE) or [error.how])[0]
        raise Unavailable(
            f"Kata's source cannot be had from {kind}: {why}",
            "name a repository that can be cloned, such as a local clone, in KATA_SOURCE",
        ) from error


def binary(tree: Path) -> Path:
    """Return the shim that was built; raise CaptureError if there is none."""
    found = sorted(tree.glob(f"src/runtime-rs/target/*/release/{SHIM}")) or sorted(
        tree.glob(f"target/*/release/{SHIM}")
    )
    if not found:
        raise CaptureError(f"make ended well and left no {SHIM}: see what it printed")
    return found[-1]
