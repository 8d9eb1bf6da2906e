"""A figure is shown with a sentence for those who cannot see it, in old and new IPython."""

import base64

import IPython.display
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from reslib import figures

SENTENCE = "Plain-56 errs 3 times as often."


class ImageOfIPython7(IPython.display.Image):
    """With the arguments that `Image` has in IPython 7.34, Google Colab's."""

    def __init__(
        self, data=None, url=None, filename=None, format=None, embed=None, width=None,
        height=None, retina=False, unconfined=False, metadata=None,
    ):  # fmt: skip
        super().__init__(
            data, url, filename, format, embed, width, height, retina, unconfined, metadata
        )


@pytest.mark.parametrize("image", [IPython.display.Image, ImageOfIPython7])
def test_the_sentence_stands_under_the_picture_and_is_its_alternative_text(image, monkeypatch):
    monkeypatch.setattr(IPython.display, "Image", image)
    InteractiveShell.instance()  # without a shell, IPython prints the names of what it displays
    figure, _ = figures.panels(title="Seen")
    with capture_output() as shown:
        figures.show(figure, SENTENCE)
    picture, caption = shown.outputs
    assert base64.b64decode(picture.data["image/png"]).startswith(b"\x89PNG")
    assert picture.metadata == {"image/png": {"alt": SENTENCE}}
    assert caption.data["text/markdown"] == f"*{SENTENCE}*"


def test_a_figure_shows_itself_with_its_sentence_at_the_end_of_a_cell():
    shell = InteractiveShell.instance()
    figure, _ = figures.panels(title="Seen")
    figure.set_label(SENTENCE)
    with capture_output() as shown:
        shell.display_formatter.format(figure)
    picture, caption = shown.outputs
    assert picture.metadata == {"image/png": {"alt": SENTENCE}}
    assert caption.data["text/markdown"] == f"*{SENTENCE}*"
