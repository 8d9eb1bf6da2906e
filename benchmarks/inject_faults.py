"""Break sweeps in ten ways that a learner's machine can, and count what survives.

    python benchmarks/inject_faults.py           # the campaign: 112 faults, kept in data/faults.csv
    python benchmarks/inject_faults.py --each 1  # one fault of each kind, kept nowhere

A *reader* is a process that sweeps small runs. Faults are injected while it trains, or into the
files that it finds, and it is started again until it has all its results. A fault is `recovered`
when all results of its sweep came, no process was left behind, and every damaged file was noticed;
it is `equal` when, besides, every history and every weight is that of an undisturbed sweep, to the
last bit.
"""

import argparse
import collections
import contextlib
import csv
import hashlib
import json
import multiprocessing
import os
import pathlib
import random
import resource
import shutil
import signal
import tempfile
import time
import traceback
import warnings

import psutil

from reslib.experiments import Run, devices, sweep, training
from reslib.experiments.records import Record

FILE = pathlib.Path(__file__).parents[1] / "data" / "faults.csv"
STRUCK = 5  # runs of a sweep that is disturbed: three for one of two workers
PATIENCE = 120  # seconds after which a reader counts as lost
COUNTS = {
    "parent killed": 10,
    "worker killed": 10,
    "interrupted": 10,
    "out of memory": 8,
    "laptop closed": 20,
    "disk full": 14,
    "torn record": 12,
    "foreign record": 12,
    "torn checkpoint": 12,
    "two sweeps at once": 4,
}
# Forked from this process, which has imported the framework and never used it, a reader is there at
# once. Its workers are joblib's own, started from nothing.
fork = multiprocessing.get_context("fork")


def some_runs(count):
    """Runs of one network, with random numbers inside it: workers need not trace another."""
    return [
        Run(
            ("cifar_resnet", {"depth": 8, "width": 2, "survival_probability": 0.5}),
            ("fashion_mnist", {"size": 7, "train_size": 500, "test_size": 100}),
            epochs=4,
            batch_size=50,
            seed=seed,
        )
        for seed in range(count)
    ]


class Reader:
    """A process that sweeps, in one group with its workers."""

    def __init__(self, runs, cache, largest_file=None):
        self.cache, self.answer = cache, cache / f"answer-{time.monotonic_ns()}.json"
        self.process = fork.Process(target=self._read, args=(runs, largest_file))
        self.process.start()
        self.deadline = time.monotonic() + PATIENCE

    def _read(self, runs, largest_file):
        """In the child: sweep, and leave a digest of every result."""
        os.setpgid(0, 0)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os.environ["RESLIB_CACHE"] = str(self.cache)
        warnings.simplefilter("ignore")
        if largest_file is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, resource.RLIM_INFINITY))
        try:
            answer = [digest(result) for result in sweep(runs, workers=2, keep_weights=True)]
        except BaseException:
            answer = traceback.format_exc()
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        self.answer.write_text(json.dumps(answer))
        os._exit(0)  # a kernel that is shut down does not wait for its workers either

    def runs(self):
        """Whether it still does (one that takes for ever is ended)."""
        if time.monotonic() > self.deadline:
            self.signal(signal.SIGKILL)
        return self.process.is_alive()

    def digests(self):
        """Its results, or `None` if it was stopped before it had them."""
        while self.runs():
            time.sleep(0.02)
        answer = json.loads(self.answer.read_text()) if self.answer.exists() else None
        return answer if isinstance(answer, list) else None

    def signal(self, number, everyone=True):
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if everyone else os.kill)(self.process.pid, number)

    def workers(self):
        """Those that have trained, or would be next."""
        with contextlib.suppress(psutil.NoSuchProcess):
            children = psutil.Process(self.process.pid).children()
            return [child for child in children if "popen_loky" in " ".join(child.cmdline())]
        return []

    def leaves_nobody(self, patience=30):
        """Whether all processes of the group end within so many seconds."""
        self.process.join(patience)
        for _ in range(10 * patience):
            if not any(self._is_member(process) for process in psutil.process_iter()):
                return True
            time.sleep(0.1)
        self.signal(signal.SIGKILL)
        return False

    def _is_member(self, process):
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
            dead = process.status() == psutil.STATUS_ZOMBIE
            return not dead and os.getpgid(process.pid) == self.process.pid
        return False


def kill_parent(reader):
    reader.signal(signal.SIGKILL, everyone=False)


