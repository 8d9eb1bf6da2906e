"""The exercises of notebook 04 on blocks built of Keras layers: 04.3 and 04.4."""

import itertools

import numpy as np

from reslib.exercises.answers import explain, same
from reslib.exercises.exercise import Mistake, Unanswered, exercise
from reslib.exercises.residual_blocks.references import (
    ADDED_AFTER,
    array,
    blocks_of_equal_size,
    build,
    down_sampling_blocks,
    randomize,
)
from reslib.seeding import generator


@exercise(
    "04.3",
    "Find the bugs in a down-sampling block",
    hints=(
        "There are three, and none raises an error. Follow x through the block on paper, with "
        "the size of the maps at each step.",
        "Look at where the stride is, at what enters the 1×1 convolution, and at what comes last.",
    ),
)
def down_sampling(answer):
    shape, filters = (9, 7, 3), 5
    model = build(answer, shape, filters)
    kernels, normalizations = randomize(model)
    projection = [k for k in kernels if k.shape[:2] == (1, 1)]
    main = sorted((k for k in kernels if k.shape[:2] == (3, 3)), key=lambda k: k.shape[2])
    if not projection:
        raise Mistake(
            "the projection is missing: there is no 1×1 convolution to change the channels of x."
        )
    if len(projection) > 1 or [k.shape[2:] for k in main] != [(3, filters), (filters, filters)]:
        raise Mistake(
            "expected two 3×3 convolutions and one of 1×1, found the kernels "
            f"{sorted(k.shape for k in kernels)}."
        )
    _own_normalizations(normalizations, 3)
    x = generator(43).normal(size=(2, *shape)).astype("float32")
    found = array(model(x, training=False))
    matching = [
        bugs
        for order in itertools.permutations(normalizations)
        for bugs, value in down_sampling_blocks(x, [*main, *projection], order)
        if same(found, value, ROUNDING)
    ]
    if found.shape != (2, 5, 4, filters):
        raise Mistake(
            f"maps of 9×7 should become 5×4 with {filters} channels; yours have the shape "
            f"{found.shape[1:]}."
        )
    if not matching:
        raise Mistake(
            "the output is not relu(F(x) + projection(x)), and the "
            "mistake is none of those that were planted."
        )
    bugs = min(matching, key=len)
    if set(bugs) == {"stride", "source", "after"}:
        raise Unanswered("all three bugs are still in.")
    if len(bugs) > 1:
        places = {"stride": "where the maps become smaller", "source": "where the shortcut starts"}
        where = " and ".join(places.get(bug, "what happens around the sum") for bug in bugs)
        raise Mistake(f"{len(bugs)} bugs are left. Look at {where}.")
    if bugs:
        raise Mistake(DOWN_SAMPLING_BUGS[bugs[0]])
    return (
        "right. With the stride where it belongs both 3×3 convolutions work at low resolution: "
        "the first costs a quarter of what it did."
    )


ROUNDING = 0.02  # also the epsilon of a normalization, which a reader may choose


def _own_normalizations(normalizations, count):
    """Refuse fewer normalizations than convolutions, or more."""
    found = len(normalizations)
    if found < count:
        raise Mistake(
            f"there are {count} convolutions and {found} batch normalization{'s' * (found != 1)}. "
            "Each convolution needs one of its own: each has a mean and a variance of its own."
        )
    if found > count:
        raise Mistake(
            f"there are {found} batch normalizations for {count} convolutions: one behind each is "
            "enough."
        )


DOWN_SAMPLING_BUGS = {
    "stride": "the stride is on the second convolution, so the first works at full resolution, at "
    "four times the cost.",
    "source": "the projection does not start at the block's input, so x has no way around the "
    "convolutions.",
    "after": ADDED_AFTER,
    "none": "there is no ReLU after the sum: the block gives out negative values.",
    "between": "the ReLU between the two 3×3 convolutions is gone: now they are one linear map.",
    "inner": "the branch ends with a ReLU of its own, so it can only add, never take away.",
    "outer": "the projection has a ReLU of its own; the shortcut should stay linear.",
    "alone": "nothing is added: the shortcut is left out of the sum.",
}


