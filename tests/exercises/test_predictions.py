import keras
import numpy as np
import pytest

from reslib.exercises import compare


@pytest.mark.parametrize(
    "prediction, measured, expected",
    [
        (0.2, 0.5, "You predicted: 0.2 (the measurement is 2.5 times as large)."),
        (-0.2, 0.5, "You predicted: -0.2."),
        (0, 0.5, "You predicted: 0."),
        (0.46, 0.5, "You predicted: 0.46 (right)."),
        (0.4, 0.5, "You predicted: 0.4 (right)."),
        (0.39, 0.5, "You predicted: 0.39 (the measurement is 1.3 times as large)."),
        (0.625, 0.5, "You predicted: 0.625 (right)."),
        (0, -0.0, "Measured: 0. You predicted: 0 (right)."),
        (0, 1e-9, "You predicted: 0."),
        ("Better ", "better", "You predicted: Better  (right)."),
        ("worse", "better", "You predicted: worse."),
        (True, np.True_, "Measured: True. You predicted: True (right)."),
        (1, False, "Measured: False. You predicted: 1."),
        ("yes", (True, 3), "You predicted: yes (0 of 2 right)."),
        ((14, 14), (14, 3), "You predicted: 14, 14 (1 of 2 right)."),
        ([14, 3], (np.int64(14), 3), "You predicted: 14, 3 (right)."),
        (14, (14, 3), "You predicted: 14 (1 of 2 right)."),
        ("c5", {"C5", "C4"}, "Measured: C4 or C5. You predicted: c5 (right)."),
        ("C3", {"C5", "C4"}, "Measured: C4 or C5. You predicted: C3."),
        (
            ("C2", "C4"),
            ({"C2"}, {"C5", "C4"}),
            "Measured: C2, C4 or C5. You predicted: C2, C4 (right).",
        ),
        (("C3", "C4"), ({"C2"}, {"C5", "C4"}), "You predicted: C3, C4 (1 of 2 right)."),
        (1234, 1234, "Measured: 1234. You predicted: 1234 (right)."),
        (2, np.float32(4), "You predicted: 2 (the measurement is 2 times as large)."),
        ("many", 0.5, "You predicted: many."),
        (0.5, np.nan, "Measured: nan. You predicted: 0.5."),
        (0.5, -1e-17, "Measured: -1e-17. You predicted: 0.5."),
        (0.5, np.inf, "You predicted: 0.5 (the measurement is inf times as large)."),
        ((0.5, 2), np.array([0.5, 3]), "Measured: 0.5, 3. You predicted: 0.5, 2 (1 of 2 right)."),
        (np.array([0.5, 3]), (0.5, 3), "You predicted: 0.5, 3 (right)."),
        (0.5, keras.ops.convert_to_tensor(0.5), "Measured: 0.5. You predicted: 0.5 (right)."),
    ],
)
def test_a_prediction_is_shown_beside_the_measurement(prediction, measured, expected, capsys):
    compare(prediction, measured)
    assert capsys.readouterr().out.strip().endswith(expected)


@pytest.mark.parametrize("prediction", [..., (..., ...), (np.array(0.5), ...)])
def test_nothing_is_said_where_nothing_was_predicted(prediction, capsys):
    compare(prediction, (0.5, 3))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "prediction, verdict",
    [(1e-8, "right"), (1e-9, "right"), (1e-11, "100 times"), (1e-7, "0.01 times"), (-1e-9, "")],
)
def test_a_guess_of_an_order_of_magnitude_is_right_within_one(prediction, verdict, capsys):
    compare(prediction, 1e-9, within=10)
    said = capsys.readouterr().out
    assert verdict in said and ("(right)" in said) == (verdict == "right")


def test_a_factor_below_one_is_refused():
    with pytest.raises(ValueError, match="within must be a finite number of at least 1"):
        compare(1, 1, within=0.5)
