"""The macros: what a page may call, and what each call shows. Free of mkdocs and of any markup.

A macro never raises: what it cannot show comes back as a Problem.
"""

import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from labreport.report.charts.figures import chart_figure, comparison_figure
from labreport.report.facts.claims import Claim, InlineValue, inline_value, judge_claim
from labreport.report.pages.context import Desk
from labreport.report.problems import FaultError, Problem
from labreport.report.source.cite import Block, Gap, cite
from labreport.report.source.difference import FORMS, Difference, differ
from labreport.report.source.evidence import Captured
from labreport.report.source.slices import slice_request
from labreport.report.tables.external import advisories_table, published_table
from labreport.report.tables.probes import escapes_table, probes_figure
from labreport.report.tables.runs import CommandRun, CommandRuns, command_run, lab_runs
from labreport.report.tables.sets import (
    host_class_named,
    host_table,
    hosts_table,
    index_table,
    labs_table,
    state_table,
)
from labreport.report.tables.table import Figure, Table

SENTENCE = 120
"""How much of a claim's sentence an error repeats, in characters."""


@dataclass(frozen=True)
class Covered:
    """How much of a lab's report its evidence holds: known once every page of `lab` has been read."""

    lab: str


Shown = (
    Block
    | Gap
    | Problem
    | Table
    | tuple[CommandRuns, ...]
    | InlineValue
    | Claim
    | Covered
    | Figure
    | Difference
)


def blocks_of(shown: Shown) -> tuple[Block, ...]:
    """Return the blocks of evidence that a call shows, or that stand behind its figure or difference."""
    if isinstance(shown, Figure | Difference):
        return shown.blocks
    return (shown,) if isinstance(shown, Block) else ()


def evidence(  # noqa: PLR0913 # what a page may say of a block
    desk: Desk,
    path: object,
    lines: object = None,
    *,
    start: object = None,
    end: object = None,
    sha256: object = None,
) -> Shown:
    """Show lines of an evidence file: `lines="1:7"`, by content from `start` to `end`, or all of it."""
    return cite(desk.evidence, desk.page, slice_request(path, lines, start, end, sha256))


def command(desk: Desk, path: object, lines: object = None, *, n: object = None) -> Shown:
    """Show the commands that printed a file, or `lines` of it, as they were run; or the `n`-th of them."""
    block = cite(desk.evidence, desk.page, slice_request(path, lines))
    if isinstance(block, Gap):
        return block
    if block.captured is None:
        raise FaultError(f"{block.path} has no record", "capture it with `lab record`")
    commands = _commands_of(block, block.captured)
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


def commands(desk: Desk, lab: object = None) -> Shown:
    """Show every command of a lab as it was run, in the tasks' order."""
    return lab_runs(desk.set_of(lab))


def state(desk: Desk, lab: object = None) -> Shown:
    """Show the table of a lab's collectors."""
    return state_table(desk.set_of(lab))


def host(desk: Desk, lab: object = None) -> Shown:
    """Show the host that measured a lab's evidence."""
    return host_table(desk.set_of(lab))


def hosts(desk: Desk, host_class: object = None) -> Shown:
    """Show every host that measured, of one class or of all; those of evidence/hosts included."""
    return hosts_table(desk.evidence, host_class_named(host_class))


def labs(desk: Desk) -> Shown:
    """Show every lab that has pages, with what was captured of it."""
    return labs_table(desk.evidence)


def index(desk: Desk, lab: object = None) -> Shown:
    """Show every evidence file of a lab; outside a lab's pages, of every set."""
    if lab is None and not desk.page.lab:
        return index_table(desk.evidence, desk.evidence.names())
    return index_table(desk.evidence, [desk.set_of(lab).name])


def coverage(desk: Desk, lab: object = None) -> Shown:
    """Show how many of a lab's numbers, claims and requirements its evidence holds."""
    return Covered(desk.lab_named(lab))


def fact(
    desk: Desk, expression: object, *, unit: object = None, decimals: object = None, lab: object = None
) -> Shown:
    """Show a value: a fact, or an expression, in another `unit` or with at most so many `decimals`."""
    text = _expression("fact", expression)
    if unit is not None and not isinstance(unit, str):
        raise FaultError(f"unit is {unit!r}", 'give it in quotes: unit="ms"')
    if decimals is not None and not isinstance(decimals, int):
        raise FaultError(f"decimals is {decimals!r}", "give a number: decimals=1")
    return inline_value(desk.facts_of(lab), desk.page, text, unit, decimals)


def comparison(desk: Desk, path: object, *, noise: object = None) -> Shown:
    """Show what a series says, with `noise`, a series of one thing against itself, beside it."""
    return comparison_figure(desk.evidence, desk.page, path, noise)


