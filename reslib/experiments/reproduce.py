"""`python -m reslib reproduce`: the paper's CIFAR-10 networks, trained as the paper does it."""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import pathlib
import shlex
import threading

from reslib.datasets import cifar10
from reslib.datasets.splits import Splits
from reslib.environment import environment
from reslib.experiments import devices
from reslib.experiments.records import Record
from reslib.experiments.records.files import write_whole
from reslib.experiments.result import MEASURES, Results
from reslib.experiments.run import Run
from reslib.experiments.sweep import sweep
from reslib.terminal import printable, say

SHORTCUTS = {"plain": None, "residual": "A"}
PAPER = {20: 8.75, 32: 7.51, 44: 7.17, 56: 6.97, 110: 6.43}  # test error, per cent
EPOCHS = 164
BATCH_SIZE = 128
SECONDS_BETWEEN_TABLES = 30
DESCRIPTION = """\
Train the CIFAR-10 networks of He et al. 2015 (section 4.2 and table 6): plain and residual ones
with shortcuts A, batches of 128, momentum 0.9, weight decay 0.0001, a learning rate of 0.1 divided
by ten after half and three quarters of all steps (with 110 layers a tenth of it for the first
160th), and random crops and flips.

It trains on JAX where JAX finds a GPU, else on TensorFlow; KERAS_BACKEND=jax or tensorflow chooses.

Everything is kept in one folder: a record of each finished run, how far unfinished ones have come,
and curves.csv with all measures after each epoch so far. Killed at any time, the same command goes
on where it was; when all is done it trains nothing."""


