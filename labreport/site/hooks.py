"""The plugin as a mkdocs hook, for a checkout in which nothing is installed.

mkdocs runs this file by its path and calls each function here that is named after an event.
"""

import sys
from pathlib import Path

if (ROOT := str(Path(__file__).parents[2])) not in sys.path:
    sys.path.insert(0, ROOT)

from labreport.site.plugin import LabReportPlugin

_plugin = LabReportPlugin()
globals().update({name: getattr(_plugin, name) for name in dir(_plugin) if name.startswith("on_")})
