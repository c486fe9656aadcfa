"""Judge every number and every name in the text of a report."""

from collections.abc import Iterator, Sequence

from labreport.audit.evidence import NOTHING, EvidenceIndex
from labreport.audit.inputs.text import shown
from labreport.audit.model import Passage, Value, ValueType, ValueVerdict
from labreport.audit.quotes.markdown import Element
from labreport.audit.rules import rule_of
from labreport.audit.values.lookup import LookedUp, look_up
from labreport.audit.values.measured import Measured
from labreport.audit.values.reading import numbers_of
from labreport.audit.values.stated import BARE, Stated, stated_in
from labreport.report.values import UNITS


def judge_values(elements: Sequence[Element], file: str, evidence: EvidenceIndex) -> Iterator[Value]:
    """Yield the verdict on each number in a report, in order."""
    numbers = numbers_of(evidence)
    nothing = None if evidence.files else LookedUp(ValueVerdict.NOT_JUDGED, NOTHING)
    for stated in stated_in(elements):
        looked_up = nothing or look_up(stated, numbers)
        if stated.unit != BARE or looked_up.verdict is not ValueVerdict.NOT_JUDGED:
            yield _value(stated, file, looked_up)


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
