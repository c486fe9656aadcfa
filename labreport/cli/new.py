"""lab new."""

import math
import re
import shutil
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from string import Template

import click
import yaml

from labreport.cli import show
from labreport.cli.project import new_lab_folders, root
from labreport.contract.errors import ExitStatus, LabError

TEMPLATES = Path(__file__).parents[1] / "templates"
NOT_IN_A_LINE = {"Cc", "Cs", "Zl", "Zp"}
"""Unicode categories that no title has: controls, surrogates, separators of lines and paragraphs."""


class TemplateError(LabError):
    """A project or a lab that cannot be created as it was asked for."""

    exit_status = ExitStatus.WRONG_USE


@click.command()
@click.argument("name")
@click.option("--title", help="The title of the lab. Default: NAME.")
def new(name: str, *, title: str | None) -> None:
    """Create a lab: collectors/NAME, docs/labs/NAME, evidence/NAME.

    It works as it is: lab collect NAME, mkdocs serve.
    """
    project = root()
    folders = new_lab_folders(project, name)
    words = {
        "lab": name,
        "year": str(datetime.now(UTC).year),
        **title_words(name if title is None else title),
    }
    with all_or_nothing(*folders.values()):
        for kind in ("collectors", "docs"):
            copy_template(TEMPLATES / "lab" / kind, folders[kind], words)
        folders["evidence"].mkdir(parents=True)
    for folder in folders.values():
        show.line(f"created {folder.relative_to(project)}/")
    show.line(f"next: lab collect {name}, then mkdocs serve")


def title_words(title: str) -> dict[str, str]:
    """Return a title as templates take it: `title_yaml` and `title_markdown`; raise TemplateError."""
    title = title.strip()
    if not title:
        raise TemplateError("the title is empty", "give it some text")
    if any(unicodedata.category(character) in NOT_IN_A_LINE for character in title):
        raise TemplateError(f"the title {title!r} is not one line of text", "remove line breaks and tabs")
    flow = yaml.safe_dump([title], default_flow_style=True, allow_unicode=True, width=math.inf)
    return {"title_yaml": flow.strip()[1:-1], "title_markdown": as_heading(title)}


def as_heading(text: str) -> str:
    """Return `text` for a Markdown heading in which neither Markdown nor Jinja finds any markup."""
    text = re.sub(r"&(?=[#\w])", "&amp;", text)
    text = re.sub(r"[\\`*_{[#]", r"\\\g<0>", text)
    return text.replace("<", "&lt;").replace("{%", "{&#37;")  # Markdown has no backslash escape for these


@contextmanager
def all_or_nothing(*folders: Path) -> Iterator[None]:
    """Remove what was made in `folders` if an error is raised. They are absent, or hold nothing but .git."""
    there = [folder for folder in folders if folder.exists()]
    try:
        yield
    except BaseException:
        for folder in folders:
            if folder not in there:
                shutil.rmtree(folder, ignore_errors=True)
                continue
            for path in [path for path in folder.iterdir() if path.name != ".git"]:
                shutil.rmtree(path, ignore_errors=True)
                with suppress(OSError):
                    path.unlink()
        raise


def copy_template(source: Path, target: Path, words: Mapping[str, str]) -> None:
    """Copy the folder `source` to `target`, and replace each `$word` of `words` in its files.

    `dot_x` becomes `.x`, and `x.py.txt` becomes `x.py`: under these names they would act in this repository.
    """
    for path in sorted(source.rglob("*")):
        if path.is_file():
            to = target.joinpath(*(re.sub("^dot_", ".", part) for part in path.relative_to(source).parts))
            if to.name.endswith(".py.txt"):
                to = to.with_suffix("")
            to.parent.mkdir(parents=True, exist_ok=True)
            text = Template(path.read_text(encoding="utf-8")).safe_substitute(words)
            to.write_text(text, encoding="utf-8", newline="\n")
