"""Shapes of images and maps: which a layer takes, and what becomes of them."""

import keras

from reslib import arguments


def image_data_format(value):
    """Return `value`, or Keras's setting for `None`."""
    return arguments.one_of(
        "data_format",
        keras.config.image_data_format() if value is None else value,
        ("channels_last", "channels_first"),
    )


def image_shape(layer, shape):
    """Check that a layer is given a batch of images with a known number of channels."""
    axis = channel_axis(layer.data_format)
    if len(shape) != 4 or shape[axis] is None:
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
    if not isinstance(shapes, (tuple, list)) or not all(
        isinstance(shape, (tuple, list)) for shape in shapes
    ):
        raise ValueError(f"{name} needs {wanted}, received one tensor of shape {tuple(shapes)}")
    shapes = tuple(tuple(image_shape(layer, shape)) for shape in shapes)
    if not shapes or count not in (None, len(shapes)):
        raise ValueError(f"{name} needs {wanted}, received {len(shapes)}")
    for fine, coarse in zip(shapes, shapes[1:], strict=False):
        fine, coarse = (sides(shape, layer.data_format) for shape in (fine, coarse))
        for i, j in zip(fine, coarse, strict=True):
            if None not in (i, j) and j != -(-i // step):
                raise ValueError(
                    f"{name} needs maps whose height and width are those of the next finer one "
                    f"divided by {step} and rounded up, received sizes {fine} and {coarse}"
                )
    return shapes


def sides(shape, data_format):
    """Height and width."""
    return tuple(shape[1:3] if data_format == "channels_last" else shape[2:4])


def channel_axis(data_format):
    return 3 if data_format == "channels_last" else 1


def strided_shape(shape, filters, strides, data_format):
    """The shape of a batch of images after a step of `strides`, keeping each started one."""
    size = slice(1, 3) if data_format == "channels_last" else slice(2, 4)
    sides = [None if side is None else -(-side // strides) for side in shape[size]]
    return (
        (shape[0], *sides, filters)
        if data_format == "channels_last"
        else (shape[0], filters, *sides)
    )
