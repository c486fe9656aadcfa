"""Run the command line: `python -m labreport`, or `python FOLDER/labreport` where nothing is installed."""

import signal

HANDLER = signal.getsignal(signal.SIGINT)
if __name__ == "__main__" and HANDLER is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # before the imports: they would end in a traceback

# ruff: noqa: E402
import sys
from pathlib import Path

if not __package__:  # started by the path of the folder: import from the folder that holds it
    sys.path[0] = str(Path(__file__).absolute().parents[1])


def main() -> None:
    """Run `lab`. While its modules are imported, Ctrl-C ends it at once, without a traceback."""
    try:
        from labreport.cli.main import main as run  # noqa: PLC0415 # see above
    except ModuleNotFoundError as error:  # click: what else may be missing is imported later
        from labreport.contract.errors import ExitStatus  # noqa: PLC0415 # only then
        from labreport.site.defaults import is_ours, not_installed  # noqa: PLC0415 # only then

        if is_ours(error):
            raise
        print(not_installed(error), file=sys.stderr)  # noqa: T201 # what prints for `lab` needs click
        sys.exit(ExitStatus.CANNOT_RUN)
    signal.signal(signal.SIGINT, HANDLER)
    run()


if __name__ == "__main__":
    main()
