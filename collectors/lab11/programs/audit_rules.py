"""Which rules matched each request, from ModSecurity's audit log (native format).

    python3 audit_rules.py LOG PREFIX    prints CSV

A request is known by its header X-Lab-Request. Those whose name does not begin with PREFIX are left out, and
so are the rules that only add up the scores of the others.
"""

import csv
import re
import sys
from collections.abc import Iterator
from pathlib import Path

TRANSACTION = re.compile(r"^---\w+---Z--$", re.MULTILINE)
NAME = re.compile(r"^x-lab-request: (\S+)", re.MULTILINE | re.IGNORECASE)
RULE = re.compile(r'\[id "(\d+)"\].*?\[msg "([^"]*)"\]')
ADD_UP = {"949110", "959100", "980130", "980140"}


def rules(log: str, prefix: str) -> Iterator[tuple[str, str, str]]:
    """Yield request, rule and message, each rule of a request once."""
    for transaction in TRANSACTION.split(log):
        name = NAME.search(transaction)
        if name and name[1].startswith(prefix):
            for rule, message in dict.fromkeys(RULE.findall(transaction)):
                if rule not in ADD_UP:
                    yield name[1], rule, message


if __name__ == "__main__":
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(("request", "rule", "message"))
    table.writerows(rules(Path(sys.argv[1]).read_text(errors="replace"), sys.argv[2]))
