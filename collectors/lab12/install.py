"""Task 1: install Kata's guest assets and configuration from a kata-static archive."""

from pathlib import Path

from collectors.lab12.runtime_table import with_values
from labreport.capture import ROOT as AS_ROOT
from labreport.capture import CaptureError, Run, collector, on_path
from labreport.capture.host import this_host
from labreport.containers.kata import archive as kata_archive
from labreport.contract.records import HostClass

KATA = Path(kata_archive.ROOT)
SHIM = Path("/usr/local/bin/containerd-shim-kata-v2")
CONFIGURATION = Path("/etc/kata-containers/runtime-rs/configuration.toml")
FILES = ["sh", "-c", f"find {KATA} -type f -printf '%s %P\\n' | sort -k 2"]
ASSETS = ["sh", "-c", f"find {KATA}/share/kata-containers -type f | sort | xargs sha256sum"]


@collector(
    edition=2025,
    task=1,
    writes=["setup/install-kata-assets.log"],
    needs=[AS_ROOT, on_path("zstd", "curl", packages=("zstd", "curl"))],
)
def install(run: Run) -> None:
    """Kata's shim, guest kernel, image and configuration, from a kata-static archive."""
    with run.host() as host, run.file("setup/install-kata-assets.log") as out:
        archive, digest = kata_archive.obtain(run, "kata")
        sums = run.folder / "kata.sha256"
        sums.write_text(f"{digest}  {archive}\n")
        out.line("=== The archive, held against the checksum that is stated for it ===")
        out.run(["sha256sum", "--check", str(sums)])
        out.run(["sha256sum", str(archive)])

        tar, contents = kata_archive.opened(run, archive)
        try:
            shim = kata_archive.find_shim(contents.members)
            host.place(KATA, contents.members, lambda new: kata_archive.unpack(tar, new))
        except kata_archive.ArchiveError as error:
            raise CaptureError(error.what, error.remedy, path=archive.name) from error
        host.link(SHIM, str(KATA / shim))
        out.line("=== What was installed: bytes and name of every file ===")
        out.run(FILES)
        out.run(["sha256sum", str(KATA / shim)])
        out.run(ASSETS)
        out.run(["ls", "-l", str(SHIM)])

        stock = KATA / kata_archive.CONFIGURATION
        if this_host().host_class is HostClass.EMULATED:
            values = run.setting("kata.slow_host", dict)
            host.write(CONFIGURATION, with_values(stock.read_text(), values).encode())
        else:
            host.link(CONFIGURATION, str(stock))
        out.line("=== The configuration, beside the one that Kata ships ===")
        out.run(["ls", "-l", str(CONFIGURATION)])
        out.run(["diff", "-u", str(stock), str(CONFIGURATION)], answered=[1])
