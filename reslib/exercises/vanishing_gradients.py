"""The exercises of notebook 02."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reslib.exercises import designs
from reslib.exercises.answers import call, judge, outcome, same
from reslib.exercises.exercise import Mistake, exercise
from reslib.seeding import generator, set_seed

if TYPE_CHECKING:
    import pandas as pd


@exercise(
    "02.1",
    "Go back through a shared input",
    hints=(
        "Name the gradients of q and of p first: a product hands on the gradient times the other "
        "factor.",
        "x takes part twice: in the sum and in the product. What it gets on the two ways is added.",
    ),
)
def go_back_through_a_shared_input(answer):
    def handed_back(dq, dp):
        """Go the right end of the way, from what the last product hands on."""

        def function(x, y, z):
            q, p = x + y, x * z
            return dq(q, p) + dp(q, p) * z, dq(q, p), dp(q, p) * x

        return function

    def only_x(change):
        """Do right but for the gradient of x."""

        def function(x, y, z):
            dq, dp = x * z, x + y
            return change(dq, dp * z), dq, dp * x

        return function

    right = handed_back(dq=lambda q, p: p, dp=lambda q, p: q)
    mistakes = {
        "x is used twice, and you count only its path through the sum. Add what comes back through "
        "the product.": only_x(lambda by_sum, by_product: by_sum),
        "x is used twice, and you keep only its path through the product. What came back through "
        "the sum must be added, not overwritten.": only_x(lambda by_sum, by_product: by_product),
        "you multiply what comes back to x on its two paths. Along a path factors multiply; "
        "where paths meet, they add.": only_x(lambda by_sum, by_product: by_sum * by_product),
        "at the last product you hand each factor its own value. It gets the value of the "
        "*other* one.": handed_back(dq=lambda q, p: q, dp=lambda q, p: p),
        "at the product x·z you hand each factor its own value. It gets the value of the other "
        "one.": lambda x, y, z: (x * z + (x + y) * x, x * z, (x + y) * z),
        "the product x·z is gone back through without the gradient that enters it: multiply by "
        "what the last product hands on.": lambda x, y, z: (x * z + z, x * z, x),
    }
    inputs = [tuple(map(float, generator(seed).uniform(1, 4, 3))) for seed in range(4)]
    judge(answer, inputs, right, mistakes)
    return "right: paths are added where they meet. A shortcut later does nothing else."


@exercise(
    "02.2",
    "Check a gradient by finite differences",
    hints=(
        "Move one coordinate at a time, by the step up and by the step down.",
        "The rows of `step * np.eye(len(point))` move one coordinate each; how far apart are the "
        "two points at which you call f?",
    ),
)
def check_by_finite_differences(answer):
    def differences(towards, back, width):
        def function(f, point, step):
            rows = step * np.eye(len(point))
            return [(f(point + towards * e) - f(point - back * e)) / (width * step) for e in rows]

        return function

    def all_at_once(f, point, step):
        return (f(point + step) - f(point - step)) / (2 * step)

    def never_undone(width, back):
        def function(f, point, step):
            found, moved = [], point.copy()
            for i in range(len(point)):
                before = moved - back * step * np.eye(len(point))[i]
                moved = moved + step * np.eye(len(point))[i]
                found.append((f(moved) - f(before if back else point)) / (width * step))
            return found

        return function

    mistakes = {
        "you move in one direction only, which is exact for straight lines: the error grows with "
        "the step times the curvature. Move up *and* down.": [
            differences(1, 0, 1),
            differences(0, 1, 1),
        ],
        "your gradient is twice too large: the two points lie two steps apart.": (
            differences(1, 1, 1)
        ),
        "your gradient is half of the right one, or one-sided: divide by the distance of the two "
        "points at which you called f.": [differences(1, 0, 2), differences(1, 1, 4)],
        "you move all coordinates at once. The gradient tells what each of them does while the "
        "others stay.": [
            all_at_once,
            lambda f, point, step: [all_at_once(f, point, step)] * len(point),
        ],
        "your gradient is zero everywhere: the point up and the point down are probably one and "
        "the same array (`up = point` copies nothing).": lambda f, point, step: 0 * point,
        "each coordinate stays moved when you come to the next: begin anew from the point.": [
            never_undone(1, 0),
            never_undone(2, 1),
        ],
    }

    def right(f, point, step):
        return differences(1, 1, 2)(f, np.asarray(point, "float64"), step)

    inputs = [
        (_curved(seed, 2 + seed), generator(seed).normal(size=2 + seed), 0.1) for seed in (0, 1, 2)
    ]
    judge(answer, inputs, right, mistakes)
    for kind, point in (("whole numbers", [1, -2, 3]), ("float32", [1000.5, 2000.25, -500.0])):
        point = np.array(point, "int64" if kind == "whole numbers" else "float32")
        f, step = _curved(3, 3), 1e-5
        found = call(answer, f, point.copy(), step)
        if not same(found, right(f, point, step), tolerance=1e-3):
            raise Mistake(
                f"it is right in float64, but not for a point of {kind}: there a small step is "
                "rounded away. Make the point float64 before you move it."
            )
    return "right: exact for a quadratic, whatever the step, and safe from rounding."


def _curved(seed, size):
    """Make a quadratic function with all its second derivatives."""
    random = generator(100 + seed)
    matrix, slope = random.uniform(1, 2, (size, size)), random.normal(size=size)

    def f(point):
        return float(point @ matrix @ point + slope @ point)

    return f


@exercise(
    "02.3",
    "Predict the growth per layer",
    hints=(
        "The mean squared gradient is multiplied by gain² · mean(slope²). What is the slope for "
        "the half of the units whose sum is positive, and for the other half?",
        "The *norm* is asked for, so take the square root at the end. Try slope 1: the activation "
        "is then a straight line. What must come out?",
    ),
)
def predict_the_growth(answer):
    mistakes = {
        "you follow the mean square. The norm, which is asked for, grows by its square root.": (
            lambda gain, slope: gain**2 * (1 + slope**2) / 2
        ),
        "you leave out the activation: only the half with a positive sum hands on all it gets.": (
            lambda gain, slope: gain
        ),
        "you average the slope itself. Sizes add in squares: take the mean of slope².": (
            lambda gain, slope: gain * (1 + slope) / 2
        ),
        "you treat the units with a negative sum as if they handed on nothing; that is the plain "
        "ReLU.": lambda gain, slope: gain / 2**0.5,
        "you add the squared slopes of both halves, but each is only half of the units.": (
            lambda gain, slope: gain * (1 + slope**2) ** 0.5
        ),
        "the mean of slope² still needs its square root; the gain is a norm already.": (
            lambda gain, slope: gain * (1 + slope**2) / 2
        ),
        "you return the gain that keeps the gradient as it is, or divide by the factor instead of "
        "multiplying: the growth is proportional to the gain.": [
            lambda gain, slope: (2 / (1 + slope**2)) ** 0.5,
            lambda gain, slope: (2 / (1 + slope**2)) ** 0.5 / gain,
            lambda gain, slope: gain * (2 / (1 + slope**2)) ** 0.5,
        ],
    }
    random = generator(0)
    inputs = [(1.0, 0.0), (2**0.5, 0.3), (0.8, 1.0)]
    inputs += [(float(gain), float(gain) / 4) for gain in random.uniform(0.5, 2, 3)]
    judge(answer, inputs, lambda gain, slope: gain * ((1 + slope**2) / 2) ** 0.5, mistakes)
    return "right: the root of gain² times the mean squared slope. Slope 1 gives the gain alone."


@exercise(
    "02.4",
    "Draw kernels of the right size",
    hints=(
        "How many numbers are added up for one output of the layer? For a convolution count the "
        "whole window.",
        "ReLU halves the mean square, so the kernel must double it: variance 2 / inputs. What do "
        "you hand to `random.normal`, the variance or its square root?",
    ),
)
def draw_kernels(answer):
    shapes = [(400, 150), (150, 400), (3, 3, 32, 64), (5, 5, 24, 12)]
    drawn = [outcome(call(answer, shape, generator(i))) for i, shape in enumerate(shapes)]
    for shape, kernel in zip(shapes, drawn, strict=True):
        if kernel.shape != shape:
            raise Mistake(f"asked for a kernel of shape {shape}, it gives {kernel.shape}.")
        if not np.isfinite(kernel).all() or kernel.std() == 0:
            raise Mistake(f"the kernel of shape {shape} is constant or not finite: draw it.")
        if abs(kernel.mean()) > 0.1 * kernel.std():
            raise Mistake(
                "the mean of the kernel is not zero, so all sums are pushed to one side. A uniform "
                "distribution must reach from −limit to limit."
            )
    deviations = np.array([kernel.std() for kernel in drawn])
    window = np.array([np.prod(shape[:-2]) for shape in shapes])
    ins, outs = (np.array([shape[axis] for shape in shapes]) for axis in (-2, -1))

    def close_to(variance):
        return np.allclose(deviations, variance**0.5, rtol=0.06)

    if close_to(2 / (window * ins)):
        return "right: He's initialization. It keeps what comes forward through ReLU in size."
    mistakes = {
        "you use the variance 2 / inputs as the standard deviation: take its square root.": (
            (2 / (window * ins)) ** 2
        ),
        "the factor 2 is missing: ReLU sets half of the units to zero, which the kernel must make "
        "up for.": 1 / (window * ins),
        "you count the outputs of the layer (fan-out). For what comes *forward* its inputs count, "
        "which are summed.": 2 / (window * outs),
        "this is Glorot's compromise between inputs and outputs, made for activations without a "
        "flat half.": 2 / (window * (ins + outs)),
        "right for dense layers, but a convolution sums over its window too: count window times "
        "channels.": 2 / ins,
        "you use the standard deviation as the limit of a uniform distribution, whose standard "
        "deviation is its limit / √3.": 2 / (window * ins) / 3,
        "the size does not depend on the number of inputs, so wide layers explode and narrow ones "
        "vanish.": np.full(len(shapes), np.mean(deviations**2)),
    }
    for diagnosis, variance in mistakes.items():
        if close_to(variance):
            raise Mistake(diagnosis)
    off = deviations / (2 / (window * ins)) ** 0.5
    worst = np.argmax(abs(np.log(off)))
    raise Mistake(
        f"for the shape {shapes[worst]} the standard deviation is {off[worst]:.2g} times the right "
        "one."
    )


CAUSES = (
    "healthy",
    "slope of the activation",
    "saturated units",
    "weights too small",
    "learning rate too high",
)
_RATE = 0.1
_PATIENTS = {  # name: activation, standard deviation · √inputs, learning rate, what is wrong
    "A": ("tanh", 5, _RATE, "saturated units"),
    "B": ("relu", 2**0.5, _RATE, "healthy"),
    "C": ("sigmoid", 1, _RATE, "slope of the activation"),
    "D": ("relu", 2**0.5, 100 * _RATE, "learning rate too high"),
    "E": ("relu", 0.4, _RATE, "weights too small"),
}


def patients(
    x: np.ndarray, y: np.ndarray, width: int = 100, depth: int = 10, seed: int = 0
) -> dict[str, pd.DataFrame]:
    """Measure the health of the five networks of exercise 02.5 before their first step.

    Args:
        x, y: Images and their integer labels.
        width, depth: Integers, units of a layer and number of layers.
        seed: Integer.

    Returns:
        Dictionary from the network's letter to a pandas table with a row for each hidden layer and
        the columns `"saturated"`, `"gradient norm"` and `"update ratio"`.
    """
    import pandas as pd

    from reslib import models
    from reslib.probes import gradient_norms, saturation

    tables = {}
    for letter, (activation, gain, rate, _) in _PATIENTS.items():
        set_seed(seed)
        model = models.mlp(depth, width, x.shape[1:], activation=activation)
        kernels = [v for v in model.trainable_variables if v.name == "kernel"][:depth]
        random = generator(seed)
        for kernel in kernels:
            kernel.assign(random.normal(0, gain / kernel.shape[0] ** 0.5, kernel.shape))
        norms = gradient_norms(model, x, y).values[:depth]
        sizes = [np.linalg.norm(kernel) for kernel in kernels]
        measures = {"saturated": saturation(model, x).values, "gradient norm": norms}
        tables[letter] = pd.DataFrame(measures | {"update ratio": rate * norms / sizes})
    return tables


@exercise(
    "02.5",
    "Find the cause in a health panel",
    hints=(
        "Go row by row. Which network has many saturated units? In which does the gradient norm "
        "fall from layer to layer, in which is it low everywhere? Where is the update far from "
        "1/1000?",
        "A ReLU unit that is off counts as saturated; half of them off is normal. And compare the "
        "level of the gradient norms, not only their profile.",
    ),
)
def find_the_cause(answer):
    if not isinstance(answer, dict) or {*answer} != {*_PATIENTS}:
        raise Mistake(f"the answer must be a dictionary with a cause for each of {[*_PATIENTS]}.")
    said = {letter: outcome(word) for letter, word in answer.items()}
    for letter, word in said.items():
        if word not in CAUSES:
            raise Mistake(f"{word!r} for {letter} is none of the causes to choose from.")
    confused = {
        ("B", "saturated units"): "half of the units are off. For ReLU that is as it should be: "
        "the gradient comes through the other half.",
        ("C", "saturated units"): "look at the first row: hardly any of its units is saturated. "
        "Its gradients shrink all the same (see notebook 02). What in the activation can "
        "do that?",
        ("C", "weights too small"): "its gradient norm falls from the last layer to the first by "
        "powers of ten. Small weights under ReLU make all kernels' gradients equally small: in "
        "the product the layer cancels.",
        ("E", "healthy"): "a flat profile is no sign of health. Compare the level of its gradient "
        "norms and updates with the other networks'.",
        ("E", "slope of the activation"): "its gradient norm is the same in all layers, at a low "
        "level. A slope below one would make it fall from layer to layer.",
        ("E", "saturated units"): "half of its units are off, as in every ReLU network. That is "
        "not why its gradients are so small.",
        ("D", "healthy"): "its gradients are. But one step moves each kernel by how much of its "
        "length? Look at the last row.",
        ("A", "healthy"): "look at the first row: through most of its units no gradient passes.",
        ("A", "learning rate too high"): "a smaller step would not help units whose slope is "
        "nearly zero. Look at the first row.",
    }
    for letter, word in said.items():
        if word != _PATIENTS[letter][-1]:
            why = confused.get((letter, word), f"{word!r} does not fit all three of its rows.")
            raise Mistake(f"network {letter}: {why}")
    return "right: one measure alone would have misled you three times."


@exercise(
    "02.6",
    "What changes the growth under batch norm?",
    hints=(
        "Batch norm's effect is the difference to the same network without it. How many values, "
        "how many seeds, and what must stay the same?",
        "For each value of one setting, with `normalize=True` and `normalize=False`, three seeds.",
    ),
)
def what_changes_the_growth(answer):
    settings = ("batch_size", "width", "gain", "depth", "slope")
    table = designs.rows_of(answer, ("seed", "normalize", "growth", *settings))
    if not np.isfinite(table.growth.astype("float64")).all():
        raise Mistake("some of the measured growths are not finite.")
    varied = [name for name in settings if table[name].nunique() > 1]
    if not varied:
        raise Mistake("nothing varies: choose one setting, and keep the others as they are.")
    *others, column = varied
    if others:
        raise Mistake(
            f"{' and '.join(others)} and {column} vary: choose one setting, and keep the others as "
            "they are."
        )
    designs.enough_points(table[column], column, least=4, span=4 if column != "slope" else 2)
    designs.controlled(table, "normalize", "True", "False", column)
    designs.enough_seeds(table, ["normalize", column])
    means = table.pivot_table(index=column, columns="normalize", values="growth")
    (without, with_norm), (without_last, with_norm_last) = means.iloc[[0, -1]].values
    return (
        f"a sound experiment. From {column} {means.index[0]:g} to {means.index[-1]:g} the growth "
        f"goes from {with_norm:.3f} to {with_norm_last:.3f} with batch norm, from {without:.3f} to "
        f"{without_last:.3f} without."
    )
