"""The plugin by its entry point, as other projects use it, and its errors of one line."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from labreport.site.defaults import PACKAGES
from tests.project import REPO, CapturedFile, Little, installed_environment, make
from tests.site.test_raw import files

PAGE = '# Page\n\n{{ evidence("a.txt", lines="1:2") }}\n\n[x](../../index.md)\n'
BARE = "site_name: Test\ntheme: {name: material, font: false}\nplugins: [%s]\n"
Build = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Create a project whose mkdocs.yml names the plugin: it has no hook and no file of the tool."""
    made = make(tmp_path / "project")
    for name in ("labreport", "collectors"):
        (made.root / name).unlink()
    (made.root / "mkdocs.yml").write_text(BARE % "search, offline, macros, labreport")
    made.capture(CapturedFile("a.txt", b"one\ntwo <b>\n"))
    made.page("labs/lab12/index.md", PAGE)
    return made


@pytest.fixture
def build(little: Little, tmp_path: Path) -> Build:
    """Return a function that runs `mkdocs build`, or other code, in the project with the plugin installed."""
    env = {**installed_environment(tmp_path / "installed"), "SOURCE_DATE_EPOCH": "1700000000"}

    def run(*words: str, code: Sequence[str] = ("-m", "mkdocs")) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, *code, *(words or ("build", "--quiet"))]
        return subprocess.run(argv, cwd=little.root, env=env, capture_output=True, text=True, check=False)

    return run


@pytest.mark.slow
def test_a_bare_mkdocs_yml_is_enough(little: Little, build: Build) -> None:
    """The site has evidence, styles, the search worker and raw files, and loads nothing from a network."""
    built = build()
    assert (built.returncode, built.stderr) == (0, "")
    page = (little.site / "labs/lab12/index.html").read_text()
    assert '<code data-evidence="lab12/a.txt" data-lines="1:2">one\ntwo &lt;b&gt;\n</code>' in page
    assert (little.site / "evidence/SHA256SUMS").is_file()
    assets = {kept.name: kept for kept in (REPO / "labreport/site/assets").iterdir()}
    for elsewhere in ("one-page.css", "audit.css"):  # of `lab export` and `lab audit`
        del assets[elsewhere]
    for asset, kept in assets.items():
        assert (little.site / "assets" / asset).read_bytes() == kept.read_bytes()
        assert f"../../assets/{asset}" in page
    assert not re.search(r'(?:src=|<link[^>]*href=)"(?:https?:)?//', page)


@pytest.mark.slow
@pytest.mark.parametrize(
    "order", ["labreport, macros, search, offline", "macros, offline, labreport, search"]
)
def test_the_order_of_plugins_does_not_matter(little: Little, build: Build, order: str) -> None:
    """Every order of the plugins makes the same site, byte for byte."""
    assert build().returncode == 0
    first = files(little.site)
    (little.root / "mkdocs.yml").write_text(BARE % order)
    assert build().returncode == 0
    assert files(little.site) == first


def test_a_hook_and_the_plugin_make_the_same_site(little: Little, build: Build) -> None:
    """The hook and the plugin use one class, so the sites are equal byte for byte."""
    assert build().returncode == 0
    first = files(little.site)
    (little.root / "labreport").symlink_to(REPO / "labreport")
    hook = "hooks: [labreport/site/hooks.py]\n"
    (little.root / "mkdocs.yml").write_text(BARE % "search, offline, macros" + hook)
    assert little.build("--quiet", SOURCE_DATE_EPOCH="1700000000").returncode == 0
    assert files(little.site) == first


@pytest.mark.slow
def test_what_mkdocs_yml_says_comes_first(little: Little, build: Build) -> None:
    """The project's extensions, styles, excluded files and files override those of the plugin."""
    more = (
        "extra_css: [own.css]\nexclude_docs: '*.secret'\nvalidation: {links: {not_found: ignore}}\n"
        "markdown_extensions: [toc: {permalink: '¤'}]\n"
    )
    (little.root / "mkdocs.yml").write_text(BARE % "search, macros, labreport" + more)
    little.page("own.css", "p {}\n")
    little.page("a.secret", "x\n")
    little.page("labs/lab12/facts.yml", "{}\n")
    little.page("assets/evidence.css", "/* own */\n")
    little.page("labs/lab12/more.md", "# More\n\n[gone](gone.md)\n\n!!! note\n\n    A note.\n")
    built = build()
    assert (built.returncode, built.stderr) == (0, "")
    page = next((little.site / "labs/lab12/more").glob("*.html")).read_text()
    assert "¤" in page
    assert 'class="admonition note"' in page
    assert re.search(r"assets/evidence\.css.*assets/figures\.css.*own\.css", page, re.DOTALL)
    assert (little.site / "assets/evidence.css").read_text() == "/* own */\n"
    assert not (little.site / "a.secret").exists()
    assert not (little.site / "labs/lab12/facts.yml").exists()


@pytest.mark.slow
def test_two_builds_of_one_process_are_two(little: Little, build: Build) -> None:
    """The second build has its own macros, problems and evidence."""
    code = (
        "from pathlib import Path\n"
        "from mkdocs.commands.build import build\n"
        "from mkdocs.config import load_config\n"
        "build(load_config())\n"
        "Path('evidence/lab12/a.txt').write_text('three\\nfour\\n')\n"
        "build(load_config())\n"
    )
    ended = build("-c", code, code=())
    assert ended.returncode == 1
    assert "The report has " in ended.stderr
    assert "three" in (little.site / "labs/lab12/index.html").read_text()


@pytest.mark.slow
def test_without_the_macros_plugin_a_build_ends_with_one_line(little: Little, build: Build) -> None:
    """The line says what to add to mkdocs.yml."""
    (little.root / "mkdocs.yml").write_text(BARE % "search, labreport")
    built = build()
    assert built.returncode == 1
    assert len(built.stderr.splitlines()) == 1
    assert "add `- macros` to `plugins:`" in built.stderr


@pytest.mark.slow_after(2)
@pytest.mark.parametrize("module", ["altair", "pydantic", "material", "mkdocs_macros"])
@pytest.mark.parametrize("way", ["hook", "plugin"])
def test_a_missing_package_is_one_line(little: Little, build: Build, way: str, module: str) -> None:
    """The line names the package and how to install it. There is no traceback."""
    bare = BARE.replace("material", "mkdocs")
    if way == "hook":
        (little.root / "labreport").symlink_to(REPO / "labreport")
        (little.root / "requirements").symlink_to(REPO / "requirements")
        hook = "hooks: [labreport/site/hooks.py]\n"
        (little.root / "mkdocs.yml").write_text(bare % "search" + hook)
    else:
        (little.root / "mkdocs.yml").write_text(bare % "labreport, search")
    code = f"import sys; sys.modules['{module}'] = None; from mkdocs.__main__ import cli; cli()"
    built = build("-c", code, "build", "--quiet", code=())
    said = [line for line in built.stderr.splitlines() if line]
    assert built.returncode == 1
    assert len(said) == 1, built.stderr
    assert f"{PACKAGES[module]} is not installed: pip install -r requirements/publish.txt" in said[0]


def test_the_packages_are_those_of_the_extra() -> None:
    """The packages that are looked for are those of the extra `publish`, apart from mkdocs itself.

    A build does not need detect-secrets: only `lab check` does.
    """
    extra = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]["optional-dependencies"][
        "publish"
    ]
    names = {re.split(r"[<>=!~]", one)[0] for one in extra}
    assert {*PACKAGES.values(), "mkdocs", "detect-secrets"} == names
