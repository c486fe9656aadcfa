"""TLS: what the sheets ask of it, and which versions and cipher suites each configuration accepts."""

from collectors.lab11.questions import Question, ask
from collectors.lab11.stack import NEEDS, PROGRAMS, USES, Front, hardened, plain
from labreport.capture import EVERYTHING, CommandResult, Run, collector, on_path

KEY = "Cipher|(Server|Peer) Temp Key|Negotiated TLS1.3 group"
"""What the sheet looks for. OpenSSL 3.0 says `Server Temp Key`, newer ones `Peer Temp Key` or the group."""

GREP = 'openssl s_client -connect "$1" -tls1_3 2>&1 </dev/null | grep -E "$2"'
"""The sheet's pipe."""

VERSIONS = {"tls1": "TLS 1.0", "tls1_1": "TLS 1.1", "tls1_2": "TLS 1.2", "tls1_3": "TLS 1.3"}
ANY_CIPHER = ("-cipher", "ALL:@SECLEVEL=0")
"""Without it, OpenSSL's client would refuse TLS 1.0 and 1.1 itself."""

MEANINGS = {"accepted": "a handshake was completed", "refused": "the server ended the handshake"}
ERROR = r"^[0-9A-F]{12,16}(?=:error)"
"""What differs from run to run in an error of OpenSSL: the id of a thread."""


@collector(edition=2026, task=1, writes=["results/tls13.txt"], needs=NEEDS, uses=USES)
def tls13(run: Run) -> None:
    """The handshake with TLS 1.3."""
    made = run.resource(hardened)
    with run.file("results/tls13.txt") as out:
        hello = ["-connect", made.address, "-servername", "localhost", "-tls1_3", "-brief"]
        out.run(["openssl", "s_client", *hello], stderr=True, head=8, expect="^Protocol version: ")


@collector(edition=2026, task=2, writes=["results/cipher.txt"], needs=NEEDS, uses=USES)
def cipher(run: Run) -> None:
    """Cipher suite and key exchange with TLS 1.3."""
    made = run.resource(hardened)
    with run.file("results/cipher.txt") as out:
        out.run(["sh", "-c", GREP, "sh", made.address, KEY])


@collector(edition=2026, task=1, writes=["tls/versions.txt"], needs=NEEDS, uses=USES)
def tls_versions(run: Run) -> None:
    """Which versions of TLS each configuration accepts, each offered alone."""
    fronts = (run.resource(plain), run.resource(hardened))
    with run.file("tls/versions.txt") as out:
        for option, version in VERSIONS.items():
            asked = f"openssl s_client -{option} {' '.join(ANY_CIPHER)}"
            why = "the versions before 1.2 are deprecated (RFC 8996)"
            question = Question(option.replace("_", "-"), f"Is {version} accepted?", why, asked, MEANINGS)
            ask(out, question, {made.name: _hello(made, option) for made in fronts}, _accepted, ERROR)


def _hello(made: Front, option: str) -> list[str]:
    """Return the command that offers one version of TLS."""
    return ["openssl", "s_client", "-connect", made.address, f"-{option}", *ANY_CIPHER, "-brief"]


def _accepted(result: CommandResult) -> str:
    return "refused" if result.exit_status else "accepted"


@collector(
    edition=2026,
    task=2,
    writes=["tls/ciphers.csv", "tls/cipher-counts.txt"],
    needs=NEEDS,
    uses=[*USES, "programs/tls_ciphers.sh"],
)
def tls_ciphers(run: Run) -> None:
    """Which cipher suites each configuration accepts, each offered alone."""
    fronts = (run.resource(plain), run.resource(hardened))
    pairs = [f"{made.name}={made.https}" for made in fronts]
    with run.file("tls/ciphers.csv") as out:
        out.run([str(PROGRAMS / "tls_ciphers.sh"), *pairs])
    with run.file("tls/cipher-counts.txt") as out:
        for made in fronts:
            out.line(f"{made.name}:")
            out.run(["grep", "-c", f"^{made.name},.*,accepted$", "tls/ciphers.csv"], answered=[1])


@collector(
    edition=2025,
    task=3,
    writes=["analysis/testssl.txt"],
    needs=[*NEEDS, on_path("testssl", packages=["testssl.sh"])],
    uses=USES,
    role="long",
)
def testssl(run: Run) -> None:
    """The hardened configuration as testssl.sh judges it."""
    made = run.resource(hardened)
    with run.file("analysis/testssl.txt") as out:
        words = ["--color", "0", "--quiet", "--warnings", "batch", "--nodns", "none"]
        out.run(
            ["testssl", *words, f"https://127.0.0.1:{made.https}"],
            answered=range(1, 256),
            expect="TLS 1.3",
            volatile=EVERYTHING,
        )
