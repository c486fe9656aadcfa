"""Run the command line: `python -m labreport`, or `python FOLDER/labreport` where nothing is installed."""

import os
import sys

if not __package__:  # started by the folder's path: imports begin at the folder that holds it
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - pathlib costs 5 ms here

from labreport.cli.main import main

main()
