"""The sandbox in which a page's Jinja runs. A page is somebody's text: it can do nothing but what is here.

A page can call our macros, format plain values, and use `for`, `if`, `set`, `macro` and `call`. It reaches no
file, no attribute of Python's objects, and no setting of mkdocs. Rendering runs no macro: a call leaves a
slot and is noted. Work and output are bounded by counting, which gives the same on every machine: a value has
a largest size, and what a loop, a macro or a filter evaluates takes steps from the page's budget.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import wraps
from traceback import walk_tb
from typing import Any, NoReturn

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, UndefinedError
from jinja2.runtime import Context, Macro, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

from labreport.report.pages.calls import Call
from labreport.report.pages.hints import NO_JINJA, hint
from labreport.report.pages.macros import INLINE, MACROS
from labreport.report.pages.rules import (
    ATTRIBUTES,
    MOST_CALLS,
    MOST_OUTPUT,
    MOST_STEPS,
    PAGE_FILTERS,
    Rewriter,
    SandboxError,
    check_bits,
    check_size,
    is_plain,
    size_of,
)
from labreport.report.pages.slots import SlotKind, Slots
from labreport.report.pages.tags import COMMENT_START, SourceCall, plain_calls
from labreport.report.problems import Problem, meant

_FILE = "<template>"
"""What Jinja calls the file of a page in a traceback."""
_OF_JINJA = ("_loop_vars", "_block_vars")
"""Arguments that Jinja adds to a call and takes out again."""


@dataclass(frozen=True)
class NotedPage:
    """A page after its Jinja: Markdown with slots. At n - 1, `calls` has the call of slot n, or a mistake.

    Lines are those of the text that was rendered, 1-based.
    """

    markdown: str
    calls: tuple[Call | Problem, ...]


class Unknown(StrictUndefined):
    """A name that a page uses and nothing defines. If it is shown, a slot for a problem is in its place."""

    __slots__ = ("called", "line", "name", "what")

    def __init__(self, name: str, line: int, *, called: bool = False) -> None:
        self.what = f"nothing is called {name}"
        super().__init__(self.what, name=name)
        self.name = name
        self.line = line
        self.called = called

    def __str__(self, *_args: object, **_named: object) -> NoReturn:
        """Raise SandboxError: what a call block calls is shown as it is."""
        raise SandboxError(self.what, line=self.line)


class PageEnvironment(ImmutableSandboxedEnvironment):
    """Renders the Jinja of pages. `values` are more names for plain values, such as `extra` in mkdocs.yml."""

    intercepted_binops = frozenset(ImmutableSandboxedEnvironment.default_binop_table)

    def __init__(self, slots: Slots, values: Mapping[str, object] | None = None) -> None:
        super().__init__(
            comment_start_string=COMMENT_START,
            finalize=self.show,
            undefined=StrictUndefined,
            optimized=False,  # nothing is worked out while a page is compiled
        )
        self._slots = slots
        self._calls: list[Call | Problem] = []
        self._source = ""
        self._steps_left = MOST_STEPS
        plain = {name: value for name, value in (values or {}).items() if is_plain(value)}
        self.globals = {**plain, "range": self.bounded_range, "dict": dict, "namespace": Namespace}
        self._names = {*self.globals, *MACROS}
        self.filters = {name: self._bounded(function) for name, function in PAGE_FILTERS.items()}

    def render(self, source: str) -> NotedPage:
        """Return a page after its Jinja; one that cannot be rendered is one slot, for the problem in it."""
        self._calls, self._steps_left, self._source = [], MOST_STEPS, source
        try:
            text = self._render(source)
        except Exception as error:  # noqa: BLE001 # whatever a page's Jinja raises is a mistake in the page
            text, self._calls = self._slots.write(1, SlotKind.BLOCK), [_problem(error, source)]
        return NotedPage(text, tuple(self._calls))

    def _render(self, source: str) -> str:
        calls = plain_calls(source)
        if calls is not None:  # compiling a page takes 2 ms, which is an eighth of what its build takes
            calls.reverse()
            return self._note_plain(source, 0, len(source), calls).removesuffix("\n")
        self._check_comments(source)
        tree = self.parse(source)
        code = self.compile(Rewriter(self.globals, tree).visit(tree))
        parts, left = [], len(source) + MOST_OUTPUT
        output: Any = Template.from_code(self, code, self.globals).generate()
        for part in output:
            parts.append(str(part))  # what a call block calls is here as it is
            left -= len(parts[-1])
            if left < 0:  # raised where the page is, so that the line is known
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

    def _check_comments(self, source: str) -> None:
        """Raise SandboxError for a comment with another one in it, which was not closed."""
        if source.count(COMMENT_START) > 1:
            for line, kind, text in self.lex(source):
                if kind == "comment" and COMMENT_START in text:
                    raise SandboxError("a comment has another one in it", "close the first by #}", line=line)

    # What a rewritten page calls.

    def note_call(self, line: int, name: str, /, *args: object, **named: object) -> str:
        """Note the call of a macro, and return its slot, or its slots around its sentence."""
        for value in (*args, *named.values()):
            if isinstance(value, Unknown):
                return self._put_problem(value, f"{name}(…)")
            if isinstance(value, Undefined):
                str(value)  # raises: an attribute that a value does not have
        caller = named.pop("caller") if isinstance(named.get("caller"), Macro) else None
        sentence = str(caller()).strip() if callable(caller) else None
        return self._put(Call(name, args, tuple(named.items()), sentence, line))

    def _put(self, call: Call) -> str:
        number, sentence = self._note(call), call.sentence
        if call.name not in INLINE:
            return (sentence or "") + self._slots.write(number, SlotKind.BLOCK)
        if sentence is None:
            return self._slots.write(number, SlotKind.VALUE)
        before, after = (self._slots.write(number, kind) for kind in (SlotKind.BEFORE, SlotKind.AFTER))
        return f"{before}{sentence}{after}"

    def _note(self, call: Call | Problem) -> int:
        if len(self._calls) >= MOST_CALLS:
            raise SandboxError(f"it calls more than {MOST_CALLS} macros", "show less on one page")
        self._calls.append(call)
        return len(self._calls)

    def _put_problem(self, unknown: Unknown, reference: str) -> str:
        """Note the problem of an unknown name, and return its slot."""
        remedy = hint(self._source, unknown.line) or meant(
            unknown.name, self._names, f"check the spelling, or {NO_JINJA}"
        )
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
        size = size_of(value)
        check_size(size)
        self.spend(1 + size // 20)
        return value

    def joined(self, *parts: object) -> str:
        """Return the text of `parts`: what `~` does."""
        return self.concat([str(self.show(part)) for part in parts])

    def show(self, value: object) -> object:
        """Return what a page shows of a value: a slot for an unknown name; raise TypeError for an object."""
        if isinstance(value, Unknown):
            reference = f"{value.name}(…)" if value.called else value.name
            return self._put_problem(value, reference)
        if value is None or isinstance(value, str | int | float | Undefined):
            return value
        raise TypeError(f"a {type(value).__name__} cannot be shown as text")

    def bounded_range(self, *args: int) -> range:
        """Return a range; raise SandboxError if it is too long."""
        numbers = range(*args)
        self.sized(numbers)
        return numbers

    # What Jinja asks its environment for.

    def concat(self, chunks: Iterable[str]) -> str:
        """Return the text that a macro, a call block or a `set` block wrote."""
        parts = list(chunks)
        check_size(sum(map(len, parts)))
        return "".join(parts)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Return whether a page may use an attribute of a plain value, a loop or a namespace."""
        del value
        if isinstance(obj, Namespace):
            return not attr.startswith("_")
        return attr in ATTRIBUTES.get(type(obj), "").split()

    def unsafe_undefined(self, obj: Any, attribute: str) -> Undefined:
        """Return what stands for an attribute that a page may not use."""
        return obj if isinstance(obj, Unknown) else super().unsafe_undefined(obj, attribute)

    def wrap_str_format(self, value: Any) -> None:
        """Let no page use the method `format` of a text, whose widths are not bounded."""

    def call(self, context: Context, obj: Any, /, *args: Any, **named: Any) -> Any:
        """Call what a page calls, or what the rewritten page does."""
        if getattr(obj, "__self__", None) is self:
            return super().call(context, obj, *args, **named)
        self.sized((args, [value for name, value in named.items() if name not in _OF_JINJA]))
        if isinstance(obj, Unknown):
            return Unknown(obj.name, obj.line, called=True)
        return self.sized(super().call(context, obj, *args, **named))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Return what an operator makes; raise SandboxError if that is too large, before it is made."""
        if operator == "%" and isinstance(left, str):
            raise SandboxError("% formats no text in a page", "write the text, and {{ … }} for its values")
        if operator == "*":
            for value, times in ((left, right), (right, left)):
                if isinstance(value, str | list | tuple) and isinstance(times, int):
                    check_size(len(value) * times)
        if operator == "**" and isinstance(left, int) and isinstance(right, int):
            check_bits(left.bit_length() * right)
        result = super().call_binop(context, operator, left, right)
        if isinstance(result, int):
            check_bits(result.bit_length())
        return self.sized(result)

    def _bounded(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a filter whose values have a bounded size."""

        @wraps(function)
        def bounded(*args: Any, **named: Any) -> Any:
            self.sized((args, named))
            return self.sized(function(*args, **named))

        return bounded


def _problem(error: Exception, source: str) -> Problem:
    """Return what is wrong with a page that cannot be rendered, with its line."""
    frames = [line for frame, line in walk_tb(error.__traceback__) if frame.f_code.co_filename == _FILE]
    line = frames[-1] if frames else 1
    if isinstance(error, TemplateSyntaxError):
        remedy = hint(source, error.lineno) or f"correct the tag, or {NO_JINJA}"
        return Problem("", f"invalid Jinja: {str(error.message).rstrip('.')}", remedy, line=error.lineno)
    if isinstance(error, UndefinedError):
        remedy = hint(source, line) or f"check the spelling, or {NO_JINJA}"
        return Problem("", str(error.message), remedy, line=line)
    if isinstance(error, SandboxError):
        line = error.line or line
        remedy = error.remedy or hint(source, line) or f"check the spelling, or {NO_JINJA}"
        return Problem("", error.what, remedy, line=line)
    what = f"{type(error).__name__}: {str(error).rstrip('.')}"
    return Problem("", what, "correct the expression", line=line)
