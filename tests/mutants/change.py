"""Small faults to plant: where a source text can be changed, and the text with the change made."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

COMPARISONS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
ARITHMETIC = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One fault: its kind, its place (line from 1, columns in bytes), and the texts before and after."""

    kind: str
    start: tuple[int, int]
    end: tuple[int, int]
    before: str
    after: str

    def applied(self, source: str) -> str:
        """The source with this fault in it."""
        lines = source.encode().splitlines(keepends=True)
        (first, left), (last, right) = self.start, self.end
        lines[first - 1 : last] = [lines[first - 1][:left] + self.after.encode() + lines[last - 1][right:]]
        return b"".join(lines).decode()


def changes(source: str, planted: Callable | None = None) -> list[Change]:
    """Every fault that we know how to plant, in the order of the text; `planted` gives other ones than `variants`."""
    found, lines = set(), [line.encode() for line in source.splitlines(keepends=True)]
    for node in acting(ast.parse(source)):
        for kind, place, after in (planted or variants)(node):
            (first, left), (last, right) = start, end = (
                (place.lineno, place.col_offset),
                (place.end_lineno, place.end_col_offset),
            )
            old = lines[first - 1 : last - 1] + [lines[last - 1][:right]]
            old[0] = old[0][left:]
            found.add(Change(kind, start, end, b"".join(old).decode(), after))
    return sorted(found, key=lambda change: (change.start, change.end, change.after))


def acting(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that compute something: no annotation, decorator or message of an error."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.JoinedStr | ast.Raise):
                yield child
                yield from acting(child)


def variants(node: ast.AST) -> Iterator[tuple[str, ast.AST, str]]:
    """What could stand in a node's place, or in that of a part of it."""
    match node:
        case ast.Compare(left, [operator], [right]) if type(operator) in COMPARISONS:
            yield "comparison", node, written(ast.Compare(left, [COMPARISONS[type(operator)]()], [right]))
        case ast.BinOp(left, operator, right) if type(operator) in ARITHMETIC and not (text(left) or text(right)):
            yield "arithmetic", node, written(ast.BinOp(left, ARITHMETIC[type(operator)](), right))
        case ast.BoolOp(operator, values):
            yield "logic", node, written(ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), values))
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield "logic", node, written(operand)
        case ast.Constant(bool() as value):
            yield "constant", node, str(not value)
        case ast.Constant(int() | float() as value):
            yield "constant", node, str(value + 1)
        case ast.Expr(ast.Call()) | ast.AugAssign():
            yield "statement", node, "pass"
        case ast.If(test) | ast.IfExp(test):
            yield "condition", test, "True"
            yield "condition", test, "False"


def written(node: ast.expr) -> str:
    """In parentheses, so that what stands around it binds as before."""
    return f"({ast.unparse(node)})"


def text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))
