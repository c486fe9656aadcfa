"""The state of this host, to compare before and after."""

import hashlib
import os
import re
import shutil
import subprocess
import time
from functools import cache
from itertools import chain
from pathlib import Path

from labreport.capture.cleanup import runs


def host_state(*names: str) -> dict[str, set[str]]:
    """Return what a run could leave on this host. Things of runs that are not in `names` are left out."""
    commands = {
        "links": ["ip", "-o", "link"],
        "namespaces": ["ip", "netns"],
        "routes": ["ip", "-4", "route", "show", "table", "all"],
        "nat": ["iptables", "-t", "nat", "-S"],
        "filter": ["iptables", "-t", "filter", "-S"],
    }
    found = {
        key: set(subprocess.run(argv, capture_output=True, text=True, check=False).stdout.splitlines())
        for key, argv in commands.items()
        if shutil.which(argv[0])
    }
    found["mounts"] = set(Path("/proc/mounts").read_text().splitlines())
    found["forward"] = {Path("/proc/sys/net/ipv4/ip_forward").read_text()}
    for folder in (
        "/run/lab",
        "/run/containerd",
        "/run/netns",
        "/var/lib/lab",
        "/var/lib/cni",
        "/opt/containerd",
    ):
        found[folder] = {f"{where}/{one}" for where, *inside in os.walk(folder) for one in chain(*inside)}
    found["cgroups"] = {str(path) for path in Path("/sys/fs/cgroup").glob("*/lab*")}
    return {
        key: {line for line in lines if set(re.findall(r"lab[0-9a-f]{8}", line)) <= set(names)}
        for key, lines in found.items()
    }


def new_things(before: dict[str, set[str]], *names: str) -> dict[str, set[str]]:
    """Return what is there now and was not before. Wait for other runs under way, which may have made it."""
    deadline = time.monotonic() + 20
    while (found := _new(before, host_state(*names))) and time.monotonic() < deadline:
        if not any(runs.runs_folder().iterdir()):
            return _new(before, host_state(*names))
        time.sleep(0.5)
    return found


def _new(before: dict[str, set[str]], after: dict[str, set[str]]) -> dict[str, set[str]]:
    return {key: after[key] - before[key] for key in after if after[key] - before[key]}


@cache
def content_hash(path: str, device: int, inode: int, changed_ns: int) -> str:  # noqa: ARG001 - they are the cache's key
    """Return the hash of a file. A write changes its ctime, and so the file is read again."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def snapshot() -> str:
    """Return what an installation may change: paths with mode and owner, and hashes of regular files."""
    argv = ["find", "/etc", "/opt", "/usr/local", "-printf", "%p %y %m %U:%G %l\\n"]
    listed = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.splitlines()
    files = [line.split(" ")[0] for line in listed if line.split(" ")[1] == "f"]
    status = {path: Path(path).stat() for path in files if Path(path).is_file()}
    sums = [
        f"{path} {content_hash(path, one.st_dev, one.st_ino, one.st_ctime_ns)}"
        for path, one in status.items()
    ]
    return "\n".join([*sorted(listed), *sorted(sums)])
