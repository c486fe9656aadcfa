"""Redact what must not be published: secrets, names of people and machines, addresses.

Output of commands, their arguments in the record, and the output of failed captures are redacted before they
reach the evidence folder. The rules work on bytes, so that binary output stays intact. Digests, versions and
addresses that identify nobody (loopback, unspecified, broadcast, netmask) are kept.

One file holds one way to find something: `forms` of tokens, `names` of secrets, `credentials` by their place,
private `keys`, `addresses`, and the `identity` of this machine. `redactor` applies them in order.
"""

from labreport.capture.redact.ansi import visible
from labreport.capture.redact.identity import PUBLIC_SUFFIXES, Identity, identity
from labreport.capture.redact.keys import PrivateKeys
from labreport.capture.redact.redactor import PIECE, VERSION, RedactionTimeoutError, Redactor, rules

__all__ = [
    "PIECE",
    "PUBLIC_SUFFIXES",
    "VERSION",
    "Identity",
    "PrivateKeys",
    "RedactionTimeoutError",
    "Redactor",
    "identity",
    "rules",
    "visible",
]
