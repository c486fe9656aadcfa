"""What all runs on a host share: folders of shims, the folder of namespaces, portmap's own chains."""

from labreport.capture.cleanup import runs
from labreport.capture.run import Run


def ours(run: Run, *, there: bool) -> bool:
    """Return whether this run takes such a thing away at its end, if nobody uses it by then.

    It does if the thing was not there before; or if another run was under way already, which may have made it
    and cannot remove it as long as this one uses it.
    """
    return not there or any(folder.name != run.name for folder in runs.runs_folder().iterdir())
