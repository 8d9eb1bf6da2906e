"""Take the picture for README out of notebook 04, where the figure is made live.

    python tools/build_headline.py

Writes docs/headline.png, byte for byte what the cell `headline` of the stored notebook shows.
"""

import argparse
import base64
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[1]
NOTEBOOK, CELL = ROOT / "notebooks/04_residual_blocks.ipynb", "headline"
PICTURE = ROOT / "docs/headline.png"


def main():
    argparse.ArgumentParser(description=__doc__.partition("\n")[0]).parse_args()
    picture = stored_picture(nbformat.read(NOTEBOOK, as_version=4), CELL)
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_bytes(picture)
    print(PICTURE.relative_to(ROOT))


def stored_picture(notebook, cell_id):
    """The PNG in the outputs of a cell, as bytes.

    Raises:
        ValueError: If there is no such cell, or not exactly one picture is stored in it.
    """
    cells = [cell for cell in notebook.cells if cell.get("id") == cell_id]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    pictures = [o.data["image/png"] for o in outputs if "image/png" in o.get("data", {})]
    if len(pictures) != 1:
        raise ValueError(
            f"the notebook must store one picture in a cell {cell_id!r}; there are {len(cells)} "
            f"such cells with {len(pictures)} pictures: execute it with tools/execute.py"
        )
    return base64.b64decode(pictures[0])


if __name__ == "__main__":
    main()
