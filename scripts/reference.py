"""Write what is generated from the code: commands, macros and verdicts in the manual, and the schemas.

`.venv/bin/python scripts/reference.py` updates the files. With `--check` it changes nothing, and exits
with 1 if a file is out of date.
"""

import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from labreport.audit.rules import RULES  # noqa: E402 # the checkout's own package
from labreport.cli.main import COMMANDS, lab  # noqa: E402
from labreport.report.pages.macros import CAPTIONED, MACROS  # noqa: E402
from labreport.site.schemas import SCHEMAS, schema  # noqa: E402

REFERENCE = ROOT / "docs" / "manual" / "reference"
SCHEMA_FOLDER = ROOT / "labreport" / "site" / "schema"
WIDTH = 100
"""The width of help texts, in characters."""


def commands() -> str:
    """Return the help of every command, in the order of `lab --help`."""
    context = click.Context(lab, info_name="lab")
    parts = []
    for name in COMMANDS:
        parts += _help(lab.get_command(context, name), name, context)
    return "\n".join(parts)


def _help(command: click.Command | None, name: str, parent: click.Context) -> Iterator[str]:
    """Yield a section for a command, and for each of its subcommands."""
    if command is None:
        raise LookupError(f"{parent.command_path} {name}: no such command")
    context = click.Context(
        command, info_name=name, parent=parent, max_content_width=WIDTH, terminal_width=WIDTH
    )
    yield f"### {context.command_path}\n\n```text\n{command.get_help(context).rstrip()}\n```\n"
    if isinstance(command, click.Group):
        for subcommand in command.list_commands(context):
            yield from _help(command.get_command(context, subcommand), subcommand, context)


def macros() -> str:
    """Return a section for each macro: its signature and its docstring."""
    sections = [_section(name, macro) for name, macro in MACROS.items()]
    return "{% raw %}\n" + "\n".join(sections) + "{% endraw %}\n"


def _section(name: str, macro: Callable[..., object]) -> str:
    """Return the section of one macro; the first parameter is the context, which a page does not pass."""
    signature = inspect.signature(macro)
    shown = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in list(signature.parameters.values())[1:]
    ]
    if name in CAPTIONED:
        shown += [
            inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=None)
            for key in ("caption", "name")
        ]
    call = signature.replace(parameters=shown, return_annotation=inspect.Signature.empty)
    return f"### {name}\n\n`{name}{call}`\n\n{inspect.getdoc(macro)}\n"


def rules(kind: str) -> str:
    """Return a table of the verdicts of `lab audit` on blocks, values or oddities of the evidence."""
    rows = [
        f"| *{rule.title}* | {rule.level} | {rule.means} | {rule.not_means} |\n"
        for rule in RULES.values()
        if rule.id.startswith(f"{kind}-")
    ]
    return "| verdict | weight | what it means | what it does not mean |\n|---|---|---|---|\n" + "".join(rows)


def updated(page: str, name: str, content: str) -> str:
    """Return `page` with `content` between the markers called `name`; raise ValueError if there are none."""
    begin, end = f"<!-- begin: {name}, by scripts/reference.py -->", f"<!-- end: {name} -->"
    before, found, rest = page.partition(begin)
    _old, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"no {begin} and {end}: put them where the generated part belongs")
    return f"{before}{begin}\n\n{content}\n{end}{after}"


def generated() -> Iterator[tuple[Path, str]]:
    """Yield each file that has generated content, and its text as it has to be."""
    for file, parts in (
        ("command-line.md", {"commands": commands()}),
        ("macros.md", {"macros": macros()}),
        ("audit.md", {"blocks": rules("block"), "values": rules("value"), "oddities": rules("evidence")}),
    ):
        page = (REFERENCE / file).read_text(encoding="utf-8")
        for name, content in parts.items():
            page = updated(page, name, content)
        yield REFERENCE / file, page
    for name in SCHEMAS:
        yield SCHEMA_FOLDER / name, schema(name)


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 if a file is out of date.")
def main(*, check: bool) -> None:
    """Write the generated parts of the manual, and the schemas."""
    stale = False
    for path, new in generated():
        if path.exists() and new == path.read_text(encoding="utf-8"):
            continue
        stale = True
        click.echo(
            f"{path.relative_to(ROOT)}: {'out of date: run scripts/reference.py' if check else 'updated'}"
        )
        if not check:
            path.write_text(new, encoding="utf-8")
    sys.exit(check and stale)


if __name__ == "__main__":
    main()