def chart(desk: Desk, path: object, *, kind: object) -> Shown:
    """Show a CSV as a picture of a `kind`: strip, percentiles, phases or memory."""
    return chart_figure(desk.evidence, desk.page, path, kind)


def published(desk: Desk, lab: object = None) -> Shown:
    """Show what others have published: figures of theirs, beside no value of ours."""
    return published_table(desk.pages_of(lab))


def claim(desk: Desk, condition: object, *, lab: object = None) -> Shown:
    """Bind the sentence of the call block to a condition."""
    return judge_claim(desk.facts_of(lab), desk.page, _expression("claim", condition))


def _expression(macro: str, text: object) -> str:
    if not isinstance(text, str):
        raise FaultError(f"the expression is {text!r}", f'give it in quotes: {macro}("startup.kata")')
    return text


def difference(desk: Desk, one: object, other: object, *, form: object = FORMS[0]) -> Shown:
    """Show what differs between two evidence files: `form="side by side"`, or `form="unified"`."""
    return differ(desk.evidence, desk.page, (one, other), form)


def probes(desk: Desk, path: object, *, only: object = "") -> Shown:
    """Show the answers of a file of probes side by side; `only="boot-id uptime"` some of them."""
    block = cite(desk.evidence, desk.page, slice_request(path))
    if isinstance(block, Gap):
        return block
    if not isinstance(only, str):
        raise FaultError(f"only is {only!r}", 'give it in quotes: only="boot-id uptime"')
    return probes_figure(block, only.split())


def escapes(desk: Desk, lab: object = None) -> Shown:
    """Show the escapes that were tried, and what each came to under either runtime."""
    return escapes_table(desk.evidence, desk.set_of(lab))


def advisories(desk: Desk, lab: object = None) -> Shown:
    """Show the known holes that a lab's advisories.yml lists, and which of them the measured host has."""
    return advisories_table(desk.pages_of(lab), desk.set_of(lab))


MACROS: dict[str, Callable[..., Shown]] = {
    one.__name__: one
    for one in (
        evidence,
        command,
        commands,
        state,
        host,
        hosts,
        labs,
        index,
        coverage,
        fact,
        claim,
        comparison,
        chart,
        published,
        difference,
        probes,
        escapes,
        advisories,
    )
}
"""The macros by the name that a page uses."""
INLINE = frozenset({fact.__name__, claim.__name__})
"""Those that stand in a sentence; the others stand on a line of their own."""


@dataclass(frozen=True, slots=True)
class Call:
    """A macro's call as a page wrote it; `sentence` stands between `{% call %}` and `{% endcall %}`."""

    name: str
    args: tuple[object, ...] = ()
    named: tuple[tuple[str, object], ...] = ()
    sentence: str | None = None

    def __str__(self) -> str:
        values = [*map(_literal, self.args), *(f"{key}={_literal(value)}" for key, value in self.named)]
        return f"{self.name}({', '.join(values)})"

    @property
    def reference(self) -> str:
        """The call and the sentence that it binds, as an error names them."""
        sentence = " ".join((self.sentence or "").split())
        if not sentence:
            return str(self)
        return f"{self} “{sentence if len(sentence) <= SENTENCE else f'{sentence[:SENTENCE]}…'}”"

    def run(self, desk: Desk) -> Shown:
        """Return what the call shows: a Problem where it cannot."""
        macro = MACROS[self.name]
        if fault := self._misused():
            return fault
        named = dict(self.named)
        try:
            _check_shape(macro, len(self.args), tuple(named))
        except TypeError as error:
            return Problem(str(self), f"{self.name}: {error}", f"it takes {_usage(macro)}")
        try:
            return macro(desk, *self.args, **named)
        except FaultError as error:
            return Problem.of(error, str(self))

    def _misused(self) -> Problem | None:
        """Return what is wrong with the sentence, or with there being none."""
        form = 'write {% call claim("a < 1 s") %}the sentence{% endcall %}'
        if self.sentence is None:
            return Problem(str(self), "it binds no sentence", form) if self.name == claim.__name__ else None
        if self.name != claim.__name__:
            return Problem(str(self), f"{self.name} takes no sentence", "write {{ … }}, not {% call … %}")
        if not self.sentence.strip():
            return Problem(str(self), "its sentence is empty", form)
        if any(not line.strip() for line in self.sentence.strip().split("\n")):
            return Problem(str(self), "a blank line is in its sentence", "bind each sentence on its own")
        return None


def _literal(value: object) -> str:
    """Return a value as a page would write it."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _usage(macro: Callable[..., Shown]) -> str:
    return ", ".join(list(inspect.signature(macro).parameters)[1:]) or "nothing"


@cache
def _check_shape(macro: Callable[..., Shown], values: int, names: tuple[str, ...]) -> None:
    """Raise TypeError where a macro does not take so many values and these names; few shapes are in use."""
    inspect.signature(macro).bind(None, *range(values), **dict.fromkeys(names))
