"""The exercises of notebook 07."""

import math

import numpy as np

from reslib.exercises.exercise import Mistake, call, exercise
from reslib.exercises.expecting import as_array, expect

FAILURES = (
    "overfitting",
    "vanishing or exploding gradients",
    "degradation",
    "shattered gradients",
)


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
        expect(
            call(answer, n, k),
            ways / 2**n,
            [
                (
                    ways,
                    "that is how *many* paths have this length. Asked is their share of all.",
                ),
                (
                    math.perm(n, k) / 2**n,
                    "you count orders: first this block, then that, and the other way round. The "
                    "order is the network's, so each choice of blocks is one path.",
                ),
                (
                    1 / (n + 1),
                    "you take all lengths for equally likely. There is one path of length 0, but "
                    "many that are half as long as the network.",
                ),
                (
                    sum(math.comb(n, i) for i in range(k + 1)) / 2**n,
                    "that is the share of all paths *up to* this length.",
                ),
                (
                    ways / n**2,
                    "you divide by n². Each block doubles the number of paths: how many are "
                    "there with n?",
                ),
                (
                    math.comb(n, k) / (n + 1),
                    "you divide by the number of lengths, not by the number of paths.",
                ),
            ],
            f"the share of the paths of length {k} through {n} blocks",
        )
    return (
        "Lengths follow the binomial distribution with one half. In ResNet-110, with 54 blocks, "
        f"{sum(math.comb(54, k) for k in range(19, 36)) / 2**54:.0%} of the paths go through 19 "
        "to 35 of them."
    )


def _block(filters=4, channels=4, strides=1, shortcut="A", seed=0):
    """A residual block with random weights and statistics."""
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


def _branch(block, x, training=False):
    """F(x), by a copy of the block: in training mode its statistics would move."""
    if training:
        block = _copy(block)
    return _array(block.conv2(block.conv1(x, training=training), training=training))


def _copy(block):
    copy = type(block).from_config(block.get_config())
    copy.build(block.get_build_config()["input_shape"])
    copy.set_weights(block.get_weights())
    return copy


