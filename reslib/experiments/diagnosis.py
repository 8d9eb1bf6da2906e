"""Which failure is it? A diagnosis from three errors."""

from __future__ import annotations

from reslib.arguments import number

ROUNDING = 1e-3  # by which a measured error may lie outside of [0, 1]


def diagnose(
    train_error: float,
    test_error: float,
    nested_train_error: float | None,
    *,
    good: float = 0.1,
    margin: float = 0.05,
) -> str:
    """Tell overfitting and failed optimization apart, and say where three errors cannot tell.

    Where training error and test error are both high, the model may be too simple to fit the data,
    or it may be rich enough and the optimizer did not get there. A third number can settle it. A
    smaller model is *nested* in the larger one when the larger one can compute every function of
    the smaller. If the nested model reaches the lower training error, the larger one cannot be too
    simple: a better solution exists within it and was not found.

    The rule is one-sided. A nested model that does *no* better proves nothing: it may be too simple
    or badly optimized itself. So "underfitting" alone is never the verdict.

    Args:
        train_error: Float in [0, 1], error of the model on its training data.
        test_error: Float in [0, 1], its error on new data.
        nested_train_error: Float in [0, 1], training error of a smaller model nested in it; or
            `None` if there is none.
        good: Float, a training error up to which the training data count as fitted.
        margin: Float, the difference between two errors that is taken to mean something.

    Returns:
        One of the strings `"failed optimization"`, `"overfitting"`, `"healthy"` and, where the
        errors cannot tell, `"underfitting or failed optimization"`.

    Raises:
        ValueError: if an error is not a number in [0, 1]. One that rounding has put outside, by no
            more than 0.001, is taken as 0 or 1.

    Reference:
        He et al., 2015, "Deep Residual Learning for Image Recognition", section 1: a deeper model
        should have no higher training error than its shallower counterpart.

    Example:

    >>> diagnose(train_error=0.01, test_error=0.30, nested_train_error=0.05)
    'overfitting'
    >>> diagnose(train_error=0.50, test_error=0.51, nested_train_error=0.15)
    'failed optimization'
    >>> diagnose(train_error=0.50, test_error=0.51, nested_train_error=0.60)
    'underfitting or failed optimization'
    """
    errors = {"train_error": train_error, "test_error": test_error}
    if nested_train_error is not None:
        errors["nested_train_error"] = nested_train_error
    for name, error in errors.items():
        number(name, error, "a number in [0, 1]", lambda e: -ROUNDING <= e <= 1 + ROUNDING)

    train_error, test_error, *nested = (min(max(error, 0), 1) for error in errors.values())
    if nested and nested[0] < train_error - margin:
        return "failed optimization"
    if train_error > good:
        return "underfitting or failed optimization"
    return "overfitting" if test_error > train_error + margin else "healthy"
