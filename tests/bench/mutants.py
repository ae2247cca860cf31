"""Mutants of a solution: its text with one slip in it, or its value wrong by a little.

Something is deleted, swapped, replaced, off by one, along another axis, of another type. A mutant is named by the line
that changed, as it stands now.
"""

import ast
import inspect
import itertools
import sys
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import torch

from course_lib.checking.exercise import Exercise
from tests.mutants.change import changes, variants, written

NAMES = {
    "sum": ("mean", "amax"), "mean": ("sum", "amax", "median"), "amax": ("amin",), "max": ("min",), "min": ("max",),
    "relu": ("relu6", "leaky_relu", "sigmoid", "tanh"), "softmax": ("sigmoid", "log_softmax"), "log": ("log2",),
    "exp": ("exp2",), "floor": ("ceil", "round"), "argmax": ("argmin",), "sqrt": ("exp",), "outer": ("inner",),
    "adaptive_avg_pool2d": ("adaptive_max_pool2d", "avg_pool2d"), "adaptive_max_pool2d": ("adaptive_avg_pool2d",),
    "avg_pool2d": ("max_pool2d",), "max_pool2d": ("avg_pool2d",), "BatchNorm2d": ("InstanceNorm2d", "Identity"),
    "ReLU": ("ReLU6", "Sigmoid", "LeakyReLU", "Tanh", "GELU", "Identity"), "Conv2d": ("ConvTranspose2d",),
    "ConvTranspose2d": ("Conv2d",), "append": ("extend",), "repeat_interleave": ("repeat",), "zeros": ("ones",),
    "scatter": ("scatter_add",), "sorted": ("list", "reversed"), "stack": ("cat",), "ModuleList": ("Sequential",),
    "bilinear": ("nearest", "bicubic"), "float": ("half", "int"), "double": ("half",), "long": ("char",),
    "conv2d": ("conv_transpose2d",), "any": ("all",), "view": ("expand",), "set": ("list",),
}  # fmt: skip
WRAPPED = (
    "-({})", "({}) * 2", "({}) / 2", "({}) + 1", "({}) - 1", "1 - ({})", "100 * ({})", "({}) ** 2", "({}) ** 0.5",
    "int({})", "round({})", "abs({})", "min({}, 1)", "max({}, 1)", "sorted({})", "sorted({})[::-1]", "({})[::-1]",
    "({})[:-1]", "({})[1:]", "({})[..., :-1]", "2 * ({})", "[*({}), 0]", "sum({})", "not ({})", "'' + ({})[:1]",
    "({}).relu()", "({}).sigmoid()", "({}).softmax(0)", "({}).softmax(-1)", "({}).tanh()", "({}).clamp(0, 6)",
    "({}).round()", "({}).half()", "({}).byte()", "({}).short()", "({}).bool()", "({}).mean()", "({}).flatten()",
    "({}).unsqueeze(0)", "({}).flip(-1)", "({}).flip(0)", "({}).flip(1)", "({}).transpose(0, 1)", "({}).mT",
    "({}).roll(1, -1)", "({}).detach() * 0", "torch.nn.functional.gelu({})", "torch.nn.functional.leaky_relu({})",
    "torch.nn.Sequential({}, torch.nn.ReLU())", "torch.nn.Sequential({}, torch.nn.Softmax(1))",
    "torch.nn.Sequential({}, torch.nn.Dropout(0.5))", "torch.nn.Sequential(torch.nn.ReLU(), {})",
    "torch.nn.ModuleList([*({})][::-1])", "torch.nn.ModuleList([*({})][:1] * len({}))", "None",
)  # fmt: skip
ENDS = ("list({})[1:]", "list({})[:-1]", "list({})[::-1]", "list({})[:1]")
SIMPLE = ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Expr
Place = tuple[str, ast.AST, str]


def of(exercise: Exercise) -> Iterator[tuple[str, tuple]]:
    """The mutants of an exercise's solution: a name, and the answers to check."""
    if callable(exercise.answer):
        yield from ((name, (mutant,)) for name, mutant in of_function(exercise.answer))
    else:
        for wrong in of_value(exercise.answer):
            yield shown(wrong), wrong if isinstance(wrong, tuple) else (wrong,)


def of_function(function: Callable) -> Iterator[tuple[str, Callable]]:
    """Every mutant of the function that is Python and another program, with its name."""
    source = textwrap.dedent(inspect.getsource(function))
    inputs = list(inspect.signature(function).parameters)
    seen = {ast.unparse(ast.parse(source))}
    for change in changes(source, lambda node: slips(node, inputs)):
        text = change.applied(source)
        space = {**vars(sys.modules[function.__module__]), "torch": torch}
        try:
            tree = ast.parse(text)
            exec(compile(tree, "<mutant>", "exec"), space)
        except SyntaxError:
            continue
        if (meaning := ast.unparse(tree)) not in seen:
            seen.add(meaning)
            last = change.end[0] + change.after.count("\n") - change.before.count("\n")
            lines = " ".join(text.splitlines()[change.start[0] - 1 : last])
            yield f"{change.start[0]}: {' '.join(lines.split())}", space[function.__name__]


