"""What a reader does without us: the guide's own blocks, on a built site, with nothing but busybox."""

import os
import re
import shutil
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.project import REPO, Captured, Little, make

GUIDE = REPO / "docs" / "manual" / "how-to" / "verify-a-site.md"
MEND = """
cd evidence
sed 's/^[0-9a-f]*  //' SHA256SUMS >/names
while IFS= read -r name; do sha256sum "$name"; done </names >SHA256SUMS
"""
TOOLS = ("sh", "sha256sum", "sed", "awk", "grep")


def block(heading: str) -> str:
    """Return the shell block under a heading of the guide."""
    found = re.search(
        rf"^#+ {re.escape(heading)}\n.*?^```sh\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL
    )
    assert found, heading
    return found[1]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Little:
    """Build a site of two labs and another host's set, one file under a name that a browser would run."""
    little = make(tmp_path_factory.mktemp("reader") / "project")
    little.capture(Captured("isolation/dmesg.txt", b"".join(b"line %d\n" % n for n in range(9))))
    little.capture(Captured("raw/page.html", b"<script>alert(1)</script>\n"))
    little.capture(Captured("two words.txt", b"x\n", collector="two"), lab="lab13")
    little.capture(Captured("kernel.txt", b"6.12\n"), lab="hosts/other/lab12")
    little.page("labs/lab12/index.md", '# Lab\n\n{{ evidence("isolation/dmesg.txt", lines="1:7") }}\n')
    ended = little.build("--quiet")
    assert ended.returncode == 0, ended.stderr
    return little


@pytest.fixture
def machine(built: Little, tmp_path: Path) -> Path:
    """Make a root folder in which there are busybox, the site's raw files, and nothing else."""
    busybox = shutil.which("busybox")
    if busybox is None or os.geteuid() != 0:
        pytest.skip("busybox (package busybox-static) and root, for chroot, are needed")
    (tmp_path / "bin").mkdir()
    shutil.copy(busybox, tmp_path / "bin" / "busybox")
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to("busybox")
    shutil.copytree(built.site / "evidence", tmp_path / "evidence")
    return tmp_path


def run(machine: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a block of the guide on the machine, with no environment but its PATH."""
    chroot = shutil.which("chroot")
    assert chroot
    argv = [chroot, str(machine), "/bin/sh", "-e", "-c", script]
    return subprocess.run(argv, env={"PATH": "/bin"}, capture_output=True, text=True, check=False)


def named(machine: Path) -> set[str]:
    """Return the files that the list names."""
    return {line[66:] for line in (machine / "evidence" / "SHA256SUMS").read_text().splitlines()}


def test_there_is_no_python_on_the_machine(machine: Path) -> None:
    """So what passes below needs none: no other file is there than busybox and the evidence."""
    files = {path.relative_to(machine).as_posix() for path in machine.rglob("*") if path.is_file()}
    tools = {f"bin/{tool}" for tool in TOOLS}
    assert files == {
        "bin/busybox",
        "evidence/SHA256SUMS",
        *tools,
        *(f"evidence/{one}" for one in named(machine)),
    }


def test_every_file_is_that_of_the_list(machine: Path) -> None:
    """Each is named with OK."""
    ended = run(machine, block("Are the files those of the list?"))
    assert ended.returncode == 0, ended.stderr
    assert {line.removesuffix(": OK") for line in ended.stdout.splitlines()} == named(machine)


def test_every_file_is_that_of_its_record(machine: Path) -> None:
    """Each raw file is named with OK once, also the one that has .txt behind its name, or a blank in it."""
    ended = run(machine, block("Are they those of the records?"))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    raw = sorted(name for name in named(machine) if "/records/" not in name)
    assert sorted(line.removesuffix(": OK") for line in ended.stdout.splitlines()) == raw


@pytest.mark.parametrize(
    "path", ["lab12/isolation/dmesg.txt", "hosts/other/lab12/kernel.txt", "lab13/two words.txt"]
)
def test_a_changed_byte_is_named(machine: Path, path: str) -> None:
    """By the list and by the records; and by the records alone where somebody mended the list, too."""
    file = machine / "evidence" / path
    data = bytearray(file.read_bytes())
    data[0] ^= 1
    file.write_bytes(data)
    for heading in ("Are the files those of the list?", "Are they those of the records?"):
        ended = run(machine, block(heading))
        assert ended.returncode != 0
        assert [line for line in ended.stdout.splitlines() if line.endswith("FAILED")] == [f"{path}: FAILED"]
    run(machine, MEND)
    assert run(machine, block("Are the files those of the list?")).returncode == 0
    assert f"{path}: FAILED" in run(machine, block("Are they those of the records?")).stdout


@pytest.mark.parametrize("heading", ["Are the files those of the list?", "Are they those of the records?"])
def test_a_check_of_nothing_fails(machine: Path, heading: str) -> None:
    """An empty list is no site that passed."""
    (machine / "evidence" / "SHA256SUMS").write_text("")
    assert run(machine, block(heading)).returncode != 0


def test_a_block_is_its_lines(machine: Path, built: Little) -> None:
    """The hash that the page tells of a block is that of the lines by `sed`."""
    told = re.search(
        r"<dd><code>([0-9a-f]{64})</code> \(of these lines\)",
        (built.site / "labs/lab12/index.html").read_text(),
    )
    assert told
    ended = run(machine, block("Is a block on a page its lines?"))
    assert ended.stdout.split()[0] == told[1]


def test_the_files_can_be_fetched_one_by_one(built: Little, tmp_path: Path) -> None:
    """From the published address alone; what comes is what the list says."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not here")
    handler = partial(SimpleHTTPRequestHandler, directory=str(built.root))
    handler.log_message = lambda *_: None  # type: ignore[attr-defined]
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}/site"
        script = re.sub(r"^SITE=.*", f"SITE={address}", block("Check a published site"), flags=re.MULTILINE)
        subprocess.run(["sh", "-e", "-c", script], cwd=tmp_path, check=True)
        server.shutdown()
    assert (
        len(named(tmp_path))
        == len([path for path in (tmp_path / "evidence").rglob("*") if path.is_file()]) - 1
    )
    subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=tmp_path / "evidence", check=True
    )


def test_a_site_knows_its_address(built: Little) -> None:
    """SITE_URL, base path included, and SITE_NAME come from the environment; no link leaves the base path."""
    folder = built.root.parent / "addressed"
    ended = built.build(
        "--quiet",
        "--site-dir",
        str(folder),
        SITE_URL="https://example.org/course/2026/",
        SITE_NAME="A course",
    )
    assert ended.returncode == 0, ended.stderr
    page = (folder / "labs/lab12/index.html").read_text()
    assert '<link rel="canonical" href="https://example.org/course/2026/labs/lab12/index.html">' in page
    assert "A course" in page
    assert not re.findall(r'(?:href|src)="/[^"]*"', page)
    assert "https://example.org/course/2026/labs/lab12/index.html" in (folder / "sitemap.xml").read_text()
    missing = (folder / "404.html").read_text()
    links = re.findall(r'(?:href|src)="(/[^"]*)"', missing)
    assert links
    assert all(link.startswith("/course/2026/") for link in links), links
