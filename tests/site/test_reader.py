"""A reader checks a built site with busybox alone, by the commands of the manual."""

import os
import re
import shutil
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.project import REPO, CapturedFile, Little, make

GUIDE = REPO / "docs" / "manual" / "how-to" / "verify-a-site.md"
MEND = """
cd evidence
sed 's/^[0-9a-f]*  //' SHA256SUMS >/names
while IFS= read -r name; do sha256sum "$name"; done </names >SHA256SUMS
"""
TOOLS = ("sh", "sha256sum", "sed", "awk", "grep")


def block(heading: str) -> str:
    """Return the shell block under a heading of the manual's page."""
    found = re.search(
        rf"^#+ {re.escape(heading)}\n.*?^```sh\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL
    )
    assert found, heading
    return found[1]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Little:
    """Build a site of two labs and a set of another host. A browser would run one of the files."""
    little = make(tmp_path_factory.mktemp("reader") / "project")
    little.capture(CapturedFile("isolation/dmesg.txt", b"".join(b"line %d\n" % n for n in range(9))))
    little.capture(CapturedFile("raw/page.html", b"<script>alert(1)</script>\n"))
    little.capture(CapturedFile("two words.txt", b"x\n", collector="two"), lab="lab13")
    little.capture(CapturedFile("kernel.txt", b"6.12\n"), lab="hosts/other/lab12")
    little.page("labs/lab12/index.md", '# Lab\n\n{{ evidence("isolation/dmesg.txt", lines="1:7") }}\n')
    ended = little.build("--quiet")
    assert ended.returncode == 0, ended.stderr
    return little


@pytest.fixture
def machine(built: Little, tmp_path: Path) -> Path:
    """Create a root folder that holds busybox and the site's raw files, and nothing else."""
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
    """Run a block of the page inside the root folder, with only PATH in the environment."""
    chroot = shutil.which("chroot")
    assert chroot
    argv = [chroot, str(machine), "/bin/sh", "-e", "-c", script]
    return subprocess.run(argv, env={"PATH": "/bin"}, capture_output=True, text=True, check=False)


def named(machine: Path) -> set[str]:
    """Return the files in the list of hashes."""
    return {line[66:] for line in (machine / "evidence" / "SHA256SUMS").read_text().splitlines()}


@pytest.mark.slow
def test_there_is_no_python_on_the_machine(machine: Path) -> None:
    """The root folder holds busybox and the evidence only, so the tests below use no Python."""
    files = {path.relative_to(machine).as_posix() for path in machine.rglob("*") if path.is_file()}
    tools = {f"bin/{tool}" for tool in TOOLS}
    assert files == {
        "bin/busybox",
        "evidence/SHA256SUMS",
        *tools,
        *(f"evidence/{one}" for one in named(machine)),
    }


def test_every_file_is_that_of_the_list(machine: Path) -> None:
    """`sha256sum` prints OK for every file."""
    ended = run(machine, block("Are the files those of the list?"))
    assert ended.returncode == 0, ended.stderr
    assert {line.removesuffix(": OK") for line in ended.stdout.splitlines()} == named(machine)


def test_every_file_is_that_of_its_record(machine: Path) -> None:
    """Each raw file is OK, once: also a file that got .txt appended, and a name with a blank."""
    ended = run(machine, block("Are they those of the records?"))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    raw = sorted(name for name in named(machine) if "/records/" not in name)
    assert sorted(line.removesuffix(": OK") for line in ended.stdout.splitlines()) == raw


@pytest.mark.parametrize(
    "path", ["lab12/isolation/dmesg.txt", "hosts/other/lab12/kernel.txt", "lab13/two words.txt"]
)
def test_a_changed_byte_is_named(machine: Path, path: str) -> None:
    """List and records name the file. The records still do after somebody corrected the list."""
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
    """An empty list of hashes does not pass."""
    (machine / "evidence" / "SHA256SUMS").write_text("")
    assert run(machine, block(heading)).returncode != 0


def test_a_block_is_its_lines(machine: Path, built: Little) -> None:
    """The hash on the page equals the hash of the lines that `sed` prints."""
    told = re.search(
        r"<dd><code>([0-9a-f]{64})</code> \(of these lines\)",
        (built.site / "labs/lab12/index.html").read_text(),
    )
    assert told
    ended = run(machine, block("Is a block on a page its lines?"))
    assert ended.stdout.split()[0] == told[1]


def test_the_files_can_be_fetched_one_by_one(built: Little, tmp_path: Path) -> None:
    """With the published address alone, the commands fetch exactly the files of the list."""
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


@pytest.mark.slow
def test_a_site_knows_its_address(built: Little) -> None:
    """SITE_URL, with its base path, and SITE_NAME come from the environment. No link leaves the base path."""
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
