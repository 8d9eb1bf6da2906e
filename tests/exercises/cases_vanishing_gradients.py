"""Right and wrong answers to the exercises of notebook 02."""

import itertools

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from cases import Case


def by_tape(x, y, z):
    inputs = [tf.Variable(value) for value in (x, y, z)]
    with tf.GradientTape() as tape:
        value = (inputs[0] + inputs[1]) * (inputs[0] * inputs[2])
    return tape.gradient(value, inputs)


def central(f, point, step):
    return [(f(point + e) - f(point - e)) / (2 * step) for e in step * np.eye(len(point))]


def central_with_copies(f, point, step):
    gradient = np.zeros(len(point))
    for i in range(len(point)):
        up, down = point.astype(float), point.astype(float)
        up[i] += step
        down[i] -= step
        gradient[i] = (f(up) - f(down)) / (2 * step)
    return gradient


def in_the_points_type(f, point, step):
    gradient = []
    for i in range(len(point)):
        move = np.zeros_like(point)
        move[i] = step
        gradient.append((f(point + move) - f(point - move)) / (2 * step))
    return gradient


def without_a_copy(f, point, step):
    gradient = np.zeros(len(point))
    for i in range(len(point)):
        up = down = point
        up[i] += step
        down[i] -= step
        gradient[i] = (f(up) - f(down)) / (2 * step)
    return gradient


def never_undone(f, point, step):
    start, gradient, point = f(point), [], point.astype(float)
    for i in range(len(point)):
        point[i] += step
        gradient.append((f(point) - start) / step)
    return gradient


def he(shape, random):
    return random.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape)


def deviation(of):
    """Draw with the standard deviation that `of` makes of the shape."""
    return lambda shape, random: random.normal(0, of(shape), shape)


CAUSES = {
    "A": "saturated units",
    "B": "healthy",
    "C": "slope of the activation",
    "D": "learning rate too high",
    "E": "weights too small",
}


def rows(values=(8, 16, 64, 128), seeds=range(3), column="batch_size", normalize=(True, False)):
    settings = {"batch_size": 128, "width": 100, "gain": 1.4, "depth": 30, "slope": 0.0}
    return [
        {**settings, column: value, "seed": seed, "normalize": on, "growth": 1 + 0.2 * on}
        for value, seed, on in itertools.product(values, seeds, normalize)
    ]