@exercise(
    "04.4",
    "Build a block that starts as the identity",
    hints=(
        "Batch norm ends with a factor γ for each channel. What does the branch give if that is 0?",
        "There are two normalizations. Behind the first comes a ReLU, whose slope at 0 is 0: what "
        "is zero there stays zero. BatchNormalization takes a gamma_initializer.",
    ),
)
def identity_start(answer):
    import keras

    keras.utils.set_random_seed(45)
    model = build(answer, (6, 6, 4), 4)
    x = np.abs(generator(45).normal(size=(16, 6, 6, 4))).astype("float32")
    kernels = [v for v in model.variables if len(v.shape) == 4]
    if not kernels:
        raise Mistake("there is no convolution in the block, so it has nothing to learn with.")
    if any(not v.trainable for v in model.variables if not v.name.startswith("moving_")):
        raise Mistake(
            "some weights are frozen (`trainable=False`): what they are at the start they stay, "
            "and the block could not leave the identity with them."
        )
    kind = _kind(model, x)
    if kind == "silent":
        raise Mistake(
            "whatever the weights are, your block gives x: the branch has no say, now or ever. "
            "Let it give 0 because one of its *weights* is 0, which training can change."
        )
    found = array(model(x, training=True))
    if kind in SUMS:
        raise Mistake(SUMS[kind])
    if found.shape == x.shape and not found.any():
        raise Mistake(
            "your block gives zeros whatever enters. Without a shortcut a γ of 0 lets nothing "
            "through, neither signal nor gradient: a plain block cannot start this way."
        )
    if kind == "plain":
        raise Mistake("your block has no shortcut: x is not added to what the branch gives.")
    mistakes = {"with F = 0 your block doubles its input: x is added twice.": [2 * x]}
    if kind is not None:
        mistakes[
            "F is not 0 at the start: this is a residual block as usual. Which weight can you "
            "let begin at 0, so that the branch gives nothing?"
        ] = [found]
    name = "at the start, for values that are not negative, the output"
    explain(found, [x], mistakes, name, tolerance=1e-3)
    gammas = [v for v in model.trainable_variables if v.name == "gamma"]
    zero = [not np.any(gamma) for gamma in gammas]
    first = _step(model, x)
    moved = _size(array(model(x, training=True)) - x) / _size(x)
    if not any(first.values()):
        raise Mistake(
            "F = 0, and it stays so: no weight gets a gradient, since the zeros of the branch go "
            "through a ReLU, whose slope at 0 is 0. The branch should end without one."
        )
    second = _step(model, x)
    dead = [v for v in kernels if not second[v.path]]
    if dead:
        which = "every γ is 0" if gammas and all(zero) else "the wrong factor is 0"
        raise Mistake(
            f"F = 0, but {which}, and after a step of gradient descent {len(dead)} of "
            f"{len(kernels)} kernels still get no gradient: behind the "
            "first convolution zeros meet a ReLU, whose slope at 0 is 0."
        )
    if moved > 0.1:
        raise Mistake(
            f"F = 0 at the start, but one tiny step changes the output by {moved:.0%}: the kernel "
            "in front of a normalization is 0, and the normalization divides by its size, however "
            "small. Let the factor behind the normalization be 0."
        )
    if kind == "between":
        raise Mistake(
            "the ReLU between the two convolutions is missing: without it they are one linear map, "
            "and a single convolution could do what both do."
        )
    if kind == "open":
        raise Mistake(
            "it starts as the identity and can leave it, but no ReLU comes behind the sum. (A "
            "block without one has its normalizations and ReLUs in front of the convolutions.)"
        )
    if kind is None:
        raise Mistake(
            "it starts as the identity and can leave it, but it is another block than the one "
            "asked for: F is two 3×3 convolutions, each with batch norm, with a ReLU between them."
        )
    _normalize_well(model)
    return (
        f"right. A tiny step of gradient descent moves the output by {moved:.1e} of its size, "
        "and then every kernel gets a gradient: it starts as the identity and can leave it."
    )


SUMS = {
    "minus": "you subtract what the branch gives. The block adds it to x.",
    "reverse": "you subtract x from what the branch gives. The block adds the two.",
    "product": "you multiply x by what the branch gives. The block adds the two.",
}


def _normalize_well(model):
    """Refuse a block without batch norm, or one with numbers that no batch norm can have."""
    norms = [layer for layer in model._flatten_layers() if hasattr(layer, "momentum")]
    if not norms:
        raise Mistake(
            "it starts as the identity and can leave it, by zeros in the last kernel. But there is "
            "no batch norm behind the convolutions: with one, which factor can do the same?"
        )
    for layer in norms:
        if not 0 <= layer.momentum < 1:
            raise Mistake(
                f"a batch norm has the momentum {layer.momentum:.3g}. It is the share of the old "
                "mean that is kept at each step, from 0 to 1."
            )
        if not 0 < layer.epsilon < 0.1:
            raise Mistake(
                f"a batch norm has the ε {layer.epsilon:.3g}. It is a small positive number, which "
                "keeps the variance by which it divides away from 0."
            )


def _kind(model, x):
    """Tell the kind of block by what it gives with random weights; `None` if it is another."""
    weights = model.get_weights()
    kernels, normalizations = randomize(model)
    found = array(model(x, training=False))
    model.set_weights(weights)
    if [k.shape for k in kernels] != [(3, 3, 4, 4)] * 2:
        raise Mistake(
            f"expected two 3×3 convolutions that keep the 4 channels, found the kernels "
            f"{sorted(k.shape for k in kernels)}."
        )
    if normalizations:  # a block without any can start as the identity, too
        _own_normalizations(normalizations, 2)
    kinds = (
        kind
        for kernels in itertools.permutations(kernels)
        for order in itertools.permutations(normalizations)
        for kind, value in blocks_of_equal_size(x, kernels, order)
        if same(found, value, ROUNDING)
    )
    return next(kinds, None)


def _size(x):
    return float(np.sqrt(np.mean(x**2)))


def _step(model, x, rate=1e-3):
    """Make one step of gradient descent, and return which variables got a gradient."""
    from keras import ops

    from reslib.probes.gradients import gradient, state_of

    wanted = ops.convert_to_tensor(generator(46).normal(size=x.shape).astype("float32"))
    weights, state = state_of(model)

    def loss(*weights):
        outputs, _ = model.stateless_call(weights, state, x, training=True)
        return ops.mean((outputs - wanted) ** 2)

    variables = model.trainable_variables
    slopes = gradient(loss, weights)
    for variable, slope in zip(variables, slopes, strict=True):
        variable.assign_sub(rate * slope)
    return {v.path: bool(np.any(slope)) for v, slope in zip(variables, slopes, strict=True)}
