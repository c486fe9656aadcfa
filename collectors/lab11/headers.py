"""Security headers: what the sheets ask for, and what is on each kind of response."""

import re

from collectors.lab11.questions import Question, ask
from collectors.lab11.stack import NEEDS, USES, hardened, plain
from labreport.capture import CommandResult, Run, collector

DATE = r"(?i)^date: .*"
SHEET = {
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "permissions-policy",
    "content-security-policy-report-only",
}
"""The six headers of the sheet of 2026."""

RESPONSES = {
    "s200": ("200, a page of the application", "/"),
    "s404": ("404, from the application", "/api/Products/999999"),
    "s500": ("500, from the application", "/rest/unexpected"),
    "s502": ("502, from nginx itself: the application does not answer", "/rest/no-answer"),
    "s405": ("405, from nginx itself: the method TRACE", "/", "-X", "TRACE"),
}
MEANINGS = {"6 of 6": "every header that the sheet asks for"}


@collector(
    edition=2026, task=1, writes=["results/http-redirect.txt", "results/headers.txt"], needs=NEEDS, uses=USES
)
def sheet_headers(run: Run) -> None:
    """The redirect to HTTPS, and the headers over HTTPS."""
    made = run.resource(hardened)
    with run.file("results/http-redirect.txt") as out:
        out.run(made.curl("/", "-I", scheme="http"), volatile=DATE)
    with run.file("results/headers.txt") as out:
        out.run(made.curl("/", "-I"), volatile=DATE)


@collector(
    edition=2025,
    task=2,
    writes=["analysis/headers-http.txt", "analysis/headers-https.txt"],
    needs=NEEDS,
    uses=USES,
)
def sheet_headers_2025(run: Run) -> None:
    """The headers over HTTP and HTTPS."""
    made = run.resource(hardened)
    for scheme in ("http", "https"):
        with run.file(f"analysis/headers-{scheme}.txt") as out:
            out.run(made.curl("/", "-I", scheme=scheme), volatile=DATE)


@collector(edition=2026, task=1, writes=["headers/responses.txt"], needs=NEEDS, uses=USES)
def headers(run: Run) -> None:
    """The six headers on responses of each kind: pages, errors of the application, errors of nginx."""
    fronts = (run.resource(plain), run.resource(hardened))
    with run.file("headers/responses.txt") as out:
        for id_, (text, path, *words) in RESPONSES.items():
            words += ["-D", "-", "-o", "/dev/null"]
            asked = f"curl -sk {' '.join(words)} https://localhost{path}"
            why = "without `always`, nginx adds no header to an error"
            commands = {made.name: made.curl(path, *words) for made in fronts}
            ask(out, Question(id_, text, why, asked, MEANINGS), commands, _count, DATE)


def _count(result: CommandResult) -> str:
    """Return how many of the sheet's headers a response has."""
    names = {match.lower() for match in re.findall(r"^([\w-]+):", result.text, re.MULTILINE)}
    return f"{len(names & SHEET)} of {len(SHEET)}"
