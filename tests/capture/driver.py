"""Collect a throw-away lab in a process that can be killed: driver.py ROOT LAB [STEP [TIME]].

With STEP, the process kills itself when the store reaches that step for the TIME-th time (default: 1).
"""

import os
import signal
import sys
from pathlib import Path

from labreport.capture import collect, store
from labreport.capture.capture import Target
from labreport.capture.labs import find_lab
from tests.capture.throwaway import Silent


def main() -> None:
    """Collect; exit status 3 if interrupted."""
    root, lab, *kill = sys.argv[1:]
    left = int(kill[1]) if len(kill) > 1 else 1

    def reached(step: str) -> None:
        nonlocal left
        left -= step == kill[0]
        if step == kill[0] and left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    if kill:
        store.reached = reached
    target = Target(find_lab(Path(root), lab), Path(root) / "evidence" / lab, Path(root))
    try:
        collect.collect(target, [], Silent())
    except KeyboardInterrupt:
        sys.exit(3)


if __name__ == "__main__":
    main()
