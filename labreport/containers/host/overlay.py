"""Whether overlayfs works on the file system that will hold the layers of images.

containerd's own answer is not enough: 1.6 tries an overlay without an upper layer, and calls its snapshotter
"ok" on an overlay, where every container fails. An overlay on an overlay is what a collect in a container
meets: a container's own files are on one.
"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from labreport.capture import recorder
from labreport.capture.checks import Check, Fit
from labreport.containers.host.places import existing, file_system

NAMESPACE, MOUNTED, WRITTEN = "namespace", "mounted", "written"
"""What the script prints when it has come so far."""

SCRIPT = f"""
echo {NAMESPACE}
cd "$1" && mkdir lower1 lower2 upper work merged || exit 0
echo below >lower1/kept && echo below >lower2/removed || exit 0
mount -t overlay overlay -o lowerdir=lower2:lower1,upperdir=upper,workdir=work merged || exit 0
echo {MOUNTED}
echo above >merged/kept && rm merged/removed || exit 0
[ "$(cat upper/kept lower1/kept | tr '\\n' ' ')" = "above below " ] || exit 0
[ -e merged/removed ] || echo {WRITTEN}
exit 0
"""
"""Mounts an overlay, changes a file of its lower layer and removes another: the latter makes a whiteout."""

INSTEAD = "the native snapshotter is used, which copies an image for each container"
REMEDY = "if that is too slow: a volume of ext4 or xfs at {folder}"


def check(folder: Path) -> Check:
    """Return whether an overlay can be mounted and written to in the existing part of the path `folder`."""
    if os.geteuid() != 0:
        return Check("overlayfs", Fit.NOT_TRIED, "not root, so none was mounted", required=False)
    place = existing(folder)
    kind = file_system(place)
    try:
        with TemporaryDirectory(prefix=".doctor-", dir=place) as scratch:
            words = _tried(scratch)
    except OSError as error:
        detail = f"{place} ({kind}) cannot be written: {error.strerror}"
        return Check("overlayfs", Fit.NO, detail, f"make {place} writable")
    if WRITTEN in words:
        return Check("overlayfs", Fit.YES, f"mounted and written on {place} ({kind})", required=False)
    if NAMESPACE not in words:
        detail = "no mount namespace can be made here, so none was mounted"
        return Check("overlayfs", Fit.NOT_TRIED, detail, required=False)
    how = "cannot be written" if MOUNTED in words else "cannot be mounted"
    detail = f"{how} on {place} ({kind}): {INSTEAD}"
    return Check("overlayfs", Fit.NO, detail, REMEDY.format(folder=folder), required=False)


def _tried(scratch: str) -> list[str]:
    """Try an overlay in a folder, in a mount namespace that ends with the try; return what was printed."""
    own_mounts = ["unshare", "--mount", "--propagation", "private"]
    return recorder.output([*own_mounts, "sh", "-c", SCRIPT, "overlay", scratch]).split()
