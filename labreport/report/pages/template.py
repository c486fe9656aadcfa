"""Jinja as pages use it: a mistake becomes a box in the page, with the line where it was made.

mkdocs' macros and the export render with the same environment. Without it a typo would replace a page by a
traceback with paths of the machine.
"""

import sys
import traceback
from collections.abc import Callable, Mapping, MutableMapping
from types import FrameType
from typing import Any, NoReturn, Self, cast

from jinja2 import BaseLoader, Environment, StrictUndefined, Template, TemplateSyntaxError

from labreport.report.pages.plain import PlainCall, plain_calls
from labreport.report.pages.tags import COMMENT_START

Broken = Callable[[int, str, str, str], str]
"""Called with a line of the template, a reference, what is wrong and the remedy; returns what stands there.

Without a reference the page as a whole cannot be rendered.
"""

Macro = Callable[..., str]

_FILE = "<template>"


def calling_line() -> int:
    """Return the line of the page whose call is being worked on; 0 outside a page."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 # Python's documented way to the caller
    while frame is not None:
        if frame.f_code is _PlainPage.call.__code__:
            plain: PlainCall = frame.f_locals["plain"]
            return plain.line
        template = frame.f_globals.get("__jinja_template__")
        if isinstance(template, Template) and template.name is None:
            return template.get_corresponding_lineno(frame.f_lineno)
        frame = frame.f_back
    return 0


class PageTemplate(Template):
    """A page; an error while it is rendered leaves a box in its place."""

    def render(self, *args: Any, **kwargs: Any) -> str:
        """Return the rendered page, or the box that says what is wrong with it."""
        try:
            return super().render(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 # whatever a page's own expression raises is the page's mistake
            frames = traceback.extract_tb(error.__traceback__)
            lines = [frame.lineno or 0 for frame in frames if frame.filename == _FILE]
            environment = cast("PageEnvironment", self.environment)
            what = f"{type(error).__name__}: {error}"
            return environment.broken(lines[-1] if lines else 0, "", what, "mend the expression")


class PageEnvironment(Environment):
    """Jinja's environment for pages: `macros` never raise, `broken` says what stands for a mistake."""

    template_class = PageTemplate

    def __init__(self, broken: Broken, macros: Mapping[str, Macro], loader: BaseLoader | None = None) -> None:
        super().__init__(loader=loader, undefined=_unknown(broken), comment_start_string=COMMENT_START)
        self.broken = broken
        self.macros = macros
        self.globals.update(macros)

    def from_string(
        self,
        source: Any,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002 # Jinja's own name for it
        template_class: type[Template] | None = None,
    ) -> Template:
        """Return `source` as a template; one whose syntax is wrong renders as the box that says so."""
        calls = plain_calls(source, self.macros)
        if calls is not None:
            return _PlainPage(self, source, calls)
        try:
            return super().from_string(source, globals, template_class)
        except TemplateSyntaxError as error:
            return _UnreadablePage(self, error.lineno, error.message or "")
        except SyntaxError as error:  # Jinja lets Python find a keyword that is given twice
            return _UnreadablePage(self, 0, error.msg)


class _PlainPage(Template):
    """A page that needs no Jinja."""

    def __new__(cls, environment: PageEnvironment, source: str, calls: list[PlainCall]) -> Self:
        del environment, source, calls
        return object.__new__(cls)

    def __init__(self, environment: PageEnvironment, source: str, calls: list[PlainCall]) -> None:
        self._macros = environment.macros
        self._source = source
        self._calls = calls

    def render(self, *args: Any, **kwargs: Any) -> str:
        """Return the page with each call replaced by what it returns, as Jinja would."""
        del args, kwargs
        parts: list[str] = []
        outside: list[str] = []
        opened: PlainCall | None = None
        end = 0
        for plain in self._calls:
            parts.append(self._source[end : plain.start])
            end = plain.end
            if plain.opens:
                opened, outside, parts = plain, parts, []
            elif plain.name:
                parts.append(self.call(plain))
            elif opened is not None:
                parts = [*outside, self.call(opened, "".join(parts))]
        return "".join([*parts, self._source[end:]]).removesuffix("\n")

    def call(self, plain: PlainCall, sentence: str | None = None) -> str:
        """Return what the macro returns; its line is looked for in this frame."""
        if sentence is None:
            return self._macros[plain.name](*plain.args, **plain.named)
        return self._macros[plain.name](*plain.args, **plain.named, caller=lambda: sentence)


class _UnreadablePage(Template):
    """A page that Jinja cannot read."""

    def __new__(cls, environment: PageEnvironment, line: int, what: str) -> Self:
        del environment, line, what
        return object.__new__(cls)

    def __init__(self, environment: PageEnvironment, line: int, what: str) -> None:
        self._broken = environment.broken
        self._line = line
        self._what = what

    def render(self, *args: Any, **kwargs: Any) -> str:
        """Return the box that says where the page cannot be read."""
        del args, kwargs
        return self._broken(self._line, "", f"this is no Jinja: {self._what}", "mend the tag")


def _unknown(broken: Broken) -> type[StrictUndefined]:
    """Return the class of names that nothing defines: using one leaves a box, the rest of the page stays."""

    class Unknown(StrictUndefined):
        def __str__(self) -> str:  # type: ignore[override] # Jinja's raises
            return self._box("")

        def __call__(self, *args: object, **kwargs: object) -> str:  # type: ignore[override] # likewise
            del args, kwargs
            return self._box("(…)")

        def __getattr__(self, name: str) -> NoReturn:
            if name == "jinja_pass_arg":  # asked of whatever is called
                raise AttributeError(name)
            self._fail_with_undefined_error()

        def _box(self, call: str) -> str:
            name = self._undefined_name or "this"
            return broken(calling_line(), f"{name}{call}", f"nothing is called {name}", "is it a typo?")

    return Unknown
