"""Print a page as PDF, with the Chromium of this machine. It gets one file and no network.

The page's own policy forbids it scripts and other files (`self_contained.POLICY`).
"""

import os
import shutil
import signal
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from labreport.contract.errors import ExitStatus, LabError

ENGINES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
"""The programs that can print, by name; the first that is found is used."""

SECONDS = 300
"""How long printing may take: a lab of 60 pages takes 6 s."""

OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-pdf-header-footer",
    "--generate-pdf-document-outline",
)
"""No host has an address, whatever a page names. (Headless printing does not work with scripts disabled.)"""


class EngineError(LabError):
    """There is no program that can print, or it failed."""

    exit_status = ExitStatus.CANNOT_RUN


def engine() -> str:
    """Return the path of the program that prints; raise EngineError."""
    found = next(filter(None, map(shutil.which, ENGINES)), None)
    if found is None:
        raise EngineError(
            "there is no Chromium, which prints the PDF",
            "install it (Debian: apt-get install chromium), or export to report.html and print that",
        )
    return found


def pdf_of(html: str) -> bytes:
    """Return the PDF of a page that is one file; raise EngineError."""
    program = engine()
    with TemporaryDirectory(prefix="lab-pdf-") as folder:
        page, target = Path(folder, "report.html"), Path(folder, "report.pdf")
        page.write_text(html, encoding="utf-8", newline="")
        as_root = ("--no-sandbox",) if os.geteuid() == 0 else ()  # Chromium refuses to run as root with one
        own = (f"--user-data-dir={folder}/profile", f"--print-to-pdf={target}")
        _run([program, *OPTIONS, *as_root, *own, page.as_uri()], folder)
        try:
            return target.read_bytes()
        except FileNotFoundError:
            raise EngineError(
                f"{program} wrote no PDF", "run it by hand: --headless --print-to-pdf=x.pdf FILE"
            ) from None


def _run(argv: list[str], folder: str) -> None:
    """Run the program with a home in `folder`, and end all of its processes; raise EngineError."""
    environment = {**os.environ, "HOME": folder, "XDG_CONFIG_HOME": folder, "XDG_CACHE_HOME": folder}
    with subprocess.Popen(  # noqa: S603 # a list of words, without a shell
        argv,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            raise EngineError(f"{argv[0]} did not end in {SECONDS} s", "export to report.html") from None
        finally:
            _end_group(process.pid)


def _end_group(group: int) -> None:
    """Kill what is left of a process group."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
