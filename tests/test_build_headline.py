"""The picture in README is the one that notebook 04 shows."""

import base64

import build_headline
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output


def shown(content, id="headline"):
    data = {"image/png": base64.b64encode(content).decode()}
    outputs = [new_output("stream", text="3 %\n"), new_output("display_data", data)]
    return new_code_cell("draw()", id=id, outputs=outputs)


def test_the_picture_is_that_of_the_cell():
    notebook = new_notebook(cells=[new_markdown_cell("# Draw"), shown(b"other", "a"), shown(b"it")])
    assert build_headline.stored_picture(notebook, "headline") == b"it"


@pytest.mark.parametrize(
    "cells",
    [[], [shown(b"it", "other")], [new_code_cell("draw()", id="headline")], [shown(b"it")] * 2],
    ids=["no cell", "another cell", "not executed", "two pictures"],
)
def test_any_other_number_of_pictures_is_refused(cells):
    with pytest.raises(ValueError, match="must store one picture"):
        build_headline.stored_picture(new_notebook(cells=cells), "headline")


def test_the_picture_in_docs_is_the_stored_one():
    notebook = nbformat.read(build_headline.NOTEBOOK, as_version=4)
    picture = build_headline.stored_picture(notebook, build_headline.CELL)
    assert picture == build_headline.PICTURE.read_bytes()
    assert picture.startswith(b"\x89PNG")
