"""Task 1: Kata's guest assets and configuration, and containerd told of the runtime."""

from pathlib import Path

from labreport.capture import Run, collector, recorder
from labreport.capture.host import ROOT as AS_ROOT
from labreport.capture.host import on_path, this_host
from labreport.capture.run import CaptureError
from labreport.containers.containerd import system
from labreport.containers.containerd.private import config_version
from labreport.containers.kata import archive as kata_archive
from labreport.containers.kata import runtime_table
from labreport.containers.kata import source as kata_source
from labreport.containers.kata.archive import ROOT, ArchiveError
from labreport.containers.kata.runtime_table import TableError
from labreport.contract.records import HostClass

KATA = Path(ROOT)
SHIM = Path("/usr/local/bin/containerd-shim-kata-v2")
CONFIGURATION = Path("/etc/kata-containers/runtime-rs/configuration.toml")
CONTAINERD = Path("/etc/containerd/config.toml")
ASSETS = ["sh", "-c", f"find {KATA}/share/kata-containers -type f | sort | xargs sha256sum"]
READING = "containerd --config \"$1\" config dump | sed -n '/runtimes[.]kata[]]/,/runtime_type/p'"
FILES = ["sh", "-c", f"find {KATA} -type f -printf '%s %P\\n' | sort -k 2"]


@collector(
    edition=2025,
    task=1,
    writes=["setup/install-kata-assets.log"],
    needs=[AS_ROOT, on_path("zstd", "curl", packages=("zstd", "curl"))],
)
def install(run: Run) -> None:
    """Kata's shim, guest kernel, image and configuration, from a kata-static archive."""
    with run.host() as host, run.file("setup/install-kata-assets.log") as out:
        archive, digest = kata_source.have(run, "kata")
        sums = run.folder / "kata.sha256"
        sums.write_text(f"{digest}  {archive}\n")
        out.line("=== The archive, held against the checksum that is stated for it ===")
        out.run(["sha256sum", "--check", str(sums)])
        out.run(["sha256sum", str(archive)])

        tar, contents = kata_source.opened(run, archive)
        try:
            shim = kata_archive.shim(contents.members)
            host.place(KATA, contents.members, lambda new: kata_archive.unpack(tar, new))
        except ArchiveError as error:
            raise CaptureError(f"{archive.name}: {error}") from error
        host.link(SHIM, str(KATA / shim))
        out.line("=== What was installed: bytes and name of every file ===")
        out.run(FILES)
        out.run(["sha256sum", str(KATA / shim)])
        out.run(ASSETS)
        out.run(["ls", "-l", str(SHIM)])

        stock = KATA / kata_archive.CONFIGURATION
        if this_host().host_class is HostClass.EMULATED:
            values = run.setting("kata.slow_host", dict)
            host.write(CONFIGURATION, runtime_table.with_values(stock.read_text(), values).encode())
        else:
            host.link(CONFIGURATION, str(stock))
        out.line("=== The configuration, beside the one that Kata ships ===")
        out.run(["ls", "-l", str(CONFIGURATION)])
        out.run(["diff", "-u", str(stock), str(CONFIGURATION)], answered=[1])


@collector(
    edition=2025,
    task=1,
    writes=["setup/configure-containerd-kata.log"],
    needs=[AS_ROOT, on_path("containerd", packages=("containerd",))],
    after=[install],
)
def configure(run: Run) -> None:
    """The runtime kata in containerd's configuration, beside what was there before."""
    before, restart = run.folder / "before.toml", system.restart()
    with (
        run.host() as host,
        system.tried(host, CONTAINERD, restart),
        run.file("setup/configure-containerd-kata.log") as out,
    ):
        before.write_bytes(CONTAINERD.read_bytes() if CONTAINERD.exists() else b"")
        try:
            version = config_version(recorder.output(["containerd", "--version"]))
            after = runtime_table.with_kata(before.read_text(), version)
        except (TableError, ValueError) as error:
            raise CaptureError(f"{CONTAINERD}: {error}") from error
        if after.encode() != before.read_bytes():
            if restart:
                host.restart(restart)
            host.write(CONTAINERD, after.encode())
        out.line(f"=== {CONTAINERD}, before and after ===")
        names = ["--label", "before", "--label", "after"]
        ended = out.run(["diff", "-u", *names, str(before), str(CONTAINERD)], answered=[1])
        if ended.exit_status == 0:
            out.line("the runtime kata was there already: nothing was changed")
        out.line("=== containerd's own reading of it ===")
        out.run(["sh", "-c", READING, "read", str(CONTAINERD)], expect="runtime_type")
        if restart:
            out.line("=== containerd, started anew with it ===")
            system.start_anew(run, restart)
            out.run(["systemctl", "is-active", "containerd"])
        else:
            out.line("no systemd runs containerd here: it reads the file when it is started next")
