"""The diagnosis from three errors."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reslib.experiments import diagnose

errors = st.floats(0, 1)
UNDECIDED = "underfitting or failed optimization"


@pytest.mark.parametrize(
    "train, test, nested, verdict",
    [
        (0.01, 0.02, 0.02, "healthy"),
        (0.01, 0.02, None, "healthy"),
        (0.01, 0.30, 0.05, "overfitting"),
        (0.01, 0.30, None, "overfitting"),
        (0.50, 0.51, 0.15, "failed optimization"),
        (0.50, 0.51, 0.48, UNDECIDED),  # the nested one may be too simple, or badly optimized
        (0.50, 0.51, 0.60, UNDECIDED),
        (0.50, 0.51, None, UNDECIDED),
        (0.09, 0.30, 0.01, "failed optimization"),  # it fits, but the nested one fits better
        (0.50, 0.90, 0.50, UNDECIDED),  # the gap is no news while the data are not fitted
    ],
)
def test_verdicts(train, test, nested, verdict):
    assert diagnose(train, test, nested) == verdict


@given(errors, errors, errors)
def test_optimization_fails_where_the_nested_model_does_better(train, test, nested):
    """By more than the margin, whatever the test error."""
    failed = diagnose(train, test, nested, margin=0.05) == "failed optimization"
    assert failed == (nested < train - 0.05)


@given(errors, errors, errors)
def test_a_nested_model_convicts_the_optimizer_or_says_nothing(train, test, nested):
    """The rule is one-sided: a nested model that does no better proves nothing."""
    verdict = diagnose(train, test, nested)
    assert verdict in ("failed optimization", diagnose(train, test, None))


@given(errors, errors, errors)
def test_no_three_errors_prove_that_a_model_is_too_simple(train, test, nested):
    assert diagnose(train, test, nested) != "underfitting"


@given(errors, errors, errors, errors)
def test_more_test_error_never_makes_a_model_healthy(train, test, more, nested):
    low, high = sorted((test, more))
    if diagnose(train, high, nested) == "healthy":
        assert diagnose(train, low, nested) == "healthy"


@given(errors, st.sampled_from([-0.0005, 1.00007, np.float32(1 + 1e-6)]))
@example(0.95, 1.00007)  # a margin away from 1, but not from 1.00007
def test_a_measured_error_may_be_rounded_out_of_its_range(error, rounded):
    """A measurement never stops a reader."""
    near = min(max(rounded, 0), 1)
    assert diagnose(error, rounded, None) == diagnose(error, near, None)
    assert diagnose(rounded, error, error) == diagnose(near, error, error)


def test_thresholds_are_the_callers():
    assert diagnose(0.2, 0.2, None, good=0.3) == "healthy"
    assert diagnose(0.2, 0.25, 0.1, margin=0.2, good=0.3) == "healthy"
    assert diagnose(0.01, 0.05, None, margin=0.01) == "overfitting"


@pytest.mark.parametrize("value", [-0.1, 1.1, 15, float("nan")])
@pytest.mark.parametrize("name", ["train_error", "test_error", "nested_train_error"])
def test_what_is_no_error_is_refused(name, value):
    """Percents, for one."""
    good = {"train_error": 0.1, "test_error": 0.1, "nested_train_error": 0.1}
    with pytest.raises(ValueError, match=rf"^{name} must be"):
        diagnose(**{**good, name: value})
