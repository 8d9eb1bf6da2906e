"""Compute what must come out alike on every backend, on that of this process.

KERAS_BACKEND=jax python tests/portable/compute.py FOLDER

writes FOLDER/jax.npz: arrays, each under a name that says what it is. All weights and inputs are
drawn by NumPy. FOLDER/model.keras is written by the backend that comes first, and read by the rest.
"""

import inspect
import itertools
import pathlib
import sys

import numpy as np

from reslib import framework  # noqa: F401  # isort: skip  (keeps the import of Keras quiet)
import keras

from reslib import detection, layers, models, probes
from reslib.probes.gradients import gradient, state_of

IMAGES = (6, 9, 8, 3)  # odd and even sides


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def with_drawn_weights(layer):
    """Return the layer with weights that hide nothing: no zeros, no ones, kernels by fan-in."""
    random = np.random.default_rng(1)
    for weight in layer.weights:
        if weight.name == "kernel":
            size = np.sqrt(2 / np.prod(weight.shape[:-1]))
            weight.assign(random.normal(size=weight.shape) * size)
        elif "seed" not in weight.name:
            weight.assign(random.uniform(0.5, 1.5, weight.shape))
    return layer


def of_layer(layer, *inputs, modes=("inference", "training")):
    """Yield the outputs in both modes, and of the last one new state and gradients."""
    several = len(inputs) > 1
    shapes = tuple(x.shape for x in inputs)
    layer.build(shapes if several else shapes[0])
    weights, state = state_of(with_drawn_weights(layer))
    has_modes = "training" in inspect.signature(layer.call).parameters

    def call(values, mode):
        own, inputs = values[: len(weights)], tuple(values[len(weights) :])
        options = {"training": mode == "training"} if has_modes else {}
        outputs, new_state = layer.stateless_call(
            own, state, inputs if several else inputs[0], **options
        )
        return keras.tree.flatten(outputs), new_state

    for mode in modes:
        outputs, new_state = call([*weights, *inputs], mode)
        yield from ((f"{mode}, output {i}", x) for i, x in enumerate(outputs))
    for variable, x in zip(layer.non_trainable_variables, new_state, strict=True):
        if "seed" not in variable.path:  # random numbers are each backend's own
            yield f"{mode}, new {variable.path}", x

    def total(*values):  # outputs that go in with weights of their own
        terms = (
            keras.ops.sum(keras.ops.multiply(x, draw(*x.shape, seed=2)))
            for x in call(values, modes[-1])[0]
        )
        return sum(terms)

    names = [variable.path for variable in layer.trainable_variables]
    names += [f"input {i}" for i in range(len(inputs))]
    slopes = gradient(total, [*weights, *inputs])
    yield from ((f"{mode}, gradient of {name}", x) for name, x in zip(names, slopes, strict=True))


BLOCKS = {
    "residual": layers.ResidualBlock,
    "bottleneck": layers.BottleneckBlock,
    "one layer": layers.OneLayerBlock,
    "pre-activation": layers.PreActivationBlock,
}


def of_blocks():
    options = itertools.product(BLOCKS, "ABC-", ("batch", None), (1, 2))
    for kind, shortcut, normalization, strides in options:
        block = BLOCKS[kind](
            4, strides, None if shortcut == "-" else shortcut, normalization, name="block"
        )
        modes = ("inference", "training") if normalization else ("inference",)  # else all the same
        for name, x in of_layer(block, draw(*IMAGES), modes=modes):
            yield f"{kind} block {shortcut}, {normalization}, stride {strides}: {name}", x
    for kind, make in BLOCKS.items():
        others = {
            "that survives": make(4, survival_probability=0.5, name="block"),
            "with channels first": make(12, 2, "B", data_format="channels_first", name="block"),
        }
        if kind == "bottleneck":
            others |= {"of the paper": make(4, 2, version="v1", name="block")}
        for which, block in others.items():
            modes = ("inference",) if which == "that survives" else ("inference", "training")
            for name, x in of_layer(block, draw(*IMAGES), modes=modes):
                yield f"{kind} block {which}: {name}", x


def of_other_layers():
    x, vectors = draw(*IMAGES), draw(6, 5)
    maps = [draw(2, *shape) for shape in [(15, 9, 2), (8, 5, 3), (4, 3, 4)]]
    cases = {
        f"batch normalization of {len(values.shape)} dimensions": (
            layers.BatchNormalization(momentum=0.9, name="layer"),
            [values],
        )
        for values in (vectors, x)
    }
    for size, strides, normalization in itertools.product((1, 3), (1, 2), ("batch", None)):
        convolution = layers.NormalizedConv2D(
            4, size, strides, "relu", normalization=normalization, name="layer"
        )
        cases[f"convolution {size}, stride {strides}, {normalization}"] = (convolution, [x])
    for options in (
        {},
        {"fusion": "concat"},
        {"lateral": False},
        {"top_down": False},
        {"outputs": "finest"},
        {"extra_levels": 2},
        {"extra_levels": 2, "extra_from": "backbone"},
    ):
        what = ", ".join(f"{name}={value}" for name, value in options.items())
        cases[f"pyramid {what}"] = (layers.FeaturePyramid(4, name="layer", **options), maps)
    cases["identity shortcut"] = (layers.IdentityShortcut(5, 2, name="layer"), [x])
    cases["mirrored relu"] = (layers.MirroredReLU(name="layer"), [x])
    for kind in ("nearest", "bilinear"):
        cases[f"upsampling, {kind}"] = (
            layers.UpSamplingTo(interpolation=kind, name="layer"),
            maps[1::-1],
        )
    for case, (layer, inputs) in cases.items():
        for name, values in of_layer(layer, *inputs):
            yield f"{case}: {name}", values


