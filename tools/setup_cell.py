# Finds `reslib`, the library of this course. Installs nothing: your environment stays as it is.
import sys
from importlib.util import find_spec
from pathlib import Path
from shutil import unpack_archive

if not find_spec("reslib"):  # then it lies in a bundle beside this notebook, or in a folder above
    bundle, here = Path("reslib-course.zip"), Path("reslib-course").resolve()
    if "google.colab" in sys.modules and not bundle.exists():
        sys.modules["google.colab"].files.upload()  # asks for reslib-course.zip
    if bundle.exists():
        unpack_archive(bundle, here)
    sys.path += [str(p) for p in (here, *here.parents) if (p / "reslib").is_dir()]
    assert find_spec("reslib"), "Open this notebook in its checkout, or beside reslib-course.zip."

import reslib

print(reslib.environment())
