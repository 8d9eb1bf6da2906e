"""The README as the site's first page, and the notebooks as pages."""

import json
import re
import shutil
from pathlib import Path

from reslib.language import translated

SWITCH = re.compile(r"^\[(?:中文|English)\]\(README\.\S*\)\n\n")  # the site has its own
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


def toctrees(root, edition):
    """The contents, in the order of a reader: GitHub shows the README without them."""

    def said(words):
        return translated(words, edition)

    names = sorted(path.stem for path in (root / "notebooks").glob("*.ipynb"))
    groups = {"The course": [f"{n[:2]} {said(short(n))} <notebooks/{n}>" for n in names]}
    for kind in ("exercises", "solutions"):
        groups[kind.capitalize()] = [
            f"{said(kind.capitalize())} {n[:2]} <notebooks/{kind}/{n}_{kind}>" for n in names
        ]
    return "\n".join(
        f"```{{toctree}}\n:caption: {said(caption)}\n:hidden:\n\n" + "\n".join(entries) + "\n```\n"
        for caption, entries in (groups | PAGES).items()
    )


def short(name):
    """What a notebook is about, by the name of its file."""
    return name[3:].replace("_", " ").capitalize()


def adapt(app, docname, source):
    if docname == app.config.root_doc:
        page = SWITCH.sub("", BADGE.sub("", source[0]))
        source[0] = f"{page}\n\n{toctrees(Path(app.srcdir), app.config.edition)}"
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
    app.add_config_value("edition", "en", "env")
    app.connect("source-read", adapt)
    app.connect("doctree-read", leave_out_of_search)
    app.connect("build-finished", copy_first_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