def add_command(commands: argparse._SubParsersAction) -> None:
    """Add `reproduce` to the subparsers of a command line."""
    parser = commands.add_parser(
        "reproduce",
        help="train the paper's CIFAR-10 networks, or a part of them",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option("--depths", type=int, nargs="+", default=list(PAPER), metavar="N",
           help="numbers of layers, each 6n+2 (default: 20 32 44 56 110)")  # fmt: skip
    option("--kinds", choices=SHORTCUTS, nargs="+", default=list(SHORTCUTS),
           help="kinds of network (default: both)")  # fmt: skip
    option("--seeds", type=_positive, default=1, metavar="N",
           help="trainings of each network, which differ in their seed (default: 1)")  # fmt: skip
    option("--epochs", type=_positive, default=EPOCHS, metavar="N",
           help="passes over the training images (default: 164, about 64,000 steps)")  # fmt: skip
    option("--fraction", type=_fraction, default=1.0, metavar="F",
           help="share of the training images, above 0 and at most 1, rounded to a multiple of "
           "ten images (default: 1)")  # fmt: skip
    option("--data", metavar="FILE.npz",
           help="CIFAR-10 as the uint8 arrays x_train, y_train, x_test and y_test "
           "(default: Keras downloads it)")  # fmt: skip
    option("--workers", type=_positive, metavar="N",
           help="networks trained at a time (default: one for each GPU, or else for each core); "
           "each holds all the images in memory")  # fmt: skip
    option("--out", default="cifar10-runs", metavar="FOLDER",
           help="where everything is kept (default: cifar10-runs)")  # fmt: skip
    parser.set_defaults(command=lambda arguments: _reproduce(arguments, parser.error))


def _reproduce(arguments, complain):
    devices.choose_backend()
    for depth in arguments.depths:
        _check_depth(depth, complain)
    folder = pathlib.Path(arguments.out).resolve()
    os.environ["RESLIB_CACHE"] = str(folder)  # records and checkpoints too
    try:
        folder.mkdir(parents=True, exist_ok=True)
        splits = _images(arguments.data)
    except ConnectionError as error:
        complain(f"CIFAR-10 cannot be downloaded ({error.__cause__}); --data names a file of it")
    except (OSError, ValueError) as error:
        complain(str(error))
    images = len(splits.y_train)
    if arguments.fraction < 1:
        images = min(10 * max(1, round(arguments.fraction * images / 10)), images)
    runs = _runs(arguments, images)
    print(printable(_what_is_trained(arguments, runs, images, splits)), flush=True)
    path = folder / "curves.csv"
    try:
        with _curves_written(runs, path):
            sweep(runs, arguments.workers)
    except KeyboardInterrupt:
        say("Interrupted. The same command goes on from here.")
        return 130
    finally:
        curves = _curves(runs)
        if len(curves):
            if (curves.epoch == arguments.epochs).any():
                say(_report(curves, arguments, images, len(splits.y_train)))
            say(f"All curves: {path}")
    return 0


@contextlib.contextmanager
def _curves_written(runs, path):
    """Write the curves as far as they have come, again and again and at the end.

    So a run that is cut off by any means leaves them. (Its checkpoint is written by its worker.)
    """
    done, written = threading.Event(), 0

    def write():
        nonlocal written
        curves = _curves(runs)
        if len(curves) > written:
            text = curves.to_csv(index=False, float_format="%.5g", lineterminator="\n")
            write_whole(path, lambda file: file.write(text.encode()))
            written = len(curves)

    def watch():
        while not done.wait(SECONDS_BETWEEN_TABLES):
            with contextlib.suppress(OSError):  # the disk is full: at the end it will be said
                write()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
        write()


def _images(path):
    if path is None:
        return cifar10.full()
    return Splits.from_npz(path, cifar10.IMAGE_SHAPE, len(cifar10.CLASS_NAMES), source=path)


def _runs(arguments, images):
    """In the order of the paper's table."""
    data = {"train_size": images}
    if arguments.data is not None:
        data["path"] = str(pathlib.Path(arguments.data).resolve())
    runs = [
        Run(
            ("cifar_resnet", {"depth": depth, "width": 16, "shortcut": SHORTCUTS[kind]}),
            ("cifar10", data),
            epochs=arguments.epochs,
            batch_size=BATCH_SIZE,
            learning_rate=0.1,
            schedule="steps" if depth < 110 else "steps_after_warmup",
            momentum=0.9,
            weight_decay=1e-4,
            augmentation="crop_and_flip",
            seed=seed,
        )
        for kind in arguments.kinds
        for depth in arguments.depths
        for seed in range(arguments.seeds)
    ]
    return list(dict.fromkeys(runs))


def _what_is_trained(arguments, runs, images, splits):
    steps = arguments.epochs * max(1, images // BATCH_SIZE)
    workers = min(arguments.workers or devices.default_workers(), len(runs))
    return "\n".join(
        [
            f"{len(runs)} networks, {steps:,} steps each: {arguments.epochs} epochs of "
            f"{images:,} training images.",
            f"Data: SHA-256 {splits.checksum}",
            f"On: {environment()}; {workers} at a time",
            f"To repeat it: {_command(arguments)}",
        ]
    )


def _command(arguments):
    """All that decides the numbers, and no more: not how many workers, nor where files lie."""
    import keras

    words = ["python", "-m", "reslib", "reproduce", "--depths", *arguments.depths]
    words += ["--kinds", *arguments.kinds]
    for name in ("seeds", "epochs", "fraction"):
        words += [f"--{name}", f"{getattr(arguments, name):.12g}"]
    if arguments.data is not None:
        words += ["--data", pathlib.Path(arguments.data).name]
    backend, offset = keras.backend.backend(), os.environ.get("RESLIB_SEED_OFFSET")
    before = "" if backend == "tensorflow" else f"KERAS_BACKEND={backend} "
    before += f"RESLIB_SEED_OFFSET={offset} " if offset else ""
    return before + shlex.join(map(str, words))


def _curves(runs):
    """Make a table with a row for each epoch that is done."""
    results = [result for run in runs if (result := Record(run).read_part()) is not None]
    table = Results(results).table
    if len(table):
        table["kind"] = table["shortcut"].notna().map({False: "plain", True: "residual"})
        table = table[["kind", "depth", "seed", "epoch", *MEASURES]]
    return table


def _report(curves, arguments, images, all_images):
    """Put the errors beside the paper's, and say what was done otherwise."""
    last = curves[curves.epoch == arguments.epochs]
    lines = ["", f"{'kind':<10}{'depth':>5}{'test error, %':>18}{'paper, %':>10}"]
    for (kind, depth), errors in last.groupby(["kind", "depth"]).test_error:
        error = f"{100 * errors.mean():.2f}"
        if len(errors) > 1:
            error += f" ± {100 * errors.std():.2f}"
        paper = PAPER.get(depth) if kind == "residual" else None
        lines.append(f"{kind:<10}{depth:>5}{error:>18}{paper or '–':>10}")
    scaled_down = []
    if arguments.epochs != EPOCHS:
        scaled_down.append(f"{arguments.epochs} epochs in place of {EPOCHS}")
    if images != all_images:
        scaled_down.append(f"{images:,} of {all_images:,} training images")
    return "\n".join(
        [
            *lines,
            "The paper's values are of its table 6; its plain networks are drawn in figure 6 only.",
            f"Scaled down: {', '.join(scaled_down) or 'nothing'}.",
            "The error is that after the last epoch (mean ± standard deviation over the seeds).",
            "Weight decay is on kernels only, not on biases and normalization.",
        ]
    )


def _check_depth(depth, complain):
    """Not while the options are read: it needs the framework, whose backend is to be chosen."""
    from reslib.models.cifar_resnet import blocks_per_stage

    try:
        blocks_per_stage(depth, convolutions=2)
    except ValueError as error:
        complain(f"argument --depths: {error}")


def _positive(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be an integer of at least 1, received {text!r}")
    return int(text)


def _fraction(text):
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"must be above 0 and at most 1, received {text!r}")
    return value
