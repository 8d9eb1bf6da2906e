"""The site as `make site` leaves it: read page by page, and opened in a browser without a network.

`make test` builds it first. Where it is not built, as on Windows, there is nothing to test.
"""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
SITE = ROOT / "build/site"
PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
PAGES = [page for page in PAGES if "_static" not in page]  # pieces of the theme
EDITIONS = ("", "zh/")
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(not PAGES, reason="`make site` builds the site")


class Page(HTMLParser):
    """What the laws ask of a page."""

    def __init__(self, text):
        super().__init__()
        self.links, self.fetched, self.images, self.headings, self.ids = [], [], [], [], set()
        self.in_article = False  # around it the theme has headings of its own, for printing
        self.feed(text)

    def handle_endtag(self, tag):
        self.in_article = self.in_article and tag != "article"

    def handle_starttag(self, tag, attributes):
        of = dict(attributes)
        self.ids |= {of[name] for name in ("id", "name") if of.get(name)}
        if tag == "a" and of.get("href"):
            self.links.append(of["href"])
        elif tag == "link" and of.get("rel") not in ("canonical", "next", "prev", "author"):
            self.fetched.append(of["href"])
        elif of.get("src"):
            self.fetched.append(of["src"])
        if tag == "img":
            self.images.append((of["src"], of.get("alt")))
        self.in_article = self.in_article or tag == "article"
        if self.in_article and re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))


@pytest.fixture(scope="module")
def pages():
    return {name: Page((SITE / name).read_text(encoding="utf-8")) for name in PAGES}


def test_every_notebook_and_page_has_its_place():
    sources = list((ROOT / "notebooks").rglob("*.ipynb"))
    sources += [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    wanted = {
        path.relative_to(ROOT).with_suffix(".html").as_posix()
        for path in sources
        if ".ipynb_checkpoints" not in path.parts and path.name != "README.zh.md"
    }
    for edition in EDITIONS:
        here = {page.removeprefix(edition) for page in PAGES if page.startswith(edition)}
        assert wanted | {"index.html", "search.html", "genindex.html"} <= here
        index, readme = (SITE / edition / name for name in ("index.html", "README.html"))
        assert index.read_bytes() == readme.read_bytes()


@pytest.mark.parametrize(
    "name", [page for page in PAGES if not page.startswith("zh/") and page != "index.html"]
)
def test_a_page_leads_to_itself_in_the_other_language(name, pages):
    here, there = Path(SITE / name).parent, Path(SITE / "zh" / name)
    assert any((here / link).resolve() == there for link in pages[name].links)
    back = [(there.parent / link).resolve() for link in pages[f"zh/{name}"].links]
    assert SITE / name in back


@pytest.mark.parametrize("name", [page for page in PAGES if page.startswith("notebooks/")])
def test_a_heading_has_the_same_address_in_both_languages(name, pages):
    def addresses(page):
        return re.findall(r'<section id="([^"]+)"', (SITE / page).read_text(encoding="utf-8"))

    assert addresses(name) == addresses(f"zh/{name}")


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_fetched_from_elsewhere(name, pages):
    assert not [address for address in pages[name].fetched if urlsplit(address).netloc]


def test_no_style_sheet_fetches_from_elsewhere():
    sheets = list(SITE.rglob("*.css"))
    assert sheets
    for sheet in sheets:
        assert not re.search(r"(url\(|@import)\s*['\"]?(https?:)?//", sheet.read_text())


def dead_links(name, pages):
    dead = []
    for link in pages[name].links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (SITE / name).parent / unquote(parts.path) if parts.path else SITE / name
        target = target.resolve()
        here = pages.get(target.relative_to(SITE).as_posix()) if target.is_file() else None
        if not target.is_file() or (here and parts.fragment and parts.fragment not in here.ids):
            dead.append(link)
    return dead


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_to_a_file_and_a_place_in_it(name, pages):
    assert not dead_links(name, pages)


def test_a_dead_link_is_found(pages):
    links = "<a href='gone.html'></a><a href='README.html#gone'></a><a href='#x'></a><p id='x'>"
    known = pages | {"index.html": Page(links)}
    assert dead_links("index.html", known) == ["gone.html", "README.html#gone"]


@pytest.mark.parametrize("name", PAGES)
def test_every_picture_has_a_text(name, pages):
    assert not [source for source, text in pages[name].images if not (text and text.strip())]


@pytest.mark.parametrize("name", PAGES)
def test_headings_begin_once_and_leave_out_no_level(name, pages):
    levels = pages[name].headings
    if Path(name).name not in ("search.html", "genindex.html", "py-modindex.html"):
        assert levels.count(1) == 1
        assert all(next <= level + 1 for level, next in zip(levels, levels[1:], strict=False))


def search_index(edition):
    text = (SITE / edition / "searchindex.js").read_text(encoding="utf-8")
    return json.loads(text[text.index("{") : text.rindex("}") + 1])


@pytest.mark.parametrize("edition", EDITIONS)
def test_no_word_of_a_solution_is_in_the_search(edition):
    """Its title may be: whoever looks for it shall find it."""
    index = search_index(edition)
    found = {n for where in index["terms"].values() for n in np.atleast_1d(where)}
    names = {index["docnames"][n] for n in found}
    assert "notebooks/03_degradation" in names
    assert not [name for name in names if name.startswith("notebooks/solutions/")]


def test_the_chinese_search_finds_every_term_of_the_glossary():
    """All pairs of characters of a term stand in one page beside the glossary."""
    index = search_index("zh/")
    where = {word: set(np.atleast_1d(pages)) for word, pages in index["terms"].items()}
    glossary = index["docnames"].index("GLOSSARY")
    cells = re.findall(
        r"^\| \*\*.+?\*\* \| (.+?) \|", (ROOT / "GLOSSARY.md").read_text(encoding="utf-8"), re.M
    )
    terms = [term for cell in cells for term in re.findall("[\u4e00-\u9fff]{2,}", cell)]
    assert len(terms) > 50
    for term in terms:
        pairs = [term[i : i + 2] for i in range(len(term) - 1)]
        assert glossary in set.intersection(*(where.get(pair, set()) for pair in pairs)), term


OPENED = [
    "index.html",
    *(f"notebooks/{path.stem}.html" for path in sorted((ROOT / "notebooks").glob("*.ipynb"))),
    "notebooks/exercises/04_residual_blocks_exercises.html",
    "CLAIMS.html",
    "GLOSSARY.html",
    "docs/teaching.html",
    "docs/reference/layers.html",
    "zh/index.html",
    "zh/notebooks/03_degradation.html",
]


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM:
        pytest.skip("there is no Chromium on this machine")
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(browser):
    """A window without a network, of a width and a scheme, that shows a page."""
    contexts = []

    def opened(name, width=1400, scheme="light", query=""):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
        )
        contexts.append(context)
        page = context.new_page()
        page.asked = []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("pageerror", lambda error: page.asked.append(f"error: {error}"))
        page.goto((SITE / name).as_uri() + query)
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize("name", OPENED)
def test_a_page_opens_without_a_network(name, opened):
    page = opened(name)
    assert not [url for url in page.asked if not url.startswith(("file:", "data:"))]
    assert page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth)")


