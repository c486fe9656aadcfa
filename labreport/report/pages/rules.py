"""The rules of the sandbox: statements, filters and attributes that a page may use, and how deep it may nest.

A parsed page is rewritten, so that its calls know their lines and its work is counted. The rewritten page
calls methods of its environment, which no page can name: `note_call`, `unknown`, `spend`, `sized`, `joined`,
`usable`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NoReturn, TypeVar

from jinja2 import nodes
from jinja2.filters import FILTERS
from jinja2.runtime import LoopContext
from jinja2.visitor import NodeTransformer

from labreport.report.pages.filters import PAGE_FILTERS
from labreport.report.pages.hints import NO_JINJA
from labreport.report.pages.limits import MOST_LEVELS, MOST_TAGS, TOO_DEEP, SandboxError
from labreport.report.pages.macros import MACROS
from labreport.report.problems import meant

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


class Rewriter(NodeTransformer):
    """Rewrites the tree of a page. `known` are the names that the environment defines.

    Raises SandboxError for what no page may write.
    """

    def __init__(self, known: Iterable[str], tree: nodes.Template) -> None:
        self._known = {*known, *_SPECIAL}
        self._visited = 0
        for node in _nodes_of(tree):
            if isinstance(node, nodes.Macro) or (isinstance(node, nodes.Name) and node.ctx != "load"):
                self._known.add(node.name)

    def visit(self, node: nodes.Node, *args: Any, **named: Any) -> Any:
        """Rewrite a node; refuse statements that load files, and those that no page needs."""
        if isinstance(node, nodes.Stmt) and not isinstance(node, _STATEMENTS):
            name = type(node).__name__
            _fail(f"a page cannot use {{% {_TAGS.get(name, name.lower())} %}}", "write the text here", node)
        self._visited += 1
        return super().visit(node, *args, **named)

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 # Jinja's names
        """Give the call of a macro its line; refuse an argument that is given twice."""
        for key, count in Counter(argument.key for argument in node.kwargs).items():
            if count > 1:
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
            if node.name in FILTERS:
                _fail(f"a page cannot use Jinja's filter {node.name}", others, node)
            _fail(f"there is no filter {node.name}", meant(node.name, PAGE_FILTERS, others), node)
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
        before = self._visited
        self.generic_visit(node)
        steps = 1 + self._visited - before
        spend = _environment_call("spend", [nodes.Const(steps)], node)
        node.body.insert(0, nodes.ExprStmt(spend, lineno=node.lineno))
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        """Bound the text that `~` makes."""
        self.generic_visit(node)
        return _environment_call("joined", node.nodes, node)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802
        """Let no page compare what our macros show."""
        self.generic_visit(node)
        node.expr = _environment_call("usable", [node.expr], node)
        for operand in node.ops:
            operand.expr = _environment_call("usable", [operand.expr], node)
        return node

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


def _nodes_of(tree: nodes.Template) -> Iterator[nodes.Node]:
    """Yield all nodes of a page, in order; raise SandboxError where they are nested too deeply."""
    left: list[tuple[nodes.Node, int, int, int]] = [(tree, 1, 0, 0)]
    while left:
        node, line, level, tags = left.pop()
        yield node
        line = node.lineno or line
        tags += isinstance(node, nodes.Stmt) and not isinstance(node, nodes.Output)
        cases = len(node.elif_) if isinstance(node, nodes.If) else 0
        if tags > MOST_TAGS or max(level, cases) > MOST_LEVELS:
            raise SandboxError(*TOO_DEEP, line=line)
        left += [(inner, line, level + 1, tags) for inner in reversed(list(node.iter_child_nodes()))]


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
