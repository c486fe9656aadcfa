"""The rules of the sandbox: statements, filters and attributes that a page may use, and sizes of values.

A parsed page is rewritten, so that its calls know their lines and its work is counted. The rewritten page
calls methods of its environment, which no page can name: `note_call`, `unknown`, `spend`, `sized`, `joined`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn, TypeVar

from jinja2 import nodes
from jinja2.filters import FILTERS
from jinja2.runtime import LoopContext
from jinja2.visitor import NodeTransformer

from labreport.contract.errors import LabError
from labreport.report.pages.hints import NO_JINJA
from labreport.report.pages.macros import MACROS
from labreport.report.problems import meant

MOST_STEPS = 100_000
"""How much work a page may ask for: evaluations in loops and macros, and the sizes of values."""
MOST_OUTPUT = 2_000_000
"""How many characters a page may add to its source."""
MOST_CALLS = 2_000
LARGEST_VALUE = 20_000
"""How many characters and items a value may have."""
MOST_BITS = 1024
DIGITS_OF_A_FLOAT = 15
_JINJA_FILTERS = (
    "abs capitalize count d default dictsort first float int items last length list lower map max min reject"
    " rejectattr reverse select selectattr sort title trim truncate unique upper wordcount"
)
ATTRIBUTES: Mapping[type, str] = {
    str: (
        "capitalize count endswith find isdigit lower lstrip removeprefix removesuffix rstrip split"
        " splitlines startswith strip title upper"
    ),
    dict: "get items keys values",
    list: "count index",
    tuple: "count index",
    LoopContext: (
        "changed cycle depth depth0 first index index0 last length nextitem previtem revindex revindex0"
    ),
}
"""The attributes of plain values, and of Jinja's own loop, that a page may use."""
_STATEMENTS = (
    nodes.Assign,
    nodes.AssignBlock,
    nodes.CallBlock,
    nodes.FilterBlock,
    nodes.For,
    nodes.If,
    nodes.Macro,
    nodes.Output,
    nodes.With,
)
_TAGS = {"FromImport": "import", "Scope": "autoescape"}
"""Statements that Jinja's tree calls by another name than their tag."""
_SPECIAL = frozenset({"caller", "kwargs", "loop", "varargs"})
"""Names that Jinja defines inside of macros and loops."""
Repeated = TypeVar("Repeated", nodes.For, nodes.Macro, nodes.CallBlock)


class SandboxError(LabError):
    """A page's Jinja asks for something that it may not do."""


class Rewriter(NodeTransformer):
    """Rewrites the tree of a page. `known` are the names that the environment defines.

    Raises SandboxError for what no page may write.
    """

    def __init__(self, known: Iterable[str], tree: nodes.Template) -> None:
        stored = (name.name for name in tree.find_all(nodes.Name) if name.ctx != "load")
        macros = (macro.name for macro in tree.find_all(nodes.Macro))
        self._known = {*known, *_SPECIAL, *stored, *macros}

    def visit(self, node: nodes.Node, *args: Any, **named: Any) -> Any:
        """Rewrite a node; refuse statements that load files, and those that no page needs."""
        if isinstance(node, nodes.Stmt) and not isinstance(node, _STATEMENTS):
            name = type(node).__name__
            _fail(f"a page cannot use {{% {_TAGS.get(name, name.lower())} %}}", "write the text here", node)
        return super().visit(node, *args, **named)

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 # Jinja's names
        """Give the call of a macro its line; refuse an argument that is given twice."""
        keys = [argument.key for argument in node.kwargs]
        if len(keys) > len(set(keys)):
            key = next(key for key in keys if keys.count(key) > 1)
            _fail(f"the argument {key} is given twice", "give it once", node)
        if not isinstance(node.node, nodes.Name) or node.node.name not in MACROS:
            self.generic_visit(node)
            return node
        name = node.node.name
        node.node = nodes.EnvironmentAttribute("note_call")
        self.generic_visit(node)
        node.args[:0] = [nodes.Const(node.lineno), nodes.Const(name)]
        return node

    def visit_Name(self, node: nodes.Name) -> nodes.Node:  # noqa: N802
        """Find the names that nothing defines, and macros that are not called."""
        if node.name in MACROS:
            _fail(f"{node.name} is the name of a macro", f"write {node.name}(…), or use another name", node)
        if node.ctx != "load" or node.name in self._known:
            return node
        return _environment_call("unknown", [nodes.Const(node.name), nodes.Const(node.lineno)], node)

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:  # noqa: N802
        """Refuse a filter that no page has."""
        if node.name not in PAGE_FILTERS:
            others = f"{NO_JINJA}, or use one of: {', '.join(sorted(PAGE_FILTERS))}"
            remedy = meant(node.name, PAGE_FILTERS, others)
            _fail(f"there is no filter {node.name}", remedy, node)
        self.generic_visit(node)
        return node

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:  # noqa: N802
        """Make each call of a page's own macro take steps."""
        if node.name in MACROS:
            _fail(f"{node.name} is the name of a macro", "use another name", node)
        return self._with_steps(node)

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:  # noqa: N802
        """Make each use of the block take steps."""
        return self._with_steps(node)

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        """Make each round of a loop take steps, and each item that its test leaves out."""
        loop = self._with_steps(node)
        if loop.test is not None:
            loop.test = nodes.And(_environment_call("spend", [nodes.Const(1)], node), loop.test)
        return loop

    def _with_steps(self, node: Repeated) -> Repeated:
        """Make each run of a body take as many steps as it has nodes."""
        steps = 1 + sum(1 for _ in node.find_all(nodes.Node))
        self.generic_visit(node)
        spend = _environment_call("spend", [nodes.Const(steps)], node)
        node.body.insert(0, nodes.ExprStmt(spend, lineno=node.lineno))
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        """Bound the text that `~` makes."""
        self.generic_visit(node)
        return _environment_call("joined", node.nodes, node)

    def visit_List(self, node: nodes.List) -> nodes.Node:  # noqa: N802
        """Bound a list, with all that is in it."""
        self.generic_visit(node)
        return _environment_call("sized", [node], node)

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:  # noqa: N802
        """Bound a mapping likewise."""
        self.generic_visit(node)
        return _environment_call("sized", [node], node)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802
        """Bound the items of a tuple, unless a loop or `set` assigns to it."""
        self.generic_visit(node)
        return _environment_call("sized", [node], node) if node.ctx == "load" else node


