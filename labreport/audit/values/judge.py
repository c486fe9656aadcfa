"""Judge every number and every name in the text of a report."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations

from labreport.audit.evidence import NOTHING, EvidenceIndex
from labreport.audit.inputs.text import shown
from labreport.audit.model import Passage, Value, ValueType, ValueVerdict
from labreport.audit.quotes.markdown import Element
from labreport.audit.rules import rule_of
from labreport.audit.values.lookup import HELD, LookedUp, look_up, rounds
from labreport.audit.values.measured import Measured
from labreport.audit.values.reading import numbers_of
from labreport.audit.values.stated import BARE, Stated, stated_in
from labreport.report.values import UNITS

_SHARES = frozenset({"", "%"})
_BESIDE, _MOST_BESIDE = 3, 12
"""How many lines away the numbers may be that the report itself calculated with, and how many are tried."""


def judge_values(elements: Sequence[Element], file: str, evidence: EvidenceIndex) -> Iterator[Value]:
    """Yield the verdict on each number in a report, in order."""
    numbers = numbers_of(evidence)
    nothing = None if evidence.files else LookedUp(ValueVerdict.NOT_JUDGED, NOTHING)
    judged = [(stated, nothing or look_up(stated, numbers)) for stated in stated_in(elements)]
    held: dict[int, list[tuple[Stated, LookedUp]]] = defaultdict(list)
    for stated, looked_up in judged:
        if looked_up.verdict in HELD and stated.unit in UNITS and stated.unit not in _SHARES:
            held[stated.line].append((stated, looked_up))
    for stated, looked_up in judged:
        if looked_up.verdict is ValueVerdict.NOWHERE:
            looked_up = _from_stated(stated, held) or looked_up  # noqa: PLW2901 # once all are known
        if stated.unit != BARE or looked_up.verdict is not ValueVerdict.NOT_JUDGED:
            yield _value(stated, file, looked_up)


def _from_stated(stated: Stated, held: Mapping[int, Sequence[tuple[Stated, LookedUp]]]) -> LookedUp | None:
    """Return how a ratio or a percentage follows from numbers beside it, as the report rounds them.

    None if it does not. `held` are the quantities of each line of the report that the evidence has.
    """
    if stated.unit not in _SHARES or len(stated.values) != 1:
        return None
    lines = range(stated.line - _BESIDE, stated.line + _BESIDE + 1)
    beside = [found for line in lines for found in held.get(line, ())][:_MOST_BESIDE]
    for (one, looked_up), (other, of_other) in permutations(beside, 2):
        if one.unit != other.unit or not other.values[0]:
            continue
        ratio = one.values[0] / other.values[0]
        results = (ratio,) if stated.unit == "" else (100 * ratio, abs(100 * (ratio - 1)))
        if any(rounds(result, stated.values[0], stated.step) for result in results):
            how = f"from {one.text} and {other.text} as the report rounds them"
            return LookedUp(ValueVerdict.DERIVED, how, (*looked_up.sources, *of_other.sources), how)
    return None


def _value(stated: Stated, file: str, looked_up: LookedUp) -> Value:
    rule = rule_of(looked_up.verdict)
    kind = ValueType.QUANTITY if stated.unit in UNITS and stated.unit else ValueType.COUNT
    return Value(
        rule=rule.id,
        level=rule.level,
        line=stated.line,
        column=stated.column,
        why=looked_up.why,
        report=Passage(file, stated.line, stated.line, shown(" ".join(stated.sentence.split()))),
        evidence=tuple(_passage(one) for one in looked_up.sources),
        identity=f"{stated.text} {' '.join(sorted(stated.label))}",
        verdict=looked_up.verdict,
        kind=kind,
        text=stated.text,
        unit="" if stated.unit == BARE else stated.unit,
        how=looked_up.how,
        expected=looked_up.expected,
    )


def _passage(one: Measured) -> Passage:
    text = next((line.text for line in one.file.lines if line.number == one.line), "")
    return Passage(one.file.path, one.line, one.line, shown(text))
