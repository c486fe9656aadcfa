"""Task 2: the rate limit of the login, as the sheets test it, and as a curve.

nginx counts for each client address. Each burst comes from a loopback address of its own, so that none finds
the limit used up by another.
"""

from collectors.lab11.stack import NEEDS, PROGRAMS, USES, Front, hardened
from labreport.capture import Run, collector

LOGIN = "/rest/user/login"
BODY = ("-H", "Content-Type: application/json", "-d", '{"email":"a@a","password":"a"}')
STATUS = ("-o", "/dev/null", "-w", "%{http_code}\\n")
COUNT = 'sort "$1" | uniq -c'
"""The sheet's pipe."""

FIRST = 10
"""The bursts come from 127.0.0.10 and the addresses after it."""


def logins(made: Front, number: int, clients: int, source: str = "127.0.0.1") -> list[str]:
    """Return the command that sends logins from one address, and prints the status of each."""
    parallel = ["--parallel", "--parallel-immediate", "--parallel-max", str(clients)] if clients > 1 else []
    words = [*parallel, "--http1.1", "--interface", source, *BODY, *STATUS]
    return made.curl(f"{LOGIN}?[1-{number}]", *words)


@collector(
    edition=2026,
    task=2,
    writes=["results/ratelimit-all.txt", "results/ratelimit.txt"],
    needs=NEEDS,
    uses=USES,
)
def ratelimit(run: Run) -> None:
    """Many logins at once: how many of them nginx refuses."""
    made, number = run.resource(hardened), run.setting("login.burst_requests", int)
    with run.file("results/ratelimit-all.txt") as out:
        out.run(logins(made, number, run.setting("login.clients", int)))
    with run.file("results/ratelimit.txt") as out:
        out.run(["sh", "-c", COUNT, "sh", "results/ratelimit-all.txt"])


@collector(
    edition=2025,
    task=3,
    writes=["analysis/rate-limit-test.txt", "analysis/access-429.txt"],
    needs=NEEDS,
    uses=USES,
)
def ratelimit_2025(run: Run) -> None:
    """Logins one after the other, and what the access log says of those that were refused."""
    made, source = run.resource(hardened), "127.0.0.2"
    with run.file("analysis/rate-limit-test.txt") as out:
        out.run(logins(made, run.setting("login.sheet_2025_requests", int), 1, source))
    with run.file("analysis/access-429.txt") as out:
        log = str(made.folder / "logs" / "access.log")
        out.run(["grep", f'^{source} .*" 429 ', log], volatile=r"\[\S+ \+0000\]|u?rt=\S+")


@collector(edition=2026, task=2, writes=["limits/bursts.csv"], needs=NEEDS, uses=USES)
def bursts(run: Run) -> None:
    """Logins at once: how many are sent, and how many are refused, for bursts of several sizes."""
    made = run.resource(hardened)
    rows = '{n++} $1 == 429 {r++} END {printf "%d,%d,%d\\n", n, n - r, r}'
    with run.file("limits/bursts.csv") as out:
        out.line("sent,passed,refused")
        for step, number in enumerate(run.setting("login.burst_sizes", list)):
            asked = logins(made, number, number, f"127.0.0.{FIRST + step}")
            out.run(["sh", "-c", '"$@" | awk "$ROWS"', "sh", *asked], env={"ROWS": rows})


@collector(
    edition=2026,
    task=2,
    writes=["limits/rates.csv"],
    needs=NEEDS,
    uses=[*USES, "programs/login_rates.py"],
)
def login_rates(run: Run) -> None:
    """Logins at several rates: how many are sent, and how many are refused."""
    made, seconds = run.resource(hardened), run.setting("login.rate_seconds", int)
    rates = map(str, run.setting("login.rates_per_minute", list))
    with run.file("limits/rates.csv") as out:
        program = ["python3", "-I", "-B", str(PROGRAMS / "login_rates.py")]
        out.run([*program, str(made.https), str(seconds), *rates], timeout=seconds + 60)
