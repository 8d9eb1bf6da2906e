"""What all tests share: the framework comes up quietly, and nothing is remembered from before."""

import os
import tempfile

import reslib  # noqa: F401  (first, for it keeps TensorFlow quiet)

# Records of training runs and of solved exercises go to a folder that vanishes with this process.
_records = tempfile.TemporaryDirectory(prefix="reslib-tests-")
os.environ["RESLIB_CACHE"] = _records.name
os.environ["RESLIB_STRICT"] = "1"  # a claim that is not borne out is an error, in notebooks too
os.environ["RESLIB_PROGRESS"] = os.path.join(_records.name, "progress.json")
