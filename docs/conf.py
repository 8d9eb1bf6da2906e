"""The site: the notebooks as they are stored, the pages beside them, and the library's reference.

`make site` builds it from the checkout's root, with this folder for its configuration:

    sphinx-build -c docs . build/site
    sphinx-build -c docs -t zh build/zh build/site/zh    # what tools/editions.py wrote
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs/_ext")]
from reslib.language import translated  # noqa: E402

README = (ROOT / "README.md").read_text(encoding="utf-8")
# `make colab REPO=owner/name` writes the published place into the README.
repository = re.search(r"https://github\.com/(?!OWNER/NAME)([\w.-]+/[\w.-]+?)(?:\.git)?\s", README)

edition = "zh" if tags.has("zh") else "en"  # noqa: F821  (Sphinx hands in the tags)
project = translated("Why residual networks work", edition)
author = "The authors of the course"
copyright = translated("the authors of the course, MIT licence", edition)
language = {"en": "en", "zh": "zh_CN"}[edition]

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinxext.opengraph",
    "chinese",
    "contents",
    "docstrings",
    "mathml",
    "stored_figures",
]
root_doc = "README"
include_patterns = ["*.md", "docs/**.md", "notebooks/**.ipynb"]
exclude_patterns = [".*", "README.*.md", "build", "dist", "my-course*", "**.ipynb_checkpoints"]

nb_execution_mode = "off"
nb_render_markdown_format = "myst"  # links in generated tables
nb_mime_priority_overrides = [("html", "text/markdown", 5)]
nb_code_prompt_show = translated("Show the code", edition)
nb_code_prompt_hide = translated("Hide the code", edition)
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
suppress_warnings = ["misc.highlighting_failure"]

# The library's docstrings keep Keras's order of sections.
napoleon_numpy_docstring = False
napoleon_custom_sections = ["Input shape", "Output shape", "Reference"]
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say what each argument is
suppress_warnings += ["autodoc.mocked_object"]
autodoc_mock_imports = ["IPython", "joblib", "keras", "matplotlib", "pandas", "psutil"]
autodoc_mock_imports += ["scipy", "sklearn", "tensorflow", "threadpoolctl", "tqdm"]

html_theme = "sphinx_book_theme"
html_title = project
html_baseurl = "https://{}.github.io/{}/".format(*repository[1].split("/")) if repository else ""
if html_baseurl and edition != "en":
    html_baseurl += f"{edition}/"
html_math_renderer = "mathml"
html_static_path = ["_static"]
templates_path = ["_templates"]
html_css_files = ["course.css"]
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "home_page_in_toc": True,
    "navbar_persistent": [],  # the side bar has the search
    "show_toc_level": 2,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "max_navbar_depth": 1,  # the theme's toggles of deeper levels have no name for a screen reader
    "use_download_button": False,
    "article_header_end": ["edition.html", "article-header-buttons.html"],
}
if repository:
    html_theme_options |= {
        "repository_url": f"https://github.com/{repository[1]}",
        "repository_branch": "main",
        "path_to_docs": ".",
        "use_repository_button": True,
        "launch_buttons": {"colab_url": "https://colab.research.google.com"},
    }
ogp_site_url = html_baseurl
ogp_social_cards = {"enable": False}  # the figure of the README is the picture
ogp_image = "_images/headline.png"
ogp_enable_meta_description = True
