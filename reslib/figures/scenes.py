"""Scenes, with what is in them and with what networks make of them."""

import numpy as np

BOXES = ("#E69F00", "#56B4E9", "#009E73")  # small, medium and large
VERDICTS = {
    "right": "#0072B2",
    "wrong class": "#D55E00",
    "taken for background": "#F0E442",
    "background taken for an object": "#CC79A7",
}


def labelled_scenes(pictures, objects, class_names, title):
    """Pictures side by side, with the box and the class of each object.

    Args:
        pictures: Array `(N, height, width, 1)`.
        objects: Their `reslib.datasets.SceneObjects` (it may hold more than those N).
        class_names: Sequence of strings.
        title: String that says what is seen.

    Returns:
        The figure, ready for `figures.show`.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    from reslib.datasets.scenes import SIZE_NAMES
    from reslib.figures.style import panels

    size = {"width": 10, "height": 10 / len(pictures) + 0.7}
    figure, axes = panels(len(pictures), title=title, squeeze=False, **size)
    for n, ax in enumerate(axes[0]):
        _picture(ax, pictures[n])
        for box, label, kind in zip(
            objects.boxes[n], objects.labels[n], objects.sizes[n], strict=True
        ):
            top, left, bottom, right = box - 0.5  # a pixel reaches half a unit to each side
            color = BOXES[kind]
            ax.add_patch(Rectangle((left, top), right - left, bottom - top, fc="none", ec=color))
            middle, below = (left + right) / 2, top < 3
            place = (middle, bottom if below else top)
            ax.text(
                *place,
                class_names[label],
                color=color,
                fontsize=7,
                ha="center",
                va="top" if below else "bottom",
                clip_on=True,
            )
    handles = [Line2D([], [], color=c, label=n) for c, n in zip(BOXES, SIZE_NAMES, strict=True)]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=10)
    return figure


def verdicts(pictures, labels, predictions, title):
    """What networks make of scenes: a row for each scene, a column for each network.

    Args:
        pictures: Array `(N, height, width, 1)`.
        labels: Integers `(N, height, width)`, 0 for the background.
        predictions: Dictionary from the name of a network to integers like `labels`.
        title: String that says what is seen.

    Returns:
        The figure, ready for `figures.show`.
    """
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Patch

    from reslib.figures.style import panels

    columns = 1 + len(predictions)
    size = {"width": 10, "height": 10 / columns + 0.25}
    figure, axes = panels(columns, rows=len(pictures), title=title, squeeze=False, **size)
    for row, picture, truth, *answers in zip(
        axes, pictures, labels, *predictions.values(), strict=True
    ):
        _picture(row[0], picture)
        for ax, answer in zip(row[1:], answers, strict=True):
            _picture(ax, picture)
            there, seen = truth > 0, answer > 0
            masks = there & (answer == truth), there & seen & (answer != truth)
            overlay = np.zeros((*truth.shape, 4))
            for color, mask in zip(
                VERDICTS.values(), (*masks, there & ~seen, ~there & seen), strict=True
            ):
                overlay[mask] = (*to_rgb(color), 0.65)
            ax.imshow(overlay)
    for ax, name in zip(axes[0], ("picture", *predictions), strict=True):
        ax.set_title(name)
    handles = [Patch(color=color, alpha=0.65, label=name) for name, color in VERDICTS.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=10)
    return figure


def _picture(ax, picture):
    ax.imshow(picture[..., 0], cmap="gray_r", vmin=0, vmax=1)
    ax.axis("off")