@pytest.mark.parametrize("name", OPENED)
def test_a_phone_shows_a_page_without_scrolling_sideways(name, opened):
    page = opened(name, width=400)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", OPENED)
def test_axe_finds_no_serious_fault(name, scheme, opened):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = opened(name, scheme=scheme)
    page.wait_for_function(f"document.documentElement.dataset.theme === '{scheme}'")
    # Colours that fade are judged when they have arrived.
    page.add_style_tag(content="*, ::before, ::after { transition: none !important; }")
    found = axe.Axe().run(page).response["violations"]
    serious = [fault for fault in found if fault["impact"] in ("serious", "critical")]
    assert not [
        (fault["id"], node["html"][:200], node["failureSummary"][:300])
        for fault in serious
        for node in fault["nodes"][:2]
    ]


def test_the_switch_stays_on_the_page(opened):
    page = opened("notebooks/03_degradation.html")
    page.get_by_role("link", name="中文", exact=True).click()
    page.locator("html[lang='zh-CN'] article h1").wait_for()
    assert page.url.endswith("zh/notebooks/03_degradation.html")
    page.get_by_role("link", name="English", exact=True).click()
    page.locator("html[lang='en'] article h1").wait_for()
    assert page.url.endswith("site/notebooks/03_degradation.html")


def test_a_newcomer_reads_a_notebook_from_the_first_page(opened):
    page = opened("index.html", width=400)
    page.locator("table").get_by_role("link", name="read").nth(2).click()
    page.locator("article h1").wait_for()
    assert page.url.endswith("notebooks/03_degradation.html")


@pytest.mark.parametrize(
    "search", ["search.html?q=receptive+field", "zh/search.html?q=感受野", "zh/search.html?q=梯度"]
)
def test_the_search_finds_a_term(search, opened):
    name, query = search.split("?")
    page = opened(name, query=f"?{query}")
    page.locator("#search-results li a").first.wait_for()
    assert page.locator("#search-results li a").count() >= 1
