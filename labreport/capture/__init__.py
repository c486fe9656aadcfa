"""How evidence is captured; knows no lab. A collector imports what it needs from here."""

from labreport.capture.declare import Collector, Need, NotApplicable, Unavailable, collector
from labreport.capture.run import Run

__all__ = ["Collector", "Need", "NotApplicable", "Run", "Unavailable", "collector"]
