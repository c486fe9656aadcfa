"""A file of questions: each is asked of several configurations, and each answer gets a verdict.

The macro `probes()` shows such a file as a table.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from labreport.capture import CommandResult, Out


@dataclass(frozen=True)
class Question:
    """A question: a short id, why it matters, how it is asked, and what each verdict means."""

    id: str
    text: str
    why: str
    asked: str
    meanings: Mapping[str, str]


def ask(
    out: Out,
    question: Question,
    commands: Mapping[str, Sequence[str]],
    verdict: Callable[[CommandResult], str],
    volatile: str = "",
) -> None:
    """Write a question, and for each configuration the output of its command and a verdict.

    A command that ends with exit status 1 has answered, too: the proxy refused what was asked.
    """
    out.line(f"=== {question.id}: {question.text} ===")
    out.line(f"why: {question.why}")
    out.line(f"asked: {question.asked}")
    for name, meaning in question.meanings.items():
        out.line(f"if {name}: {meaning}")
    for name, command in commands.items():
        out.line(f"--- {name}")
        out.line(f"=> {verdict(out.run(command, answered=(1,), stderr=True, volatile=volatile))}")