def _environment_call(name: str, args: list[nodes.Expr], at: nodes.Node) -> nodes.Call:
    """Return a call of a method of the environment."""
    return nodes.Call(nodes.EnvironmentAttribute(name), args, [], None, None, lineno=at.lineno)


def _fail(what: str, remedy: str, node: nodes.Node) -> NoReturn:
    """Raise SandboxError with the line of a node, or of the first node in it that has one."""
    lines = (inner.lineno for inner in (node, *node.find_all(nodes.Node)))
    raise SandboxError(what, remedy, line=next((line for line in lines if line), 1))


def is_plain(value: object) -> bool:
    """Return whether a value is text, a number, or a list or mapping of such: data without any code."""
    if isinstance(value, dict):
        return all(map(is_plain, (*value, *value.values())))
    if isinstance(value, list | tuple):
        return all(map(is_plain, value))
    return value is None or type(value) in {str, int, float, bool}


def size_of(value: object) -> int:
    """Return how many characters and items a value has, with all that is in it; stop counting if too many."""
    size, left = 0, [value]
    while left and size <= LARGEST_VALUE:
        item = left.pop()
        size += 1
        if isinstance(item, str | range):
            size += len(item)
        elif isinstance(item, dict):
            left += [*item, *item.values()]
        elif isinstance(item, list | tuple | set | frozenset):
            left += item
    return size


def check_size(size: int) -> None:
    """Raise SandboxError if a value of this size is too large."""
    if size > LARGEST_VALUE:
        raise SandboxError(f"a value has more than {LARGEST_VALUE} characters or items", "make it smaller")


def check_bits(bits: int) -> None:
    """Raise SandboxError if a number of so many bits is too large."""
    if bits > MOST_BITS:
        raise SandboxError(f"a number has more than {MOST_BITS} bits", "make it smaller")


def _string(value: object) -> str:
    if value is None or isinstance(value, str | int | float):
        return str(value)
    raise TypeError(f"a {type(value).__name__} cannot be shown as text")


def _join(values: Iterable[object], separator: str = "") -> str:
    texts = list(map(_string, values))
    check_size(sum(map(len, texts)) + len(separator) * len(texts))
    return separator.join(texts)


def _replace(text: str, old: str, new: str) -> str:
    check_size(len(text) + text.count(old) * len(new))
    return text.replace(old, new)


def _round(value: float, digits: int = 0) -> float:
    if not 0 <= digits <= DIGITS_OF_A_FLOAT:
        raise SandboxError(f"{digits} digits to round to", f"give 0 to {DIGITS_OF_A_FLOAT}")
    return round(value, digits)


PAGE_FILTERS: dict[str, Callable[..., Any]] = {name: FILTERS[name] for name in _JINJA_FILTERS.split()}
"""The filters that a page may use. Those that could make a value much larger are our own."""
PAGE_FILTERS |= {"join": _join, "replace": _replace, "round": _round, "string": _string}
