"""mkdocs with our plugin: no traceback, whatever the system refuses or a page holds; text stays text."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from labreport.report.export import export
from tests.cli.test_faults import fill, small
from tests.project import Little, clean_environment, make

DAY = date(2026, 3, 4)


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Create a project with one page of a lab."""
    made = make(tmp_path / "project")
    made.page("labs/lab12/task-1.md", "# Task 1\n\nText.\n")
    return made


def mkdocs(little: Little, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run mkdocs as a process of its own: what it prints at its end counts."""
    argv = [sys.executable, "-m", "mkdocs", *words]
    environment = {**clean_environment(), "XDG_STATE_HOME": str(little.root.parent / "state"), **env}
    return subprocess.run(
        argv, cwd=little.root, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


LEFT: dict[str, Callable[[Path], object]] = {
    ".#page.md": lambda path: path.symlink_to("user@host.1234:5678"),
    "#page.md#": lambda path: path.write_bytes(b"# Draft \xff\n"),
    "page.md~": lambda path: path.write_bytes(b"# Draft \xff\n"),
    ".page.md.swp": lambda path: path.write_bytes(b"b0VIM \xff"),
    "page.md.swp": lambda path: path.write_bytes(b"b0VIM \xff"),
    "4913": lambda path: path.touch(),
}


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("name", LEFT)
def test_files_of_editors(little: Little, name: str) -> None:
    """They are neither published nor a problem."""
    LEFT[name](little.root / "docs/labs/lab12" / name)
    built = little.build()
    assert built.returncode == 0, built.stderr
    assert not os.path.lexists(little.site / "labs/lab12" / name)
    assert not [path for path in little.site.rglob("*") if "page" in path.name]


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "gone.md": (lambda path: path.symlink_to("nowhere.md"), "leads nowhere"),
    "gone.png": (lambda path: path.symlink_to("nowhere.png"), "leads nowhere"),
    "loop.md": (lambda path: path.symlink_to("loop.md"), "leads nowhere"),
    "out.md": (lambda path: path.symlink_to("/etc/passwd"), "not of this project's own"),
    "out.txt": (lambda path: path.symlink_to("/etc/passwd"), "not of this project's own"),
    "up.txt": (lambda path: path.symlink_to("../../../../secret"), "not of this project's own"),
    "hidden.txt": (lambda path: path.symlink_to("../../../.env"), "not of this project's own"),
    "git.txt": (lambda path: path.symlink_to("../../../.git/config"), "not of this project's own"),
    "folder": (lambda path: path.symlink_to("/etc/apt"), "not of this project's own"),
    "pipe.md": (os.mkfifo, "not a regular file"),
    "pipe.png": (os.mkfifo, "not a regular file"),
    "null.md": (lambda path: path.symlink_to("/dev/zero"), "not a regular file"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", REFUSED)
def test_files_that_cannot_be_published(little: Little, name: str) -> None:
    """Build, check and export name them, and the rest of the site is built without them."""
    make_it, said = REFUSED[name]
    (little.root / ".git").mkdir()
    for path in (little.root.parent / "secret", little.root / ".env", little.root / ".git/config"):
        path.write_text("secret\n")
    make_it(little.root / "docs/labs/lab12" / name)
    built = little.build()
    assert built.returncode == 1
    assert f"docs/labs/lab12/{name}" in built.stderr
    assert said in built.stderr
    assert "Traceback" not in built.stderr
    assert (little.site / "labs/lab12/task-1.html").is_file()
    assert not os.path.lexists(little.site / "labs/lab12" / name)
    assert not [
        path for path in little.site.rglob("*") if path.is_file() and path.read_bytes() == b"secret\n"
    ]
    found = [one for one in little.check(DAY).findings if one.file.startswith(f"docs/labs/lab12/{name}")]
    assert found
    assert said in found[0].message
    problems = export(little.pages(), "lab12", "", lambda _lab: pytest.fail("no coverage")).problems
    assert said in str(problems[0])


def test_a_hidden_page_that_mkdocs_publishes_is_one(little: Little) -> None:
    """A file whose name begins with a dot is a page if mkdocs.yml says so; a link to a hidden one is none."""
    with (little.root / "mkdocs.yml").open("a") as settings:
        settings.write("exclude_docs: |\n  !.*\n")
    little.page("labs/lab12/.task-2.md", "# Hidden\n\n[Other](.more/task-3.md)\n")
    little.page("labs/lab12/.more/task-3.md", "# More\n")
    built = little.build()
    assert built.returncode == 0, built.stderr
    assert "Hidden" in (little.site / "labs/lab12/.task-2.html").read_text()
    assert "labs/lab12/.task-2.md" in {page.path for page in little.pages().pages}
    assert not little.pages().problems
    (little.root / "docs/labs/lab12/link.md").symlink_to(".task-2.md")
    (little.root / ".git").mkdir()
    (little.root / ".git/config").write_text("secret\n")
    (little.root / "docs/labs/lab12/folder").symlink_to("../../../.git")
    assert [one.reference for one in little.pages().problems] == [
        "docs/labs/lab12/link.md", "docs/labs/lab12/folder/config"
    ]  # fmt: skip


def test_a_link_inside_the_project_is_followed(little: Little) -> None:
    """A page may be a link to a file of the project, as a change log is."""
    (little.root / "CHANGES.md").write_text("# Changes\n")
    (little.root / "docs/changes.md").symlink_to("../CHANGES.md")
    assert little.build().returncode == 0
    assert "Changes" in (little.site / "changes.html").read_text()


@pytest.mark.slow_after(2)
@pytest.mark.parametrize("epoch", ["", " ", "-1", "x", "1.5", "4294967296", "9" * 30])
def test_source_date_epoch(little: Little, epoch: str) -> None:
    """What is no time is named before anything is built."""
    built = little.build(SOURCE_DATE_EPOCH=epoch)
    assert built.returncode == 1
    assert "SOURCE_DATE_EPOCH is" in built.stderr + built.stdout
    assert "Traceback" not in built.stderr + built.stdout
    assert not little.site.exists()


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("epoch", ["0", "1700000000", "4294967295"])
def test_a_source_date_epoch_that_is_a_time(little: Little, epoch: str) -> None:
    """The first and the last second that a gzip file can note are fine."""
    built = little.build(SOURCE_DATE_EPOCH=epoch)
    assert built.returncode == 0, built.stderr


@pytest.mark.slow
@pytest.mark.parametrize("options", ["size=64k", "size=64k,ro"])
@pytest.mark.parametrize("words", [["build"], ["build", "--dirty"], ["build", "--quiet"]])
def test_a_site_that_cannot_be_written(little: Little, options: str, words: list[str]) -> None:
    """A full or read-only disk ends the build with one line that names it, and exit status 1."""
    with small(little.site, options):
        if not options.endswith("ro"):
            fill(little.site)
            subprocess.run(["mount", "-o", "remount,ro", little.site], check=True)
        built = mkdocs(little, *words)
    assert built.returncode == 1
    assert "Traceback" not in built.stderr + built.stdout
    assert re.search("No space left on device|Read-only file system", built.stderr + built.stdout)


@pytest.mark.slow
def test_a_site_on_a_full_disk(little: Little) -> None:
    """Writing fails in the middle of a build."""
    with small(little.site, "size=256k"):
        built = mkdocs(little, "build")
    assert built.returncode == 1
    assert "Traceback" not in built.stderr + built.stdout
    assert "No space left on device: make room there" in built.stderr + built.stdout
    assert "site: No space left" in built.stderr + built.stdout


DEEP = {
    "nul": "a\0b",
    "cp1252": "Low \x96 yes",
    "quotes": ">" * 2000 + " x",
    "lists": "\n".join(f"{'    ' * level}- x" for level in range(120)),
    "brackets": "[" * 2_000,
    "emphasis": "*" * 5_000 + "x",
    "elements": "<div>\n" * 2_000,
    "admonitions": "\n".join(f'{"    " * level}!!! note "x"\n' for level in range(600)),
    "jinja": "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "jinja lists": "{{ " + "[" * 5000 + "]" * 5000 + " }}",
    "blocks": "{% if 1 %}" * 3000 + "{% endif %}" * 3000,
    "front matter": "---\na: " + "[" * 50_000 + "\n---\n",
    "laughs": "---\n"
    + "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9) if n else 'x'}]" for n in range(9))
    + "\ntitle: *a8\n---\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", DEEP)
def test_pages_that_are_deep_or_odd(little: Little, name: str) -> None:
    """A page ends no build in a traceback; where it cannot be built, the line names it."""
    text = DEEP[name]
    encoding = "latin-1" if name == "cp1252" else "utf-8"
    page = little.page("labs/lab12/task-2.md", "")
    page.write_bytes((text if text.startswith("---") else f"# T\n\n{text}\n").encode(encoding))
    built = mkdocs(little, "build")
    assert "Traceback" not in built.stderr + built.stdout
    assert "nobody foresaw" not in built.stderr + built.stdout
    assert built.returncode == 0 or "labs/lab12/task-2.md" in built.stderr + built.stdout
    checked = subprocess.run(
        [sys.executable, "labreport", "check"],
        cwd=little.root,
        env={**clean_environment(), "XDG_STATE_HOME": str(little.root.parent / "state")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in checked.stderr + checked.stdout
    assert checked.returncode == 1
    assert "nobody foresaw" not in checked.stderr


HOOK = """
def on_page_markdown(markdown, page, **_):
    if "Task" in markdown:
        raise KeyError("bad\\nkey \\x1b[31m")
"""


@pytest.mark.slow
@pytest.mark.parametrize("where", ["on_page_markdown", "on_shutdown"])
def test_what_nobody_foresaw(little: Little, where: str) -> None:
    """An exception in a build, or after it, is one line that names the page and a file with the traceback."""
    (little.root / "hook.py").write_text(
        HOOK.replace("on_page_markdown", where).replace("(markdown, page, ", "(")
    )
    if where == "on_page_markdown":
        (little.root / "hook.py").write_text(HOOK)
    else:
        (little.root / "hook.py").write_text(
            "def on_shutdown(**_):\n    raise KeyError('bad\\nkey \\x1b[31m')\n"
        )
    config = (little.root / "mkdocs.yml").read_text()
    (little.root / "mkdocs.yml").write_text(config.replace("hooks:\n", "hooks:\n  - hook.py\n"))
    built = mkdocs(little, "build")
    printed = built.stderr + built.stdout
    assert built.returncode == 1
    assert "Traceback" not in printed
    assert r"KeyError: 'bad\nkey \x1b[31m': nobody foresaw this" in printed
    assert ("docs/labs/lab12/task-1.md: KeyError" in printed) == (where == "on_page_markdown")
    (file,) = (little.root.parent / "state" / "labreport").iterdir()
    assert str(file) in printed
    assert "KeyError" in file.read_text()


MARK = "</title><script data-mark>alert(1)</script>"
ENTITIES = MARK.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
TITLES = {
    "front matter": f"---\ntitle: '{MARK}'\n---\nText.\n",
    "entities in front matter": f"---\ntitle: '{ENTITIES}'\n---\nText.\n",
    "heading": f"# {ENTITIES}\n",
    "entities of entities": f"# {ENTITIES.replace('&', '&amp;')}\n",
    "code in a heading": f"# `{MARK}`\n",
    "description": "---\ndescription: '\"><script data-mark>'\nauthor: '\"><b data-mark>'\n---\n# T\n",
    "subtitle": "---\nsubtitle: <b data-mark>\nstatus: '\"><b data-mark>'\n---\n# T\n",
    "icon": "---\nicon: '\"><b data-mark>'\n---\n# T\n",
    "location": "---\nlocation: '\"><b data-mark>'\ntemplate: redirect.html\n---\n# T\n",
    "second heading": f"# T\n\n## {ENTITIES}\n\n## `{MARK}`\n",
    "keys at the top": f'title: {MARK}\ndescription: "><b data-mark>\n\nText.\n',
}


@pytest.mark.slow_after(2)
@pytest.mark.parametrize("name", TITLES)
def test_a_title_is_text(little: Little, name: str) -> None:
    """No title, and nothing of the front matter, puts an element into any page of the site."""
    little.page("labs/lab12/task-2.md", TITLES[name])
    built = little.build()
    assert "Traceback" not in built.stderr
    for path in little.site.rglob("*.html"):
        assert LexborHTMLParser(path.read_text()).css("[data-mark]") == [], path


@pytest.mark.slow
def test_names_of_files_and_folders_are_text(little: Little) -> None:
    """Titles that come from names are escaped, in the navigation too; so are links to edit a page."""
    config = (little.root / "mkdocs.yml").read_text()
    (little.root / "mkdocs.yml").write_text(f"{config}\nrepo_url: https://host.invalid/x\nedit_uri: edit/\n")
    little.page("<b datamark>/<i datamark>.md", "Text.\n")
    little.page('labs/lab12/a" onclick="alert(1)" data-mark=\'.md', "Text.\n")
    little.page("labs/lab12/more.md", "Text.\n")
    little.build()
    pages = list(little.site.rglob("*.html"))
    assert len(pages) > 4
    for path in pages:
        assert LexborHTMLParser(path.read_text()).css("[datamark], [onclick]") == [], path


def test_what_mkdocs_prints_is_escaped(little: Little) -> None:
    """Links and names in its warnings cannot act on a terminal or a CI runner."""
    little.page("labs/lab12/task-2.md", "# T\n\n[x](gone\x9b31m\u202e.md) [y](<##[error]z.md>)\n")
    little.page("::error ::x.md", "{{ nope }}\n")
    built = mkdocs(little, "build")
    printed = built.stderr + built.stdout
    assert built.returncode == 1
    assert "\x9b" not in printed
    assert "\u202e" not in printed
    assert "##[" not in printed
    assert not [line for line in printed.splitlines() if line.strip().startswith("::")]
