"""How fast is a sweep, beside what a reader would write?

    make bench                      # all of it; writes BENCHMARKS.md
    make bench ARGS=--quick         # one round of short runs; prints, and writes nothing
    make bench ARGS="--rounds 5"    # instead of 3

Contenders run one after another in processes of their own, all of them once in each round, so that
a change of the machine's mood meets them all; what counts are the ratios of each round. PyTorch
takes part where it is installed, both as one process with two threads and as two with one each.
"""

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from bench_contenders import BATCH

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "BENCHMARKS.md"
SMALL_20, SMALL_56, LARGE_20, LARGE_56 = NETWORKS = [
    # depth, side of the image, channels, width
    (20, 14, 1, 8),
    (56, 14, 1, 8),
    (20, 32, 3, 16),
    (56, 32, 3, 16),
]
AIMS = {"over stock Keras": (2.4, 2.8, 1.8, 2.4), "over the best PyTorch": (1.15,) * 4}
DEPTHS = (8, 14, 20, 32, 56, 110)
RUNS = (1, 2, 4, 8)
FELT_ROUNDS, FELT_IMAGES = 2, 10_000  # a round takes five minutes
WORK = 6e10  # multiply-adds of one measurement of throughput: some seconds


INTRODUCTION = f"""\
# How fast the engine is

Measured by `make bench`, which renews the part of the machine that it runs on. Each ratio is the
median over its rounds, with their range in brackets; depth, numbers of runs and shares of time were
measured once. A number in bold misses what the project aims at, which stands behind it. A small
network is `20 layers, 14×14, width 8`, as in the notebooks; a large one has the pictures of
CIFAR-10. How long the notebooks take stands in the README.

- **What a reader feels**: three seeds of four epochs of {FELT_IMAGES:,} images, from `import` to
  the last number, with test errors measured after each epoch, in at most {FELT_ROUNDS} rounds; a
  sweep measures training errors too. Of three trainings on two workers the last one is alone, and
  each worker imports the framework again.
- **Training**: images a second. “Sweep” is two workers, each training a network of its own; stock
  Keras is `fit` with Keras's layers. The peak is what two processes reach that do nothing but
  products of matrices: nothing that computes the same products can be much further ahead of stock
  Keras than “peak over stock Keras” says.
- **Where a worker's time goes**: the last column says what would be gained if everything but the
  convolutions, which are TensorFlow's, took no time at all.
- **Workers**: one that is alone uses the idle core for a second operation at a time, where the
  network lets it. That makes one worker faster, not two slower; the last column is without it.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one round of short runs")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    rounds, scale = (1, 0.25) if options.quick else (options.rounds, 1.0)
    part = "\n".join(sections(rounds, scale)) + "\n"
    if not options.quick:
        earlier = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
        PAGE.write_text(renewed(earlier, part), encoding="utf-8", newline="\n")


def renewed(page, part):
    """The page with this part first, in place of what it says of the same machine so far."""
    _, *parts = re.split(r"^(?=## )", page, flags=re.MULTILINE)
    heading = part.partition("\n")[0]
    others = [other for other in parts if other.partition("\n")[0] != heading]
    return "\n".join(text.rstrip("\n") + "\n" for text in (INTRODUCTION, part, *others))


def sections(rounds, scale):
    """The parts of a machine's results, printed as they are ready."""

    def say(text):
        print(text, flush=True)
        return text

    yield say(f"## {processor()}\n\n{versions()}; {rounds} rounds.\n\n### What a reader feels\n")
    yield say(table(felt(min(rounds, FELT_ROUNDS), int(scale * FELT_IMAGES))))
    yield say("\n### Training\n")
    speed, peak = throughput(rounds, scale)
    yield say(table(speed))
    yield say(f"\nThe peak was {peak / 1e9:.0f} billion multiply-adds a second.")
    yield say("\n### Where a worker's time goes\n")
    yield say(table(where_time_goes(scale)))
    yield say("\n### Depth\n")
    depth, exponent = against_depth(scale)
    yield say(table(depth))
    yield say(f"\nSeconds for an image grow as depth to the power {aimed(exponent, most=1.1)}.")
    yield say("\n### Runs and workers\n")
    yield say(table(against_runs(scale)))
    yield say("")
    yield say(table(against_workers(rounds, scale)))
    yield say("\n### Imports\n")
    yield say(
        f"`import reslib.models` takes {import_cost(rounds)} times as long as `import keras`."
    )


