"""What this host is, what it has of a collector's needs, and the versions of its tools."""

import os
import platform
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from labreport.capture import recorder
from labreport.capture.declare import DeclarationError, Lack, Need
from labreport.capture.packages import install_command
from labreport.capture.program import which
from labreport.contract.lab_config import Lab
from labreport.contract.records import Host, HostClass

CPUINFO = Path("/proc/cpuinfo")
CLOCKS = Path("/sys/devices/system/clocksource/clocksource0/available_clocksource")
KERNEL_THREADS = Path("/proc/2/comm")
MEMINFO = Path("/proc/meminfo")
VENDOR = Path("/sys/class/dmi/id/sys_vendor")


@cache
def this_host() -> Host:
    """Return this machine's properties for a record: no serial number, address or name."""
    cpuinfo = CPUINFO.read_text(errors="replace")
    return Host(
        kernel=platform.release(),
        distribution=_distribution(),
        architecture=platform.machine(),
        cpu=cpu_model(cpuinfo),
        cores=os.cpu_count() or 1,
        memory_mib=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20,
        host_class=host_class(cpuinfo, _detected("--vm"), _read(CLOCKS), _read(VENDOR)),
        container=in_container(),
    )


def _distribution() -> str:
    """Return os-release's PRETTY_NAME."""
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "unknown")
    except OSError:
        return "unknown"


def cpu_model(cpuinfo: str) -> str:
    r"""Return the first processor's name from /proc/cpuinfo.

    >>> cpu_model("processor\t: 0\nmodel name\t: AMD EPYC 7763 64-Core Processor\n")
    'AMD EPYC 7763 64-Core Processor'
    """
    names = [line.partition(":")[2] for line in cpuinfo.splitlines() if line.startswith("model name")]
    return " ".join(names[0].split()) if names else platform.processor() or "unknown"


def host_class(cpuinfo: str, detected: str, clocks: str, vendor: str) -> HostClass:
    """Return the host class of a machine.

    `cpuinfo` is the content of /proc/cpuinfo, `clocks` the available clock sources, `vendor` the DMI vendor.
    `detected` is the output of systemd-detect-virt, which tells emulation by QEMU ("qemu") from KVM by the
    processor's signature. If the program is missing, `detected` is empty, and a QEMU machine without a KVM
    clock counts as emulated. A virtual machine with virtualization extensions is nested, because a guest that
    it starts runs one level deeper.
    """
    features = flags(cpuinfo)
    if detected == "none" or (not detected and "hypervisor" not in features):
        return HostClass.BARE_METAL
    emulated = detected == "qemu" if detected else vendor == "QEMU" and "kvm-clock" not in clocks
    if emulated or "QEMU TCG" in cpu_model(cpuinfo):
        return HostClass.EMULATED
    return HostClass.NESTED if {"vmx", "svm"} & features else HostClass.VIRTUAL


def flags(cpuinfo: str) -> frozenset[str]:
    r"""Return the features of the first processor in /proc/cpuinfo.

    >>> sorted(flags("processor\t: 0\nflags\t\t: fpu svm\n"))
    ['fpu', 'svm']
    """
    lines = (line.partition(":")[2] for line in cpuinfo.splitlines() if line.startswith("flags"))
    return frozenset(next(lines, "").split())


def available_mib(meminfo: str) -> int:
    r"""Return how many MiB programs can still have, from /proc/meminfo.

    >>> available_mib("MemTotal:       24000000 kB\nMemAvailable:   20480000 kB\n")
    20000
    """
    found = re.search(r"^MemAvailable:\s+(\d+) kB$", meminfo, re.MULTILINE)
    return int(found[1]) >> 10 if found else 0


def _detected(kind: str) -> str:
    """Return the output of systemd-detect-virt ("none" for none); an empty text if it is not installed."""
    if which("systemd-detect-virt") is None:
        return ""
    return recorder.output(["systemd-detect-virt", kind]) or "none"


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def in_container() -> bool:
    """Return whether this process runs in a container, where process 2 is not a kernel thread.

    Files such as /.dockerenv prove less: virtual machines are made from container images, too.
    """
    return _read(KERNEL_THREADS) != "kthreadd"


def on_path(*programs: str, packages: Sequence[str] | None = None, version: str = "--version") -> Need:
    """Return the need for programs, whose versions the record then has.

    `packages` are the Debian packages that provide them; by default they have the programs' names. `version`
    is the argument with which the programs print their version. Raise DeclarationError for what is no name.
    """
    provided = tuple(programs if packages is None else packages)
    if not programs or isinstance(packages, str) or not all(isinstance(name, str) for name in programs):
        raise DeclarationError(
            f"on_path{programs!r}, packages={packages!r}: not names of programs and a list of packages",
            'write on_path("zstd"), or on_path("awk", packages=["mawk"])',
        )
    by_hand = f"put {' and '.join(programs)} on PATH"

    def missing(_lab: Lab) -> Lack | None:
        absent = [program for program in programs if which(program) is None]
        remedy = install_command(provided) if provided else by_hand
        return Lack(f"not on PATH: {', '.join(absent)}", remedy, provided) if absent else None

    tools = tuple((program, version) for program in programs)
    return Need(programs[0], missing, by_hand, provided, tools)


def _not_root(_lab: Lab) -> str:
    return "" if os.geteuid() == 0 else "not root"


ROOT = Need(name="root", missing=_not_root, remedy="run it with sudo, or as root")


def versions(needs: tuple[Need, ...], *, system: bool) -> dict[str, str]:
    """Return the version of each tool of these needs, by program. Leave out tools that print none.

    With `system` this includes the tools that a private containerd may have from an archive.
    """
    tools = [argv for need in needs for argv in (*need.tools, *(need.system_tools if system else ()))]
    lines = {argv[0]: version_of(argv) for argv in tools}
    return {program: version for program, version in lines.items() if version}


def version_of(argv: tuple[str, ...]) -> str:
    """Return the first line that a program prints with `argv`; an empty text if there is no version in it.

    nginx prints it as an error, and wrk fails after it: a line with `1.2` in it counts all the same.
    A program runs only once, unless its file changes: a lab asks for the same versions for each collector.
    """
    try:
        status = Path(recorder.find(argv[0])).stat()
    except (recorder.CommandNotFoundError, OSError):
        return ""
    return _first_line(argv, status.st_ino, status.st_mtime_ns)


@cache
def _first_line(argv: tuple[str, ...], _inode: int, _mtime_ns: int) -> str:
    line = recorder.output(argv).partition("\n")[0]
    if line:
        return line
    line = recorder.output(argv, lenient=True).partition("\n")[0]
    return line if re.search(r"[0-9]\.[0-9]", line) else ""
