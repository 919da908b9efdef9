"""Each test checks something, even when what it looks at turns out to be empty.

A test whose every `assert` stands inside a loop passes when the code under test returns nothing. So each test has a
check outside of such loops: of the length of what it walks over, or of the whole of it. This is read from the source:
a loop over a literal, `range(…)`, a constant, an enumeration or a fixture counts as walked through.
"""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COMPREHENSION = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
OF_PYTEST = {"raises", "warns", "fail"}
KEEPING_LENGTH = {"enumerate", "list", "product", "reversed", "sorted", "tuple"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def called(call: ast.Call) -> str:
    """The last name of what is called: `raises` of `pytest.raises(…)`."""
    function = call.func
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


class Checks:
    """Which statements of a test or of its helper check something, also when the results looked at are empty.

    `helpers`: the names of functions that check; it may grow.
    """

    def __init__(self, function: Function, helpers: set[str]) -> None:
        self._helpers = helpers
        self._values = _bound_once(function.body)
        drawn = any("given" in ast.unparse(each) for each in function.decorator_list)
        self._given = set() if drawn else {each.arg for each in function.args.args}

    def in_any(self, statements: Iterable[ast.stmt]) -> bool:
        return any(self._in(each) for each in statements)

    def _in(self, statement: ast.stmt) -> bool:
        match statement:
            case ast.Assert(test=claim):
                return not self._holds_of_nothing(claim)
            case (
                ast.For(iter=items, body=body, orelse=after)
                | ast.AsyncFor(iter=items, body=body, orelse=after)
            ):
                return (self._has_items(items) and self.in_any(body)) or self.in_any(after)
            case ast.While(body=body):
                return self.in_any(body)  # it waits, and fails when that takes too long
            case ast.If(body=body, orelse=other):
                return self.in_any(body) and self.in_any(other)
            case ast.Try(body=body, orelse=orelse, finalbody=finalbody):
                return self.in_any([*body, *orelse, *finalbody])
            case ast.With(items=opened, body=body) | ast.AsyncWith(items=opened, body=body):
                return any(map(self._calls, opened)) or self.in_any(body)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return False
        return self._calls(statement)

    def _calls(self, node: ast.AST) -> bool:
        """Whether something that checks is called for certain."""
        if isinstance(node, (*COMPREHENSION, ast.Lambda)):
            return False
        if isinstance(node, ast.Call) and called(node) in OF_PYTEST | self._helpers:
            return True
        return any(map(self._calls, ast.iter_child_nodes(node)))

    def _holds_of_nothing(self, claim: ast.expr) -> bool:
        """Whether a claim is true of an empty collection: `all(…)`, `not any(…)`, `not […]`."""
        match claim:
            case ast.Call(args=[ast.GeneratorExp() | ast.ListComp() as each]) if called(claim) == "all":
                return not self._has_items(each)
            case ast.UnaryOp(op=ast.Not(), operand=ast.Call() as denied):
                return called(denied) == "any"
            case ast.UnaryOp(op=ast.Not(), operand=denied):
                return isinstance(denied, COMPREHENSION)
        return False

    def _has_items(self, node: ast.expr) -> bool:
        """Whether a collection, as it is written, has at least one item."""
        found = False
        match node:
            case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
                found = any(
                    not isinstance(each, ast.Starred) or self._has_items(each.value) for each in items
                )
            case ast.Dict(keys=items) | ast.Constant(value=items):
                found = bool(items)
            case ast.IfExp(body=one, orelse=other):
                found = self._has_items(one) and self._has_items(other)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                found = all(not each.ifs and self._has_items(each.iter) for each in node.generators)
            case ast.Call():
                found = self._returns_items(node)
            case ast.Name(id=name) if name in self._values:
                found = self._has_items(self._values[name])
            case ast.Name(id=name) | ast.Attribute(attr=name):
                found = name in self._given or name[0].isupper()  # a constant or an enumeration
        return found

    def _returns_items(self, call: ast.Call) -> bool:
        name = called(call)
        if name == "range":
            return not any(isinstance(each, ast.Call) and called(each) == "len" for each in call.args)
        if name == "zip" and any(each.arg == "strict" for each in call.keywords):
            return any(map(self._has_items, call.args))
        if name in KEEPING_LENGTH:
            return all(self._has_items(each) for each in call.args if not isinstance(each, ast.Constant))
        return (
            name in {"items", "keys", "values"}
            and isinstance(call.func, ast.Attribute)
            and self._has_items(call.func.value)
        )


def _bound_once(body: Iterable[ast.stmt]) -> dict[str, ast.expr]:
    """The names that a function binds once, to what."""
    found: dict[str, ast.expr] = {}
    again: set[str] = set()
    for node in statements(body):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            again |= {name} & found.keys()
            found[name] = node.value
    return {name: value for name, value in found.items() if name not in again}


def statements(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All statements of a body, also those within others."""
    for node in body:
        yield node
        for blocks in ("body", "handlers", "orelse", "finalbody", "cases"):
            yield from statements(getattr(node, blocks, ()))


def that_cannot_fail(sources: dict[str, str]) -> list[str]:
    """Where the tests stand that check nothing but inside loops that may be empty, with their names."""
    helpers: set[str] = set()
    functions = [
        (f"{path}:{node.lineno}", node, Checks(node, helpers))
        for path, source in sources.items()
        for node in statements(ast.parse(source).body)
        if isinstance(node, Function)
    ]
    others = [(node, checks) for _, node, checks in functions if not node.name.startswith("test_")]
    while more := {node.name for node, checks in others if checks.in_any(node.body)} - helpers:
        helpers |= more
    return [
        f"{place} {node.name}"
        for place, node, checks in functions
        if node.name.startswith("test_") and not checks.in_any(node.body)
    ]


def test_every_test_can_fail():
    files = sorted((ROOT / "tests").rglob("*.py"))
    assert len(files) > 100
    sources = {str(each.relative_to(ROOT)): each.read_text(encoding="utf-8") for each in files}
    assert that_cannot_fail(sources) == []


@pytest.mark.parametrize(
    "body",
    [
        "do()",
        "for each in do(): assert each",
        "for one in (1, 2):\n  for each in do(one): assert each",
        "assert all(each for each in do())",
        "assert not any(each for each in do())",
        "assert not [each for each in do() if each.wrong]",
        "found = do()\n for each in found: assert each",
        "if do(): assert True",
        "[helper(each) for each in do()]",
        "for one, other in zip(do(), redo(), strict=True): assert one == other",
    ],
)
def test_a_test_that_checks_nothing_when_nothing_comes_is_found(body):
    source = f"def helper(it): assert it\ndef test_it():\n {body}"
    assert that_cannot_fail({"test_it.py": source}) == ["test_it.py:2 test_it"]


@pytest.mark.parametrize(
    "body",
    [
        "assert do() == []",
        "for each in (1, 2): assert do(each)",
        "found = do()\n assert len(found) == 2\n for each in found: assert each",
        "many = {1: 2}\n for one, other in many.items(): assert do(one) == other",
        "for one, other in zip(do(), (1, 2), strict=True): assert one == other",
        "assert all(do(kind) for kind in Kind)",
        "for each in fixture: assert do(each)",
        "with pytest.raises(ValueError): do()",
        "with serving() as it:\n  helper(it)",
        "while do(): assert time() < end",
        "if do(): assert one()\n else: assert other()",
    ],
)
def test_a_test_that_checks_something_in_any_case_is_taken(body):
    source = f"def helper(it): assert it\ndef test_it(fixture):\n {body}"
    assert that_cannot_fail({"test_it.py": source}) == []