def kill_worker(reader):
    for process in reader.workers():
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def interrupt(reader):
    """As Jupyter does: the kernel and all that it started."""
    reader.signal(signal.SIGINT)


def take_memory(reader):
    """From now on workers get no more: the next time they need some, they fail or crash."""
    for process in reader.workers():
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
            resource.prlimit(process.pid, resource.RLIMIT_AS, (1 << 20, resource.RLIM_INFINITY))


def close_laptop(reader):
    reader.signal(signal.SIGSTOP)
    time.sleep(0.2)
    reader.signal(signal.SIGCONT)


INJECTIONS = {
    "parent killed": kill_parent,
    "worker killed": kill_worker,
    "interrupted": interrupt,
    "out of memory": take_memory,
    "laptop closed": close_laptop,
}


class Campaign:
    """Counts of what was injected, what recovered, and what was equal.

    Args:
        folder: `pathlib.Path`, where caches may be made.
        count: Integer, how many runs a sweep has.
        seed: Integer, decides when faults happen, and in which order.
    """

    def __init__(self, folder, count, seed=0):
        self.folder, self.runs = folder, some_runs(count)
        self.random = random.Random(seed)
        self.injected, self.recovered, self.equal = (collections.Counter() for _ in range(3))
        self.sound = self.new_cache()
        self.reference = Reader(self.runs, self.sound).digests()
        if self.reference is None:
            raise RuntimeError("the undisturbed sweep did not end")

    def new_cache(self):
        return pathlib.Path(tempfile.mkdtemp(dir=self.folder))

    def count(self, kind, number, recovered, equal):
        self.injected[kind] += number
        self.recovered[kind] += recovered
        self.equal[kind] += equal

    def strike(self, kinds):
        """Let these happen to a reader that trains, in random order; go on until all have."""
        kinds = list(kinds)
        self.random.shuffle(kinds)
        while kinds:
            cache, done, whole = self.new_cache(), [], True
            digests = None
            while digests is None:
                reader = Reader(self.runs[:STRUCK], cache)
                done += self._strike(reader, kinds)
                digests = reader.digests()
                whole &= reader.leaves_nobody()
                if time.monotonic() > reader.deadline:
                    whole = False
            equal = whole and digests == self.reference[:STRUCK]
            for kind in done:
                self.count(kind, 1, whole, equal)

    def _strike(self, reader, kinds):
        """Each blow falls some time after a new checkpoint or record; those that fell."""
        fell, seen = [], self._files(reader)
        while kinds and reader.runs():
            files = self._files(reader)
            if files == seen:
                time.sleep(0.005)
                continue
            time.sleep(self.random.random() * 0.5)
            if not reader.runs() or not reader.workers():
                break
            INJECTIONS[kinds[-1]](reader)
            fell.append(kinds.pop())
            if fell[-1] in ("parent killed", "interrupted"):
                break
            seen = self._files(reader)
        return fell

    def _files(self, reader):
        found = set()
        for path in (reader.cache / "runs").glob("*.*"):
            with contextlib.suppress(FileNotFoundError):
                found.add((path.name, path.stat().st_mtime_ns))
        return found

    def fill_disk(self, count):
        """No file may be longer than a few bytes: nothing can be written, but all comes back."""
        cache, runs = self.new_cache(), self.runs[:count]
        reader = Reader(runs, cache, largest_file=100)
        digests = reader.digests()
        written = list((cache / "runs").glob("*.*"))
        whole = digests is not None and not written and reader.leaves_nobody()
        same = [whole and digests[i] == self.reference[i] for i in range(len(runs))]
        self.count("disk full", len(runs), whole * len(runs), sum(same))

    def damage(self, counts):
        """Records and checkpoints of an earlier sweep, torn or exchanged."""
        cache = self.new_cache()
        shutil.copytree(self.sound / "runs", cache / "runs")
        kinds = [kind for kind, count in counts.items() for _ in range(count)]
        runs = self.runs[: len(kinds)]
        started = [run for run, kind in zip(runs, kinds, strict=True) if "checkpoint" in kind]
        beginner = fork.Process(target=begin, args=(started, cache))
        beginner.start()
        beginner.join()
        damaged = []
        with _cache(cache):
            for i, (run, kind) in enumerate(zip(runs, kinds, strict=True)):
                suffix = ".checkpoint" if kind == "torn checkpoint" else (".json", ".npz")[i % 2]
                path = Record(run).path(suffix)
                if kind == "foreign record":
                    other = Record(self.runs[-1]).path(suffix)
                    shutil.copy(other, path)
                else:
                    content = path.read_bytes()
                    path.write_bytes(content[: self.random.randrange(len(content))])
                damaged.append(path)
        reader = Reader(self.runs, cache)
        digests, nobody = reader.digests(), reader.leaves_nobody()
        for i, (kind, path) in enumerate(zip(kinds, damaged, strict=True)):
            noticed = path.with_name(path.name + ".damaged").exists()
            whole = digests is not None and nobody and noticed
            self.count(kind, 1, whole, whole and digests[i] == self.reference[i])

    def sweep_twice(self, count):
        """Two readers with the same runs and the same records, at the same time."""
        for _ in range(count):
            cache, runs = self.new_cache(), self.runs[:STRUCK]
            readers = [Reader(runs, cache) for _ in range(2)]
            digests = [reader.digests() for reader in readers]
            whole = None not in digests and all(reader.leaves_nobody() for reader in readers)
            equal = whole and all(one == self.reference[: len(runs)] for one in digests)
            self.count("two sweeps at once", 1, whole, equal)

    def table(self):
        """Rows of kind, injected, recovered and equal."""
        return [
            (kind, self.injected[kind], self.recovered[kind], self.equal[kind])
            for kind in COUNTS
            if self.injected[kind]
        ]


