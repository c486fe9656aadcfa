"""The host before and after an escape: its files, mounts, modules and settings, and what differs.

What is looked at is what a container must not change. What a host changes by itself, counters above all, is
left out by name.
"""

from pathlib import Path

from labreport.capture.run import CaptureError, Out, Run

TREES = ("/etc", "/usr/local", "/boot")
"""Where a changed file takes a host over. Up to 1 MiB it is looked at by hash, else by size and time."""

RESTLESS = (
    r"fs\.(aio-nr|dentry-state|file-nr|inode-nr|inode-state)|fs\.quota\..*|kernel\.(ns_last_pid|random\..*|pty\.nr)"
    r"|kernel\.(sched_domain|firmware_config|keys)\..*|kernel\.tainted|net\..*\.(conf|neigh)\..*"
    r"|net\.netfilter\.nf_conntrack_(count|buckets)|net\.ipv[46]\.(route|netfilter)\..*|vm\.stat.*"
)
"""Settings of the kernel that are counters, or that come and go with interfaces."""

LOOK = r"""
folder=$1; shift
{
    find "$@" -xdev ! -type f -printf '%p %y %m %U:%G %l\n'
    find "$@" -xdev -type f -size +1024k -printf '%p f %m %U:%G %s %T@\n'
    find "$@" -xdev -type f ! -size +1024k -printf '%p f %m %U:%G\n'
    find "$@" -xdev -type f ! -size +1024k -exec sha256sum {} + | sed 's/^\([^ ]*\)  \(.*\)$/\2 sha256 \1/'
} 2>/dev/null | sort >"$folder/files"
cut -d ' ' -f 1-4 /proc/1/mounts | sort >"$folder/mounts"
cut -d ' ' -f 1 /proc/modules | sort >"$folder/modules"
sysctl -a 2>/dev/null | grep -Ev "^($RESTLESS) = " | sort >"$folder/sysctl"
"""
COUNT = """
cd "$1"; shift
for one in "$@"; do echo "$one: $(wc -l <$one) lines, sha256 $(sha256sum <$one | cut -c 1-64)"; done
"""
DRAWN = r"[0-9a-f]{64}$|^@@ .*|marker-[0-9a-f]{16}"
"""What differs from run to run in a difference: the hash of a file that holds the marker, and its place."""

KINDS = ("files", "mounts", "modules", "sysctl")
DIFFER = 'cd "$1" && shift && for one in "$@"; do diff -U 0 --label "$one before" --label "$one after" before/$one after/$one; done; true'  # fmt: skip  # noqa: E501


class HostWatch:
    """Looks at the host twice and writes what differs. `own` is a folder of the lab's, watched as well."""

    def __init__(self, run: Run, own: Path) -> None:
        self._run = run
        self._trees = [*(tree for tree in TREES if Path(tree).is_dir()), str(own)]
        self._folder = run.folder / "host-watch"

    def look(self, out: Out, when: str) -> None:
        """Look at the host; write how many lines each kind has, and their hash. `when` is before or after."""
        place = self._folder / when
        place.mkdir(parents=True, exist_ok=True)
        given = {"RESTLESS": RESTLESS, "LC_ALL": "C"}
        self._run.command(["sh", "-c", LOOK, "look", str(place), *self._trees], env=given)
        if empty := [kind for kind in KINDS if kind != "modules" and not (place / kind).read_bytes()]:
            raise CaptureError(f"the host shows no {' and no '.join(empty)}: nothing could be compared")
        out.line(f"--- the host {when}")
        out.run(["sh", "-c", COUNT, "count", str(place), *KINDS], volatile=r"\d+ lines, sha256 .*")

    def differences(self, out: Out) -> list[str]:
        """Write what differs between before and after; return the lines that are in one of them only."""
        out.line("--- what differs on the host")
        found = out.run(
            ["sh", "-c", DIFFER, "differ", str(self._folder), *KINDS], volatile=DRAWN
        ).text.splitlines()
        lines = [line for line in found if line[:1] in "+-" and not line.startswith(("+++ ", "--- "))]
        if not lines:
            out.line("nothing")
        return lines
