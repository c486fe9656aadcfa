"""Placeholders in a page's Jinja: for an unknown name, a missing item, and evidence, which comes later."""

from typing import Any, NoReturn, Self

from jinja2 import StrictUndefined, UndefinedError
from jinja2.utils import missing

from labreport.report.pages.limits import SandboxError


class UnknownNameError(UndefinedError):
    """A page uses a name that nothing defines, or an attribute that a value does not have."""


class NoItemError(UndefinedError):
    """A page uses an item of a list that has none there."""


class MissingValue(StrictUndefined):
    """An attribute or an item that a value does not have; the first item of an empty list."""

    __slots__ = ()

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = missing,
        name: Any = None,
        exc: type[UndefinedError] = UnknownNameError,
    ) -> None:
        no_name = exc is UnknownNameError and not isinstance(name, str)
        super().__init__(hint, obj, name, NoItemError if no_name else exc)


class Unknown(StrictUndefined):
    """A name that a page uses and nothing defines. If it is shown, a slot for a problem is in its place."""

    __slots__ = ("called", "line", "name", "what")

    def __init__(self, name: str, line: int, *, called: bool = False) -> None:
        self.what = f"nothing is called {name}"
        super().__init__(self.what, name=name, exc=UnknownNameError)
        self.name = name
        self.line = line
        self.called = called

    @property
    def reference(self) -> str:
        """The name as a problem repeats it."""
        return f"{self.name}(…)" if self.called else self.name


class SlotText(str):
    """Text with slots of our macros, the first of which calls `macro`.

    What a reader will see there is not known yet. So Jinja may show such a text, beside other text, set a
    name to it, and hand it on. All else would be an answer about the slots, and raises SandboxError.
    """

    __slots__ = ("macro",)
    macro: str

    def __new__(cls, text: str, macro: str) -> Self:
        """Return `text`, which has a slot of `macro`."""
        made = super().__new__(cls, text)
        made.macro = macro
        return made

    def __str__(self) -> str:
        """Return the text itself: it stays what it is when Jinja shows it."""
        return self

    def refuse(self, *_others: object) -> NoReturn:
        """Raise SandboxError: a page does more with the text than show it."""
        raise SandboxError(
            f"what {self.macro}(…) shows is put into the page after its Jinja, which cannot use or change it",
            "show it by {{ … }} where it is needed; write a condition on evidence as a claim",
        )


_OPERATIONS = (
    "add bool contains eq format ge getitem gt hash iter le len lt mod mul ne neg pos radd rmod rmul"
)
for _name in (*(f"__{operation}__" for operation in _OPERATIONS.split()), *dir(str)):
    if not _name.startswith("__") or _name[2:-2] in _OPERATIONS.split():
        setattr(SlotText, _name, SlotText.refuse)


def check_usable(*values: object) -> None:
    """Raise SandboxError if one of `values` has evidence in it, which Jinja does not know."""
    for value in values:
        if isinstance(value, SlotText):
            value.refuse()
