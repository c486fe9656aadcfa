"""The sandbox in which a page's Jinja runs. A page is somebody's text: it can do nothing but what is here.

A page can call our macros, format plain values, and use `for`, `if`, `set`, `macro` and `call`. It reaches no
file, no attribute of Python's objects, and no setting of mkdocs. Rendering runs no macro: a call leaves a
slot and is noted. Work and output are bounded by counting, which gives the same on every machine: a value has
a largest size, and what a loop, a macro or a filter evaluates takes steps from the page's budget.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

from jinja2 import Template
from jinja2.runtime import Context, Macro, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

from labreport.report.pages.calls import Call
from labreport.report.pages.filters import DEFAULTS, PAGE_FILTERS, check_arguments, shown
from labreport.report.pages.hints import Hints
from labreport.report.pages.limits import (
    MOST_CALLS,
    MOST_OUTPUT,
    MOST_STEPS,
    SandboxError,
    check_bits,
    check_size,
    check_text,
    size_of,
    values_in,
)
from labreport.report.pages.macros import INLINE, MACROS
from labreport.report.pages.placeholders import MissingValue, SlotText, Unknown, check_usable
from labreport.report.pages.rules import ATTRIBUTES, Rewriter, is_plain
from labreport.report.pages.slots import SlotKind, Slots
from labreport.report.pages.tags import COMMENT_START, SourceCall, check_tokens, plain_calls
from labreport.report.problems import Problem

_OF_JINJA = ("_loop_vars", "_block_vars")
"""Arguments that Jinja adds to a call and takes out again."""


@dataclass(frozen=True)
class NotedPage:
    """A page after its Jinja: Markdown with slots. At n - 1, `calls` has the call of slot n, or a mistake.

    Lines are those of the text that was rendered, 1-based.
    """

    markdown: str
    calls: tuple[Call | Problem, ...]


class PageEnvironment(ImmutableSandboxedEnvironment):
    """Renders the Jinja of pages. `values` are more names for plain values, such as `extra` in mkdocs.yml."""

    intercepted_binops = frozenset(ImmutableSandboxedEnvironment.default_binop_table)

    def __init__(self, slots: Slots, values: Mapping[str, object] | None = None) -> None:
        super().__init__(
            comment_start_string=COMMENT_START,
            finalize=self.show,
            undefined=MissingValue,
            optimized=False,  # nothing is worked out while a page is compiled
        )
        self._slots = slots
        self._calls: list[Call | Problem] = []
        self._hints = Hints("")
        self._steps_left = MOST_STEPS
        plain = {name: value for name, value in (values or {}).items() if is_plain(value)}
        self.globals = {**plain, "range": self.bounded_range, "dict": dict, "namespace": Namespace}
        self._names = {*self.globals, *MACROS}
        self.filters = {name: self._bounded(name, function) for name, function in PAGE_FILTERS.items()}
        self.tests = {name: _test(function) for name, function in self.tests.items()}

    def render(self, source: str) -> NotedPage:
        """Return a page after its Jinja; one that cannot be rendered is one slot, for the problem in it."""
        self._calls, self._steps_left, self._hints = [], MOST_STEPS, Hints(source)
        try:
            text = self._render(source)
        except Exception as error:  # noqa: BLE001 # whatever a page's Jinja raises is a mistake in the page
            text, self._calls = self._slots.write(1, SlotKind.BLOCK), [self._hints.problem(error)]
        return NotedPage(text, tuple(self._calls))

    def _render(self, source: str) -> str:
        calls = plain_calls(source)
        if calls is not None:  # compiling a page takes 2 ms, which is an eighth of what its build takes
            calls.reverse()
            return self._note_plain(source, 0, len(source), calls).removesuffix("\n")
        check_tokens(source)
        tree = self.parse(source)
        code = self.compile(Rewriter(self.globals, tree).visit(tree))
        parts, left = [], len(source) + MOST_OUTPUT
        output: Any = Template.from_code(self, code, self.globals).generate()
        for part in output:
            try:
                parts.append(self._shown(part))
            except (SandboxError, TypeError) as error:
                output.throw(error)  # raised where the page is, so that the line is known
            left -= str.__len__(parts[-1])
            if left < 0:
                output.throw(SandboxError(f"it writes more than {MOST_OUTPUT} characters", "write less"))
        return "".join(parts)

    def _note_plain(self, source: str, start: int, end: int, calls: list[SourceCall]) -> str:
        """Return a stretch of a page with a slot for each call in it; `calls` has the next one last."""
        parts = []
        while calls and calls[-1].start < end:
            call = calls.pop()
            parts.append(source[start : call.start])
            sentence, start = None, call.end
            if call.body:
                sentence = self._note_plain(source, *call.body, calls).strip()
                start = source.index("%}", call.body[1]) + len("%}")
            line = source.count("\n", 0, call.paren) + 1
            parts.append(self._put(Call(call.name, call.values, call.named, sentence, line)))
        return "".join([*parts, source[start:end]])

    # What a rewritten page calls.

    def note_call(self, line: int, name: str, /, *args: object, **named: object) -> str:
        """Note the call of a macro, and return its slot, or its slots around its sentence."""
        caller = named.pop("caller") if isinstance(named.get("caller"), Macro) else None
        for value in values_in((args, named)):
            if isinstance(value, Unknown):
                return self._put_problem(value, f"{name}(…)")
            if isinstance(value, Undefined):
                str(value)  # raises: an attribute that a value does not have
            check_usable(value)
            if isinstance(value, str):
                check_text(value)
        sentence = str.strip(caller()) if callable(caller) else None
        return self._put(Call(name, args, tuple(named.items()), sentence, line))

    def _put(self, call: Call) -> SlotText:
        number, sentence = self._note(call), call.sentence
        if call.name not in INLINE:
            text = (sentence or "") + self._slots.write(number, SlotKind.BLOCK)
        elif sentence is None:
            text = self._slots.write(number, SlotKind.VALUE)
        else:
            before, after = (self._slots.write(number, kind) for kind in (SlotKind.BEFORE, SlotKind.AFTER))
            text = f"{before}{sentence}{after}"
        return SlotText(text, call.name)

    def _note(self, call: Call | Problem) -> int:
        if len(self._calls) >= MOST_CALLS:
            raise SandboxError(f"it calls more than {MOST_CALLS} macros", "show less on one page")
        self._calls.append(call)
        return len(self._calls)

    def _put_problem(self, unknown: Unknown, reference: str) -> str:
        """Note the problem of an unknown name, and return its slot."""
        remedy = self._hints.of_name(unknown, self._names)
        number = self._note(Problem(reference, unknown.what, remedy, line=unknown.line))
        return self._slots.write(number, SlotKind.BLOCK)

    def unknown(self, name: str, line: int, /) -> Unknown:
        """Return what stands for a name that nothing defines."""
        return Unknown(name, line)

    def spend(self, steps: int) -> bool:
        """Take steps from the page's budget; raise SandboxError if too few are left."""
        self._steps_left -= steps
        if self._steps_left < 0:
            raise SandboxError(f"its Jinja takes more than {MOST_STEPS} steps", "repeat less")
        return True

    def sized(self, value: Any) -> Any:
        """Return `value`, for which a large one takes more steps; raise SandboxError if it is too large."""
        if isinstance(value, int):
            check_bits(value.bit_length())
        size = size_of(value)
        check_size(size)
        self.spend(1 + size // 20)
        return value

    def joined(self, *parts: object) -> str:
        """Return the text of `parts`: what `~` does."""
        return self.concat(parts)

    def usable(self, value: object) -> object:
        """Return a value that is compared; raise SandboxError if Jinja does not know it."""
        check_usable(value)
        return value

    def show(self, value: object) -> object:
        """Return what a page shows of a value: a slot for an unknown name; raise TypeError for an object."""
        if isinstance(value, Unknown):
            return self._put_problem(value, value.reference)
        if isinstance(value, str):
            check_text(value)
        return shown(value)

    def bounded_range(self, *args: int) -> range:
        """Return a range; raise SandboxError if it is too long."""
        check_usable(*args)
        numbers = range(*args)
        self.sized(numbers)
        return numbers

    # What Jinja asks its environment for.

    def concat(self, chunks: Iterable[object]) -> str:
        """Return the text that a macro, a call block or a `set` block wrote."""
        parts = list(map(self._shown, chunks))
        check_size(sum(map(str.__len__, parts)))
        text = "".join(parts)
        with_slots = next((part for part in parts if isinstance(part, SlotText)), None)
        return text if with_slots is None else SlotText(text, with_slots.macro)

    def _shown(self, value: object) -> str:
        """Return the text of a value that is output; a call block or a filter block can make any value."""
        return str(self.show(value))

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Return whether a page may use an attribute of a plain value, a loop or a namespace."""
        del value
        if isinstance(obj, Namespace):
            return not attr.startswith("_")
        return attr in ATTRIBUTES.get(type(obj), "").split()

    def unsafe_undefined(self, obj: Any, attribute: str) -> Undefined:
        """Return what stands for an attribute that a page may not use."""
        check_usable(obj)
        return obj if isinstance(obj, Unknown) else super().unsafe_undefined(obj, attribute)

    def wrap_str_format(self, value: Any) -> None:
        """Let no page use the method `format` of a text, whose widths are not bounded."""

    def call(self, context: Context, obj: Any, /, *args: Any, **named: Any) -> Any:
        """Call what a page calls, or what the rewritten page does."""
        owner = getattr(obj, "__self__", None)
        if isinstance(named.get("caller"), Macro):
            self._check_called(obj)
        if owner is self:
            return super().call(context, obj, *args, **named)
        if isinstance(owner, str | list | tuple):
            check_usable(*args)
        self.sized((args, [value for name, value in named.items() if name not in _OF_JINJA]))
        if isinstance(obj, Unknown):
            return Unknown(obj.name, obj.line, called=True)
        return self.sized(super().call(context, obj, *args, **named))

    def _check_called(self, obj: object) -> None:
        """Raise SandboxError if the call block of `obj` would lose its text."""
        if isinstance(obj, Macro) and not obj.caller:
            what = f"the macro {obj.name} shows no text of a call block"
            raise SandboxError(what, "write {{ caller() }} in the macro, or {{ … }} instead of the block")
        if not isinstance(obj, Macro | Unknown) and obj != self.note_call:
            raise SandboxError("a call block calls what is no macro", "write {{ … }}, or call a macro")

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Return what an operator makes; raise SandboxError if that is too large, before it is made."""
        check_usable(left, right)
        if operator == "%" and isinstance(left, str):
            raise SandboxError("% formats no text in a page", "write the text, and {{ … }} for its values")
        if operator == "*":
            for value, times in ((left, right), (right, left)):
                if isinstance(value, str | list | tuple) and isinstance(times, int):
                    check_size(len(value) * times)
        if operator == "**" and isinstance(left, int) and isinstance(right, int):
            check_bits(left.bit_length() * right)
        return self.sized(super().call_binop(context, operator, left, right))

    def _bounded(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a filter whose arguments are those that it takes, and whose values have a bounded size."""

        @wraps(function)
        def bounded(*args: Any, **named: Any) -> Any:
            check_usable(*(args[:1] if name in DEFAULTS else (*args, *named.values())))
            check_arguments(name, args, named)
            self.sized((args, named))
            return self.sized(function(*args, **named))

        return bounded


def _test(function: Any) -> Callable[..., Any]:
    """Return a test of Jinja that tells nothing of what our macros show."""

    @wraps(function)
    def usable(*args: Any) -> Any:
        check_usable(*args)
        return function(*args)

    return usable
