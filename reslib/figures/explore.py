"""Controls with which a reader moves the settings of a figure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ipywidgets import Widget


def explore(
    function: Callable, **settings: bool | Sequence[str] | tuple[float, float, float, float]
) -> Widget:
    """Show a figure and controls for its settings, which are drawn anew at each move.

    A number has a slider and a field to type in. ipywidgets gives a slider no name that a screen
    reader could say, but the field has one, and both move together.

    Args:
        function: Function of the settings by name, which returns what is shown.
        **settings: For each setting a list of words, `True` or `False`, or, for a number, a tuple
            `(start, least, most, step)`, all of them integers where the number is to be one. The
            first word and the given boolean are the start.

    Returns:
        A widget, to stand at the end of a cell. It needs a running kernel.

    Example:

    >>> explore(draw, gain=(1.0, 0.25, 4.0, 0.05), depth=(30, 5, 100, 5))  # doctest: +SKIP
    """
    import ipywidgets
    from IPython.display import display

    rows, controls = [], {}
    for name, given in settings.items():
        row = _control(name.replace("_", " ").capitalize(), given)
        rows.append(ipywidgets.HBox(row))
        controls[name] = row[0]
    shown = ipywidgets.interactive_output(lambda **chosen: display(function(**chosen)), controls)
    return ipywidgets.VBox([*rows, shown])


def _control(label: str, given: Any) -> list[Widget]:
    """Make the widget that holds the value, and perhaps another that moves with it."""
    import ipywidgets

    named = {"description": label, "style": {"description_width": "7em"}}
    if isinstance(given, bool):
        return [ipywidgets.Dropdown(options={"no": False, "yes": True}, value=given, **named)]
    if isinstance(given, list):
        return [ipywidgets.Dropdown(options=given, **named)]
    start, least, most, step = given
    whole = all(isinstance(number, int) for number in given)
    fields = ipywidgets.BoundedIntText if whole else ipywidgets.BoundedFloatText
    sliders = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
    limits = {"value": start, "min": least, "max": most, "step": step}
    field = fields(**limits, layout={"width": "14em"}, **named)
    slider = sliders(**limits, readout=False, continuous_update=False)
    ipywidgets.link((field, "value"), (slider, "value"))
    return [field, slider]