def digest(result):
    """One word for all that a result holds."""
    content = hashlib.sha256(json.dumps(result.history).encode())
    for array in result.weights:
        content.update(array.tobytes())
    return content.hexdigest()


def begin(runs, cache):
    """In a process of its own: leave a checkpoint of each run, and nothing else."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    devices.set_threads()
    with _cache(cache):
        for run in runs:
            record = Record(run)
            for suffix in (".json", ".npz"):
                record.path(suffix).unlink()
            with contextlib.suppress(Stop):
                training.train_run(run, after_epoch=stop, record=record)


class Stop(Exception):
    """What ends a training after an epoch."""


def stop(epoch):
    """Stop a training as soon as it has left a checkpoint."""
    raise Stop


@contextlib.contextmanager
def _cache(folder):
    before = os.environ.get("RESLIB_CACHE")
    os.environ["RESLIB_CACHE"] = str(folder)
    try:
        yield
    finally:
        os.environ.pop("RESLIB_CACHE")
        if before is not None:
            os.environ["RESLIB_CACHE"] = before


def inject(counts, seed=0):
    """Inject so many faults of each kind; the rows of the table."""
    files = {kind: counts[kind] for kind in counts if kind.startswith(("torn", "foreign"))}
    size = max(STRUCK, counts.get("disk full", 0), sum(files.values()) + 1)
    with tempfile.TemporaryDirectory(prefix="reslib-faults-", ignore_cleanup_errors=True) as folder:
        campaign = Campaign(pathlib.Path(folder), size, seed)
        campaign.strike(kind for kind in INJECTIONS for _ in range(counts.get(kind, 0)))
        if counts.get("disk full"):
            campaign.fill_disk(counts["disk full"])
        if files:
            campaign.damage(files)
        campaign.sweep_twice(counts.get("two sweeps at once", 0))
        return campaign.table()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", type=int, help="so many faults of each kind, written nowhere")
    parser.add_argument("--seed", type=int, default=0, help="decides when they happen")
    arguments = parser.parse_args()
    counts = COUNTS if arguments.each is None else dict.fromkeys(COUNTS, arguments.each)
    started = time.monotonic()
    rows = inject(counts, arguments.seed)
    total = ("all", *(sum(row[i] for row in rows) for i in (1, 2, 3)))
    for row in (*rows, total):
        print("{:<20}{:>4} injected{:>5} recovered{:>5} equal".format(*row))
    print(f"{(time.monotonic() - started) / 60:.1f} minutes")
    if arguments.each is None:
        with FILE.open("w", newline="", encoding="utf-8") as file:
            file.write(f"# python benchmarks/inject_faults.py --seed {arguments.seed}\n")
            writer = csv.writer(file, lineterminator="\n")
            writer.writerows([("kind", "injected", "recovered", "equal"), *rows])
    if total[1] != total[3]:
        raise SystemExit("not every fault was survived")


if __name__ == "__main__":
    main()
