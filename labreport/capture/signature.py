"""Check the signature of the list of evidence, with ssh-keygen (ssh-keygen(1), the options -Y)."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from labreport.capture import recorder
from labreport.capture.command import CommandSpec
from labreport.contract.errors import LabError
from labreport.contract.folder import opened
from labreport.contract.sums import SIGNATURE, SUMS

NAMESPACE = "labreport-evidence"
"""What the signature is for, so that a signature for something else does not count."""


class SignatureError(LabError):
    """The list of evidence is not signed by somebody who is allowed to."""


def signed_list(root: Path, signers: Path) -> tuple[str, str]:
    """Return the signed list of evidence below `root`, and who signed it.

    `signers` is a file of allowed signers (ssh-keygen(1)) from a place that the reader trusts. Raise
    SignatureError, EvidenceError if list or signature are missing, and CommandNotFoundError.
    """
    program = recorder.find("ssh-keygen")
    with opened(root) as top, TemporaryDirectory(prefix="lab-verify-") as scratch:
        listed, signature = Path(scratch, SUMS), Path(scratch, SIGNATURE)
        listed.write_bytes(top.read(SUMS))
        signature.write_bytes(top.read(SIGNATURE))
        by = ["-f", str(signers.absolute()), "-s", str(signature)]
        found = recorder.output([program, "-Y", "find-principals", *by]).splitlines()
        for signer in found:
            if _verifies([program, "-Y", "verify", "-I", signer, "-n", NAMESPACE, *by], listed):
                return listed.read_text(), signer
    what = "the signature is not one of the list" if found else "nobody in the file of signers signed it"
    raise SignatureError(what, f"sign again, or ask whose key {signers.name} has to have", path=SIGNATURE)


def _verifies(argv: list[str], listed: Path) -> bool:
    """Return whether ssh-keygen accepts the signature of a list."""
    with Path(os.devnull).open("wb") as sink:
        spec = CommandSpec(argv, stdin=listed, timeout=20)
        return recorder.execute(spec, stdout=sink, stderr=sink, env=recorder.environment("")).exit_status == 0
