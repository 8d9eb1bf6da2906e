"""Boxes lie around the pixels of their objects; each pixel is coloured by what became of it."""

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from reslib import datasets, figures
from reslib.figures.scenes import BOXES, VERDICTS


def test_a_box_goes_around_the_pixels_of_its_object():
    """In the colour of its size, at the edges of its pixels. Below, a colour for each class."""
    data = datasets.scenes(2, 1, size=32, object_sizes=(4, 8, 16))
    objects = data.train_objects
    figure = figures.labelled_scenes(data.x_train, data.y_train, objects, data.class_names, "Seen")
    for n, (ax, below) in enumerate(zip(figure.axes[:2], figure.axes[2:], strict=True)):
        boxes = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
        for i, box in enumerate(boxes):
            rows, columns = np.nonzero(objects.pixels[n] == i)
            assert box.get_xy() == (columns.min() - 0.5, rows.min() - 0.5)
            assert box.get_width() == np.ptp(columns) + 1 and box.get_height() == np.ptp(rows) + 1
            assert box.get_edgecolor()[:3] == to_rgb(BOXES[objects.sizes[n, i]])
        colors = map(tuple, np.asarray(below.images[0].get_array()).reshape(-1, 3))
        pairs = set(zip(colors, data.y_train[n].ravel().tolist(), strict=True))
        assert (
            len(pairs) == len({color for color, _ in pairs}) == len({label for _, label in pairs})
        )


def test_a_pixel_has_the_colour_of_its_verdict():
    truth = np.array([[[3, 3, 3, 0, 0]]])
    answer = np.array([[[3, 5, 0, 3, 0]]])
    picture = np.zeros((1, 1, 5, 1))
    figure = figures.verdicts(picture, truth, {"net": answer, "perfect": truth}, "Seen")
    alone, net, perfect = figure.axes
    assert [ax.get_title() for ax in figure.axes] == ["picture", "net", "perfect"]
    assert len(alone.images) == 1
    colors = np.asarray(net.images[1].get_array())[0]
    np.testing.assert_allclose(colors[:4, :3], [to_rgb(color) for color in VERDICTS.values()])
    assert colors[4, 3] == 0  # background taken for background is left as it is
    right = np.asarray(perfect.images[1].get_array())[0]
    np.testing.assert_allclose(right[:3, :3], [to_rgb(VERDICTS["right"])] * 3)
    assert (right[3:, 3] == 0).all()
