"""Run the command line: `python -m labreport`, or `python FOLDER/labreport` where nothing is installed."""

import sys
from pathlib import Path

if not __package__:  # started by the path of the folder: import from the folder that holds it
    sys.path[0] = str(Path(__file__).absolute().parents[1])

from labreport.cli.main import main

main()
