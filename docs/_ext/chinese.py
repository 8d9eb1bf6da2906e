"""What a Chinese page needs beside its words: the English anchors, and a search.

Chinese has no spaces, and a dictionary does not know the terms of the field. So both the index and
the query are cut into pairs of neighbouring characters.
"""

import json
import re
from pathlib import Path

import snowballstemmer
from docutils import nodes
from markdown_it import MarkdownIt
from sphinx.search.zh import SearchChinese

ROOT = Path(__file__).parents[2]
WORDS = re.compile("[一-鿿]+|[A-Za-z0-9_]+")


class PairsOfCharacters(SearchChinese):
    lang = "zh"
    language_name = "English"  # the stemmer of the words between; there is none for Chinese
    js_splitter_code = r"""
function splitQuery(query) {
  return (query.match(/[\u4e00-\u9fff]+|[A-Za-z0-9_]+/g) || []).flatMap((word) =>
    /\w/.test(word) || word.length < 3
      ? [word]
      : Array.from({ length: word.length - 1 }, (_, i) => word.slice(i, i + 2)));
}
"""

    def __init__(self, options):
        self.options = options
        self.latin_terms = set()
        self.stemmer = snowballstemmer.stemmer("english")

    def split(self, text):
        for word in WORDS.findall(text):
            if word[0] < "一" or len(word) < 3:
                yield word
            else:
                yield from (word[i : i + 2] for i in range(len(word) - 1))

    def stem(self, word):
        return self.stemmer.stemWord(word.lower())


def english_ids(name):
    """The anchors of the headings of the English page, in order."""
    notebook, page = ROOT / f"{name}.ipynb", ROOT / f"{name}.md"
    if notebook.exists():
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        texts = ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]
    else:
        texts = [page.read_text(encoding="utf-8")] if page.exists() else []
    for text in texts:
        tokens = MarkdownIt("commonmark").parse(text)
        for opening, inline in zip(tokens, tokens[1:], strict=False):
            if opening.type == "heading_open":
                words = [part.content for part in inline.children if part.type != "html_inline"]
                yield nodes.make_id("".join(words))


def keep_english_ids(app, doctree):
    """A link to a heading leads to the same place in both editions."""
    sections = doctree.findall(nodes.section)
    taken = set()
    for section, english in zip(sections, english_ids(app.env.docname), strict=False):
        if english and english not in taken:
            others = [name for name in section["ids"] if name != english]
            section["ids"] = [english, *others]
            taken.add(english)


def setup(app):
    app.add_search_language(PairsOfCharacters)
    if app.tags.has("zh"):
        app.connect("doctree-read", keep_english_ids)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
