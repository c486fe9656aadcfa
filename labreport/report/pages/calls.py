"""A call of a macro, what it shows, and what is wrong with that."""

import inspect
import json
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from labreport.contract.remedies import without_record
from labreport.report.facts.claims import BoundExpression, Claim, InlineValue, UndeclaredFactError
from labreport.report.facts.expressions.evaluate import EvaluationState
from labreport.report.facts.readings import Absence, NoValue
from labreport.report.images import EvidenceImage
from labreport.report.pages.context import MacroContext, Shown
from labreport.report.pages.labels import Label, LabelKind, LabelRequest
from labreport.report.pages.macros import CAPTIONED, MACROS, claim
from labreport.report.pages.slots import SlotKind
from labreport.report.problems import FaultError, Problem, meant, one_line
from labreport.report.source.cite import EMULATED, EXPECTED, Block, Gap
from labreport.report.source.difference import Difference
from labreport.report.tables import Figure

_SIGNATURES = {name: inspect.signature(macro) for name, macro in MACROS.items()}
_LABEL = ("caption", "name")
"""The arguments that number what a macro shows; no macro sees them."""
MOST_OF_A_SENTENCE = 120
"""How many characters of a claim's sentence a problem repeats."""
_REMEDIES = {
    EvaluationState.CONTRADICTED: "write what the evidence says",
    EvaluationState.NO_EVIDENCE: f"capture it, or list the file in the page's {EXPECTED}",
    EvaluationState.NOT_COMPARABLE: "compare values of one host",
    EvaluationState.ERROR: "correct the expression: manual/reference/expressions.md",
}


@dataclass(frozen=True)
class Call:
    """A call of a macro as a page makes it, on a line. A claim's `sentence` is what its call block holds."""

    name: str
    args: tuple[object, ...] = ()
    named: tuple[tuple[str, object], ...] = ()
    sentence: str | None = None
    line: int = 0

    def __str__(self) -> str:
        values = [*map(_literal, self.args), *(f"{key}={_literal(value)}" for key, value in self.named)]
        return f"{self.name}({', '.join(values)})"

    @property
    def label_request(self) -> LabelRequest:
        """What the call says of its caption and its name."""
        if self.name not in CAPTIONED:
            return LabelRequest(LabelKind.TABLE)
        given = {key: value for key, value in self.named if key in _LABEL}
        return LabelRequest(CAPTIONED[self.name], **given)

    @property
    def reference(self) -> str:
        """The call, with the sentence that it binds, as a problem names it."""
        sentence = " ".join((self.sentence or "").split())
        if not sentence:
            return str(self)
        cut = len(sentence) > MOST_OF_A_SENTENCE
        return f"{self} “{f'{sentence[:MOST_OF_A_SENTENCE]}…' if cut else sentence}”"

    def run(self, context: MacroContext) -> Shown:
        """Return what the call shows; a Problem if it cannot show that."""
        macro = MACROS[self.name]
        if problem := self._misuse():
            return problem
        named = {key: value for key, value in self.named if key not in self._of_label}
        try:
            _SIGNATURES[self.name].bind(context, *self.args, **named)
        except TypeError as error:
            parameters = [*_SIGNATURES[self.name].parameters, *self._of_label][1:]
            remedy = f"it takes {', '.join(parameters) or 'nothing'}"
            unknown = next((key for key in named if key not in parameters), None)
            if unknown is not None:
                return Problem(
                    str(self), f"{self.name} takes no {unknown}", meant(unknown, parameters, remedy)
                )
            return Problem(str(self), f"{self.name}: {error}", remedy)
        try:
            return macro(context, *self.args, **named)
        except FaultError as error:
            return Problem.of(error, str(self))

    @property
    def _of_label(self) -> tuple[str, ...]:
        return _LABEL if self.name in CAPTIONED else ()

    def _misuse(self) -> Problem | None:
        """Return what is wrong with the sentence, or with having none."""
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


@dataclass(frozen=True)
class CallResult:
    """A call and what it shows. `page` is its path below docs/, `line` is 1-based, 0 if it is not known.

    `label` is the number of a figure or table, None if it has none. `uses` is what `shown` was made from
    (`labreport.report.uses`).
    """

    page: str
    line: int
    call: Call
    shown: Shown
    label: Label | None = None
    uses: AbstractSet[str] = field(default=frozenset(), compare=False, repr=False)

    def problem(self, what: str, remedy: str) -> Problem:
        """Return a problem of the call."""
        return Problem(self.call.reference, what, remedy, self.page, self.line)


