"""The macros that a page may call, and what each returns. No mkdocs and no markup is here.

A macro raises FaultError for what it cannot show; `labreport.report.pages.calls` makes a Problem of it.
"""

from collections.abc import Callable

from labreport.contract.remedies import without_record
from labreport.report.facts.claims import inline_value, judge_claim
from labreport.report.pages.context import RUBRIC_FILE, Changed, Covered, MacroContext, Required, Shown
from labreport.report.pages.figure_macros import chart, comparison, table
from labreport.report.pages.labels import LabelKind
from labreport.report.pages.pictures import image
from labreport.report.problems import FaultError
from labreport.report.source.cite import Block, Gap, cite
from labreport.report.source.difference import FORMS, differ
from labreport.report.source.evidence_set import Captured
from labreport.report.source.slices import slice_request
from labreport.report.tables.external import advisories_table, published_table
from labreport.report.tables.probes import escapes_table, probes_figure
from labreport.report.tables.references import bibliography_table, glossary_table
from labreport.report.tables.runs import CommandRun, CommandRuns, command_run, lab_runs, timed_runs
from labreport.report.tables.sets import (
    host_class_named,
    host_table,
    hosts_table,
    index_table,
    labs_table,
    state_table,
)
from labreport.report.uses import note


def evidence(  # noqa: PLR0913 # what a page may say of a block
    context: MacroContext,
    path: object,
    lines: object = None,
    *,
    start: object = None,
    end: object = None,
    sha256: object = None,
) -> Shown:
    """Show lines of an evidence file, with their provenance.

    - `{{ evidence("isolation/dmesg.txt", lines="1:7") }}` shows lines 1 to 7, both included; `lines="3"`
      shows one line. Without `lines`, the whole file is shown.
    - `{{ evidence("1:7:isolation/dmesg.txt") }}` is the same in the notation of older lab reports.
    - `{{ evidence("isolation/dmesg.txt", start="^Kata VM", end="physical RAM map") }}` selects by content:
      from the first line that matches `start` to the next line that matches `end`. Both are
      regular expressions. A search that takes more than a second is a problem.
    - `{{ evidence("isolation/dmesg.txt", lines="1:7", sha256="9f86d081") }}` also checks the hash of
      the lines (8 digits or more). Lines that moved are found again. Lines that changed are a problem.
    """
    return cite(context.evidence, context.page, slice_request(path, lines, start, end, sha256))


def command(context: MacroContext, path: object, lines: object = None, *, n: object = None) -> Shown:
    """Show the commands that printed a file, as they were run.

    `{{ command("isolation/dmesg.txt") }}` shows all of them, `lines="1:7"` those that printed these lines,
    and `n=1` the first one. Of a series, such as bench/startup.csv, it shows what was timed.
    """
    block = cite(context.evidence, context.page, slice_request(path, lines))
    if isinstance(block, Gap):
        return block
    if block.captured is None:
        raise FaultError(f"{block.path} has no record", without_record(block.path))
    if block.captured.record.imported:
        raise FaultError(f"{block.path} was imported: no command was seen", "show its lines with evidence()")
    commands = (timed_runs(block) if lines is None else []) or _commands_of(block, block.captured)
    if not commands:
        raise FaultError(f"no command printed these lines of {block.path}", "name others: these are ours")
    if n is None:
        return (CommandRuns("", tuple(commands)),)
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= len(commands):
        right = "n=1" if len(commands) == 1 else f"n is 1 to {len(commands)}"
        raise FaultError(f"n of {block.path} is {n!r}", right)
    return (CommandRuns("", (commands[n - 1],)),)


def _commands_of(block: Block, captured: Captured) -> list[CommandRun]:
    """Return each command that printed lines of the block, once."""
    found: dict[int, CommandRun] = {}
    for origin in captured.origins(block.slice.range):
        if origin.command is not None and id(origin.command) not in found:
            found[id(origin.command)] = command_run(origin.command, captured.record, block.host, origin.cut)
    return list(found.values())


def commands(context: MacroContext, lab: object = None) -> Shown:
    """Show every command of a lab as it was run, in the order of the tasks."""
    return lab_runs(context.set_of(lab))


def state(context: MacroContext, lab: object = None) -> Shown:
    """Show the table of a lab's collectors: state, reason and remedy."""
    return state_table(context.set_of(lab))


def host(context: MacroContext, lab: object = None) -> Shown:
    """Show the host that measured the evidence of a lab."""
    return host_table(context.set_of(lab))


def hosts(context: MacroContext, host_class: object = None) -> Shown:
    """Show one row for each host that measured, including those of evidence/hosts.

    `{{ hosts("virtual") }}` shows the hosts of one class.
    """
    return hosts_table(context.evidence, host_class_named(host_class))


def labs(context: MacroContext) -> Shown:
    """Show one row for each lab that has pages: what was captured, when, and on which host class."""
    return labs_table(context.evidence, {name: context.title(name) for name in context.evidence.labs})


def index(context: MacroContext, lab: object = None) -> Shown:
    """Show every evidence file of a lab with its hash and record. Outside a lab's pages: of every lab."""
    if lab is None and not context.page.lab:
        return index_table(context.evidence, context.evidence.names())
    return index_table(context.evidence, [context.set_of(lab).name])


def coverage(context: MacroContext, lab: object = None) -> Shown:
    """Show how many numbers of a lab are bound to evidence, claims hold, and requirements are met."""
    return Covered(context.lab_named(lab))


