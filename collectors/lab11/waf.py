"""Task 3: ModSecurity with the OWASP Core Rule Set: what it stops, by which rule, and what wrongly."""

from collections.abc import Sequence
from pathlib import Path

from collectors.lab11.stack import MODULES, NEEDS, PROGRAMS, WAF_USES, Front, hardened, with_waf
from collectors.lab11.waf_requests import ORDINARY, PAYLOADS, Request
from labreport.capture import EVERYTHING, Need, Out, Run, collector
from labreport.contract.lab_config import Lab

RULES = Path("/usr/share/modsecurity-crs/rules")
PACKAGES = ("libnginx-mod-http-modsecurity", "modsecurity-crs")
AUDIT_USES = (*WAF_USES, "programs/audit_rules.py")


def _missing(_lab: Lab) -> str:
    """Return what of the WAF is not installed."""
    module = Path(MODULES) / "ngx_http_modsecurity_module.so"
    return next((f"{path} is not there" for path in (module, RULES) if not path.exists()), "")


WAF = Need("the WAF", _missing, f"install {' and '.join(PACKAGES)}", PACKAGES)
WAF_NEEDS = (*NEEDS, WAF)


@collector(
    edition=2026,
    task=3,
    writes=[
        "results/waf-probe.txt",
        "results/waf-audit.txt",
        "config/modsecurity.conf",
        "config/waf-versions.txt",
    ],
    needs=WAF_NEEDS,
    uses=WAF_USES,
)
def waf(run: Run) -> None:
    """The sheet's payload without and with the WAF, the audit log, and the versions of WAF and rules."""
    with_rules, payload = run.resource(with_waf), PAYLOADS[0].path
    with run.file("results/waf-probe.txt") as out:
        for name, made in (("no-waf", run.resource(hardened)), ("with-waf", with_rules)):
            out.run(made.curl(payload, "-o", "/dev/null", "-w", f"{name}: HTTP %{{http_code}}\\n"))
    with run.file("results/waf-audit.txt") as out:
        out.run(["tail", "-n", "50", str(_audit_log(with_rules))], volatile=EVERYTHING)
    with run.file("config/modsecurity.conf") as out:
        out.run(["cat", str(with_rules.folder / "modsecurity.conf")])
    with run.file("config/waf-versions.txt") as out:
        out.line("The rules say:")
        version = ["grep", "--no-filename", "--only-matching", "--max-count=1", r"OWASP_CRS/[0-9.]*"]
        out.run([*version, str(RULES / "REQUEST-942-APPLICATION-ATTACK-SQLI.conf")])
        out.line("Debian's packages:")
        out.run(["dpkg-query", "--show", "libmodsecurity3*", *PACKAGES], answered=[1])


@collector(
    edition=2026,
    task=3,
    writes=["waf/payloads.csv", "waf/payload-counts.txt", "waf/payload-rules.csv"],
    needs=WAF_NEEDS,
    uses=AUDIT_USES,
)
def payloads(run: Run) -> None:
    """The payloads of attacks, without and with the WAF: which are stopped, and by which rules."""
    fronts = (run.resource(hardened), run.resource(with_waf))
    with run.file("waf/payloads.csv") as out:
        _send(out, fronts, PAYLOADS, "attack")
    with run.file("waf/payload-counts.txt") as out:
        for made in fronts:
            _count(out, f"stopped by {made.name}", f",{made.name},403$", "waf/payloads.csv")
        _count(out, "sent to each", ",waf,[0-9]*$", "waf/payloads.csv")
    with run.file("waf/payload-rules.csv") as out:
        out.run(_rules(fronts[1], "attack"))


@collector(
    edition=2026,
    task=3,
    writes=["waf/ordinary.csv", "waf/ordinary-counts.txt", "waf/ordinary-rules.csv"],
    needs=WAF_NEEDS,
    uses=AUDIT_USES,
)
def ordinary(run: Run) -> None:
    """Ordinary requests with the WAF: which are stopped wrongly, and by which rules."""
    made = run.resource(with_waf)
    with run.file("waf/ordinary.csv") as out:
        _send(out, [made], ORDINARY, "ordinary")
    with run.file("waf/ordinary-counts.txt") as out:
        _count(out, "stopped", ",waf,403$", "waf/ordinary.csv")
        _count(out, "sent", ",waf,[0-9]*$", "waf/ordinary.csv")
    with run.file("waf/ordinary-rules.csv") as out:
        out.run(_rules(made, "ordinary"))


def _send(out: Out, fronts: Sequence[Front], requests: Sequence[Request], prefix: str) -> None:
    """Send each request to each configuration, and write a row of a CSV for it."""
    out.line("request,kind,configuration,status")
    for request in requests:
        for made in fronts:
            row = f"{request.name},{request.kind},{made.name},%{{http_code}}\\n"
            words = ["--path-as-is", "-H", f"X-Lab-Request: {prefix}-{request.name}", *request.words]
            out.run(made.curl(request.path, *words, "-o", "/dev/null", "-w", row))


def _count(out: Out, label: str, pattern: str, path: str) -> None:
    """Write how many rows of a CSV match a pattern."""
    out.line(f"{label}:")
    out.run(["grep", "-c", pattern, path], answered=[1])


def _rules(made: Front, prefix: str) -> list[str]:
    """Return the command that reads from the audit log which rules matched which requests."""
    return ["python3", "-I", "-B", str(PROGRAMS / "audit_rules.py"), str(_audit_log(made)), prefix]


def _audit_log(made: Front) -> Path:
    return made.folder / "logs" / "audit.log"
