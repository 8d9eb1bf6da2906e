"""The alternative text of stored figures, which myst-nb 1.4 drops."""

from myst_nb.core.render import NbElementRenderer

_render_image = NbElementRenderer.render_image


def render_image(self, data):
    rendered = _render_image(self, data)
    text = (data.output_metadata or {}).get(data.mime_type, {}).get("alt")
    if text:
        rendered[0]["alt"] = text
    return rendered


def setup(app):
    NbElementRenderer.render_image = render_image
    return {"parallel_read_safe": True, "parallel_write_safe": True}
