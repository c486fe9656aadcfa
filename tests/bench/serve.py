"""From saving a file to seeing the page in `mkdocs serve`, beside a bare one of the same pages."""

import itertools
import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.build import place, same_pages
from tests.bench.measure import Compared, compare
from tests.project import CapturedFile, clean_environment

EVERY = 10
"""Every tenth page shows a fact, and rests on a file for it."""
PATIENCE = 600.0


def serve(folder: Path, python: str, pages: int, pairs: int, bound: float) -> Compared:
    """Compare the seconds from a save until the page is seen.

    Ours is the slowest of three: a page's body, an evidence file, and facts.yml. The rival has the code in
    fences and the numbers in its sentences, so each of the three is the save of a page there.
    """
    ours, rival = same_pages(folder, pages)
    facts = []
    for number in range(0, pages, EVERY):
        lines = b"".join(b"took 1.%d s\n" % line for line in range(10))
        ours.capture(CapturedFile(f"bench/time-{number}.txt", lines))
        facts.append(f'time_{number}: {{file: bench/time-{number}.txt, lines: "1", read: quantity took}}\n')
        for root, value in ((ours.root, f'{{{{ fact("time_{number}") }}}}'), (rival, "1.0 s")):
            with (root / "docs" / place(number)).open("a") as page:
                page.write(f"\nIt took {value}.\n")
    declared = ours.root / "docs/labs/lab12/facts.yml"
    declared.write_text("".join(facts))
    lines_file = ours.root / "evidence/lab12/isolation/dmesg-1.txt"
    changes = itertools.count(1)

    def save_page(root: Path) -> tuple[str, str]:
        mark = f"Saved the {next(changes)}th time."
        page = root / "docs" / place(2)
        page.write_text(re.sub(r"(\nSaved the .*\n)?$", f"\nSaved {mark[6:]}\n", page.read_text()))
        return place(2), mark

    def save_evidence() -> tuple[str, str]:
        mark = f"[saved {next(changes)}]"
        lines_file.write_text(re.sub(r"\A.*", mark, lines_file.read_text()))
        return place(1), mark

    def save_facts() -> tuple[str, str]:
        line = next(changes) % 10
        declared.write_text(re.sub(r'\A(.*?lines: )"[0-9]+"', rf'\1"{line + 1}"', declared.read_text()))
        return place(0), f"took 1.{line} s"

    with served(python, ours.root) as our_url, served(python, rival) as rival_url:
        saves: list[Callable[[], tuple[str, str]]] = [
            lambda: save_page(ours.root), save_evidence, save_facts
        ]  # fmt: skip
        return compare(
            lambda: max(seconds_until_seen(our_url, save) for save in saves),
            lambda: seconds_until_seen(rival_url, lambda: save_page(rival)),
            against="bare mkdocs serve of the same pages with the code in fences, a page saved",
            bound=bound,
            pairs=pairs,
        )


@contextmanager
def served(python: str, root: Path) -> Iterator[str]:
    """Run `mkdocs serve` of a project for the time of a `with`; return its address when it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [python, "-m", "mkdocs", "serve", "--quiet", "-a", address]
    env = {**clean_environment(), "NO_MKDOCS_2_WARNING": "1"}
    with subprocess.Popen(command, cwd=root, env=env, stderr=subprocess.DEVNULL) as process:
        try:
            end = time.monotonic() + PATIENCE
            while process.poll() is None and time.monotonic() < end:
                try:
                    got(f"http://{address}/")
                except OSError:
                    time.sleep(0.2)
                else:
                    break
            yield f"http://{address}"
        finally:
            process.terminate()


def seconds_until_seen(url: str, save: Callable[[], tuple[str, str]]) -> float:
    """Return the seconds from a save until the page shows its mark, as a browser with live reload sees it.

    `save` returns the page, by its path below docs/, and the mark.
    """
    before = got(f"{url}/{place(0).removesuffix('.md')}.html")
    epoch = re.search(r"livereload\(([0-9]+), ([0-9]+)\);", before)
    if epoch is None:
        raise ValueError("the page has no live reload")
    began = time.perf_counter()
    path, mark = save()
    while time.perf_counter() < began + PATIENCE:
        got(f"{url}/livereload/{epoch[1]}/{epoch[2]}")
        if mark in got(f"{url}/{path.removesuffix('.md')}.html"):
            return time.perf_counter() - began
    raise ValueError(f"{mark!r} is not seen")


def got(url: str) -> str:
    """Return what the server answers."""
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:  # noqa: S310 # our own loopback
        return str(answer.read().decode())
