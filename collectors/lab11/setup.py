"""The configurations as they ran, whether nginx takes the sheet's cipher list, what a client can reach."""

from collectors.lab11.stack import NEEDS, USES, application, hardened, nginx, plain
from labreport.capture import Run, collector

CONFIGURED = "ssl_conf_command Ciphersuites"
STATUS = ("-o", "/dev/null", "-w", "HTTP %{http_code}\\n")


@collector(
    edition=2026,
    task=1,
    writes=["config/plain.conf", "config/hardened.conf", "config/versions.txt"],
    needs=NEEDS,
    uses=USES,
)
def configuration(run: Run) -> None:
    """The plain and the hardened configuration as they ran, and the versions of the programs."""
    for made in (run.resource(plain), run.resource(hardened)):
        with run.file(f"config/{made.name}.conf") as out:
            out.run(["cat", str(made.folder / f"{made.name}.conf")])
    with run.file("config/versions.txt") as out:
        out.run(["nginx", "-v"], stderr=True)
        out.run(["openssl", "version"])
        out.line("The application behind the proxy: programs/application.py of the lab")


@collector(edition=2026, task=2, writes=["config/sheet-ciphers.txt"], needs=NEEDS, uses=USES)
def sheet_ciphers(run: Run) -> None:
    """Whether nginx takes the sheet's ssl_ciphers in place of the line in the hardened configuration."""
    made = run.resource(hardened)
    trial = made.folder / "sheet-ciphers.conf"
    trial.write_text((made.folder / "hardened.conf").read_text().replace(CONFIGURED, "ssl_ciphers"))
    with run.file("config/sheet-ciphers.txt") as out:
        out.run(["grep", "--only-matching", "^ *ssl_ciphers .*", str(trial)])
        out.line("nginx tests this configuration:")
        test = [*nginx(made, trial.name), "-t"]
        result = out.run(test, answered=(1,), stderr=True, volatile=r"^\d.*\[emerg\] \d+#\d+")
        out.line(f"=> {'refused' if result.exit_status else 'accepted'}")


@collector(edition=2025, task=1, writes=["analysis/exposure.txt"], needs=NEEDS, uses=USES)
def exposure(run: Run) -> None:
    """What a client can reach: the ports of the proxy. The application has none."""
    made, socket = run.resource(hardened), run.resource(application)
    with run.file("analysis/exposure.txt") as out:
        out.line("The proxy over HTTP:")
        out.run(made.curl("/", *STATUS, scheme="http"))
        out.line("The proxy over HTTPS:")
        out.run(made.curl("/", *STATUS))
        out.line("The application listens on a socket in a private folder:")
        out.run(["stat", "--format", "%F", str(socket)])
        out.run(["stat", "--format", "%F %A", str(socket.parent)])
