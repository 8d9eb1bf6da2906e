"""Shapes of images and maps: which a layer takes."""

import keras


def channel_axis(data_format):
    """Return the axis of the channels in a batch of images."""
    return 3 if data_format == "channels_last" else 1


def image_shape(layer, shape):
    """Check that a layer is given a batch of images with a known number of channels."""
    if len(shape) != 4 or shape[layer.channel_axis] is None:
        raise ValueError(
            f"{type(layer).__name__} needs a batch of images, that is four dimensions and a known "
            f"number of channels ({layer.data_format}), received shape {tuple(shape)}"
        )
    return shape


def map_shapes(layer, shapes, step=2, count=None):
    """Check that a layer is given maps of one image, finest first, each `step` times coarser.

    Returns:
        The shapes, a tuple of tuples.
    """
    name = type(layer).__name__
    wanted = "a tuple of maps" if count is None else f"a tuple of {count} maps"
    if isinstance(shapes, dict):
        raise ValueError(
            f"{name} needs {wanted}, received a dict with the keys " + ", ".join(map(repr, shapes))
        )
    if not isinstance(shapes, (tuple, list)) or not all(
        isinstance(shape, (tuple, list)) for shape in shapes
    ):
        raise ValueError(f"{name} needs {wanted}, received one tensor of shape {tuple(shapes)}")
    shapes = tuple(tuple(image_shape(layer, shape)) for shape in shapes)
    if not shapes or count not in (None, len(shapes)):
        raise ValueError(f"{name} needs {wanted}, received {len(shapes)}")
    for fine, coarse in zip(shapes, shapes[1:], strict=False):
        fine, coarse = layer.sides(fine), layer.sides(coarse)
        for i, j in zip(fine, coarse, strict=True):
            if None not in (i, j) and j != -(-i // step):
                raise ValueError(
                    f"{name} needs maps whose height and width are those of the next finer one "
                    f"divided by {step} and rounded up, received sizes {fine} and {coarse}"
                )
    return shapes


def shapes_of(inputs):
    """Return the shapes of some tensors, in the structure in which they are given."""
    return keras.tree.map_structure(lambda x: tuple(x.shape), inputs)