def of_probes():
    x, y = draw(12, 8, 7, 1), np.arange(12) % 10
    for block, shortcut in itertools.product(
        ("basic", "bottleneck", "one_layer", "pre_activation"), ("A", "B", None)
    ):
        depth = {"bottleneck": 11, "one_layer": 5}.get(block, 8)
        model = models.cifar_resnet(depth, shortcut, 4, (8, 7, 1), block=block)
        with_drawn_weights(model)
        # Else one class would stand out so far that no lesion could change an answer.
        bias, outputs = model.get_layer("logits").bias, keras.ops.convert_to_numpy(model(x))
        bias.assign(keras.ops.convert_to_numpy(bias.value) - outputs.mean(axis=0))
        name = f"network of {block} blocks, {shortcut}"
        before = model.get_weights()
        yield f"{name}: outputs", model(x, training=False)
        yield f"{name}: gradient norms", probes.gradient_norms(model, x, y)
        for through in (False, True):
            gradients = probes.input_gradients(model, x, through)
            yield f"{name}: input gradients, through statistics {through}", gradients
        # Against its own answers, so that a lesion shows in every answer that it changes.
        table = probes.lesion(model, x, np.argmax(keras.ops.convert_to_numpy(model(x)), axis=1))
        yield f"{name}: lesion", table[["error", "increase"]]
        yield f"{name}: what remains", np.array(table.remains.tolist())
        costs = probes.layer_table(model, expand_nested=True)
        yield f"{name}: costs", costs[["parameters", "multiply_adds"]]
        yield f"{name}: fields", costs.receptive_field.fillna(0).astype(int)
        if shortcut:
            yield f"{name}: branch ratio", probes.branch_ratio(model, x, batch_size=5)
            paths = list(itertools.product([False, True], repeat=3))
            yield f"{name}: path gradients", probes.path_gradients(model, x, y, paths)
        for i, (old, new) in enumerate(zip(before, model.get_weights(), strict=True)):
            yield f"{name}: change of weight {i}", new - old
    for activation in ("tanh", "sigmoid", "relu"):
        model = models.mlp(3, 10, (8, 7, 1), activation=activation, normalization="batch")
        yield f"saturation of {activation}", probes.saturation(with_drawn_weights(model), x)


def of_detection():
    grid = detection.Grid((16, 16), (2, 4))
    boxes = np.array([[[0, 0, 7, 7], [4, 6, 16, 15]]])
    classes, distances = grid.encode(boxes, np.array([[1, 3]]))
    logits = 3 * draw(1, len(grid.centres), 3) - 2
    predicted = np.exp(draw(1, len(grid.centres), 4, seed=1))
    yield "focal loss", detection.focal_loss(classes, logits)
    yield "distance loss", detection.distance_loss(distances, predicted)
    for loss, target, answer in (
        (detection.focal_loss, classes, logits),
        (detection.distance_loss, distances, predicted),
    ):
        total = gradient(lambda answer, f=loss, t=target: keras.ops.sum(f(t, answer)), [answer])
        yield f"gradient of {loss.__name__}", total[0]
    found = detection.detect(logits, predicted, grid)
    for name, values in vars(found).items():
        yield f"detections: {name}", values
    x = draw(2, 16, 16, 1)
    for make in (models.pyramid_detector, models.pyramid_segmenter):
        model = with_drawn_weights(make(2, blocks=(1, 1), input_shape=x.shape[1:]))
        for i, outputs in enumerate(keras.tree.flatten(model(x, training=False))):
            yield f"{make.__name__}: outputs {i}", outputs


def of_files(folder):
    """Yield the outputs of a model that another backend has written, and of one after a step."""
    path, x = folder / "model.keras", draw(12, 8, 7, 1)
    model = with_drawn_weights(models.cifar_resnet(8, "B", 4, (8, 7, 1)))
    if not path.exists():
        model.save(path)
    yield "model from a file: outputs", keras.saving.load_model(path)(x, training=False)
    model.compile(
        keras.optimizers.SGD(0.01, momentum=0.9),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    yield "loss of a step", np.array(model.train_on_batch(x, np.arange(12) % 10))
    for weight in model.weights:
        yield f"after a step: {weight.path}", weight


def main(folder):
    folder = pathlib.Path(folder)
    parts = (of_blocks(), of_other_layers(), of_probes(), of_detection(), of_files(folder))
    arrays = {}
    for name, values in itertools.chain(*parts):
        assert name not in arrays, f"two are called {name}"
        is_tensor = keras.ops.is_tensor(values) or isinstance(values, keras.Variable)
        arrays[name] = keras.ops.convert_to_numpy(values) if is_tensor else np.asarray(values)
    np.savez(folder / f"{keras.backend.backend()}.npz", **arrays)


if __name__ == "__main__":
    main(sys.argv[1])
