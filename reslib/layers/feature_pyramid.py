"""Skips between maps of different resolution."""

from __future__ import annotations

import inspect

import keras
from keras import ops

from reslib import arguments
from reslib.layers import shapes
from reslib.layers.image_layer import ImageLayer
from reslib.layers.normalized_conv2d import NormalizedConv2D
from reslib.layers.upsampling_to import UpSamplingTo


@keras.saving.register_keras_serializable(package="reslib")
class FeaturePyramid(ImageLayer):
    """Hands what the coarse maps of a backbone know down to its fine maps.

    A backbone's fine maps know where things are and its coarse maps what they are. A 1×1
    convolution (the lateral connection) brings each map C to the same `channels`. From the
    coarsest on each result is enlarged to twice the size and fused with the next finer one (the
    top-down path). A 3×3 convolution then smooths each level, and gives P. There are no
    activations.

    The switches are the rows of the paper's table 1:

    - (c) the pyramid: the defaults;
    - (d) without the top-down path: `top_down=False`, each level by itself;
    - (e) without lateral connections: `lateral=False`, the coarsest map enlarged again and again;
    - (f) the finest level only: `outputs="finest"`;
    - (a, b) a single map of the backbone: a tuple with that map alone.

    Args:
        channels: Integer, channels of every output.
        fusion: `"add"`, or `"concat"` for a concatenation that a 1×1 convolution brings back to
            `channels`. A sum is the special case in which this convolution adds the halves.
        lateral: Boolean, whether the finer maps of the backbone take part.
        top_down: Boolean, whether coarser levels are handed down.
        outputs: `"all"`, or `"finest"` for P of the finest map alone.
        extra_levels: Integer, how many still coarser levels to add (P6, P7, …), each by a 3×3
            convolution with a stride of 2; from the second on after a ReLU.
        extra_from: `"pyramid"` makes the first extra level from the coarsest P (P5), `"backbone"`
            from the coarsest C (C5).
        data_format: `"channels_last"`, `"channels_first"`, or `None` for Keras's setting.

    Input shape:
        Tuple of maps, finest first, each `(batch, height, width, channels)` or channels first.
        Height and width are halved, and rounded up, from each to the next.

    Output shape:
        Tuple of maps with the sizes of the inputs, then the extra levels.

    Raises:
        ValueError: for an argument or input shapes other than those above.

    Reference:
        Lin et al., 2017, "Feature Pyramid Networks for Object Detection", section 3, figure 3 and
        table 1. Extra levels: Lin et al., 2017, "Focal Loss for Dense Object Detection", section 4,
        from C5; Tian et al., 2019, "FCOS", section 3.2, from P5.

    Example:

    >>> maps = [keras.ops.ones((1, *shape)) for shape in [(15, 9, 8), (8, 5, 16), (4, 3, 32)]]
    >>> [tuple(level.shape) for level in FeaturePyramid(8)(tuple(maps))]
    [(1, 15, 9, 8), (1, 8, 5, 8), (1, 4, 3, 8)]
    """

    def __init__(
        self,
        channels: int = 256,
        fusion: str = "add",
        lateral: bool = True,
        top_down: bool = True,
        outputs: str = "all",
        extra_levels: int = 0,
        extra_from: str = "pyramid",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.channels = arguments.positive_integer("channels", channels)
        self.fusion = arguments.one_of("fusion", fusion, ("add", "concat"))
        self.lateral = arguments.boolean("lateral", lateral)
        self.top_down = arguments.boolean("top_down", top_down)
        self.outputs = arguments.one_of("outputs", outputs, ("all", "finest"))
        self.extra_levels = arguments.integer(
            "extra_levels", extra_levels, "an integer of at least 0", lambda value: value >= 0
        )
        self.extra_from = arguments.one_of("extra_from", extra_from, ("pyramid", "backbone"))
        if fusion == "concat" and not (lateral and top_down):
            raise ValueError(
                "fusion must be 'add' without lateral connections or the top-down path, where "
                f"there is nothing to fuse; received {fusion!r} with lateral={lateral}, "
                f"top_down={top_down}"
            )
        if extra_levels and outputs == "finest":
            raise ValueError(
                f"extra_levels must be 0 with outputs='finest', received {extra_levels}"
            )

    def build(self, input_shape):
        maps = shapes.map_shapes(self, input_shape)
        self.levels = len(maps)
        if self.levels > 1 and not (self.lateral or self.top_down):
            raise ValueError(
                "lateral and top_down must not both be False: nothing would reach the finer levels"
            )
        if self.levels > 1 and self.outputs == "finest" and not self.top_down:
            raise ValueError(
                "outputs='finest' needs top_down=True: without it the finest level is that of the "
                f"finest map alone, and the layer must be given no other; received {self.levels}"
            )
        inner = [self.strided_shape(shape, self.channels) for shape in maps]
        coarsest = self.levels - 1

        # Lists by level, finest first, with None where a level has no such layer.
        self.laterals = [
            self._convolution(f"lateral{level + 1}", 1, shape)
            if self.lateral or level == coarsest
            else None
            for level, shape in enumerate(maps)
        ]
        self.upsampling = [
            self._upsampling(f"upsampling{level + 1}", inner[level + 1], inner[level])
            if self.top_down
            else None
            for level in range(coarsest)
        ]
        self.merges = [
            self._convolution(
                f"merge{level + 1}", 1, self.strided_shape(maps[level], 2 * self.channels)
            )
            if self.fusion == "concat"
            else None
            for level in range(coarsest)
        ]
        self.smoothing = [
            self._convolution(f"output{level + 1}", 3, shape)
            if self.outputs == "all" or level == 0
            else None
            for level, shape in enumerate(inner)
        ]
        self.extras = []
        shape = inner[-1] if self.extra_from == "pyramid" else maps[-1]
        for level in range(self.levels, self.levels + self.extra_levels):
            extra = self.part(
                NormalizedConv2D,
                self.channels,
                3,
                strides=2,
                normalization=None,
                name=f"output{level + 1}",
            )
            extra.build(shape)
            shape = extra.compute_output_shape(shape)
            self.extras.append(extra)
        super().build(input_shape)

    def call(self, inputs):
        self._check_number(shapes.map_shapes(self, shapes.shapes_of(inputs)))
        above = self.laterals[-1](inputs[-1])
        levels = [above]
        for level in reversed(range(self.levels - 1)):
            x = self.laterals[level](inputs[level]) if self.lateral else None
            if self.top_down:
                x = self._fused(level, x, self.upsampling[level]((above, inputs[level])))
            levels.insert(0, x)
            above = x
        outputs = [
            convolution(x)
            for convolution, x in zip(self.smoothing, levels, strict=True)
            if convolution
        ]
        x = outputs[-1] if self.extra_from == "pyramid" else inputs[-1]
        for i, convolution in enumerate(self.extras):
            x = convolution(ops.relu(x) if i else x)
            outputs.append(x)
        return tuple(outputs)

    def _fused(self, level, x, from_above):
        if x is None:
            return from_above
        if self.fusion == "add":
            return x + from_above
        return self.merges[level](ops.concatenate((x, from_above), self.channel_axis))

    def _convolution(self, name, kernel_size, shape):
        layer = self.part(
            keras.layers.Conv2D,
            self.channels,
            kernel_size,
            padding="same",
            # Nothing but sums and convolutions follow each other here, so that the variance is
            # kept by kernels of variance 1 / fan-in, without the 2 that makes up for a ReLU.
            kernel_initializer="lecun_normal",
            name=name,
        )
        layer.build(shape)
        return layer

    def _upsampling(self, name, coarse, fine):
        layer = self.part(UpSamplingTo, 2, name=name)
        layer.build((coarse, fine))
        return layer

    def _check_number(self, maps):
        if self.built and len(maps) != self.levels:
            raise ValueError(f"{self.name} was built for {self.levels} maps, received {len(maps)}")

    def compute_output_shape(self, input_shape):
        maps = shapes.map_shapes(self, input_shape)
        self._check_number(maps)
        outputs = [self.strided_shape(shape, self.channels) for shape in maps]
        for _ in range(self.extra_levels):
            outputs.append(self.strided_shape(outputs[-1], self.channels, 2))
        return tuple(outputs[:1] if self.outputs == "finest" else outputs)

    def get_config(self):
        return {
            **super().get_config(),
            "channels": self.channels,
            "fusion": self.fusion,
            "lateral": self.lateral,
            "top_down": self.top_down,
            "outputs": self.outputs,
            "extra_levels": self.extra_levels,
            "extra_from": self.extra_from,
        }

    @classmethod
    def from_config(cls, config):
        # Keras's loader of .h5 files takes the word "add" for the function keras.layers.add.
        if inspect.isfunction(config.get("fusion")):
            config = {**config, "fusion": config["fusion"].__name__}
        return super().from_config(config)