CASES = {
    "02.1": Case(
        right={
            "by hand": lambda x, y, z: (x * z + (x + y) * z, x * z, (x + y) * x),
            "tape": by_tape,
            "multiplied out": lambda x, y, z: [2 * x * z + y * z, x * z, x**2 + x * y],
        },
        mistakes={
            "sum only": (
                lambda x, y, z: (x * z, x * z, (x + y) * x),
                "only its path through the sum",
            ),
            "product only": (
                lambda x, y, z: ((x + y) * z, x * z, (x + y) * x),
                "not overwritten",
            ),
            "multiplied": (
                lambda x, y, z: (x * z * (x + y) * z, x * z, (x + y) * x),
                "where paths meet, they add",
            ),
            "last product swapped": (
                lambda x, y, z: (x + y + x * z * z, x + y, x * z * x),
                "last product you hand",
            ),
            "first product swapped": (
                lambda x, y, z: (x * z + (x + y) * x, x * z, (x + y) * z),
                "at the product x·z",
            ),
            "chain cut": (lambda x, y, z: (x * z + z, x * z, x), "without the gradient that"),
            "other order": (
                lambda x, y, z: ((x + y) * x, x * z, x * z + (x + y) * z),
                "off by up to",
            ),
            "two numbers": (lambda x, y, z: (x * z, x * z), "2 numbers, where 3 numbers are"),
        },
        unanswered=(lambda x, y, z: None,),
    ),
    "02.2": Case(
        right={"rows of the identity": central, "copies": central_with_copies},
        mistakes={
            "forward": (
                lambda f, p, h: [(f(p + e) - f(p)) / h for e in h * np.eye(len(p))],
                "in one direction only",
            ),
            "no factor 2": (
                lambda f, p, h: 2 * np.array(central(f, p, h)),
                "two steps apart",
            ),
            "half": (lambda f, p, h: np.array(central(f, p, h)) / 2, "distance of the two"),
            "all at once": (
                lambda f, p, h: (f(p + h) - f(p - h)) / (2 * h),
                "all coordinates at once",
            ),
            "not copied": (without_a_copy, "zero everywhere"),
            "never undone": (never_undone, "stays moved"),
            "float32": (in_the_points_type, "rounded away"),
        },
        unanswered=(lambda f, point, step: None,),
    ),
    "02.3": Case(
        right={
            "formula": lambda gain, slope: gain * np.sqrt((1 + slope**2) / 2),
            "sampled slopes": lambda gain, slope: (
                gain * np.sqrt(np.mean(np.where(np.linspace(-3, 3, 1000) > 0, 1, slope) ** 2))
            ),
            "tensor": lambda gain, slope: gain * keras.ops.sqrt(0.5 + 0.5 * slope**2),
        },
        mistakes={
            "variance": (lambda g, s: g**2 * (1 + s**2) / 2, "follow the mean square"),
            "gain": (lambda g, s: g, "leave out the activation"),
            "mean slope": (lambda g, s: g * (1 + s) / 2, "average the slope itself"),
            "plain ReLU": (lambda g, s: g * 0.5**0.5, "the plain ReLU"),
            "no mean": (lambda g, s: g * np.sqrt(1 + s**2), "of both halves"),
            "no root": (lambda g, s: g * (1 + s**2) / 2, "still needs its square root"),
            "the right gain": (
                lambda g, s: np.sqrt(2 / (1 + s**2)),
                "proportional to the gain",
            ),
        },
        unanswered=(lambda gain, slope: ...,),
    ),
    "02.4": Case(
        right={
            "normal": he,
            "uniform": lambda shape, random: (
                random.uniform(-1, 1, shape) * np.sqrt(6 / np.prod(shape[:-1]))
            ),
            "Keras": lambda shape, random: keras.initializers.HeNormal(seed=1)(shape),
        },
        mistakes={
            "variance": (deviation(lambda s: 2 / np.prod(s[:-1])), "take its square root"),
            "no 2": (deviation(lambda s: np.prod(s[:-1]) ** -0.5), "factor 2 is missing"),
            "fan-out": (
                deviation(lambda s: (2 / np.prod(s[:-2]) / s[-1]) ** 0.5),
                "(fan-out)",
            ),
            "Glorot": (
                lambda shape, random: keras.initializers.GlorotNormal(seed=1)(shape),
                "Glorot's compromise",
            ),
            "no window": (deviation(lambda s: (2 / s[-2]) ** 0.5), "sums over its window"),
            "uniform limit": (
                lambda shape, random: (
                    random.uniform(-1, 1, shape) * np.sqrt(2 / np.prod(shape[:-1]))
                ),
                "limit / √3",
            ),
            "one side": (
                lambda shape, random: (
                    random.uniform(0, 1, shape) * np.sqrt(6 / np.prod(shape[:-1]))
                ),
                "mean of the kernel is not zero",
            ),
            "fixed": (deviation(lambda s: 0.05), "does not depend on the number of inputs"),
            "transposed": (lambda s, random: he(s[::-1], random), "asked for a kernel of shape"),
            "3": (deviation(lambda s: (3 / np.prod(s[:-1])) ** 0.5), "times the right one"),
        },
        unanswered=(lambda shape, random: None,),
    ),
    "02.5": Case(
        right={
            "causes": CAUSES,
            "in other letters": {letter: f" {cause.upper()}" for letter, cause in CAUSES.items()},
        },
        mistakes={
            "ReLU is off": (CAUSES | {"B": "saturated units"}, "as it should be"),
            "sigmoid is saturated": (
                CAUSES | {"C": "saturated units"},
                "Its gradients shrink all the same",
            ),
            "sigmoid is small": (CAUSES | {"C": "weights too small"}, "by powers of ten"),
            "flat is healthy": (CAUSES | {"E": "healthy"}, "no sign of health"),
            "flat is slope": (CAUSES | {"E": "slope of the activation"}, "at a low level"),
            "small is off": (CAUSES | {"E": "saturated units"}, "in every ReLU network"),
            "large steps": (CAUSES | {"D": "healthy"}, "of its length"),
            "not seen": (CAUSES | {"A": "healthy"}, "through most of its units"),
            "smaller steps": (CAUSES | {"A": "learning rate too high"}, "a smaller step"),
            "elsewhere": (CAUSES | {"D": "weights too small"}, "all three of its rows"),
            "no cause": (CAUSES | {"D": "bad luck"}, "none of the causes"),
            "one missing": ({"A": "healthy"}, "must be a dictionary"),
        },
        unanswered=(dict.fromkeys("ABCDE", ...),),
    ),
    "02.6": Case(
        right={
            "rows": rows(),
            "a table of widths": pd.DataFrame(rows((20, 50, 100, 200), range(4), "width")),
        },
        mistakes={
            "one seed": (rows(seeds=[0]), "normalize False, batch_size 8 was tried with 1 seed"),
            "no control": (rows(normalize=[True]), "no control"),
            "few": (rows((8, 128)), "too few"),
            "narrow": (rows((8, 9, 10, 11)), "goes only from"),
            "two settings": (rows() + rows((20, 50), column="width"), "batch_size and width vary"),
            "nothing": (rows((8,)), "nothing varies"),
            "other values": (
                rows(normalize=[True]) + rows((8, 16, 64, 256), normalize=[False]),
                "like is not compared with like",
            ),
            "no rows of measured": ([{"growth": 1.2, "seed": 1}], "no column"),
            "overflow": (rows()[:-1] + [rows()[-1] | {"growth": np.inf}], "not finite"),
        },
    ),
}
