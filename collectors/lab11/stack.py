"""The application, and nginx in front of it in three configurations: plain, hardened, hardened with the WAF.

Everything is in a private folder and listens on free ports of 127.0.0.1. nginx never runs as root.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from labreport.capture import Run, free_port, listens, on_path

LAB = Path(__file__).parent
PROGRAMS = LAB / "programs"
SHOWN = "/srv/lab11"
"""How the private folder is called in evidence and records."""

NOBODY = 65534
"""Debian's user nobody and group nogroup. nginx runs as them where the collect runs as root."""

NEEDS = (
    on_path("nginx", version="-v"),
    on_path("openssl", version="version"),
    on_path("python3"),
    on_path("curl"),
)
"""What every collector of the lab needs."""

USES = ("nginx/plain.conf", "nginx/hardened.conf", "programs/application.py")
WAF_USES = (*USES, "nginx/modsecurity.conf")

SUBJECT = ("-subj", "/CN=juice.local", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")

MODULES = "/usr/lib/nginx/modules"
LOAD = f"load_module {MODULES}/ndk_http_module.so;\nload_module {MODULES}/ngx_http_modsecurity_module.so;\n"


@dataclass(frozen=True)
class Front:
    """A running nginx: the name of its configuration, its folder, and its ports."""

    name: str
    folder: Path
    http: int
    https: int

    @property
    def address(self) -> str:
        """Where it takes TLS connections, for openssl."""
        return f"127.0.0.1:{self.https}"

    def curl(self, path: str, *words: str, scheme: str = "https") -> list[str]:
        """Return the curl command for a path of https://localhost, whatever the port is.

        `words` are more options. The certificate is self-signed, so it is not checked.
        """
        default, port = (443, self.https) if scheme == "https" else (80, self.http)
        to = f"localhost:{default}:127.0.0.1:{port}"
        return ["curl", "-sk", "--max-time", "30", "--connect-to", to, *words, f"{scheme}://localhost{path}"]


@contextmanager
def workplace(run: Run) -> Iterator[Path]:
    """Make the private folder of the lab, which belongs to the user as which nginx runs."""
    folder = Path("/tmp") / f"{run.name}-lab11"  # noqa: S108 - below /run/lab, another user could not read it
    remove = run.undo(["rm", "-rf", "--one-file-system", str(folder)])
    folder.mkdir(mode=0o700)
    run.hide(str(folder), SHOWN)
    _give(folder)
    yield folder
    remove()


@contextmanager
def application(run: Run) -> Iterator[Path]:
    """Run the application, and yield its Unix socket."""
    socket = run.resource(workplace) / "application.sock"
    serve = ["python3", "-I", "-B", str(PROGRAMS / "application.py"), str(socket)]
    with run.server(serve, ready=socket.exists, log="application.log"):
        yield socket


@contextmanager
def plain(run: Run) -> Iterator[Front]:
    """Run nginx with the plain configuration."""
    with front(run, "plain", "plain.conf") as made:
        yield made


@contextmanager
def hardened(run: Run) -> Iterator[Front]:
    """Run nginx with the hardened configuration."""
    with front(run, "hardened", "hardened.conf") as made:
        yield made


@contextmanager
def with_waf(run: Run) -> Iterator[Front]:
    """Run nginx with the hardened configuration, ModSecurity and the Core Rule Set."""
    with front(run, "waf", "hardened.conf", waf=True) as made:
        yield made


@contextmanager
def front(run: Run, name: str, configuration: str, *, waf: bool = False) -> Iterator[Front]:
    """Run nginx in a folder of its own until the block ends."""
    socket = run.resource(application)
    made = Front(name, run.resource(workplace) / name, free_port(), free_port())
    for folder in ("logs", "temp", "main.d", "http.d"):
        (made.folder / folder).mkdir(parents=True)
    shutil.copy(LAB / "nginx" / configuration, made.folder)
    (made.folder / "upstream.conf").write_text(f"upstream juice {{ server unix:{socket}; keepalive 16; }}\n")
    (made.folder / "listen-http.conf").write_text(f"listen 127.0.0.1:{made.http};\n")
    (made.folder / "listen-https.conf").write_text(f"listen 127.0.0.1:{made.https} ssl http2;\n")
    if waf:
        _add_waf(made.folder)
    certificate(run, made.folder / "certs" / "old")
    (made.folder / "certs" / "current").symlink_to("old")
    _give(made.folder)
    command = nginx(made, configuration)
    run.command([*command, "-t"])
    serve = [*command, "-g", "daemon off;"]
    with run.server(serve, ready=lambda: listens(made.https), log=f"nginx-{name}.log"):
        yield made


def nginx(front: Front, configuration: str) -> list[str]:
    """Return the command that runs nginx with a configuration of its folder, as nobody if this is root."""
    return [*as_nobody(), "nginx", "-e", "stderr", "-p", str(front.folder), "-c", configuration]


def as_nobody() -> list[str]:
    """Return the words before a command that make it run without root's rights."""
    if os.geteuid():
        return []
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"]


def certificate(run: Run, folder: Path) -> None:
    """Make a folder with a self-signed certificate and its key, under the names of the sheets."""
    folder.mkdir(parents=True)
    files = ["-keyout", str(folder / "localhost.key"), "-out", str(folder / "localhost.crt")]
    run.command(
        ["openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-days", "365", *files, *SUBJECT]
    )
    _give(folder)


def _add_waf(folder: Path) -> None:
    """Write what loads ModSecurity and its rules."""
    shutil.copy(LAB / "nginx" / "modsecurity.conf", folder)
    (folder / "main.d" / "modsecurity.conf").write_text(LOAD)
    rules = f"modsecurity on;\nmodsecurity_rules_file {folder}/modsecurity.conf;\n"
    (folder / "http.d" / "modsecurity.conf").write_text(rules)
    paths = f"SecAuditLog {folder}/logs/audit.log\nSecTmpDir {folder}/temp\nSecDataDir {folder}/temp\n"
    (folder / "paths.conf").write_text(paths)


def _give(folder: Path) -> None:
    """Give a folder to the user as which nginx runs."""
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
