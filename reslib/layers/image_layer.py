"""What all layers of images and maps have in common."""

from __future__ import annotations

import keras

from reslib import arguments
from reslib.framework import parts_of
from reslib.layers import shapes
from reslib.layers.batch_normalization import BatchNormalization


class ImageLayer(keras.layers.Layer):
    """A layer of images or maps, made of other layers.

    It knows on which axis the channels lie, and makes its parts after itself: of its data format,
    its precision, and frozen where it is frozen. Its config says which parts are frozen on their
    own, so that they stay so when the layer is saved, loaded, copied or cloned.

    Args:
        data_format: `"channels_last"`, `"channels_first"`, or `None` for Keras's setting.
        **kwargs: Those of every Keras layer: `name`, `dtype`, `trainable`.
    """

    def __init__(self, data_format: str | None = None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = arguments.one_of(
            "data_format",
            keras.config.image_data_format() if data_format is None else data_format,
            ("channels_last", "channels_first"),
        )
        self.channel_axis = shapes.channel_axis(self.data_format)
        self._frozen = ()  # names of parts, from a config

    def inherited(self):
        """Return the arguments that every part takes over."""
        return {"dtype": self.dtype_policy, "trainable": self.trainable}

    def part(self, layer, *args, **options):
        """Make a layer of images or maps within this one."""
        return layer(*args, data_format=self.data_format, **self.inherited(), **options)

    def batch_normalization(self, **options):
        """Make a batch normalization within this layer, as the authors of ResNet set theirs."""
        return BatchNormalization(
            axis=self.channel_axis,
            momentum=0.9,
            epsilon=1e-5,
            name="normalization",
            **self.inherited(),
            **options,
        )

    def build(self, input_shape):
        """Freeze what the config names; a subclass calls this when all of its parts are made."""
        for part in parts_of(self):
            if self._name_within(part) in self._frozen:
                part.trainable = False

    def _name_within(self, part):
        return part.path.removeprefix(f"{self.path}/")  # such as "conv1/normalization"

    def sides(self, shape):
        """Return height and width."""
        return tuple(shape[1:3] if self.data_format == "channels_last" else shape[2:4])

    def strided_shape(self, shape, channels, strides=1):
        """Return the shape after a step of `strides`, where each that was begun is kept."""
        sides = [None if side is None else -(-side // strides) for side in self.sides(shape)]
        if self.data_format == "channels_last":
            return (shape[0], *sides, channels)
        return (shape[0], channels, *sides)

    def get_config(self):
        config = {**super().get_config(), "data_format": self.data_format}
        frozen = self._frozen
        if self.built:
            frozen = [self._name_within(part) for part in parts_of(self) if not part.trainable]
        if self.trainable and frozen:
            config["frozen"] = list(frozen)
        return config

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        frozen = config.pop("frozen", ())
        layer = super().from_config(config)
        layer._frozen = tuple(frozen)
        return layer


class StridedLayer(ImageLayer):
    """A layer from images to images, which takes steps of `strides` and gives `filters` channels.

    Args:
        filters: Integer, channels of the output.
        strides: Integer, the step in both directions.
        **kwargs: Those of `ImageLayer`.
    """

    def __init__(self, filters: int, strides: int = 1, **kwargs):
        super().__init__(**kwargs)
        self.filters = arguments.positive_integer("filters", filters)
        self.strides = arguments.positive_integer("strides", strides)

    def compute_output_shape(self, input_shape):
        shape = shapes.image_shape(self, input_shape)
        return self.strided_shape(shape, self.filters, self.strides)

    def get_config(self):
        return {**super().get_config(), "filters": self.filters, "strides": self.strides}


def build_in_turn(shape, *layers):
    """Build the layers, each for what the one before it gives; `None` is no layer."""
    for layer in layers:
        if layer:
            layer.build(shape)
            shape = layer.compute_output_shape(shape)
