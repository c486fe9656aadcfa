"""The folder of named network namespaces, which `ip` makes and mounts when the first one is added."""

from contextlib import ExitStack
from pathlib import Path

from labreport.capture import recorder
from labreport.capture.cleanup import leaks, runs
from labreport.capture.run import Run


def note_namespace_folder(run: Run, stack: ExitStack) -> None:
    """Note how to remove the folder of named network namespaces, which `ip` creates and mounts."""
    folder = str(leaks.NETNS)
    if runs.removes_shared(run.name, existed=leaks.NETNS.exists()):
        stack.callback(run.undo(["rmdir", "--ignore-fail-on-non-empty", folder]))
    mounted = folder in leaks.mount_points()
    if mounted and leaks.NETNS.stat().st_dev != leaks.NETNS.parent.stat().st_dev:
        return  # `ip` mounts the folder on itself; another file system there is somebody else's
    if runs.removes_shared(run.name, existed=mounted):
        stack.callback(run.undo(["umount", folder]))  # fails as long as there is a namespace in it


def share_namespace_folder(run: Run, stack: ExitStack) -> None:
    """Have `ip` mount the folder and share that mount, before anything gets mounts of its own.

    Otherwise a containerd with its own mounts would not see the namespaces that are added later: on a host
    whose root is not a shared mount, runc then fails with "can't get final child's PID from pipe: EOF".
    """
    if is_shared(Path("/proc/self/mountinfo").read_text(), str(leaks.NETNS)):
        return
    note_namespace_folder(run, stack)
    name = f"{run.name}-first"
    stack.callback(run.undo(["ip", "netns", "delete", name]))
    run.command(["ip", "netns", "add", name])
    recorder.output(["ip", "netns", "delete", name])


def is_shared(mounts: str, point: str) -> bool:
    """Return whether the last mount at `point` is shared, given a mountinfo (proc(5)).

    >>> is_shared("36 35 98:0 /mnt1 /mnt2 rw,noatime shared:1 master:2 - ext3 /dev/root rw", "/mnt2")
    True
    """
    fields = [line.partition(" - ")[0].split() for line in mounts.splitlines()]
    here = [words for words in fields if words[4] == point]
    return bool(here) and any(word.startswith("shared:") for word in here[-1][6:])
