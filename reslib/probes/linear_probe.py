"""What can be read off features by a linear function."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reslib import arguments

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike


def linear_probe(
    features: ArrayLike,
    labels: ArrayLike,
    test_features: ArrayLike,
    test_labels: ArrayLike,
    kind: str = "logistic",
    strength: float = 1.0,
) -> pd.Series:
    """Measure how well a linear model on some features tells classes, or predicts numbers.

    What a network knows at a layer is in the features in many forms; a linear model finds what the
    layers behind could use with a single one of their own. It is fitted to the training features,
    which are standardized by their own means and deviations, and judged on the test features.

    Args:
        features: Array `(N, …)`, one row of numbers for each example; further axes are flattened.
        labels: Classes `(N,)` for `"logistic"`; numbers `(N,)` or `(N, targets)` for `"ridge"`.
        test_features: Like `features`, of examples that are not among them.
        test_labels: Like `labels`.
        kind: `"logistic"` for logistic regression, `"ridge"` for linear regression.
        strength: Float above 0, how strongly large weights are punished: half of it times the sum
            of their squares is added to the sum of the logistic losses, or all of it to the sum of
            the squared errors.

    Returns:
        A pandas Series with the entries `"train"` and `"test"`, called `"accuracy"` for classes,
        the share told right; and `"R²"` for numbers, the share of the variance that is explained
        (of several targets their mean; below zero if their mean had been a better guess).

    Raises:
        ValueError: for an argument other than those above; if features and labels do not fit.

    Reference:
        Alain & Bengio, 2016, "Understanding intermediate layers using linear classifier probes".

    Example:

    >>> points = np.array([[0.0, 5.0], [1.0, 5.0], [2.0, 5.0], [3.0, 5.0]])
    >>> linear_probe(points, [0, 0, 1, 1], points + 0.1, [0, 0, 1, 1]).to_dict()
    {'train': 1.0, 'test': 1.0}
    """
    import pandas as pd
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    arguments.one_of("kind", kind, ("logistic", "ridge"))
    strength = arguments.number(
        "strength", strength, "a finite number above 0", lambda value: value > 0
    )
    features, labels = _rows("features", features, "labels", labels)
    test_features, test_labels = _rows("test_features", test_features, "test_labels", test_labels)
    if features.shape[1] != test_features.shape[1]:
        raise ValueError(
            f"test_features must have {features.shape[1]} numbers for each example, as features "
            f"have, received {test_features.shape[1]}"
        )
    if kind == "logistic":
        model = LogisticRegression(C=1 / strength, max_iter=2000)
    else:
        model = Ridge(strength)
    model = make_pipeline(StandardScaler(), model).fit(features, labels)
    scores = {
        "train": model.score(features, labels),
        "test": model.score(test_features, test_labels),
    }
    return pd.Series(scores, name="accuracy" if kind == "logistic" else "R²")


def _rows(name, features, labels_name, labels):
    features, labels = np.asarray(features), np.asarray(labels)
    if features.ndim < 2 or not features.size:
        raise ValueError(f"{name} must have the shape (N, …), received {features.shape}")
    if labels.ndim < 1 or len(labels) != len(features):
        raise ValueError(
            f"{labels_name} must hold one for each of the {len(features)} rows of {name}, "
            f"received shape {labels.shape}"
        )
    return features.reshape(len(features), -1), labels
