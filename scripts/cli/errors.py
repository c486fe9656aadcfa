"""Which of our errors ends the command line with which exit status."""

import sys

from collectors.box.place import BoxError
from collectors.engine.declare import DeclarationError
from collectors.engine.ledger import LedgerError
from collectors.engine.recorder import CommandNotFoundError
from collectors.engine.runner import OtherHostError
from collectors.engine.session import LeakError
from collectors.engine.store import StoreError
from collectors.reader import EvidenceError
from collectors.records import RecordError
from scripts.cli.statuses import CANNOT, FINDINGS, WRONG_USE


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
    problems = sys.modules.get("report.problems")
    return [problems.FaultError] if problems else []
