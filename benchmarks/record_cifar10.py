"""Train the paper's CIFAR-10 networks on one GPU, with Keras's JAX backend.

    python benchmarks/record_cifar10.py probe --data cifar10.npz --out probe
    python benchmarks/record_cifar10.py record --data cifar10.npz --out record

A network is written `kind-depth:seed`. Networks, data and recipe are those of `python -m reslib
reproduce`, down to the initial weights, the order of the images and what is drawn to augment them.
What differs is how fast it goes: each network is one compiled loop, several share the GPU, numbers
may have 16 bits, and results are fetched while the next epoch runs.

`probe` times variants and prints the options of the best (`options.txt`). `record` writes
`curves.csv`, a row after each epoch, and `record.json`: device, versions, command.

With `float32` the convolutions of recent NVIDIA GPUs multiply in TF32, as in other frameworks.
"""

import argparse
import contextlib
import json
import os
import pathlib
import platform
import queue
import shlex
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np
from jax_training import ARRAYS, MEASURES, parts

SET = ("residual-56:0", "plain-56:0", "residual-20:0", "plain-20:0")  # the slow ones first
MORE = ("residual-20:1", "plain-20:1", "residual-20:2", "plain-20:2")
EPOCHS = 164
TRAINING = pathlib.Path(__file__).with_name("jax_training.py")
TO_START = 45  # seconds to load, build and compile, from the cache that `probe` filled
COMMANDS = "FUSION,CUBLAS,CUBLASLT,CUSTOM_CALL,CUDNN,DYNAMIC_SLICE_FUSION"
# What XLA records as CUDA graphs. Convolutions are no part of it by default, and they stand
# between all other kernels of these networks.
GRAPHS = f"--xla_gpu_enable_command_buffer={COMMANDS},CONVOLUTION"
WHOLE_LOOPS = f"{GRAPHS},WHILE,CONDITIONAL"
CONCURRENT = f"{GRAPHS} --xla_gpu_command_buffer_scheduling_mode=CONCURRENT"
FUSIONS = f"{GRAPHS} --xla_gpu_experimental_enable_conv_fusion=true"
VARIANTS = {  # how numbers are held, flags for XLA
    "float32": ("float32", ""),
    "float32, graphs": ("float32", GRAPHS),
    "float32, concurrent graphs": ("float32", CONCURRENT),
    "float32, whole loops": ("float32", WHOLE_LOOPS),
    "float32, fusions": ("float32", FUSIONS),
    "bfloat16, graphs": ("mixed_bfloat16", GRAPHS),
    "bfloat16, whole loops": ("mixed_bfloat16", WHOLE_LOOPS),
    "bfloat16, fusions": ("mixed_bfloat16", FUSIONS),
}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True)
    for command in (probe, record):
        subparser = commands.add_parser(
            command.__name__, help=command.__doc__, fromfile_prefix_chars="@"
        )
        subparser.set_defaults(command=command)
        add = subparser.add_argument
        add("--out", type=pathlib.Path, required=True)
        add("--width", type=int, default=16)
        add("--data", type=pathlib.Path, required=True, help="an .npz, as for `reproduce`")
        add("--epochs", type=int, default=EPOCHS)
        add("--networks", nargs="+", default=[*SET, *(MORE if command is record else ())])
        add("--deadline", type=float, default=1e6, help="seconds until all must stop")
        if command is probe:
            add("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
            add("--seconds", type=float, default=4, help="to time each for")
            add("--budget", type=float, default=540, help="seconds that the record may take")
        else:
            add("--dtype", choices=("float32", "mixed_bfloat16"), default="float32")
            add("--flags", default="", help="for XLA")
            add("--at-a-time", type=int, default=4, help="networks that share the GPU")
            add("--mps", action="store_true", help="by way of NVIDIA's multi-process service")
            add(
                "--pace",
                type=float,
                default=0,
                help="seconds that an epoch of the slowest takes: "
                "train so many epochs as fit before the deadline",
            )
    arguments = parser.parse_args()
    os.environ["KERAS_BACKEND"] = "jax"
    return arguments.command(arguments)


class Workers:
    """Processes that train one network each, and the lines that they say."""

    def __init__(self, arguments, folder, log):
        self.arguments, self.folder, self.log = arguments, folder, log
        self.lines = queue.Queue()
        self.running = set()

    def start(self, network, dtype, flags, environment, *options):
        given = self.arguments
        command = [sys.executable, str(TRAINING), "--data", self.folder, "--network", network]
        command += ["--dtype", dtype, "--epochs", given.epochs, "--width", given.width, *options]
        process = subprocess.Popen(
            list(map(str, command)),
            env={**os.environ, **environment, "XLA_FLAGS": flags},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        self.running.add(process)
        threading.Thread(target=self._listen, args=(process,), daemon=True).start()
        return process

    def _listen(self, process):
        for line in process.stdout:
            self.lines.put((process, line.rstrip("\n").split("\t")))
        process.wait()
        self.lines.put((process, ["end"]))

    def next_line(self, until):
        """A process and its words; none when that time has come."""
        try:
            process, words = self.lines.get(timeout=max(0, min(until - time.time(), 1e6)))
        except queue.Empty:
            return None, [None]
        if words[0] == "end":
            self.running.discard(process)
        return process, words

    def wait_for(self, word, processes, until):
        """What each of the processes says after that word; those that end are left out."""
        heard, left = {}, set(processes) & self.running
        while left and time.time() < until:
            process, (first, *words) = self.next_line(until)
            if first == word:
                heard[process] = words
            if first in (word, "end"):
                left.discard(process)
        return heard

    def time(self, processes, until):
        """Seconds that an epoch takes each of the processes while all of them run."""
        for process in processes:
            with contextlib.suppress(OSError):  # it has ended
                process.stdin.write(f"{self.arguments.seconds}\n")
                process.stdin.flush()
        heard = self.wait_for("time", processes, until)
        return [float(heard[process][0]) for process in processes if process in heard]

    def stop(self):
        """End those that wait for orders; kill those that go on."""
        for process in self.running:
            process.stdin.close()
        patience = time.time() + 10
        for process in self.running:
            try:
                process.wait(max(0.1, patience - time.time()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.running.clear()


def probe(arguments):
    """Time variants, and say which is best."""
    until = time.time() + arguments.deadline
    options = arguments.out / "options.txt"
    with prepared(arguments) as (workers, service, _):
        # Kernels are chosen by timing them, and the choice is remembered. The eight layers have
        # all kinds of convolutions that the deeper networks have.
        dtypes = list(dict.fromkeys(VARIANTS[name][0] for name in arguments.variants))
        first = [workers.start("residual-8:0", dtype, "", {}, "--timed") for dtype in dtypes]
        workers.wait_for("ready", first, until)
        workers.stop()
        note(f"{'variant':<34}{'seconds an epoch'}")
        network = arguments.networks[0]
        started = {
            name: workers.start(network, *VARIANTS[name], {}, "--timed")
            for name in arguments.variants
        }
        ready = workers.wait_for("ready", started.values(), until)
        note("compiled")
        best = {}
        for name, process in started.items():
            seconds = workers.time([process], until) if process in ready else []
            note(f"{network + ', ' + name:<34}{seconds}")
            dtype = VARIANTS[name][0]
            if seconds:
                best[dtype] = min(best.get(dtype, (np.inf,)), (seconds[0], name))
        workers.stop()
        if (
            best
        ):  # a guess, in case that time ends before it is known: two deep, two a third as deep
            pace, name = min(best.values())
            write_options(options, name, 2.8 * pace, len(arguments.networks), mps=False)

        groups = {}
        for dtype, (_, name) in best.items():
            for mps in (False, True) if service else (False,):
                groups[dtype, name, mps] = [
                    workers.start(network, *VARIANTS[name], service if mps else {}, "--timed")
                    for network in arguments.networks
                ]
        everyone = [process for group in groups.values() for process in group]
        workers.wait_for("ready", everyone, until)
        note(f"all of {' '.join(arguments.networks)} at a time:")
        choices = []
        for (dtype, name, mps), group in groups.items():
            seconds = workers.time(group, until) if workers.running >= set(group) else []
            note(f"{name + (', MPS' if mps else ''):<34}{seconds}")
            if len(seconds) == len(group):
                # As many epochs as fit; of two that fit as many, the finer arithmetic.
                epochs = epochs_that_fit(arguments.epochs, arguments.budget, max(seconds))
                choices.append((epochs, dtype == "float32", -max(seconds), name, dtype, mps))
        if choices:
            epochs, _, pace, name, dtype, mps = max(choices)
            note(f"best: {name}{', MPS' if mps else ''}, for {epochs} epochs")
            write_options(options, name, -pace, len(arguments.networks), mps)


def write_options(path, variant, pace, networks, mps):
    dtype, flags = VARIANTS[variant]
    words = ["--dtype", dtype, f"--flags={flags}", "--pace", f"{pace:.3f}"]
    words += ["--at-a-time", str(networks), *(["--mps"] if mps else [])]
    path.write_text("\n".join(words) + "\n")
    note(shlex.join(words))


def epochs_that_fit(epochs, seconds, pace):
    return max(1, min(epochs, int((seconds - TO_START) / pace))) if pace else epochs


def record(arguments):
    """Train the networks, several at a time, and write their curves."""
    until = time.time() + arguments.deadline
    waiting, names, started, took = list(arguments.networks), {}, {}, {}
    arguments.epochs = epochs_that_fit(arguments.epochs, arguments.deadline, arguments.pace)
    report = {"command": repeated(arguments), "python": platform.python_version()}
    report |= {"numpy": np.__version__, "networks": {}}
    with (
        prepared(arguments) as (workers, service, checksum),
        open(arguments.out / "curves.csv", "w") as curves,
    ):
        report["data"] = checksum
        environment = service if arguments.mps and service else {}
        curves.write(",".join(["kind", "depth", "seed", "epoch", *MEASURES]) + "\n")
        while True:
            while waiting and len(workers.running) < arguments.at_a_time:
                depth = parts(waiting[0])[1]
                if time.time() + 1.1 * took.get(depth, 0) > until:
                    note(f"no time left for {waiting.pop(0)}")
                    continue
                process = workers.start(
                    waiting[0], arguments.dtype, arguments.flags, environment, "--until", until - 2
                )
                names[process], started[process] = waiting.pop(0), time.time()
                report["networks"][names[process]] = {"epochs": 0}
            if not workers.running:
                break
            process, (first, *words) = workers.next_line(until)
            if first is None:
                note("deadline")
                break
            name = names[process]
            done = report["networks"][name]
            if first == "device":
                report |= dict(zip(("device", "jax", "keras"), words, strict=True))
            elif first == "row":
                done["epochs"] += 1
                curves.write(",".join(map(str, [*parts(name), done["epochs"], *words])) + "\n")
                curves.flush()
                if done["epochs"] in (1, 2, 5) or done["epochs"] % 20 == 0:
                    note(f"{name} epoch {done['epochs']}: {' '.join(words)}")
            elif first == "end":
                seconds = time.time() - started[process]
                done["seconds"] = round(seconds, 1)
                if done["epochs"] == arguments.epochs:
                    took[parts(name)[1]] = seconds
                note(f"{name}: {done['epochs']} epochs in {seconds:.0f} s, with its start")
            if first != "row":
                (arguments.out / "record.json").write_text(json.dumps(report, indent=1) + "\n")
        workers.stop()
    report["seconds"] = round(time.time() - STARTED)
    (arguments.out / "record.json").write_text(json.dumps(report, indent=1) + "\n")
    header, *rows = (arguments.out / "curves.csv").read_text().splitlines(keepends=True)
    rows.sort(key=lambda row: (row.split(",")[0], *map(int, row.split(",")[1:4])))
    (arguments.out / "curves.csv").write_text("".join([header, *rows]))


def repeated(arguments):
    """The command for the same record."""
    words = ["python", "benchmarks/record_cifar10.py", "record", "--data", arguments.data.name]
    words += ["--out", arguments.out.name, "--epochs", arguments.epochs, "--dtype", arguments.dtype]
    words += ["--flags", arguments.flags] if arguments.flags else []
    words += ["--at-a-time", arguments.at_a_time, *(["--mps"] if arguments.mps else [])]
    return shlex.join(map(str, [*words, "--networks", *arguments.networks]))


@contextlib.contextmanager
def prepared(arguments):
    """Workers, the environment of the multi-process service or `None`, the data's checksum."""
    from reslib import datasets

    arguments.out.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(arguments.out / "compiled"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        open(arguments.out / "log.txt", "w") as log,
        multi_process_service(pathlib.Path(folder), log) as service,
    ):
        data = datasets.load("cifar10", path=arguments.data)
        for name in ARRAYS:
            np.save(pathlib.Path(folder) / f"{name}.npy", getattr(data, name))
        note("data ready")
        workers = Workers(arguments, folder, log)
        try:
            yield workers, service, data.checksum
        finally:
            workers.stop()


@contextlib.contextmanager
def multi_process_service(folder, log):
    """Kernels of several processes run side by side through it; otherwise they take turns."""
    environment = {
        "CUDA_MPS_PIPE_DIRECTORY": str(folder / "pipe"),
        "CUDA_MPS_LOG_DIRECTORY": str(folder / "log"),
    }
    for path in environment.values():
        os.mkdir(path)
    control = ["nvidia-cuda-mps-control"]
    options = {"env": {**os.environ, **environment}, "stdout": log, "stderr": log, "timeout": 20}
    try:
        subprocess.run([*control, "-d"], check=True, **options)
    except (OSError, subprocess.SubprocessError) as error:
        note(f"no multi-process service: {error}")
        yield None
        return
    try:
        yield environment
    finally:
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            subprocess.run(control, input="quit\n", text=True, **options)


STARTED = time.time()


def note(text):
    print(f"{time.time() - STARTED:6.1f} s  {text}", flush=True)


if __name__ == "__main__":
    main()
