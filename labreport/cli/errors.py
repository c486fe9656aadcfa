"""Which of our errors ends the command line with which exit status."""

import sys

from labreport.box.place import BoxError
from labreport.capture.declare import DeclarationError
from labreport.capture.host_changes.ledger import LedgerError
from labreport.capture.recorder import CommandNotFoundError
from labreport.capture.runner import OtherHostError
from labreport.capture.session import LeakError
from labreport.capture.store import StoreError
from labreport.cli.statuses import CANNOT, FINDINGS, WRONG_USE
from labreport.contract.reader import EvidenceError
from labreport.contract.records import RecordError


def exit_status(error: Exception) -> int | None:
    """Return the exit status for an error that is ours, None for one that is a mistake in this program."""
    statuses: dict[type[Exception], int] = {
        DeclarationError: WRONG_USE,
        OtherHostError: WRONG_USE,
        **dict.fromkeys(_of_the_report(), WRONG_USE),
        RecordError: FINDINGS,
        EvidenceError: FINDINGS,
        LeakError: FINDINGS,
        BoxError: CANNOT,
        LedgerError: CANNOT,
        StoreError: CANNOT,
        CommandNotFoundError: CANNOT,
        PermissionError: CANNOT,
    }
    return next((status for kind, status in statuses.items() if isinstance(error, kind)), None)


def _of_the_report() -> list[type[Exception]]:
    """Return the report's own error if it runs: a lab host need not have what the report needs."""
    problems = sys.modules.get("labreport.report.problems")
    return [problems.FaultError] if problems else []
