"""Task 2: a new certificate, by an atomic change of a link and a reload, while requests are under way."""

from collectors.lab11.stack import NEEDS, PROGRAMS, USES, certificate, front, nginx
from labreport.capture import EVERYTHING, Run, collector

LOG = "requests.log"
BEFORE, LEAST = 200, 600
"""How many requests are answered before the certificate is replaced, and at least in all."""

LIMIT_SECONDS = 180.0
"""An emulated host with one processor answers about ten requests in a second."""

SUMMARY = (
    "NR > 1 {n++; if ($5 > 1) again++; if ($3 != 200) lost++; else if (!($4 in seen)) {seen[$4]; kinds++}}"
    ' END {printf "requests: %d\\nlost: %d\\nasked again on a new connection: %d\\n", n, lost, again;'
    ' printf "certificates seen: %d\\n", kinds}'
)


@collector(
    edition=2026,
    task=2,
    writes=["rotation/certificates.txt", "rotation/requests.csv", "rotation/summary.txt"],
    needs=NEEDS,
    uses=[*USES, "programs/under_way.py"],
)
def rotation(run: Run) -> None:
    """A new certificate by a reload while requests are under way: how many of them are lost."""
    seconds = run.setting("rotation.load_seconds", int)
    with front(run, "rotation", "hardened.conf") as made:
        certs = made.folder / "certs"
        certificate(run, certs / "new")
        with run.file("rotation/certificates.txt") as out:
            for name in ("old", "new"):
                out.line(f"{name}:")
                shown = ["openssl", "x509", "-in", str(certs / name / "localhost.crt"), "-noout"]
                out.run([*shown, "-fingerprint", "-sha256"], volatile=EVERYTHING)
        log = run.folder / LOG
        words = map(str, (PROGRAMS / "under_way.py", made.https, seconds, LEAST))
        load = ["python3", "-I", "-B", *words]

        def ready() -> bool:
            return log.read_bytes().count(b"\n") > BEFORE

        with run.server(load, ready=ready, log=LOG, timeout=LIMIT_SECONDS) as clients:
            run.command(["ln", "--symbolic", "new", str(certs / "next")])
            run.command(["mv", "--no-target-directory", str(certs / "next"), str(certs / "current")])
            run.command([*nginx(made, "hardened.conf"), "-s", "reload"])
            run.wait_until(lambda: not clients.alive(), "the end of the requests", seconds + LIMIT_SECONDS)
        run.hide(str(run.folder), "/run/lab11")
        with run.file("rotation/requests.csv") as out:
            out.run(["cat", str(log)], volatile=EVERYTHING)
    with run.file("rotation/summary.txt") as out:
        varies = r"(?<=requests: )\d+|(?<=connection: )\d+"
        out.run(["awk", "-F", ",", SUMMARY, "rotation/requests.csv"], volatile=varies)
