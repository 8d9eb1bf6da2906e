"""Makes data/fashion_mnist.npz and its entry in data/manifest.json again from the full set.

    python tools/build_data.py                  # through keras.datasets.fashion_mnist
    python tools/build_data.py --source DIR     # from the four original .gz files in DIR

The rule that picks the images is `reslib.datasets.fashion_mnist.select`. The images are copied,
pixel by pixel, and nothing is written unless they have the checksum that the library expects.
"""

import argparse
import gzip
import hashlib
import json
import struct
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the tool serves the checkout it lies in, installed or not

from reslib.datasets import fashion_mnist  # noqa: E402
from reslib.datasets.splits import KEYS, Splits  # noqa: E402

ORIGINALS = {
    "x_train": "train-images-idx3-ubyte.gz",
    "y_train": "train-labels-idx1-ubyte.gz",
    "x_test": "t10k-images-idx3-ubyte.gz",
    "y_test": "t10k-labels-idx1-ubyte.gz",
}


def read_idx(path):
    """Reads one of the original files.

    The format of MNIST: two zero bytes, a code for the type (8 is uint8), the number of axes, their
    lengths as big-endian 32-bit integers, then the numbers themselves.

    Args:
        path: `pathlib.Path` of a gzipped IDX file.

    Returns:
        A `uint8` array.

    Raises:
        ValueError: If the file is in another format.
    """
    content = gzip.decompress(path.read_bytes())
    if len(content) < 4 or content[:3] != b"\0\0\x08":
        raise ValueError(f"{path} is not an IDX file of bytes: it starts with {content[:4].hex()}")
    axes = content[3]
    shape = struct.unpack_from(f">{axes}I", content, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)


def build(splits, folder):
    """Writes the subset and its entry in the manifest.

    Args:
        splits: The full set, as `Splits`.
        folder: `pathlib.Path`, where to. Other entries of a manifest there are kept.

    Returns:
        The new entry, a dict.

    Raises:
        ValueError: If the subset is not the one that the library expects.
    """
    subset = fashion_mnist.select(splits)
    if subset.checksum != fashion_mnist.SUBSET_CHECKSUM:
        raise ValueError(
            f"the subset has the checksum {subset.checksum}, reslib/datasets/fashion_mnist.py "
            f"expects {fashion_mnist.SUBSET_CHECKSUM}. Either the source is not Fashion-MNIST as "
            "it was released, or the rule was changed; only then write the new checksum there."
        )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / fashion_mnist.FILE
    # One channel needs no axis in the file. NumPy puts the same date on every file in an .npz, so
    # equal images make equal bytes, as long as zlib compresses them alike.
    arrays = {key: getattr(subset, key) for key in KEYS}
    arrays |= {key: arrays[key][..., 0] for key in ("x_train", "x_test")}
    np.savez_compressed(path, **arrays)

    manifest = folder / "manifest.json"
    files = json.loads(manifest.read_text(encoding="utf-8"))["files"] if manifest.exists() else {}
    files[path.name] = entry = describe(path, arrays, subset.checksum)
    text = json.dumps({"files": dict(sorted(files.items()))}, indent=2, ensure_ascii=False) + "\n"
    manifest.write_text(text, encoding="utf-8", newline="\n")
    return entry


def describe(path, arrays, checksum):
    """What the manifest says of the file: where it is from, whose it is, what is in it."""
    return {
        "title": "Fashion-MNIST, a subset of 12,000 training and 2,000 test images",
        "origin": "https://github.com/zalandoresearch/fashion-mnist",
        "reference": "Xiao, Rasul, Vollgraf, 2017, https://arxiv.org/abs/1708.07747",
        "licence": "MIT, Copyright 2017 Zalando SE: LICENSE-fashion-mnist.txt",
        "made_by": "python tools/build_data.py (from keras.datasets.fashion_mnist) or "
        "python tools/build_data.py --source DIR (from the four original .gz files)",
        "selection": "of each class the first 1,200 training and the first 200 test images in the "
        "order of the original files, dealt class by class (0, 1, ..., 9, 0, 1, ...); pixels "
        "unchanged; no seed",
        "note": "'sha256' is that of the file, whose bytes may differ where zlib compresses "
        "otherwise; 'contents' are those of each array's plain bytes (array.tobytes()), and "
        "'checksum' is reslib.datasets' own, the same whether the images come from this file or "
        "from keras.datasets",
        "bytes": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "checksum": checksum,
        "contents": {
            key: {
                "dtype": str(array.dtype),
                "shape": list(array.shape),
                "sha256": hashlib.sha256(array.tobytes()).hexdigest(),
            }
            for key, array in arrays.items()
        },
    }


def main(arguments=None):
    """Runs the tool from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--source",
        type=Path,
        metavar="DIR",
        help="folder with the four original files: " + ", ".join(ORIGINALS.values()),
    )
    parser.add_argument(
        "--to", type=Path, default=ROOT / "data", metavar="DIR", help="where to write (data/)"
    )
    options = parser.parse_args(arguments)
    if options.source is None:
        splits = fashion_mnist.full()
    else:
        arrays = {key: read_idx(options.source / name) for key, name in ORIGINALS.items()}
        splits = Splits.from_arrays(
            arrays, fashion_mnist.IMAGE_SHAPE, len(fashion_mnist.CLASS_NAMES), str(options.source)
        )
    entry = build(splits, options.to)
    print(f"{options.to / fashion_mnist.FILE}: {entry['bytes']:,} bytes, {entry['sha256']}")


if __name__ == "__main__":
    main()
