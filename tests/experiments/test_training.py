"""The compiled training loop, held against stock Keras on the same batches."""

import random
import threading

import keras
import numpy as np
import pytest

from reslib.experiments import network, tracing
from reslib.experiments.recipe import build, load_data
from reslib.experiments.training import seeded, train_run


def crop_and_flip(image, draw):
    """One image, in NumPy."""
    row, column, flipped = draw
    padded = np.pad(image, [(4, 4), (4, 4), (0, 0)])
    crop = padded[row : row + image.shape[0], column : column + image.shape[1]]
    return np.flip(crop, axis=1) if flipped else crop


def stock_keras(run):
    """The run again: `train_on_batch`, Keras's schedule and Keras's regularizer."""
    data = load_data(run.dataset)
    steps = len(data.x_train) // run.batch_size
    keras.utils.set_random_seed(run.seed)
    model = build(run.model, run.dataset)
    rate = run.learning_rate
    if run.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, decay_steps=run.epochs * steps)
    for weight in model.trainable_variables:
        if weight.path.endswith("kernel") and run.weight_decay:
            weight.regularizer = keras.regularizers.L2(run.weight_decay / 2)
    model.compile(
        keras.optimizers.SGD(rate, momentum=run.momentum),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    random = np.random.default_rng(run.seed)
    for _ in range(run.epochs):
        order = random.permutation(len(data.x_train))
        batches = order[: steps * run.batch_size].reshape(steps, run.batch_size)
        images = data.x_train[batches]
        if run.augmentation:
            draws = random.integers(0, (9, 9, 2), (*batches.shape, 3), "int32")
            images = [list(map(crop_and_flip, *step)) for step in zip(images, draws, strict=True)]
        for x, batch in zip(images, batches, strict=True):
            weights = None if data.train_weights is None else data.train_weights[batch]
            model.train_on_batch(np.stack(x), data.y_train[batch], sample_weight=weights)
    return model


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"schedule": "constant", "momentum": 0.0, "learning_rate": 0.02},
        {"weight_decay": 0.05, "seed": 3},
        {"augmentation": "crop_and_flip"},
    ],
    ids=["cosine", "constant", "weight-decay", "augmented"],
)
def test_equals_stock_keras(tiny, settings, monkeypatch):
    """Weights after a few steps, and what is measured then: equal but for float32's rounding.

    Thirty images of the 230 fill no batch; an epoch of four steps takes two calls."""
    monkeypatch.setattr(network, "STEPS_PER_CALL", 3)
    monkeypatch.setattr(network, "IMAGES_PER_EVALUATION", 60)
    compare_with_stock_keras(tiny(**settings))


def test_equals_stock_keras_with_dense_labels(tiny_scenes, monkeypatch):
    """Losses and errors are means over pixels. Seven of the 55 images fill no batch."""
    monkeypatch.setattr(network, "IMAGES_PER_EVALUATION", 20)
    compare_with_stock_keras(tiny_scenes(weight_decay=0.05))


def test_equals_stock_keras_where_pixels_have_weights(tiny_odd_ones, monkeypatch):
    """In training only: losses and errors that are reported are means over all pixels alike."""
    monkeypatch.setattr(network, "STEPS_PER_CALL", 3)
    compare_with_stock_keras(tiny_odd_ones())


def test_weights_of_pixels_change_the_training(tiny_odd_ones):
    """Without this the comparison above would not notice if they were missing on both sides."""
    run = tiny_odd_ones(epochs=1)
    name, arguments = run.dataset.name, run.dataset.arguments
    alike = tiny_odd_ones(epochs=1, dataset=(name, {**arguments, "small_weight": 1.0}))
    weighted, unweighted = (train_run(of, keep_weights=True).weights for of in (run, alike))
    assert not np.allclose(weighted[0], unweighted[0], rtol=1e-3, atol=1e-4)


def compare_with_stock_keras(run):
    result = train_run(run, keep_weights=True)
    model = stock_keras(run)
    for ours, theirs in zip(result.weights, model.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)

    data = load_data(run.dataset)
    first = slice(0, len(data.x_test))  # as many images for training error as for test error
    parts = {
        "train": (data.x_train[first], data.y_train[first]),
        "test": (data.x_test, data.y_test),
    }
    model.set_weights(result.weights)
    for part, (images, labels) in parts.items():
        logits = model.predict(images, verbose=0)
        loss = keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
        np.testing.assert_allclose(result.history[f"{part}_loss"][-1], np.mean(loss), rtol=1e-4)
        assert result.history[f"{part}_error"][-1] == np.mean(logits.argmax(-1) != labels)


def test_weight_decay_shrinks_kernels(tiny):
    """Without it the comparison above would not notice if it were missing on both sides."""

    def size(weight_decay):
        run = tiny(weight_decay=weight_decay)
        names = [weight.name for weight in build(run.model, run.dataset).weights]
        weights = train_run(run, keep_weights=True).weights
        return sum(np.sum(w**2) for n, w in zip(names, weights, strict=True) if n == "kernel")

    assert size(0.1) < 0.95 * size(0.0)


def test_threads_that_draw_random_numbers_change_nothing(tiny):
    """As a cluster's worker has them: here one draws all the time."""
    run, done = tiny(seed=5), threading.Event()
    keras.utils.set_random_seed(run.seed)
    expected = build(run.model, run.dataset).get_weights()

    def draw():
        while not done.wait(1e-4):
            random.randint(0, 1)

    thread = threading.Thread(target=draw)
    thread.start()
    with seeded(run.seed):
        weights = build(run.model, run.dataset).get_weights()
    done.set()
    thread.join()
    for ours, theirs in zip(weights, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_one_traced_network_serves_all_runs(tiny):
    """Seeds, rates and epochs share a trace, and a run is not changed by those before it."""
    traced = tracing.traced_network
    traced.cache_clear()
    first = train_run(tiny(seed=0), keep_weights=True)
    train_run(tiny(seed=1, epochs=1, learning_rate=0.5, schedule="constant"))
    again = train_run(tiny(seed=0), keep_weights=True)
    assert traced.cache_info().misses == 1
    assert traced.cache_info().hits == 2
    for one, other in zip(first.weights, again.weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_rate_of_zero_leaves_the_weights_alone(tiny):
    """Then only the moving statistics tell that there was a training."""
    run = tiny(learning_rate=0.0, weight_decay=0.1)
    keras.utils.set_random_seed(run.seed)
    fresh = build(run.model, run.dataset)
    trained = train_run(run, keep_weights=True).weights
    for weight, after in zip(fresh.weights, trained, strict=True):
        assert np.array_equal(weight, after) == (not weight.name.startswith("moving")), weight.path


def test_batch_larger_than_the_data_is_all_the_data(tiny):
    whole, larger = (train_run(tiny(batch_size=size)).history for size in (230, 1000))
    assert whole == larger


def test_history_is_plain_numbers(tiny):
    """One value for each epoch, and a call after each."""
    calls = []
    result = train_run(tiny(), after_epoch=calls.append)
    assert calls == [1, 2] and result.weights is None and result.seconds > 0
    for values in result.history.values():
        assert [type(value) for value in values] == [float, float]
