"""A rule of an audit, in the words that the manual and every output use."""

from dataclasses import dataclass

from labreport.audit.model import Level


@dataclass(frozen=True)
class AuditRule:
    """A rule: its id, its title, its weight, and what it says and does not say about a report."""

    id: str
    title: str
    level: Level
    means: str
    not_means: str = ""

    @property
    def meaning(self) -> str:
        """What it means and what not, as one text."""
        return f"{self.means} {self.not_means}".rstrip()
