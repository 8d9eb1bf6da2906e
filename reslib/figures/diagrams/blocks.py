"""A residual block, plain, with its shortcuts, and rearranged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reslib import arguments
from reslib.figures.diagrams.drawing import CIRCLE, arrow, box, canvas, plus, write
from reslib.figures.style import COLORS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PLAIN, RESIDUAL = COLORS["plain"], COLORS["residual"]

# kind: the layers of F and what follows them, and the layers on the shortcut. A gap keeps the
# layers of the plain block beside those of the residual one.
_GAP, _SUM = "", "+"
_BRANCH = ("3×3 conv", "batch norm", "ReLU", "3×3 conv", "batch norm")
_STRIDED = ("3×3 conv\nstride 2", *_BRANCH[1:])
BLOCKS = {
    "plain": ((*_BRANCH, _GAP, "ReLU"), None),
    "residual": ((*_BRANCH, _SUM, "ReLU"), ()),
    "shortcut A": ((*_STRIDED, _SUM, "ReLU"), ("every other\npixel", "channels\nof zeros")),
    "shortcut B": ((*_STRIDED, _SUM, "ReLU"), ("1×1 conv\nstride 2", "batch norm")),
    "pre-activation": ((*("batch norm", "ReLU", "3×3 conv") * 2, _SUM), ()),
    "bottleneck": (
        (
            *("1×1 conv\n¼ channels", "batch norm", "ReLU"),
            *("3×3 conv\n¼ channels", "batch norm", "ReLU"),
            *("1×1 conv\nall channels", "batch norm", _SUM, "ReLU"),
        ),
        (),
    ),
}
_COLORS = {"batch norm": COLORS["control"], "ReLU": COLORS["highlight"]}
_WIDTH = 1.0  # of a layer's box
_WIDEST = 6  # of a figure, in inches
_BELOW, _ABOVE = 0.45, 1.05  # room for the output, and for input and name


def blocks(*kinds: str, title: str | None = None) -> Figure:
    """Draw blocks side by side, from their input at the top to their output at the bottom.

    Args:
        *kinds: Strings, one to three of `"plain"`, `"residual"`, `"shortcut A"` or
            `"shortcut B"` (where a stage begins), `"pre-activation"` and `"bottleneck"`.
        title: String that says what is seen; by default made from the kinds.

    Returns:
        The figure, ready for `figures.show`.

    Raises:
        ValueError: for other kinds, or more of them.

    Reference:
        He et al., 2015, "Deep Residual Learning for Image Recognition", figures 2 and 5; He et
        al., 2016, "Identity Mappings in Deep Residual Networks", figure 1.
    """
    for kind in kinds:
        arguments.one_of("kinds", kind, BLOCKS)
    widths = [_WIDTH + (1.6 if BLOCKS[kind][1] else 0.7) for kind in kinds]
    if not 0 < sum(widths) <= _WIDEST:
        raise ValueError(
            "kinds must be one to three, or two with both shortcuts A and B, to be readable; "
            f"received {kinds}"
        )
    title = title or f"Block{'s'[: len(kinds) > 1]}: {', '.join(kinds)}"
    height = max(sum(_height(layer) + 0.15 for layer in BLOCKS[kind][0]) for kind in kinds)
    words = " ".join(_in_words(kind) for kind in kinds)
    figure, ax = canvas(sum(widths), _BELOW + height + _ABOVE, title, words)
    left = 0
    for kind, width in zip(kinds, widths, strict=True):
        _draw(ax, kind, left + 0.25 + _WIDTH / 2, height)
        left += width
    return figure


def _height(layer):
    """Return that of its box, for one line or two; or of the sum, also where it is missing."""
    return 2 * CIRCLE if layer in (_GAP, _SUM) else 0.28 + 0.16 * layer.count("\n")


def _draw(ax, kind, x, height):
    layers, shortcut = BLOCKS[kind]
    color = PLAIN if shortcut is None else RESIDUAL
    top = _BELOW + height
    write(ax, x, top + 0.9, kind, weight="bold", color=color)
    write(ax, x, top + 0.62, "$x$", size=12)
    gap = (height - sum(_height(layer) for layer in layers)) / len(layers)
    end, fork, y = top + 0.5, top + 0.25, top
    for layer in layers:
        half = _height(layer) / 2
        y -= half
        if layer != _GAP:
            arrow(ax, (x, end), (x, y + half))
            end = y - half
        if layer == _SUM:
            plus(ax, x, y, color)
            _draw_shortcut(ax, shortcut, x, fork, y, color)
        elif layer != _GAP:
            box(ax, x, y, layer, _COLORS.get(layer, color), _WIDTH, 2 * half)
        y -= half + gap
    arrow(ax, (x, end), (x, _BELOW - 0.1))
    write(ax, x, _BELOW - 0.25, _formula(kind), size=11)


def _draw_shortcut(ax, layers, x, fork, end, color):
    side = x + _WIDTH / 2 + (0.7 if layers else 0.22)
    points = [(x, fork), (side, fork)]
    for i, layer in enumerate(layers):
        y = fork + (end - fork) * (i + 1) / (len(layers) + 1)
        half = _height(layer) / 2
        arrow(ax, *points, (side, y + half), color=color)
        box(ax, side, y, layer, _COLORS.get(layer, color), _WIDTH, 2 * half)
        points = [(side, y - half)]
    arrow(ax, *points, (side, end), (x + CIRCLE, end), color=color)


def _formula(kind):
    layers, shortcut = BLOCKS[kind]
    added = "" if shortcut is None else " + s(x)" if shortcut else " + x"
    inside = f"F(x){added}"
    return rf"$\mathrm{{relu}}({inside})$" if layers[-1] == "ReLU" else f"${inside}$"


def _in_words(kind):
    layers, shortcut = BLOCKS[kind]
    names = [layer.replace("\n", " ") for layer in layers if layer not in (_GAP, _SUM)]
    words = f"{kind[0].upper()}{kind[1:]}: {', '.join(names)}"
    if shortcut is None:
        return f"{words}; no shortcut."
    over = " and ".join(layer.replace("\n", " ") for layer in shortcut) or "the identity"
    place = "before the last ReLU" if layers[-1] == "ReLU" else "at the end"
    return f"{words}; a shortcut ({over}) leads from the input to a sum {place}."
