"""What all tests share: the framework comes up quietly, and nothing is remembered from before."""

import os
import tempfile

import reslib  # noqa: F401  (first, for it keeps TensorFlow quiet)

# Records of training runs go to a folder of this process, which vanishes with it.
_records = tempfile.TemporaryDirectory(prefix="reslib-tests-")
os.environ["RESLIB_CACHE"] = _records.name
