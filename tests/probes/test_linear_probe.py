"""The linear probe, on data of which it is known what a linear function can tell."""

import numpy as np
import pytest

from reslib.probes import linear_probe


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def halves(*arrays):
    """The first halves, then the second ones."""
    middle = len(arrays[0]) // 2
    return [a[:middle] for a in arrays] + [a[middle:] for a in arrays]


def test_separable_classes_are_told_apart():
    x = normal(400, 5)
    x[:, 0] += np.sign(x[:, 0])  # a gap between the classes
    scores = linear_probe(*halves(x, x[:, 0] > 0), strength=1e-3)
    assert scores.name == "accuracy" and scores["test"] > 0.98 and scores["train"] == 1


def test_squares_are_told_from_squares_only():
    """A number is uncorrelated with its square if it is as often positive as negative."""
    x, test_x = (
        np.concatenate([half, -half]) for half in (normal(1000, 1), normal(900, 1, seed=1))
    )
    scores = linear_probe(x, x[:, 0] ** 2, test_x, test_x[:, 0] ** 2, kind="ridge")
    assert abs(scores["train"]) < 1e-9 and abs(scores["test"]) < 0.02
    x, test_x = (np.concatenate([x, x**2], axis=1) for x in (x, test_x))
    scores = linear_probe(x, x[:, 1], test_x, test_x[:, 1], kind="ridge")
    assert scores["test"] > 0.999


def test_labels_without_a_cause_are_learned_but_not_told():
    """Fewer examples than numbers: any labels fit in training. The test shows chance."""
    x, y = normal(4000, 300), np.random.default_rng(1).integers(0, 2, 4000)
    scores = linear_probe(x[:150], y[:150], x[150:], y[150:], strength=1e-3)
    assert scores["train"] == 1 and abs(scores["test"] - 0.5) < 0.04


def test_ridge_equals_the_normal_equations():
    """Solved by hand on standardized features; R² of two targets is the mean of theirs."""
    x, weights = normal(60, 4) * [1, 10, 0.1, 3] + 5, normal(4, 2, seed=1)
    y = x @ weights + normal(60, 2, seed=2)
    (x1, y1, x2, y2), strength = halves(x, y), 2.5
    mean, deviation = x1.mean(axis=0), x1.std(axis=0)
    z1, z2 = (x1 - mean) / deviation, (x2 - mean) / deviation
    solution = np.linalg.solve(z1.T @ z1 + strength * np.eye(4), z1.T @ (y1 - y1.mean(axis=0)))

    def explained(z, y):
        errors = y - (z @ solution + y1.mean(axis=0))
        return np.mean(1 - np.sum(errors**2, axis=0) / np.sum((y - y.mean(axis=0)) ** 2, axis=0))

    scores = linear_probe(x1, y1, x2, y2, kind="ridge", strength=strength)
    assert scores.name == "R²"
    np.testing.assert_allclose(scores, [explained(z1, y1), explained(z2, y2)], rtol=1e-8)


def test_strength_leaves_nothing_but_the_majority():
    """The border is free: with weights punished down to zero every answer is the larger class."""
    x = normal(600, 2)
    y = x[:, 0] > np.quantile(x[:, 0], 0.7)
    weak, strong = (linear_probe(x, y, x, y, strength=strength) for strength in (1e-6, 1e9))
    assert weak["test"] > 0.99 and strong["test"] == pytest.approx(0.7, abs=0.002)


def test_units_of_the_features_do_not_matter():
    x, y = normal(300, 6), np.random.default_rng(1).integers(0, 3, 300)
    x[np.arange(300), y] += 1
    scores = linear_probe(*halves(x, y))
    scaled = linear_probe(*halves(x * [1, 10, 100, 1e3, 0.1, 0.01] - 7, y))
    np.testing.assert_allclose(scaled, scores, atol=0.01)
    assert scores["test"] > 0.45


def test_constant_features_do_no_harm_and_axes_are_flattened():
    x, y = normal(80, 2, 3), np.arange(80) % 2
    x[:, 1, 2] = 7
    np.testing.assert_array_equal(
        linear_probe(*halves(x, y)), linear_probe(*halves(x.reshape(80, 6), y))
    )


@pytest.mark.parametrize(
    "change, name",
    [
        ({"kind": "svm"}, "kind"),
        ({"strength": 0}, "strength"),
        ({"strength": "1"}, "strength"),
        ({"features": np.ones(4)}, "features"),
        ({"labels": np.ones(3)}, "labels"),
        ({"test_features": np.ones((4, 3))}, "test_features"),
        ({"test_labels": 1}, "test_labels"),
    ],
)
def test_bad_argument_is_refused_by_name(change, name):
    x, y = normal(4, 2), np.array([0, 1, 0, 1])
    arguments = {"features": x, "labels": y, "test_features": x, "test_labels": y}
    with pytest.raises(ValueError, match=f"^{name} must"):
        linear_probe(**{**arguments, **change})
