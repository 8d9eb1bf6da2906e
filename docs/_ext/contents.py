"""The README as the site's first page, and the notebooks as pages."""

import json
import re
import shutil
from pathlib import Path

BADGE = re.compile(r"\[!\[[^]]*\]\([^)]*\)\]\([^)]*\) <!-- colab -->")  # a picture from elsewhere
PAGES = {
    "Look up": ["CLAIMS", "GLOSSARY", "docs/reference/index"],
    "About": [
        "docs/install",
        "docs/teaching",
        "docs/how_it_works",
        "BENCHMARKS",
        "CONTRIBUTING",
        "CHANGELOG",
    ],
}


def toctrees(root):
    """The contents, in the order of a reader: GitHub shows the README without them."""
    names = sorted(path.stem for path in (root / "notebooks").glob("*.ipynb"))
    course = [f"{name[:2]} {name[3:].replace('_', ' ').capitalize()}" for name in names]
    groups = {
        "The course": [f"{title} <notebooks/{n}>" for title, n in zip(course, names, strict=True)]
    }
    for kind in ("exercises", "solutions"):
        groups[kind.capitalize()] = [
            f"{kind.capitalize()} {n[:2]} <notebooks/{kind}/{n}_{kind}>" for n in names
        ]
    return "\n".join(
        f"```{{toctree}}\n:caption: {caption}\n:hidden:\n\n" + "\n".join(entries) + "\n```\n"
        for caption, entries in (groups | PAGES).items()
    )


def adapt(app, docname, source):
    if docname == app.config.root_doc:
        source[0] = f"{BADGE.sub('', source[0])}\n\n{toctrees(Path(app.srcdir))}"
    elif docname.startswith("notebooks/"):
        notebook = json.loads(source[0])
        opening, set_up = notebook["cells"][:2]
        opening["source"] = BADGE.sub("", "".join(opening["source"]))
        set_up["metadata"]["tags"] = ["hide-input"]  # the same everywhere; a click shows it
        source[0] = json.dumps(notebook)


def leave_out_of_search(app, doctree):
    """Whoever searches for a term wants no answers."""
    if app.env.docname.startswith("notebooks/solutions/"):
        app.env.metadata[app.env.docname]["nosearch"] = True


def copy_first_page(app, exception):
    """A browser asks a folder for index.html."""
    if not exception and app.builder.format == "html":
        site = Path(app.outdir)
        shutil.copy(site / f"{app.config.root_doc}.html", site / "index.html")


def setup(app):
    app.connect("source-read", adapt)
    app.connect("doctree-read", leave_out_of_search)
    app.connect("build-finished", copy_first_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
