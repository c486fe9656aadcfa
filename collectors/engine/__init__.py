"""How evidence is captured; knows no lab. A collector imports what it needs from here."""

from collectors.engine.declare import Collector, Need, NotApplicable, Unavailable, collector
from collectors.engine.run import Run

__all__ = ["Collector", "Need", "NotApplicable", "Run", "Unavailable", "collector"]