def _call_on_block(answer, block, x):
    """What the answer gives for a block, which it must leave as it was."""
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
        mistakes = [
            (
                kept,
                "the last ReLU is missing: it comes behind the sum, and stays when F is removed.",
            ),
            (
                x,
                "you pass on the input as it is. Behind a block that changes the size, or has a "
                "projection, the next block would get what it has never seen: keep the shortcut.",
            ),
            (
                np.maximum(x, 0),
                "you pass on the ReLU of the input. Behind a block that changes the size, or has "
                "a projection, the next block would get what it has never seen: keep the shortcut.",
            ),
            (
                np.maximum(branch, 0),
                "you removed the shortcut and kept F. That turns the block into a plain one.",
            ),
            (np.zeros_like(kept), "nothing comes through: F is gone, but so is the shortcut."),
            (np.maximum(branch + kept, 0), "this is the whole block: F is still there."),
            (
                np.maximum(_array(IdentityShortcut(filters, strides)(x)), 0),
                "you put the shortcut A in place of the trained projection of this block. Keep "
                "what the block itself has.",
            ),
        ]
        if shortcut in "BC":
            in_training = _array(_copy(block).shortcut_layer(x, training=True))
            mistakes.append(
                (
                    np.maximum(in_training, 0),
                    "the projection is normalized by the statistics of this batch. A lesion is "
                    "measured in inference.",
                )
            )
        expect(
            _call_on_block(answer, block, x),
            np.maximum(kept, 0),
            mistakes,
            f"what is left of a block with {filters} filters, strides {strides} and shortcut "
            f"{shortcut} on 4 channels",
        )
    return (
        "This is what `probes.lesion` does to one block after the other. Of a plain block nothing "
        "would be left."
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
        expect(
            _call_on_block(answer, block, x),
            _size(f) / _size(x),
            [
                (
                    _size(y) / _size(x),
                    "that is the size of the *output* of the block. It contains x itself, and so "
                    "can hardly be small.",
                ),
                (
                    _size(y - x) / _size(x),
                    "you take F(x) for the difference of output and input. But the last ReLU comes "
                    "in between: what it cut off is missing.",
                ),
                (
                    _size(np.maximum(f, 0)) / _size(x),
                    "there is a ReLU behind your F(x). The block adds x before it.",
                ),
                (
                    _size(first) / _size(x),
                    "that is what the first convolution gives. F has two of them.",
                ),
                (
                    np.mean([_size(a) / _size(b) for a, b in zip(f, x, strict=True)]),
                    "you take the mean of the images' ratios. A dark image, in which x is small, "
                    "then counts as much as all others: divide the two sizes over the whole batch.",
                ),
                (
                    np.mean(f**2) / np.mean(x**2),
                    "that is the ratio of the squares: the roots are missing.",
                ),
                (
                    np.abs(f).mean() / np.abs(x).mean(),
                    "these are means of absolute values, not roots of mean squares.",
                ),
                (_size(x) / _size(f), "your ratio is upside down."),
                (
                    _size(f) / _size(f + x),
                    "you divide by the sum F(x) + x. Asked is F(x) relative to x.",
                ),
                (
                    _size(_branch(block, x, training=True)) / _size(x),
                    "the block ran in training mode, where the batch's own statistics make every "
                    "F(x) about equally large.",
                ),
            ],
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
        in_inference = [as_array(call(answer, f, survival, False), "F") for _ in range(20)]
        in_training = [as_array(call(answer, f, survival, True), "F") for _ in range(300)]
        for result in (*in_inference, *in_training):
            if result.shape != f.shape:
                raise Mistake(f"the result has the shape {result.shape}, F has {f.shape}.")
        _judge_drops(f, survival, in_training, in_inference)
        expect(
            in_inference[0],
            survival * f,
            [
                (
                    f,
                    "in inference F passes as it is. In training it came through only in a share "
                    "`survival` of the steps, so the next block now gets more than it ever met: "
                    "multiply by `survival`.",
                ),
                (
                    f / survival,
                    "in inference you divide by `survival`: F must become smaller, not larger.",
                ),
                (
                    (1 - survival) * f,
                    "in inference you multiply by the chance of being dropped.",
                ),
            ],
            "what passes in inference",
        )
    return (
        "The network that trains is shallower than the one that is used, and each block learns "
        "to do without its neighbours. That is why a lesion hurts such a network less."
    )


def _judge_drops(f, survival, in_training, in_inference):
    """Whether F survives as a whole, as it is, and as often as it should."""
    changes = any(not np.array_equal(result, in_inference[0]) for result in in_inference)
    same = all(np.array_equal(result, in_training[0]) for result in in_training)
    if changes and same:
        raise Mistake("training and inference are exchanged: you draw at random in inference.")
    if changes:
        raise Mistake("in inference nothing may be random: the same picture, the same answer.")
    if same:
        raise Mistake(
            "in training the same comes out in each of 300 steps. Is there a draw at all? A random "
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
    expect(
        in_training[int(survived.argmax())],
        f,
        [
            (
                f / survival,
                "you divide by `survival` in training. Other libraries do so; in the paper what "
                "survives passes unchanged, and inference multiplies by `survival`.",
            ),
            (
                f * survival,
                "you multiply by `survival` in training. What survives passes unchanged.",
            ),
        ],
        "what survives",
    )
    often = survived.mean()
    if abs(often - survival) > 0.15:  # five standard deviations
        what = "`survival` is the chance of being kept" if abs(often + survival - 1) < 0.15 else ""
        raise Mistake(
            f"with survival={survival} F was kept in {often:.0%} of the steps"
            + (f": {what}, not of being dropped." if what else ".")
        )


@exercise(
    "07.5",
    "Write the map of the four failures as code",
    hints=(
        "Each failure has a sign of its own, measured by its own numbers, and several can come "
        "together: four separate questions, not one after the other.",
        "Overfitting needs two errors of the same network. Degradation needs the training errors "
        "of two networks. A ratio can be far from 1 on both sides.",
    ),
)
def diagnose(answer):
    for numbers, right, condition in _networks():
        result = call(answer, **numbers)
        found = {result} if isinstance(result, str) else result
        if not isinstance(found, (set, list, tuple)):
            raise Mistake(f"the answer must give a set of names, not {result!r}.")
        found = set(found)
        if unknown := found - set(FAILURES):
            names = ", ".join(map(repr, FAILURES))
            raise Mistake(f"the names are {names}; the answer has {unknown.pop()!r}.")
        if found != right:
            measured = ", ".join(f"{name}={value:.2g}" for name, value in numbers.items())
            text = _misdiagnosis(found, right, condition, numbers)
            raise Mistake(f"{text} (The network has {measured}.)")
    return (
        "That is the course in one function: four failures, four measurements. A skip connection "
        "is an answer to some of them only; which ones, the map in notebook 07 says with numbers."
    )


def _networks():
    """Measured numbers that leave no doubt, the failures in them, and what else is to be known."""
    random = np.random.default_rng(6)
    # First each network with one failure or none, then those with several.
    conditions = ("healthy", "overfitting", "degradation", "underfitting")
    gradients = ("usual", "vanishing", "exploding")
    cases = [(c, g, s) for c in conditions for g in gradients for s in (False, True)]
    cases.sort(key=lambda case: (case[1] != "usual") + case[2] + (case[0] in conditions[1:3]))
    for condition, gradient, shattered in cases:
        train = random.uniform(0.5, 0.6) if condition[0] in "du" else random.uniform(0.02, 0.04)
        gap = 0.35 if condition == "overfitting" else 0.01
        nested = 0.06 if condition == "degradation" else train + 0.02
        power = {"usual": random.uniform(-0.5, 0.5), "vanishing": -6, "exploding": 5}[gradient]
        numbers = {
            "train_error": train,
            "test_error": train + gap,
            "nested_train_error": nested,
            "gradient_ratio": 10**power,
            "correlation": random.uniform(-0.03, 0.03) if shattered else random.uniform(0.7, 0.9),
        }
        right = {condition} & set(FAILURES)
        right |= {FAILURES[1]} if gradient != "usual" else set()
        right |= {FAILURES[3]} if shattered else set()
        yield numbers, right, condition


def _misdiagnosis(found, right, condition, numbers):
    """What was overlooked or seen without reason in one network."""
    if found and found < right:
        return (
            "you stop at the first failure that you find. Several can come together: return all "
            "of them."
        )
    for extra in FAILURES:
        if extra in found - right:
            return _false_alarm(extra, condition)
    (missing, *_) = [name for name in FAILURES if name in right - found]
    if missing == FAILURES[1]:
        side = "exploding" if numbers["gradient_ratio"] > 1 else "vanishing"
        return (
            f"you overlook {side} gradients: a ratio of first to last layer far from 1, on either "
            "side, is a failure."
        )
    return {
        "overfitting": "you overlook overfitting: fine on training data, bad on new data.",
        "degradation": "you overlook degradation: a smaller network that is nested in this one "
        "trains better, so a better solution is in reach and was not found.",
        "shattered gradients": "you overlook shattered gradients: those of neighbouring inputs "
        "have nothing to do with each other, though none is too large or too small.",
    }[missing]


def _false_alarm(extra, condition):
    if extra == "overfitting":
        return (
            "you call overfitting what errs as often on its training data. A bad test error alone "
            "is no sign of it."
        )
    if extra == "degradation" and condition == "underfitting":
        return (
            "you call degradation what may just be too simple: the nested network trains no "
            "better. A large training error alone is no sign of degradation."
        )
    if extra == "degradation":
        return "you call degradation what trains well. It shows in the *training* error."
    if extra == FAILURES[1]:
        return "you see vanishing or exploding gradients where first and last layer are alike."
    return "you see shattered gradients where neighbouring inputs have nearly the same gradient."


COLUMNS = ("network", "seed", "removed", "error")


@exercise(
    "07.6",
    "Design an experiment with lesions",
    hints=(
        "`probes.lesion(model, x, y, remove=[(name, name), …])` removes several blocks together. "
        "A row of your table is one such removal, for one seed of one network.",
        "Which blocks are removed matters, so draw several times. Which seed trained the network "
        "matters too. And a number means little without a second network to compare it with, and "
        "without the error of the whole network (`removed` 0).",
    ),
)
def lesions(answer):
    table = _table(answer)
    networks = dict(list(table.groupby("network")))
    if len(networks) < 2:
        raise Mistake(
            "there is no control: all rows are of one network. Is what you see due to what makes "
            "it special? Do the same to a second one."
        )
    seeds = {tuple(sorted(rows.seed.unique())) for rows in networks.values()}
    if min(map(len, seeds)) < 2:
        raise Mistake(
            "some network was trained with one seed only. Take the same two seeds or more for each."
        )
    if len(seeds) > 1:
        raise Mistake("the networks do not share their seeds. Take the same seeds for each.")
    counts = {
        tuple(sorted(rows.removed.value_counts().items()))
        for _, rows in table.groupby(["network", "seed"])
    }
    removed = sorted(set(table.removed))
    if removed[0] != 0:
        raise Mistake(
            "the whole networks are missing (`removed` 0). Without their error nobody knows what "
            "the removal costs."
        )
    if len(removed) < 4:
        raise Mistake(
            f"there are too few points: {len(removed) - 1} numbers of removed blocks beside 0. "
            "Take three or more."
        )
    if len(counts) > 1:
        raise Mistake(
            "the networks and seeds are not treated alike: remove the same numbers of blocks, "
            "equally often, from each."
        )
    if min(number for k, number in counts.pop() if k) < 3:
        raise Mistake(
            "some number of blocks was removed once or twice only. Some blocks matter more than "
            "others: draw three times or more for each number."
        )
    within = table[table.removed > 0].groupby(["network", "seed", "removed"]).error
    if not (within.max() > within.min()).any():
        raise Mistake(
            "your draws of one number of blocks all have the same error. Are the same blocks "
            "drawn each time?"
        )
    whole = table[table.removed == 0].groupby("network").error.mean()
    if whole.max() > 0.6:
        raise Mistake(
            f"{whole.idxmax()} is hardly trained: even whole it errs in {whole.max():.0%}. Nothing "
            "can be taken from a network that can do nothing."
        )
    return (
        f"A sound design: {len(networks)} networks with {len(seeds.pop())} seeds each, "
        f"{len(removed) - 1} numbers of removed blocks, and several draws. Whatever came out, you "
        "may say it, as far as seeds and draws agree."
    )


def _table(answer):
    import pandas as pd

    try:
        table = pd.DataFrame(answer)
    except (TypeError, ValueError):
        table = pd.DataFrame()
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing or table.empty:
        raise Mistake(
            f"the answer must be a table with the columns {', '.join(COLUMNS)}"
            + (f"; missing: {', '.join(missing)}." if missing else ", and rows.")
        )
    if not table.error.between(0, 1).all():
        raise Mistake("an error is the share of wrong answers, from 0 to 1.")
    return table