def throughput(rounds, scale):
    """Images a second of all contenders, and the multiply-adds a second of the peak."""
    contenders = {"stock Keras": ("stock", {}), "sweep": ("ours", {})}
    if has_torch():
        contenders["PyTorch, 1 × 2 threads"] = ("torch", {"processes": 1})
        contenders["PyTorch, 2 × 1 thread"] = ("torch", {"processes": 2})
    rows, peaks = {}, []
    for place, network in enumerate(NETWORKS):
        # Not so few that the beginning of an epoch would count.
        images = max(batches(scale * WORK / cost(network)), 6 * BATCH)
        measured, at_peak = [], []
        for _ in range(rounds):
            measured.append(
                {n: run(f, *network, images, 2, **more) for n, (f, more) in contenders.items()}
            )
            peaks.append(run("peak")["multiply_adds"])
            at_peak.append(peaks[-1] / cost(network))
        rates = pd.DataFrame([{n: m["rate"] for n, m in one.items()} for one in measured])
        row = {name: f"{values.median():,.0f}" for name, values in rates.items()}
        others = {"over stock Keras": rates["stock Keras"]}
        if has_torch():
            others["over the best PyTorch"] = rates.filter(like="PyTorch").max(axis=1)
        for name, other in others.items():
            row[name] = aimed(rates["sweep"] / other, least=AIMS[name][place])
        row["peak over stock Keras"] = aimed(at_peak / rates["stock Keras"])
        row["share of peak"] = f"{(rates['sweep'] / at_peak).median():.0%}"
        builds = [one["sweep"]["build"] for one in measured]
        row["build and trace"] = f"{np.median(builds):.1f} s"
        rows[title(network)] = row
    return pd.DataFrame(rows).T, np.median(peaks)


def where_time_goes(scale):
    rows = {}
    for network in NETWORKS:
        shares = run("kernels", *network, batches(scale * WORK / cost(network) / 3))
        row = {name: f"{share:.0%}" for name, share in shares.items()}
        rows[title(network)] = row | {"limit": f"{1 / shares['convolutions']:.2f} ×"}
    return pd.DataFrame(rows).T


def felt(rounds, images):
    rows = {}
    for network in (SMALL_20, SMALL_56):
        arguments = network[0], 3, 4, images
        pairs = [(run("felt_stock", *arguments), run("felt_sweep", *arguments))
                 for _ in range(rounds)]  # fmt: skip
        seconds = np.array([[a["seconds"], b["seconds"]] for a, b in pairs])
        rows[title(network)] = {
            "stock Keras": f"{np.median(seconds[:, 0]):.0f} s",
            "sweep": f"{np.median(seconds[:, 1]):.0f} s",
            "over stock Keras": aimed(seconds[:, 0] / seconds[:, 1], least=3),
        }
    return pd.DataFrame(rows).T


def against_depth(scale):
    """Of one worker; and the exponent of a power law through them."""
    rows, seconds = {}, []
    for depth in DEPTHS:
        measured = run("ours", depth, 14, 1, 8, batches(scale * 200_000 / depth), 1, workers=1)
        rows[f"{depth} layers"] = {
            "images a second, one worker": f"{measured['rate']:,.0f}",
            "build and trace": f"{measured['build']:.1f} s",
        }
        seconds.append(1 / measured["rate"])
    return pd.DataFrame(rows).T, np.polyfit(np.log(DEPTHS), np.log(seconds), 1)[0]


