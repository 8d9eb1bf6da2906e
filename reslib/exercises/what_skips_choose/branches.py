"""The exercises of notebook 07 on the branches of blocks, up to 07.4."""

import math

import numpy as np

from reslib.exercises.answers import call, explain, outcome
from reslib.exercises.exercise import Mistake, exercise


@exercise(
    "07.1",
    "Count the paths of a residual network",
    hints=(
        "A path chooses in each block: F or the shortcut. How many paths are there in all?",
        "To get a path of length k, choose which k of the n blocks it takes F in. Their order is "
        "that of the network, so only *which* counts. `math.comb` counts just that.",
    ),
)
def paths(answer):
    for n, k in ((3, 1), (9, 0), (9, 4), (27, 9), (54, 54)):
        ways = math.comb(n, k)
        explain(
            call(answer, n, k),
            [ways / 2**n],
            {
                "that is how *many* paths have this length. Asked is their share of all.": [ways],
                (
                    "you count orders: first this block, then that, and the other way round. The "
                    "order is the network's, so each choice of blocks is one path."
                ): [math.perm(n, k) / 2**n],
                (
                    "you take all lengths for equally likely. There is one path of length 0, but "
                    "many that are half as long as the network."
                ): [1 / (n + 1)],
                "that is the share of all paths *up to* this length.": [
                    sum(math.comb(n, i) for i in range(k + 1)) / 2**n
                ],
                (
                    "you divide by n². Each block doubles the number of paths: how many are "
                    "there with n?"
                ): [ways / n**2],
                "you divide by the number of lengths, not by the number of paths.": [
                    math.comb(n, k) / (n + 1)
                ],
            },
            f"the share of the paths of length {k} through {n} blocks",
        )
    return (
        "Lengths follow the binomial distribution with one half. In ResNet-110, with 54 blocks, "
        f"{sum(math.comb(54, k) for k in range(19, 36)) / 2**54:.0%} of the paths go through 19 "
        "to 35 of them."
    )


def _block(filters=4, channels=4, strides=1, shortcut="A", seed=0):
    """Make a residual block with random weights and statistics."""
    from reslib.layers import ResidualBlock

    random = np.random.default_rng(seed)
    block = ResidualBlock(filters, strides=strides, shortcut=shortcut)
    block.build((None, 6, 6, channels))
    for variable in block.variables:
        values = random.standard_normal(variable.shape)
        variable.assign(0.5 + np.abs(values) if "variance" in variable.path else values)
    return block


def _array(tensor):
    import keras

    return keras.ops.convert_to_numpy(tensor)


def _branch(block, x):
    return _array(block.conv2(block.conv1(x)))


def _call_on_block(answer, block, x):
    """Call the answer on a block, which it must leave as it was."""
    before = block.get_weights()
    result = call(answer, block, x)
    if any(not np.array_equal(a, b) for a, b in zip(before, block.get_weights(), strict=True)):
        raise Mistake(
            "your answer changes the weights or statistics of the block. A measurement leaves "
            "what it measures as it was (inference mode: `training=False`)."
        )
    return result


@exercise(
    "07.2",
    "Take a block out of a network",
    hints=(
        "Write down the block as a formula, then cross out F. What is left?",
        "`block.shortcut_layer` is the shortcut, whatever kind it is. The sum is gone, but "
        "something still comes after it.",
    ),
)
def without_branch(answer):
    from reslib.layers import IdentityShortcut

    # Values of both signs, although a ReLU network has none: only so does the last ReLU tell.
    x = np.random.default_rng(1).standard_normal((3, 6, 6, 4)).astype("float32")
    for filters, strides, shortcut in ((8, 2, "B"), (4, 1, "C"), (8, 2, "A"), (4, 1, "A")):
        block = _block(filters, 4, strides, shortcut)
        kept = _array(block.shortcut_layer(x))
        branch = _branch(block, x)
        mistakes = {
            "the last ReLU is missing: it comes behind the sum, and stays when F is removed.": [
                kept
            ],
            (
                "you pass on the input as it is. Behind a block that changes the size, or has a "
                "projection, the next block would get what it has never seen: keep the shortcut."
            ): [x],
            (
                "you pass on the ReLU of the input. Behind a block that changes the size, or has "
                "a projection, the next block would get what it has never seen: keep the shortcut."
            ): [np.maximum(x, 0)],
            "you removed the shortcut and kept F. That turns the block into a plain one.": [
                np.maximum(branch, 0)
            ],
            "nothing comes through: F is gone, but so is the shortcut.": [np.zeros_like(kept)],
            "this is the whole block: F is still there.": [np.maximum(branch + kept, 0)],
            (
                "you put the shortcut A in place of the trained projection of this block. Keep "
                "what the block itself has."
            ): [np.maximum(_array(IdentityShortcut(filters, strides)(x)), 0)],
        }
        explain(
            _call_on_block(answer, block, x),
            [np.maximum(kept, 0)],
            mistakes,
            f"what is left of a block with {filters} filters, strides {strides} and shortcut "
            f"{shortcut} on 4 channels",
        )
    return (
        "This is what `probes.lesion` does to one block after the other. Of "
        "a plain block nothing would be left."
    )


