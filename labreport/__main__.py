"""Run the command line: `python -m labreport`, or `python FOLDER/labreport` where nothing is installed."""

import signal
import sys
from pathlib import Path

if not __package__:  # started by the path of the folder: import from the folder that holds it
    sys.path[0] = str(Path(__file__).absolute().parents[1])


def main() -> None:
    """Run `lab`. While its modules are imported, Ctrl-C ends it at once, without a traceback."""
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from labreport.cli.main import main as run  # noqa: PLC0415 # see above

    signal.signal(signal.SIGINT, handler)
    run()


if __name__ == "__main__":
    main()
