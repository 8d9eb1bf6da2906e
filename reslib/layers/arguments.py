"""Checks of arguments that several layers share."""

import sys

import keras

from reslib.seeding import LARGEST_SEED


def positive_integer(name, value):
    """Return `value`, or refuse it with an error that names the argument."""
    return integer(name, value, "a positive integer", lambda value: value > 0)


def integer(name, value, accepted="an integer", accepts=lambda value: True):
    """Return `value`, or refuse it with an error that names the argument.

    Args:
        name: Name of the argument.
        value: What was passed.
        accepted: String, what is accepted.
        accepts: Function of an integer, whether it is accepted.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not accepts(value):
        raise ValueError(f"{name} must be {accepted}, received {value!r}")
    return value


def number(name, value, accepted="a finite number", accepts=lambda value: True):
    """Return `value` as a float, or refuse it: as `integer`, for any finite number."""
    largest = sys.float_info.max  # an integer can be larger, and then is no float
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not -largest <= value <= largest or not accepts(value):
        raise ValueError(f"{name} must be {accepted}, received {value!r}")
    return float(value)


def probability(name, value):
    """Return `value` as a float, or refuse it with an error that names the argument."""
    return number(name, value, "a number above 0 and at most 1", lambda value: 0 < value <= 1)


def boolean(name, value):
    """Return `value`, or refuse it with an error that names the argument."""
    return one_of(name, value, (True, False))


def seed(value):
    """Return `value`, or refuse it with an error that names the argument."""
    if value is None:
        return None
    accepted = f"None or an integer from 0 to {LARGEST_SEED}"
    return integer("seed", value, accepted, lambda value: 0 <= value <= LARGEST_SEED)


def one_of(name, value, accepted):
    """Return `value`, or refuse it with an error that lists what is accepted."""
    # Not `value in accepted`: an array would be compared element by element.
    if not any(value is choice or (type(value) is str and value == choice) for choice in accepted):
        choices = ", ".join(repr(choice) for choice in accepted)
        raise ValueError(f"{name} must be one of {choices}, received {value!r}")
    return value


def input_shape(value, accepted="a tuple of positive integers", length=None, free=0):
    """Return the shape of one input, or refuse it with an error that says what is accepted.

    Args:
        value: What was passed.
        accepted: String, what is accepted.
        length: Integer, the number of dimensions, or `None` for any number but 0.
        free: Integer, how many dimensions, from the first on, may be `None`.
    """
    is_shape = isinstance(value, (tuple, list)) and len(value) == (length or len(value)) > 0
    if not is_shape or not all(
        (size is None and i < free)
        or (isinstance(size, int) and not isinstance(size, bool) and size > 0)
        for i, size in enumerate(value)
    ):
        raise ValueError(f"input_shape must be {accepted}, received {value!r}")
    return value


def image_data_format(value):
    """Return `value`, or Keras's setting for `None`."""
    return one_of(
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