@exercise(
    "07.3",
    "Measure how much a block adds",
    hints=(
        "F(x) is what is added to x, before any ReLU: the block's convolutions, one after the "
        "other, as `block.branch()` lists them.",
        "The size is the root of the mean of the squares, over all values of the whole batch: one "
        "number for F(x), one for x, and one division.",
    ),
)
def ratio(answer):
    random = np.random.default_rng(2)
    for seed, images in ((3, 4), (4, 7)):
        # Of different contrast, so that a mean of ratios is not the ratio of the means.
        contrast = np.geomspace(0.1, 3, images)[:, None, None, None]
        x = np.maximum(contrast * random.standard_normal((images, 6, 6, 4)), 0).astype("float32")
        block = _block(seed=seed)
        f, y = _branch(block, x), _array(block(x))
        first = _array(block.conv1(x))
        explain(
            _call_on_block(answer, block, x),
            [_size(f) / _size(x)],
            {
                (
                    "that is the size of the *output* of the block. It contains x itself, and so "
                    "can hardly be small."
                ): [_size(y) / _size(x)],
                (
                    "you take F(x) for the difference of output and input. But the last ReLU comes "
                    "in between: what it cut off is missing."
                ): [_size(y - x) / _size(x)],
                "there is a ReLU behind your F(x). The block adds x before it.": [
                    _size(np.maximum(f, 0)) / _size(x)
                ],
                "that is what the first convolution gives. F has two of them.": [
                    _size(first) / _size(x)
                ],
                (
                    "you take the mean of the images' ratios. A dark image, in which x is small, "
                    "then counts as much as all others: divide the two sizes over the whole batch."
                ): [np.mean([_size(a) / _size(b) for a, b in zip(f, x, strict=True)])],
                "that is the ratio of the squares: the roots are missing.": [
                    np.mean(f**2) / np.mean(x**2)
                ],
                "these are means of absolute values, not roots of mean squares.": [
                    np.abs(f).mean() / np.abs(x).mean()
                ],
                "your ratio is upside down.": [_size(x) / _size(f)],
                "you divide by the sum F(x) + x. Asked is F(x) relative to x.": [
                    _size(f) / _size(f + x)
                ],
            },
            "the ratio",
        )
    return (
        "Near 0 the block does nothing, near 1 it adds as much as it passes on. "
        "`probes.branch_ratio` measures it for every block of a network."
    )


def _size(x):
    return np.sqrt(np.mean(np.square(x, dtype="float64")))


@exercise(
    "07.4",
    "Drop a branch at random",
    hints=(
        "In training draw one random number for the whole batch. Should F survive if it is below "
        "or above `survival`?",
        "In training F comes through as it is, or not at all; its mean over many steps is "
        "`survival` times F. What must inference pass on, so that the next block meets the same "
        "on average?",
    ),
)
def drop(answer):
    f = np.random.default_rng(5).uniform(0.5, 2, (8, 3, 3, 2)).astype("float32")
    for survival in (0.8, 0.4):
        in_inference = [outcome(call(answer, f, survival, False), "F") for _ in range(80)]
        in_training = [outcome(call(answer, f, survival, True), "F") for _ in range(200)]
        for result in (*in_inference, *in_training):
            if result.shape != f.shape:
                raise Mistake(f"the result has the shape {result.shape}, F has {f.shape}.")
        _judge_drops(f, survival, in_training, in_inference)
        explain(
            in_inference[0],
            [survival * f],
            {
                (
                    "in inference F passes as it is. In training it came through only in a share "
                    "`survival` of the steps, so the next block now gets more than it ever met: "
                    "multiply by `survival`."
                ): [f],
                "in inference you divide by `survival`: F must become smaller, not larger.": [
                    f / survival
                ],
                "in inference you multiply by the chance of being dropped.": [(1 - survival) * f],
            },
            "what passes in inference",
        )
    return "The network that trains is shallower than the one that is used."


def _judge_drops(f, survival, in_training, in_inference):
    """Refuse an F that does not survive as a whole, as it is, and as often as it should."""
    changes = any(not np.array_equal(result, in_inference[0]) for result in in_inference)
    same = all(np.array_equal(result, in_training[0]) for result in in_training)
    if changes and same:
        raise Mistake("training and inference are exchanged: you draw at random in inference.")
    if changes:
        raise Mistake("in inference nothing may be random: the same picture, the same answer.")
    if same:
        raise Mistake(
            "in training the same comes out in each of 200 steps. Is there a draw at all? A random "
            "generator made with a seed inside the function gives the same first number every time."
        )
    zeros = np.array([result == 0 for result in in_training])
    whole = zeros.all(axis=(1, 2, 3, 4)) | ~zeros.any(axis=(1, 2, 3, 4))
    if not whole.all():
        examples = zeros.reshape(len(zeros), len(f), -1)
        if (examples.all(axis=2) | ~examples.any(axis=2)).all():
            raise Mistake(
                "you draw for each example. Other libraries do so, but in the paper one draw holds "
                "for the whole batch: the block is there, or it is not."
            )
        raise Mistake("you drop single values, as dropout does. Drop all of F, or nothing.")
    survived = ~zeros.all(axis=(1, 2, 3, 4))
    explain(
        in_training[int(survived.argmax())],
        [f],
        {
            (
                "you divide by `survival` in training. Other libraries do so; in the paper what "
                "survives passes unchanged, and inference multiplies by `survival`."
            ): [f / survival],
            "you multiply by `survival` in training. What survives passes unchanged.": [
                f * survival
            ],
        },
        "what survives",
    )
    often = survived.mean()
    if abs(often - survival) > 0.2:  # more than five standard deviations
        if abs(often + survival - 1) < 0.2:
            raise Mistake(
                f"with survival={survival} F was kept in {often:.0%} of the steps: `survival` is "
                "the chance of being kept, not of being dropped."
            )
        raise Mistake(f"with survival={survival} F was kept in {often:.0%} of the steps.")
