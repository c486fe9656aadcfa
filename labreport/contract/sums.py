"""The list of all evidence with its hashes, which a workflow signs: another check than that of the records.

Records and evidence are in one repository, so whoever can write to it can put an old file and its old record
back. The signed list names the present hash of each.
"""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from labreport.contract.fields import FAILED
from labreport.contract.folder import EvidenceError, opened
from labreport.contract.sets import sets
from labreport.contract.verify import Integrity, IntegrityFinding

SUMS = "evidence.sums"
SIGNATURE = "evidence.sums.sig"
"""The list and its signature, in the evidence folder."""

LINE = re.compile(r"(?P<digest>[0-9a-f]{64})  (?P<path>[^\n]+)\n")
COLLECT = "collect and sign again, or restore the file from git"


def sums(root: Path) -> str:
    """Return the hash and the path of each file of each set, as `sha256sum` prints them.

    Files of `hosts/here`, staged files and failed captures are left out. Raise EvidenceError.
    """
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(_digests(root).items()))


def _digests(root: Path) -> dict[str, str]:
    """Return the hash of each file by its path from the evidence root."""
    digests = {}
    for name, folder in sets(root, here=False).items():
        with opened(folder) as top:
            for entry in top.entries(lambda entry: entry.path == FAILED or entry.is_hidden):
                if not entry.is_folder:
                    digests[f"{name}/{entry.path}"] = hashlib.sha256(top.read(entry.path)).hexdigest()
    return digests


def differences(root: Path, listed: str) -> Iterator[IntegrityFinding]:
    """Yield a finding for each file that the list `listed` does not describe as it is.

    Raise EvidenceError if it is not a list that `sums` made.
    """
    expected = {match["path"]: match["digest"] for match in LINE.finditer(listed)}
    if "".join(f"{digest}  {path}\n" for path, digest in expected.items()) != listed:
        raise EvidenceError("is not a list of hashes", "make it with `lab verify --sums`", path=SUMS)
    present = _digests(root)
    for path in sorted(expected.keys() | present.keys()):
        if path not in present:
            yield IntegrityFinding(Integrity.ALTERED, path, "is signed, and is gone", COLLECT)
        elif path not in expected:
            yield IntegrityFinding(Integrity.ALTERED, path, "is not in the signed list", COLLECT)
        elif present[path] != expected[path]:
            what = f"sha256 is {present[path][:12]}…, signed is {expected[path][:12]}…"
            yield IntegrityFinding(Integrity.ALTERED, path, what, COLLECT)