def without_table(result: CallResult, why: Problem) -> tuple[Problem, list[Problem]]:
    """Return what a call shows whose table cannot be made when all pages are rendered, and its problems."""
    shown = replace(why, reference=str(result.call))
    return shown, problems_of(replace(result, shown=shown))


def problems_of(result: CallResult) -> list[Problem]:
    """Return what is wrong with what a call shows."""
    match result.shown:
        case Problem() as problem:
            return [_placed(result, problem)]
        case Gap(expected=False) as gap:
            what = f"{gap.path} was not captured: {gap.reason}"
            command = f" (`{gap.command}`)" if gap.command else ""
            return [result.problem(what, f"{gap.remedy}{command}, or list it in the page's {EXPECTED}")]
        case Block(captured=None, path=path):
            return [result.problem(f"{path} has no record", without_record(path))]
        case Figure(blocks=blocks) | Difference(blocks=blocks) | EvidenceImage(blocks=blocks):
            return [problem for block in blocks for problem in problems_of(replace(result, shown=block))]
        case BoundExpression() as value if not value.publishable:
            return [_unbound(result, value)]
    return []


def _unbound(result: CallResult, value: BoundExpression) -> Problem:
    """Return what is wrong with a value or a claim; a fact without a value is a cause."""
    problem = result.problem(f"{value.result.state}: {value.reason}", _REMEDIES[value.result.state])
    if value.result.state is not EvaluationState.NO_EVIDENCE:
        return problem
    missing = [one for one in value.readings.values() if isinstance(one, NoValue)]
    if not missing or any(one.absence is Absence.NOT_CAPTURED for one in missing):
        return problem
    places = frozenset(one.place for one in missing)
    return replace(problem, remedy=f"see {', '.join(sorted(places))}", causes=places)


def _placed(result: CallResult, problem: Problem) -> Problem:
    """Return a problem with its place: that of the call, or another file that the call depends on."""
    error = problem.error
    if error and error.path:
        return Problem.of_file(error)
    placed = result.problem(problem.what, problem.remedy)
    return (
        replace(placed, causes=frozenset({error.what})) if isinstance(error, UndeclaredFactError) else placed
    )


def warnings_of(result: CallResult) -> Iterator[Problem]:
    """Yield what the author should know of a call, and what fails no build."""
    shown = result.shown
    if isinstance(shown, Block) and shown.slice.moved_from is not None:
        old, new = shown.slice.moved_from, shown.slice.range
        yield result.problem(f"lines {old} of {shown.path} are lines {new} now", f'write lines="{new}"')


def emulated_problem(results: Iterable[CallResult]) -> Problem | None:
    """Return the problem of a page that shows values of an emulated host, at the first of them."""
    emulated = [result for result in results if _is_emulated(result.shown)]
    if not emulated:
        return None
    what = (
        f"{len(emulated)} of this page's values, claims and figures are of an emulated host, this one first"
    )
    remedy = f"if that is meant, write `{EMULATED}: true` in the page's front matter"
    return emulated[0].problem(what, remedy)


def _is_emulated(shown: Shown) -> bool:
    if isinstance(shown, Figure):
        return shown.emulated
    return isinstance(shown, BoundExpression) and shown.result.emulated


def inline_text(shown: Shown, kind: SlotKind) -> str:
    """Return the text of what stands in a sentence, at a slot of this kind."""
    if kind is SlotKind.BEFORE:
        return ""
    match shown:
        case InlineValue():
            text = shown.text or f"({shown.result.state})"
            return f"{text} (emulated)" if shown.text and shown.emulated_times else text
        case Claim():
            words = claim_words(shown)
            return f" ({words})" if words else ""
        case Label():
            return str(shown)
        case Problem(reference=reference, what=what, remedy=remedy):
            parts = (reference, what, remedy)
            return f"(problem: {': '.join(one_line(part) for part in parts if part)})"
    return ""


def claim_words(shown: Claim) -> str:
    """Return the state of a claim, and why it is not fine; nothing for one that holds."""
    state = shown.result.state
    words = "" if state is EvaluationState.HOLDS else str(state)
    return words if shown.publishable else f"{words}: {one_line(shown.reason)}"


def _literal(value: object) -> str:
    """Return a value as a page would write it."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
