"""Keras's docstrings, which are Markdown, for Sphinx, which reads reStructuredText."""

import re

CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)(\w?)")
# What Keras calls, and whoever uses a layer does not.
KERAS = {"bare_convolution", "build", "call", "compute_output_shape", "from_config", "get_config"}
KERAS |= {"make_projection"}


def as_literals(app, what, name, obj, options, lines):
    text = CODE.sub(lambda m: f"``{m[1]}``" + (rf"\ {m[2]}" if m[2] else ""), "\n".join(lines))
    parts = re.split("(``.+?``)", text.replace(", **", r", \*\*"))
    parts[::2] = [part.replace("|", r"\|") for part in parts[::2]]  # a size, not a substitution
    lines[:] = "".join(parts).split("\n")


def skip(app, what, name, obj, skipped, options):
    return True if name in KERAS else None


def setup(app):
    app.connect("autodoc-process-docstring", as_literals, priority=400)  # before napoleon
    app.connect("autodoc-skip-member", skip)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
