"""How a verdict looks in a notebook: a coloured sign, the number, a sentence, and more beneath."""

import html
import re

COLORS = {"✓": "#007a5a", "✗": "#b84300", "…": "#595959"}


def in_html(sign: str, number: str, sentence: str, *more: str) -> str:
    """Write a verdict as HTML, which breaks lines between words wherever it is shown.

    Args:
        sign: `"✓"`, `"✗"` or `"…"`; it decides the colour.
        number: Of the claim or the exercise.
        sentence: What is said; `code` between backticks is set as such.
        more: Further lines, paler.
    """
    color = COLORS[sign]
    lines = "".join(f'<br><span style="opacity: 0.7">{escaped(line)}</span>' for line in more)
    return (
        f'<div style="border-left: 4px solid {color}; padding: 0.2em 0.8em">'
        f'<b style="color: {color}">{sign} {number}</b> {escaped(sentence)}{lines}</div>'
    )


def escaped(text: str) -> str:
    """Escape a text for HTML, and set what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))
