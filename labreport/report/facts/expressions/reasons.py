"""Why a condition does not hold, in words: each part that decides, with its values."""

from collections.abc import Iterator

from labreport.report.facts.expressions.nodes import (
    Comparison,
    Function,
    Joined,
    Literal,
    Node,
    Not,
    facts_in,
)
from labreport.report.facts.expressions.operations import MIRRORED, compared, shown
from labreport.report.facts.expressions.steps import Steps

_PERCENT = "percent"


def why(steps: Steps, node: Node, *, holds: bool = False) -> Iterator[str]:
    """Yield why the condition `node` does not hold, or why it `holds`: `a is 4.10, not < 3`."""
    match node:
        case Not(part=part):
            yield from why(steps, part, holds=not holds)
        case Joined(parts=several):
            for part in several:
                if steps.holds(part) is holds:
                    yield from why(steps, part, holds=holds)
        case Comparison():
            for left, operator, right in steps.links(node):
                if compared(steps.value(left), operator, steps.value(right)) is holds:
                    yield _link(steps, left, operator, right, holds=holds)


def bases(steps: Steps) -> Iterator[str]:
    """Yield what is 100 % of each percentage: `percent(a, b): 100 % is b (2.00 s)`."""
    if _PERCENT not in steps.expression.text:  # as most are, and the parts need not be looked through
        return
    for node in steps.expression.parts:
        if isinstance(node, Function) and node.name == _PERCENT:
            yield f"{steps.expression.source(node)}: 100 % is {_other(steps, node.arguments[1])}"


def _link(steps: Steps, left: Node, operator: str, right: Node, *, holds: bool) -> str:
    """Return one comparison in words, told of the side that has facts."""
    if facts_in(right) and not facts_in(left):
        left, operator, right = right, MIRRORED[operator], left
    is_so = "which is" if holds else "not"
    value = shown(steps.value(left))
    subject = value if isinstance(left, Literal) else f"{steps.expression.source(left)} is {value}"
    return f"{subject}, {is_so} {operator} {_other(steps, right)}"


def _other(steps: Steps, node: Node) -> str:
    source = steps.expression.source(node)
    return source if isinstance(node, Literal) else f"{source} ({shown(steps.value(node))})"