def requirements(context: MacroContext, lab: object = None) -> Shown:
    """Show what each edition of the course sheet asks for, with a link to the section that answers it.

    The requirements are those of the lab's rubric.yml.
    """
    name = context.lab_named(lab)
    rubric = context.pages_of(lab) / RUBRIC_FILE
    note(str(rubric))
    if not rubric.is_file():
        raise FaultError(f"{name} has no {RUBRIC_FILE}", "write one: manual/reference/rubric.md describes it")
    return Required(name)


def changes(context: MacroContext, before: object, *, lab: object = None) -> Shown:
    """Show what changed since an earlier measurement, which is kept in evidence/hosts/BEFORE/LAB.

    `{{ changes("2026-11") }}` compares as `lab diff` does. Only what matters has a row.
    """
    name = context.lab_named(lab)
    kept = [one.split("/")[1] for one in context.evidence.names() if one.endswith(f"/{name}")]
    if before not in kept:
        remedy = f"use one of: {', '.join(kept)}" if kept else "keep one: manual/reference/macros.md says how"
        raise FaultError(f"{name} has no earlier measurement {before!r}", remedy)
    return Changed(name, str(before))


def fact(
    context: MacroContext,
    expression: object,
    *,
    unit: object = None,
    decimals: object = None,
    lab: object = None,
) -> Shown:
    """Show a value in a sentence: a fact, or an expression of facts.

    `{{ fact("startup.kata") }}` shows the value with the digits of the evidence.
    `{{ fact("startup.kata", unit="ms", decimals=1) }}` converts it, and shows at most one decimal.
    """
    text = _expression("fact", expression)
    if unit is not None and not isinstance(unit, str):
        raise FaultError(f"unit is {unit!r}", 'give it in quotes: unit="ms"')
    if decimals is not None and not isinstance(decimals, int):
        raise FaultError(f"decimals is {decimals!r}", "give a number: decimals=1")
    return inline_value(context.facts_of(lab), context.page, text, unit, decimals)


def published(context: MacroContext, lab: object = None) -> Shown:
    """Show figures that others have published, from the lab's published.yml, each with its source."""
    return published_table(context.pages_of(lab))


def claim(context: MacroContext, condition: object, *, lab: object = None) -> Shown:
    """Bind the sentence of a call block to a condition. The build fails if the evidence contradicts it.

    `{% call claim("startup.runc < 1 s") %}runc starts quickly{% endcall %}`
    """
    return judge_claim(context.facts_of(lab), context.page, _expression("claim", condition))


def _expression(macro: str, text: object) -> str:
    if not isinstance(text, str):
        raise FaultError(f"the expression is {text!r}", f'give it in quotes: {macro}("startup.kata")')
    return text


def difference(context: MacroContext, one: object, other: object, *, form: object = FORMS[0]) -> Shown:
    """Show what differs between two evidence files, byte for byte.

    `{{ difference("results/runc-devs.txt", "results/kata-devs.txt") }}` shows them side by side,
    `form="unified"` like `diff -u`. A path may name lines: `"1:7:x.txt"`.
    """
    return differ(context.evidence, context.page, (one, other), form)


def probes(context: MacroContext, path: object, *, only: object = "") -> Shown:
    """Show the answers in a file of probes side by side.

    `{{ probes("isolation/privileges.txt", only="seccomp lsm") }}` shows two of the probes.
    """
    block = cite(context.evidence, context.page, slice_request(path))
    if isinstance(block, Gap):
        return block
    if not isinstance(only, str):
        raise FaultError(f"only is {only!r}", 'give it in quotes: only="boot-id uptime"')
    return probes_figure(block, only.split())


def escapes(context: MacroContext, lab: object = None) -> Shown:
    """Show the escapes that were tried, with the result of each."""
    return escapes_table(context.evidence, context.set_of(lab))


def advisories(context: MacroContext, lab: object = None) -> Shown:
    """Show the vulnerabilities in the lab's advisories.yml, and which of them the measured host has."""
    return advisories_table(context.pages_of(lab), context.set_of(lab))


def bibliography(context: MacroContext, lab: object = None) -> Shown:
    """Show the sources in the lab's references.yml, each with its address."""
    return bibliography_table(context.pages_of(lab))


def glossary(context: MacroContext, lab: object = None) -> Shown:
    """Show the terms in the lab's glossary.yml. The pages of the lab explain each at its first occurrence."""
    return glossary_table(context.pages_of(lab))


def ref(context: MacroContext, name: object) -> Shown:
    """Refer to a figure or a table of the page, which the name in its call names.

    `{{ chart("bench/startup.csv", kind="strip", caption="Every start", name="starts") }}` is numbered, and
    `{{ ref("starts") }}` shows "Figure 1" in a sentence, with a link. The figure may come later.
    """
    return context.labels.find(name)


MACROS: dict[str, Callable[..., Shown]] = {
    macro.__name__: macro
    for macro in (
        evidence,
        command,
        commands,
        state,
        host,
        hosts,
        labs,
        index,
        coverage,
        requirements,
        changes,
        fact,
        claim,
        comparison,
        chart,
        table,
        image,
        published,
        difference,
        probes,
        escapes,
        advisories,
        bibliography,
        glossary,
        ref,
    )
}
"""The macros by name."""
INLINE = frozenset({fact.__name__, claim.__name__, ref.__name__})
"""Those that stand in a sentence; the others stand on a line of their own."""
_FIGURES = frozenset({chart.__name__, image.__name__})
CAPTIONED = {
    name: LabelKind.FIGURE if name in _FIGURES else LabelKind.TABLE
    for name, macro in MACROS.items()
    if name not in INLINE and macro is not evidence
}
"""The macros that also take `caption` and `name`, and what their result is then numbered as."""
