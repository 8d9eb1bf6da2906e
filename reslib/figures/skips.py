"""What skips let a network do: errors without blocks, sizes of branches, lengths of paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from reslib.figures.curves import label_ends
from reslib.figures.style import COLORS, LINES, panels

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# One task drawn with a broken line, the other with a full one, in the colour of the network.
TASKS = {"near": "--", "far": "-"}
STARTS = {"start shut": COLORS["identity start"], "start open": COLORS["residual"]}


def block_errors(
    tables: Mapping[str, pd.DataFrame],
    title: str,
    *,
    whole: Mapping[str, Sequence[float]] | None = None,
    guessing: float | None = None,
) -> Figure:
    """Draw the error of networks, or by how much it rises, against the block that was removed.

    Args:
        tables: Dictionary from the kind of network to a pandas table of errors, or of rises, with a
            row for each seed and a column for each block.
        title: String that says what is seen.
        whole: Dictionary from the kind to the errors of the whole networks, one for each seed;
            `None` where the tables hold rises.
        guessing: Float, the error of an answer by lot; `None` to leave its line out.

    Returns:
        The figure, with a sentence of its own.
    """
    figure, ax = panels(title=title, width=7.5)
    said = []
    for kind, table in tables.items():
        style = _style(kind)
        drawn = _from_one(table) if whole else 100 * _from_one(table)  # rises in points
        _spread(ax, drawn, label=kind, marker="o", **style)
        said.append(f"{kind} {_mean(drawn):{'.0%' if whole else '.0f'}}")
        if whole:
            ax.axhline(np.mean(whole[kind]), **style | {"linestyle": ":", "linewidth": 1.5})
            said[-1] += f" (whole {np.mean(whole[kind]):.0%})"
    if guessing is not None:
        ax.axhline(guessing, color=COLORS["control"], linewidth=1)
        ax.annotate("guessing", (1, guessing), (0, 3), textcoords="offset points", color="#595959")
    measure = "Test error" if whole else "Rise of the test error"
    ax.set(xlabel="Block removed", ylabel=measure if whole else f"{measure}\n(points)")
    if whole:
        ax.set_ylim(0, None if guessing is None else 1)
        _percent(ax)
    ax.set_xticks(range(1, len(table.columns) + 1))
    label_ends(ax)
    dotted = "; dotted: nothing removed" if whole else ""
    figure.set_label(
        f"{measure} with one block removed, for each block{_over(tables)}{dotted}. Mean over the "
        f"blocks{'' if whole else ', in points'}: {'; '.join(said)}."
    )
    return figure


def order_curves(tables: Mapping[str, pd.DataFrame], title: str) -> Figure:
    """Draw the error against how many pairs of blocks stand in the wrong order.

    Args:
        tables: Dictionary from the kind of network to a pandas table of errors, with a row for each
            seed and a column for each number of pairs.
        title: String that says what is seen.

    Returns:
        The figure, with a sentence of its own.
    """
    figure, ax = panels(title=title, width=7)
    said = []
    for kind, table in tables.items():
        _spread(ax, table, label=kind, marker="o", **_style(kind))
        said.append(f"{kind} {_series(table)}")
    ax.set(xlabel="Pairs of blocks in the wrong order", ylabel="Test error", ylim=(0, 1))
    ax.set_xticks(table.columns)
    _percent(ax)
    label_ends(ax)
    figure.set_label(
        f"Test error with {', '.join(map(str, table.columns))} pairs of blocks in the wrong order"
        f"{_over(tables)}: {'; '.join(said)}."
    )
    return figure


def path_lengths(norms: Mapping[str, pd.DataFrame], title: str) -> Figure:
    """Draw what a path carries against its length, and what all paths of a length carry.

    Args:
        norms: Dictionary from the kind of network to a pandas table of gradient norms along single
            paths, with a row for each seed and a column for each length, from 0 to the number of
            blocks.
        title: String that says what is seen.

    Returns:
        The figure, with a sentence of its own.
    """
    from math import comb

    from matplotlib.ticker import LogLocator

    figure, axes = panels(2, title=title)
    said = []
    for kind, table in norms.items():
        blocks = len(table.columns) - 1
        number = np.array([comb(blocks, length) for length in table.columns])
        share = (table * number).div((table * number).sum(axis=1), axis=0)
        _spread(axes[0], table.div(table[0], axis=0), label=kind, marker="o", **_style(kind))
        _spread(axes[1], share, label=kind, marker="o", **_style(kind))
        said.append(f"{kind} {_mean(share @ np.array(table.columns)):.1f}")
    axes[1].plot(table.columns, number / number.sum(), color="black", linestyle=":", linewidth=1.5)
    for ax in axes:
        ax.set_xlabel("Length of the path (blocks)")
        ax.xaxis.get_major_locator().set_params(integer=True)
    axes[0].set(yscale="log", ylabel="Gradient of one path,\nrelative to length 0")
    axes[0].yaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=12))
    axes[0].yaxis.set_major_formatter("{x:g}")
    axes[0].minorticks_off()
    axes[1].set(ylabel="Share of all gradient", ylim=(0, None))
    _percent(axes[1])
    label_ends(axes[0])
    figure.set_label(
        "Left: norm of the gradient along one path, mean over the paths of a length, as a multiple "
        "of that of length 0. Right: times the number of paths of that length, as a share of all; "
        f"dotted: share of the paths{_over(norms)}. Mean length by that share: {', '.join(said)}; "
        f"of the paths {blocks / 2:.1f}."
    )
    return figure


def branch_sizes(
    untrained: Mapping[int, pd.DataFrame], title: str, trained: Mapping[int, pd.DataFrame] = {}
) -> Figure:
    """Draw the size of F(x) relative to x against the block, for networks of several depths.

    Args:
        untrained: Dictionary from the depth to a pandas table, with a row for each seed and a
            column for each block.
        title: String that says what is seen.
        trained: The same, of networks after training; drawn in another colour.

    Returns:
        The figure, with a sentence of its own.
    """
    figure, ax = panels(title=title, width=7.5)
    said = []
    for state, tables in (("untrained", untrained), ("trained", trained)):
        color = COLORS["control"] if state == "untrained" else COLORS["residual"]
        for depth, table in tables.items():
            style = {"color": color, "linestyle": LINES.get(depth, "-.")}
            _spread(ax, _from_one(table), label=f"{depth} layers, {state}", **style)
            said.append(f"{depth} layers, {state}: {_mean(table):.2f}")
    most = max(len(table.columns) for table in (*untrained.values(), *trained.values()))
    number = np.arange(1, most + 1)
    ax.plot(number, number**-0.5, color="black", linewidth=1, label="1/√(block)")
    ax.set(xscale="log", xlabel="Block (log axis)", ylim=(0, None))
    ax.set_ylabel("Size of F(x)\nrelative to x")
    ticks = [tick for tick in (1, 2, 3, 6, 9, 18, 27, 54) if tick <= most]
    ax.set_xticks(ticks, ticks)
    ax.minorticks_off()
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    figure.set_label(
        f"Size of F(x) relative to what the shortcut passes on, for each block{_over(untrained)}. "
        f"Mean over the blocks: {'; '.join(said)}."
    )
    return figure


def gate_sizes(tables: Mapping[tuple, pd.DataFrame], title: str, shut: float = 0.05) -> Figure:
    """Draw the size of each gate as a square, a panel for each start, a row for each seed.

    Args:
        tables: Dictionary from `(task, start)` to a pandas table of |gate|, with a row for each
            seed and a column for each block. Tasks are `"near"` and `"far"`, starts `"start shut"`
            and `"start open"`.
        title: String that says what is seen.
        shut: Float, below which a gate counts as shut, and is crossed out.

    Returns:
        The figure, with a sentence of its own.
    """
    tasks = list(dict.fromkeys(task for task, _ in tables))
    starts = list(dict.fromkeys(start for _, start in tables))
    most = max(float(table.to_numpy().max()) for table in tables.values())
    figure, axes = panels(len(starts), title=title, sharey=True, width=8.5)
    said = []
    for ax, start in zip(np.atleast_1d(axes), starts, strict=True):
        sizes = np.concatenate([tables[task, start] for task in tasks])
        drawn = ax.imshow(sizes, cmap="Blues", vmin=0, vmax=most, aspect="auto")
        for row, block in np.argwhere(sizes < shut):
            ax.text(block, row, "×", ha="center", va="center", color="#595959")
        blocks, seeds = sizes.shape[1], [len(tables[task, start]) for task in tasks]
        ax.hlines(np.cumsum(seeds)[:-1] - 0.5, -0.5, blocks - 0.5, color="black", linewidth=1)
        ax.set_yticks(np.cumsum(seeds) - np.array(seeds) / 2 - 0.5, tasks)
        ax.set_xticks(range(blocks), range(1, blocks + 1))
        ax.set(title=f"Gates {start}", xlabel="Block")
        ax.grid(False)
        said += [
            f"{task}, {start} {(tables[task, start] < shut).sum(axis=1).mean():.1f}"
            for task in tasks
        ]
    figure.colorbar(drawn, ax=axes, label="Size of the gate")
    figure.set_label(
        "Size of each gate after training, with a row for each seed; a cross: shut, that is, below "
        f"{shut:g}. Shut gates of {blocks}, mean over the seeds: {'; '.join(said)}."
    )
    return figure


def removal_curves(tables: Mapping[tuple, pd.DataFrame], title: str) -> Figure:
    """Draw the error against the number of removed blocks, a panel for each task.

    Args:
        tables: Dictionary from `(task, start)`, as for `gate_sizes`, to a pandas table of errors,
            with a row for each seed and a column for each number of removed blocks, from 0 on.
        title: String that says what is seen.

    Returns:
        The figure, with a sentence of its own.
    """
    tasks = list(dict.fromkeys(task for task, _ in tables))
    figure, axes = panels(len(tasks), title=title)
    said = []
    for ax, task in zip(np.atleast_1d(axes), tasks, strict=True):
        for (of, start), table in tables.items():
            if of == task:
                style = {"color": STARTS[start], "linestyle": TASKS[task]}
                _spread(ax, table, label=start, marker="o", **style)
                said.append(f"{task}, {start} {_series(table)}")
        ax.set(title=f"{task[0].upper()}{task[1:]}", xlabel="Blocks removed", ylim=(0, None))
        ax.set_xticks(table.columns)
        _percent(ax)
    first = np.atleast_1d(axes)[0]
    first.set_ylabel("Test error\n(share of cells)")
    first.legend(loc="upper left")
    numbers = ", ".join(map(str, table.columns))
    figure.set_label(
        f"Test error with so many blocks removed ({numbers}), the least missed first"
        f"{_over(tables)}. {'; '.join(said)}."
    )
    return figure


def _style(kind):
    """Draw a variant, such as "residual, scaled", in the colour of its network, broken."""
    name, _, variant = kind.partition(", ")
    color = COLORS["control"] if name == "untrained" else COLORS[name]
    return {"color": color, "linestyle": "--" if variant else "-"}


def _spread(ax: Axes, table: pd.DataFrame, **line: Any) -> None:
    """Draw the mean over the rows, and a band from the least to the most."""
    (drawn,) = ax.plot(table.columns, table.mean(), **line)
    ax.fill_between(
        table.columns, table.min(), table.max(), color=drawn.get_color(), alpha=0.15, linewidth=0
    )


def _from_one(table):
    return table.set_axis(range(1, len(table.columns) + 1), axis=1)


def _percent(ax):
    from matplotlib.ticker import PercentFormatter

    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))


def _mean(table):
    return np.mean(np.asarray(table))


def _series(table):
    return ", ".join(f"{mean:.1%}" if mean < 0.1 else f"{mean:.0%}" for mean in table.mean())


def _over(tables):
    seeds = max(len(table) for table in tables.values())
    return f" (mean of {seeds} seeds; bands from the least to the most)" if seeds > 1 else ""