def against_runs(scale):
    """Of a sweep of small 20-layer networks, one epoch each, imports and all."""
    row = {}
    for runs in RUNS:
        seconds = run("felt_sweep", 20, runs, 1, int(10_000 * scale))["seconds"]
        row[f"{runs} runs" if runs > 1 else "1 run"] = f"{seconds:.0f} s"
    return pd.DataFrame({f"{title(SMALL_20)}, one epoch": row}).T


def against_workers(rounds, scale):
    rows = {}
    for network in (SMALL_20, SMALL_56):
        images = batches(scale * WORK / cost(network))
        teams = {"one": (1, 2), "one by one": (1, 1), "two": (2, 1)}  # workers, operations each
        rates = pd.DataFrame(
            [
                {
                    name: run("ours", *network, images, 1, workers=n, operations=m)["rate"]
                    for name, (n, m) in teams.items()
                }
                for _ in range(rounds)
            ]
        )
        rows[title(network)] = {
            "two workers over one": aimed(rates["two"] / rates["one"], least=1.8),
            "over one with one operation at a time": aimed(rates["two"] / rates["one by one"]),
        }
    return pd.DataFrame(rows).T


def import_cost(rounds):
    names = "keras", "reslib.models"
    run("imports", names)  # from now on the files are in memory
    times = pd.DataFrame(
        [{name: run("imports", [name])["seconds"] for name in names} for _ in range(2 * rounds)]
    )
    return aimed(times["reslib.models"] / times["keras"], most=1.1)


def run(name, *arguments, **options):
    """Run a contender in a fresh process; return what it measured."""
    task = json.dumps([name, arguments, options])
    with tempfile.TemporaryDirectory() as meeting:
        environment = os.environ | {"BENCH_MEETING": meeting, "TF_CPP_MIN_LOG_LEVEL": "3"}
        done = subprocess.run(
            [sys.executable, Path(__file__).with_name("bench_contenders.py"), task],
            env=environment, capture_output=True, text=True, cwd=ROOT,
        )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{task} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def cost(network):
    """Multiply-adds of one image: forward, and the two products that go back."""
    from reslib import models, probes

    depth, side, channels, width = network
    model = models.cifar_resnet(depth, width=width, input_shape=(side, side, channels))
    return 3 * int(probes.layer_table(model).multiply_adds.sum())


def batches(images):
    """Whole ones."""
    return max(1, int(images) // BATCH) * BATCH


def title(network):
    depth, side, _, width = network
    return f"{depth} layers, {side}×{side}, width {width}"


def has_torch():
    return bool(importlib.util.find_spec("torch"))


def processor():
    names = Path("/proc/cpuinfo")
    lines = names.read_text().splitlines() if names.exists() else []
    lines = [line for line in lines if line.startswith("model name")]
    return lines[0].partition(":")[2].strip() if lines else platform.processor()


def versions():
    from reslib import environment

    torch = f" · PyTorch {importlib.metadata.version('torch')}" if has_torch() else ""
    return f"{environment()}{torch}"


def aimed(values, least=-np.inf, most=np.inf, digits=2):
    """The median, with the range over the rounds; in bold, with the aim, where it misses that."""
    values = np.atleast_1d(values)
    middle = np.median(values)
    text = f"{middle:.{digits}f}"
    if len(values) > 1:
        text += f" ({values.min():.{digits}f}–{values.max():.{digits}f})"
    if least <= middle <= most:
        return text
    return f"**{text}**, aim {f'≥ {least}' if middle < least else f'≤ {most}'}"


def table(frame):
    """A Markdown table with the index as its first column."""
    lines = [["", *frame.columns], ["---"] * (len(frame.columns) + 1)]
    lines += [[name, *map(str, row)] for name, row in zip(frame.index, frame.values, strict=True)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
