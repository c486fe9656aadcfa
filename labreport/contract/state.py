"""The model of `records/state.json`: every collector of a lab, and whether its evidence is there."""

from labreport.contract.fields import EvidencePath, Name, Seconds
from labreport.contract.records import Document, Model, Status


class CollectorState(Model):
    """One row of state.json. If nothing was captured: the reason, the remedy and the command to run."""

    name: Name
    title: str = ""
    edition: int | None = None
    task: int | None = None
    role: str = "measure"
    writes: list[EvidencePath]
    state: Status
    reason: str = ""
    remedy: str = ""
    command: str = ""
    seconds: Seconds | None = None


class State(Document):
    """Every collector of a lab: `records/state.json`. The report learns from it what is missing."""

    lab: Name
    collectors: list[CollectorState]

    def writer(self, path: str) -> CollectorState | None:
        """Return the collector that writes `path`, or None."""
        return next((row for row in self.collectors if path in row.writes), None)
