"""The site of a course with several labs, and the commands of the instructor's guide."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import Shell
from tests.project import REPO, clean_environment


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_several_labs_are_one_site(clone: Path, tmp_path: Path) -> None:
    """Two other labs in place of ours build, and each has a row, a section and hashes."""
    ours = [f"{root}/lab*" for root in ("collectors", "docs/labs", "evidence")]
    subprocess.run(["git", "rm", "-rq", "--", *ours], cwd=clone, check=True)
    shell = Shell(clone)
    for name in ("lab1", "lab2"):
        assert shell.lab("new", name, "--title", f"The lab {name}").returncode == 0
        assert shell.lab("collect", name).returncode == 0
    site = tmp_path / "site"
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(site)],
        cwd=clone, env=clean_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    front = (site / "index.html").read_text()
    sums = (site / "evidence" / "SHA256SUMS").read_text()
    for name, other in (("lab1", "lab2"), ("lab2", "lab1")):
        assert f'<td><a href="labs/{name}/index.html">The lab {name}</a></td><td>1 of 1</td>' in front
        beside = (site / "labs" / other / "index.html").read_text()
        assert f'<a href="../{name}/index.html" class="md-nav__link">' in beside
        assert f"  {name}/kernel/release.txt\n" in sums
    hosts = (site / "hosts.html").read_text()
    assert "<code>lab1, lab2</code>" in hosts


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_gitlab_s_job_builds_the_site(clone: Path) -> None:
    """The .gitlab-ci.yml of the guide builds the site: its lines run in order, as a runner runs them."""
    guide = (REPO / "docs" / "manual" / "how-to" / "course.md").read_text()
    found = re.search(r"^```yaml\n(# .gitlab-ci.yml\n.*?)^```", guide, re.MULTILINE | re.DOTALL)
    assert found
    job = yaml.safe_load(found[1])["pages"]
    env = {**clean_environment(), **job["variables"], "CI_PAGES_URL": "https://course.example.org/2026"}
    env.pop("VIRTUAL_ENV", None)
    script = "\n".join(job["script"])
    ended = subprocess.run(
        ["sh", "-e", "-c", script], cwd=clone, env=env, capture_output=True, text=True, check=False
    )
    assert (clone / job["artifacts"]["paths"][0] / "index.html").is_file(), ended.stdout + ended.stderr
    front = (clone / "public" / "index.html").read_text()
    assert job["variables"]["SITE_NAME"] in front
    assert 'href="https://course.example.org/2026/index.html"' in front
