"""HTML of what stands in a sentence: a value, and a claim with its mark, each with what it stands on.

Everything from evidence, records and hosts is hostile and is escaped here.
"""

from collections.abc import Callable
from functools import lru_cache
from html import escape
from urllib.parse import quote

from labreport.contract.records import HostClass
from labreport.report.facts.claims import BoundExpression, Claim, InlineValue
from labreport.report.facts.expressions.evaluate import EvaluationState
from labreport.report.facts.readings import NoValue, Reading
from labreport.report.problems import Problem, one_line
from labreport.report.source.cite import published
from labreport.report.tables.runs import utc
from labreport.site.slots import Inline

Late = Callable[[str, str], str]
"""Keeps HTML until the page is written, and returns what stands there until then; see Slots.put_late."""
LONGEST_QUOTE = 160
MARKS = {
    EvaluationState.HOLDS: "✓",
    EvaluationState.CONTRADICTED: "✗",
    EvaluationState.NO_EVIDENCE: "?",
    EvaluationState.NOT_COMPARABLE: "≁",
    EvaluationState.ERROR: "!",
}
"""The sign of a claim's state; its name always stands beside it or is read out."""
_EMULATED = '<sup class="ev-emulated" title="measured on an emulated processor">emu</sup>'


def said_inline(said: InlineValue, late: Late, up: str, number: int) -> Inline:
    """Return a value that shows, on hover and focus, where it is from; `number` is the page's own for it.

    `late` keeps what the search is not to read.
    """
    text = said.text or f"({said.result.state})"
    shown = escape(text).replace(" ", "\u00a0") if len(text) < 24 else escape(text)  # noqa: PLR2004 # a value and its unit stay on one line
    mark = _EMULATED if said.text and said.emulated_times else ""
    html = (
        f'<span class="ev-fact" data-state="{said.result.state}" tabindex="0" '
        f'aria-describedby="tip-{number}">{shown}{mark}{tip_html(said, up, number)}</span>'
    )
    return Inline(late(html, shown), f"{text} (emulated)" if mark else text)


def claim_inlines(claim: Claim, late: Late, up: str, number: int) -> tuple[Inline, Inline]:
    """Return what stands before and after a claim's sentence, whose mark opens what it stands on.

    A claim that holds has its sign alone; of any other the state and the reason are in plain sight.
    """
    state = claim.result.state
    said = "" if state is EvaluationState.HOLDS else str(state)
    if not claim.fine:
        said += f": {one_line(claim.reason)}"
    sign = f"{MARKS[state]} {escape(said)}" if said else MARKS[state]
    emulated = _EMULATED if claim.emulated_times else ""
    behind = (
        f'{emulated}<button type="button" class="ev-mark" popovertarget="tip-{number}" '
        f'aria-label="{escape(said or str(state))}: what it stands on">{sign}</button>'
        f"{tip_html(claim, up, number)}</span>"
    )
    return (
        Inline(late(f'<span class="ev-claim" data-state="{state}">', ""), ""),
        Inline(late(behind, ""), f" ({said})" if said else ""),
    )


def fault_inline(fault: Problem) -> Inline:
    """Return what stands in a sentence for a macro that could not do what the page asks."""
    parts = [one_line(part) for part in (fault.reference, fault.what, fault.remedy) if part]
    return Inline(
        f'<span class="ev-fault"><strong>Problem</strong>: {escape(": ".join(parts))}</span>',
        f"(problem: {': '.join(parts)})",
    )


def tip_html(stands: BoundExpression, up: str, number: int) -> str:
    """Return what opens: what an expression stands on, each value with its lines, host and time."""
    how = "popover" if isinstance(stands, Claim) else 'role="tooltip"'
    text = stands.result.text
    head = "" if text in stands.readings else f"<code>{escape(one_line(text))}</code>"
    if isinstance(stands, Claim):
        head = f"<strong>{escape(str(stands.result.state))}</strong>: {head}"
    rows = [head] if head else []
    rows += [escape(one_line(note)) for note in (stands.reason, *stands.result.bases) if note]
    rows += [_reading(name, found, up) for name, found in stands.readings.items()]
    inner = "".join([f'<span class="ev-tip-row">{row}</span>' for row in rows])
    return f'<span {how} class="ev-tip" id="tip-{number}">{inner}</span>'


@lru_cache(maxsize=4096)  # what a value stands on is told by each sentence that it is in
def _reading(name: str, found: Reading | NoValue, up: str) -> str:
    if isinstance(found, NoValue):
        return f"<code>{escape(name)}</code>: {escape(one_line(str(found)))}"
    shown = f"{len(found.read)} values" if isinstance(found.read, tuple) else str(found.read)
    lines = f"line {found.lines.start}" if found.lines.start == found.lines.end else f"lines {found.lines}"
    text = one_line(found.text.split("\n", 1)[0])
    text = text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"
    host_class = found.host.host_class if found.host else None
    return (
        f"<code>{escape(name)}</code> = {escape(one_line(shown))} · "
        f"{_link(found.file, up)}, {lines} · "
        f"{_host(host_class, found.host_id)} · {utc(found.start)}<br><code>{escape(text)}</code>"
    )


@lru_cache(maxsize=1024)  # one file holds several values
def _link(file: str, up: str) -> str:
    return f'<a href="{escape(up + quote(f"evidence/{published(file)}"))}">{escape(file)}</a>'


@lru_cache(maxsize=1024)
def _host(host_class: HostClass | None, host_id: str) -> str:
    named = escape(str(host_class or "host unknown"))
    return f'<span class="ev-class" data-class="{named}">{named}</span> (host {escape(host_id)})'
