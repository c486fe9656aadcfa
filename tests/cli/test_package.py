"""The wheel of the tool in a new environment without a checkout, used for a repository of content."""

import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.conftest import cloned
from tests.project import REPO

GUIDE = REPO / "docs" / "manual" / "how-to" / "own-repository.md"
GIT = "git -c user.name=x -c user.email=x@example.org"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@dataclass(frozen=True)
class Installed:
    """An environment with the tool, its wheel, and the clone from which the wheel was built."""

    clone: Path
    wheel: Path
    bin: Path

    def run(self, folder: Path, script: str) -> subprocess.CompletedProcess[str]:
        """Run shell commands with the environment activated, and no other variable of the tests."""
        env = {
            "PATH": f"{self.bin}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(folder.parent),
            **{key: value for key, value in os.environ.items() if key.startswith("PIP_")},
        }
        return subprocess.run(
            ["sh", "-e", "-c", script], cwd=folder, env=env, capture_output=True, text=True, check=False
        )

    def ok(self, folder: Path, script: str) -> str:
        """Run shell commands, assert that they succeed, and return their output."""
        ended = self.run(folder, script)
        assert ended.returncode == 0, f"{script}\n{ended.stdout}{ended.stderr}"
        return ended.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, origin: Path) -> Installed:
    """Build a wheel from a clone. Install it and the locked requirements in a new environment."""
    root = tmp_path_factory.mktemp("package")
    clone = cloned(origin, root / "clone")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", root / "dist", clone], check=True, cwd=root)
    (wheel,) = (root / "dist").glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", root / "venv"], check=True)
    made = Installed(clone, wheel, root / "venv" / "bin")
    locks = " ".join(f"-r {clone}/requirements/{name}.txt" for name in ("publish", "collect"))
    made.ok(root, f"pip install --quiet --require-hashes {locks}")
    made.ok(root, f"pip install --quiet --no-deps {wheel}")
    return made


@pytest.fixture(scope="module")
def course(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create a repository of content with one lab. Capture, build and check the lab."""
    folder = tmp_path_factory.mktemp("content")
    installed.ok(folder, "lab init course --title 'A course'")
    made = folder / "course"
    installed.ok(made, "lab new demo --title 'Demo: a lab' && lab collect demo && mkdocs build && lab check")
    return made


def test_a_wheel_holds_one_package_and_its_data(installed: Installed) -> None:
    """The wheel holds labreport with all its data, and no tests, labs or manual."""
    names = zipfile.ZipFile(installed.wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"labreport"}
    data = {path for path in installed.clone.glob("labreport/**/*") if path.is_file()}
    assert {path.relative_to(installed.clone).as_posix() for path in data} <= set(names)


def test_no_checkout_is_near(installed: Installed, course: Path) -> None:
    """The tool that runs is the one in the environment."""
    where = installed.ok(course, "python -c 'import labreport; print(labreport.__file__)'").strip()
    assert where.startswith(str(installed.bin.parent))
    assert "collectors" not in installed.ok(course, "pip list")


def test_without_the_extras_a_command_says_what_is_missing(installed: Installed, tmp_path: Path) -> None:
    """The bare package creates projects and labs. A command that needs more says so in one line."""
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    bare = Installed(installed.clone, installed.wheel, venv / "bin")
    bare.ok(tmp_path, f"pip install --quiet {installed.wheel}")
    bare.ok(tmp_path, "lab --help && lab init course && cd course && lab new demo && ! lab verify")
    ended = bare.run(tmp_path / "course", "lab collect demo")
    assert ended.returncode == 4
    assert re.fullmatch(
        r"lab: \w+ is not installed: pip install -r requirements\.txt, with .*\n", ended.stderr
    ), ended.stderr


def test_the_site_holds_the_content_and_nothing_of_the_tool(course: Path) -> None:
    """The site has labs, hosts, evidence and the instructions to check it, and no page of the manual."""
    pages = {path.relative_to(course / "site").as_posix() for path in course.glob("site/**/*.html")}
    assert pages == {
        "404.html",
        "check.html",
        "evidence.html",
        "hosts.html",
        "index.html",
        "labs/demo/index.html",
        "labs/demo/task-1.html",
    }
    texts = [path.read_text(errors="replace") for path in course.glob("site/**/*") if path.is_file()]
    assert not [text for text in texts if re.search("kata|lab12", text, re.IGNORECASE)]
    task = (course / "site/labs/demo/task-1.html").read_text()
    assert task.count('<div class="ev" id="') == 2


def test_its_other_commands_work_there(installed: Installed, course: Path) -> None:
    """`lab diff`, `export`, `facts`, `verify`, `status` and `doctor` work in a repository of content."""
    installed.ok(course, f"git init -q && git add -A && {GIT} commit -qm Begun")
    assert installed.ok(course, "lab diff") == "Nothing changed.\n"
    report = installed.ok(course, "lab export demo")
    assert "```1:2:labs/demo/kernel/release.txt" in report
    assert os.uname().release in installed.ok(course, "lab facts")
    installed.ok(course, "lab verify && lab status && lab doctor")


def test_serve_answers(installed: Installed, course: Path) -> None:
    """`mkdocs serve` shows the page of the lab."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    argv = [str(installed.bin / "mkdocs"), "serve", "-a", f"127.0.0.1:{port}"]
    process = subprocess.Popen(argv, cwd=course, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            try:
                page = (
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/labs/demo/task-1.html").read().decode()
                )
                break
            except urllib.error.URLError:
                assert process.poll() is None
                time.sleep(0.1)
        assert 'data-evidence="demo/kernel/release.txt"' in page
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def address(installed: Installed) -> Iterator[str]:
    """Serve the git repository of the clone over HTTP, and return its address for pip."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(installed.clone / ".git"))
    handler.log_message = lambda *_: None  # type: ignore[attr-defined]
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"git+http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def test_pip_takes_a_newer_tool(installed: Installed, course: Path, address: str) -> None:
    """With another commit in requirements.txt, the commands of the guide install that version."""
    requirements = course / "requirements.txt"

    def pin() -> str:
        installed.ok(
            installed.clone, "git repack -qad && rm -f .git/objects/info/alternates && git update-server-info"
        )
        commit = installed.ok(installed.clone, "git rev-parse HEAD").strip()
        line = f"labreport[publish,collect] @ {address}@{commit}"
        text = re.sub(r"^(# )?labreport\[.*", line, requirements.read_text(), flags=re.MULTILINE)
        requirements.write_text(text)
        return line

    pin()
    installed.ok(course, "pip install --quiet -r requirements.txt")
    version = installed.clone / "labreport/__init__.py"
    version.write_text(re.sub('__version__ = ".*"', '__version__ = "99.0"', version.read_text()))
    installed.ok(installed.clone, f"{GIT} commit -qam Newer")
    newer = pin()
    block = re.search(
        r"^## Update the tool\n.*?^```sh\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL
    )
    assert block
    installed.ok(course, block[1].replace("pip install", "pip install --quiet"))
    assert "99.0" in installed.ok(course, "lab --version")
    installed.ok(course, "lab check")
    installed.ok(course.parent, "lab init another")
    assert (course.parent / "another/requirements.txt").read_text().splitlines()[-1] == newer
