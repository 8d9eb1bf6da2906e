"""Mutants: code in which one thing is not what it was."""

import ast
import copy
import difflib
import os

AROUND = 25  # characters that are shown before and behind what is changed

OTHER_OPERATORS = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.Add),
    ast.MatMult: (ast.Mult,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.BitOr: (ast.BitAnd,),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
    ast.UAdd: (ast.USub,),
    ast.USub: (ast.UAdd,),
    ast.Not: (ast.UAdd,),
}
OTHER_NAMES = {  # of functions and methods that are taken for one another
    "argmin": "argmax",
    "concatenate": "stack",
    "mean": "sum",
    "repeat": "tile",
    "sqrt": "square",
    "square": "abs",
    "sum": "mean",
    "uniform": "normal",
    "var": "std",
    "zeros": "ones",
    "zeros_like": "ones_like",
}


def mutants(code):
    """Give all mutants of some code that Python can read, each of them once.

    Args:
        code: Statements, as text.

    Yields:
        For each mutant what it changes, as "old line → new line", and its code.
    """
    tree = _without_docstrings(ast.parse(code))
    original, seen = ast.unparse(tree), set()
    names = _own_names(tree)
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            for place, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if not isinstance(node, ast.AST):
                    continue
                for new in _in_place_of(node, names):
                    if place is None:
                        changed = new
                    else:
                        inside = [*value[:place], *([] if new is None else [new])]
                        changed = inside + value[place + 1 :] or [ast.Pass()]
                    setattr(parent, field, changed)
                    mutant = ast.unparse(tree)
                    setattr(parent, field, value)
                    if mutant != original and mutant not in seen:
                        seen.add(mutant)
                        yield change(original, mutant), mutant


def change(old, new):
    """Say in one line what of a code became what, with a little of what stands around it."""
    lines = [line for line in difflib.ndiff(old.splitlines(), new.splitlines()) if line[0] in "+-"]
    old, new = (
        "; ".join(line[1:].strip() for line in lines if line[0] == sign) or "nothing"
        for sign in "-+"
    )
    begin = max(0, len(os.path.commonprefix([old, new])) - AROUND)
    end = max(0, len(os.path.commonprefix([old[begin:][::-1], new[begin:][::-1]])) - AROUND)
    cut = [f"{'…' * (begin > 0)}{x[begin : len(x) - end]}{'…' * (end > 0)}" for x in (old, new)]
    return " → ".join(cut)


def _own_names(tree):
    """Variables of this code: each with the one that is taken for it."""
    nodes = list(ast.walk(tree))
    own = [node.arg for node in nodes if isinstance(node, ast.arg)]
    own += [n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    own = list(dict.fromkeys(own))
    return dict(zip(own, own[1:] + own[:1], strict=True))


def _in_place_of(node, names):
    """Give what could stand in place of a node: other nodes, or None for nothing at all."""
    match node:
        case ast.stmt() if not isinstance(node, (ast.FunctionDef, ast.Import, ast.ImportFrom)):
            yield None
    match node:
        case ast.operator() | ast.cmpop() | ast.boolop() | ast.unaryop():
            yield from (other() for other in OTHER_OPERATORS.get(type(node), ()))
        case ast.Constant(value=bool()):
            yield ast.Constant(not node.value)
        case ast.Constant(value=int()):
            yield from (ast.Constant(node.value + step) for step in (1, -1))
        case ast.Constant(value=float()):
            yield from (ast.Constant(node.value * factor) for factor in (2, -1))
        case ast.Constant(value=str()):
            yield ast.Constant(node.value + "?")
        case ast.Name(ctx=ast.Load()) if names.get(node.id, node.id) != node.id:
            yield ast.Name(names[node.id], ast.Load())
        case ast.Attribute(ctx=ast.Load()) if node.attr in OTHER_NAMES:
            yield _with(node, attr=OTHER_NAMES[node.attr])
        case ast.Tuple(ctx=ast.Load()) | ast.List(ctx=ast.Load()):
            yield from (_with(node, elts=elements) for elements in _exchanged(node.elts))
            yield from (_with(node, elts=elements) for elements in _shortened(node.elts))
        case ast.Dict():
            yield from (_with(node, values=values) for values in _exchanged(node.values))
        case ast.Call(func=function, args=arguments, keywords=keywords):
            yield from (_with(node, args=others) for others in _exchanged(arguments))
            yield from (_with(node, args=others) for others in _shortened(arguments))
            yield from (_with(node, keywords=others) for others in _shortened(keywords))
            if len(arguments) == 1:
                yield arguments[0]  # without the function
            elif isinstance(function, ast.Attribute):
                yield function.value  # without the method
        case ast.Slice():
            for bound in ("lower", "upper", "step"):
                if getattr(node, bound):
                    yield _with(node, **{bound: None})
        case ast.IfExp(body=body, orelse=other):
            yield from (_with(node, body=other, orelse=body), body, other)
        case ast.If(test=test):
            yield _with(node, test=ast.UnaryOp(ast.Not(), test))
        case ast.BinOp(left=left, right=right):
            yield from (left, right)
            if not isinstance(node.op, (ast.Add, ast.Mult)):
                yield _with(node, left=right, right=left)
        case ast.Return(value=ast.AST() as value):
            yield ast.Expr(value)  # forgets the `return`
            yield ast.Return(ast.UnaryOp(ast.USub(), value))
            yield ast.Return(ast.Tuple([value, value]))


def _with(node, **fields):
    other = copy.copy(node)
    for name, value in fields.items():
        setattr(other, name, value)
    return other


def _exchanged(items):
    """Lists in which two neighbours have changed places, at the beginning or at the end."""
    for i in sorted({0, max(0, len(items) - 2)} if len(items) > 1 else ()):
        yield [*items[:i], items[i + 1], items[i], *items[i + 2 :]]


def _shortened(items):
    """Lists that lack one item."""
    for i in range(len(items)):
        yield items[:i] + items[i + 1 :]


def _without_docstrings(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return tree