def slips(node: ast.AST, inputs: list[str]) -> Iterator[Place]:
    """What could stand in a node's place: all that the tests of the library are tried with, and what students write."""
    yield from variants(node)
    match node:
        case ast.Constant(bool()):
            pass
        case ast.Constant(int() as value):
            yield from (("number", node, str(other)) for other in (value - 1, 2 * value, 0))
        case ast.Constant(float() as value):
            yield from (("number", node, str(other)) for other in (2 * value, value / 2))
        case ast.Constant(str() as value):
            yield from (("name", node, repr(other)) for other in NAMES.get(value, ()))
        case ast.Name(name, ast.Load()):
            others = [other for other in inputs if other != name] if name in inputs else []
            yield from (("name", node, other) for other in [*others, *NAMES.get(name, ())])
        case ast.Attribute(value, name, ast.Load()):
            for other in NAMES.get(name, ()):
                yield "name", node, ast.unparse(ast.Attribute(value, other, ast.Load()))
        case ast.BinOp(left, operator, right):
            swapped = [] if isinstance(operator, ast.Add | ast.Mult) else [ast.BinOp(right, operator, left)]
            yield from (("operands", node, written(part)) for part in (left, right, *swapped))
        case ast.Call(function, given, named):
            yield from _calls(node, function, given, named)
        case ast.List(items, ast.Load()) | ast.Tuple(items, ast.Load()):
            for other in fewer(items):
                yield "items", node, written(type(node)(other, ast.Load()))
        case ast.Subscript(value, ast.Slice(lower, upper, step), ast.Load()):
            for bounds in ((None, upper, step), (lower, None, step), (lower, upper, None)):
                yield "slice", node, written(ast.Subscript(value, ast.Slice(*bounds), ast.Load()))
        case ast.Subscript(value, _, ast.Load()):
            yield "index", node, written(value)
        case ast.comprehension(_, over, tests):
            yield from (("loop", over, text.replace("{}", ast.unparse(over))) for text in ENDS)
            yield from (("condition", test, "True") for test in tests)
        case ast.For():
            yield from (("loop", node.iter, text.replace("{}", ast.unparse(node.iter))) for text in ENDS)
            yield from _early(node, "break")
        case ast.Return(ast.expr() as value):
            for text in (*WRAPPED, *inputs):
                yield "result", value, "(" + text.replace("{}", ast.unparse(value)) + ")"
    if isinstance(node, ast.FunctionDef | ast.For | ast.If | ast.While):
        yield from _statements(node.body)


def _calls(node: ast.Call, function: ast.expr, given: list, named: list) -> Iterator[Place]:
    for other in fewer(given):
        yield "arguments", node, written(ast.Call(function, other, named))
    for index in range(len(named)):
        yield "arguments", node, written(ast.Call(function, given, [*named[:index], *named[index + 1 :]]))
    if isinstance(function, ast.Attribute):  # a method left out: x.f() -> x
        yield "call", node, written(function.value)
    if isinstance(function, ast.Name) and given:  # or a function: f(x) -> x
        yield "call", node, written(given[0])


def _statements(body: list[ast.stmt]) -> Iterator[Place]:
    for one, two in itertools.zip_longest(body, body[1:]):
        if isinstance(one, SIMPLE):
            yield "statement", one, "pass"
            if isinstance(two, SIMPLE):
                both = ast.Pass(lineno=one.lineno, col_offset=one.col_offset, end_lineno=two.end_lineno,
                                end_col_offset=two.end_col_offset)  # fmt: skip
                yield "order", both, f"{ast.unparse(two)}; {ast.unparse(one)}"
        if isinstance(one, ast.For) and isinstance(two, ast.Return):
            yield from _early(one, ast.unparse(two))


def _early(loop: ast.For, end: str) -> Iterator[Place]:
    """The loop ends after its first turn."""
    if isinstance(loop.body[-1], SIMPLE):
        yield "loop", loop.body[-1], f"{ast.unparse(loop.body[-1])}; {end}"


def fewer(items: list) -> Iterator[list]:
    """One item less, or two neighbours exchanged."""
    for index in range(len(items)):
        yield [*items[:index], *items[index + 1 :]]
    for index in range(len(items) - 1):
        yield [*items[:index], items[index + 1], items[index], *items[index + 2 :]]


def of_value(value: Any) -> Iterator[Any]:
    """A word with a letter more or less; a list with an item changed, doubled or gone; a pair of which one is wrong."""
    if isinstance(value, str):
        yield from (value.replace(letter, "") if letter in value else value + letter for letter in "abcde")
    elif isinstance(value, list):
        yield from fewer(value)
        for index, item in enumerate(value):
            for now in ([item + 1], [item - 1], [2 * item], [item, item], [-item], [item + 0.5], [str(item)], [0]):
                yield [*value[:index], *now, *value[index + 1 :]]
    else:
        one, two = value
        yield from [(two, two), (one[1:], two), (one, 1 - two), (one + 1, two), (one[-10:], two[-10:])]
        yield from [(one - 1, two - 1), (one / 3 + 0.1, two), (one, two * 255), (one[:0], two[:0]), (one[:, None], two)]


def shown(value: Any) -> str:
    """A value as a name."""
    parts = [f"{tuple(part.shape)}, sum {part.sum():g}" for part in value] if isinstance(value, tuple) else [str(value)]
    return " and ".join(parts)
