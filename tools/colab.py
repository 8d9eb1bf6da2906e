"""Build the file that brings `reslib` to Colab; with REPO=owner/name, stamp where the course lives.

Four things carry the stamp, and each can be stamped again with another name:
- a line that ends in `<!-- colab -->` (an unstamped one holds nothing else) becomes the badge;
- a link from one notebook to another, `[...](04_name.ipynb)`, gets its twins on GitHub and Colab
  behind it (Colab knows no relative links, and GitHub's view of a notebook follows them badly);
- a link `[read](notebooks/04_name.ipynb)` of the README gets one that opens the notebook in Colab;
- where the set-up cell would ask Colab's user for the bundle, it clones the repository instead;
  `git clone https://github.com/...` in the README and on the page on installing names it too.
"""

import argparse
import posixpath
import re
import zipfile
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[1]
COLAB = "https://colab.research.google.com"
BADGE = f"[![Open in Colab]({COLAB}/assets/colab-badge.svg)]"
ASK = 'sys.modules["google.colab"].files.upload()  # asks for reslib-course.zip'
CLONE = "!test -d reslib-course || git clone -q --depth 1 https://github.com/{} reslib-course"
TWINS = r" \(\[on GitHub\]\(\S+?\), \[on Colab\]\(\S+?\)\)"
IN_COLAB = r" · \[open in Colab\]\(\S+?\)"
NAME = r"\w[\w.-]*/\w[\w.-]*"


def main():
    parser = argparse.ArgumentParser(usage="make colab [REPO=owner/name]")
    parser.add_argument("repo", nargs="?", default="", metavar="REPO=owner/name")
    repo = parser.parse_args().repo.removeprefix("REPO=")
    if repo and not re.fullmatch(NAME, repo):
        parser.error(f"REPO is {repo!r}, but must be owner/name, as in REPO=ada/why-residual")
    if repo:
        stamp_all(ROOT, repo)
    print(f"{bundle(ROOT, ROOT / 'dist')}: upload it to Colab when a notebook asks for it")


def stamp_all(root, repo):
    """Stamp the README, the page on installing and every notebook of a checkout."""
    for page in (root / "README.md", root / "docs/install.md"):
        text = stamp(page.read_text(encoding="utf-8"), repo, "")
        page.write_text(text, encoding="utf-8", newline="\n")
    for path in sorted((root / "notebooks").rglob("*.ipynb")):
        if ".ipynb_checkpoints" in path.parts:
            continue
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            cell.source = stamp(cell.source, repo, path.relative_to(root).as_posix())
        nbformat.write(notebook, path)


def stamp(text, repo, path):
    """The text of the README (path "") or of a cell of the notebook at `path`, naming `repo`."""
    place = f"{COLAB}/github/{repo}" + (f"/blob/HEAD/{path}" if path else "")

    def twin(link):
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), link[1]))
        there = f"{repo}/blob/HEAD/{target}"
        github, google = f"https://github.com/{there}", f"{COLAB}/github/{there}"
        return f"]({link[1]}) ([on GitHub]({github}), [on Colab]({google}))"

    def both(link):
        return f"{link[1]} · [open in Colab]({COLAB}/github/{repo}/blob/HEAD/{link[2]})"

    text = re.sub(r"^.*<!-- colab -->$", f"{BADGE}({place}) <!-- colab -->", text, flags=re.M)
    if not path:  # the table of the course
        text = re.sub(rf"(\[read\]\((\S+?)\))(?:{IN_COLAB})?", both, text)
    else:
        text = re.sub(rf"\]\(((?:\.\./)*[\w/]+\.ipynb)\)(?:{TWINS})?", twin, text)
    text = unstamped(text).replace(ASK, CLONE.format(repo))
    text = re.sub(rf"(git clone https://github\.com/){NAME}", rf"\g<1>{repo}", text)
    return re.sub(r"(git clone \S+\ncd )\S+", rf"\g<1>{repo.partition('/')[2]}", text)


def plain(text):
    """A text cell or a page as it was before it named a repository."""
    text = re.sub(r"^.*<!-- colab -->$", "<!-- colab -->", text, flags=re.M)
    return re.sub(f"{TWINS}|{IN_COLAB}", "", text)


def repository(root):
    """The owner/name that the README of a checkout is stamped with, or nothing."""
    readme = (root / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"git clone https://github\.com/(?!OWNER/NAME)({NAME})", readme)
    return found and found[1].removesuffix(".git")


def unstamped(text):
    """A set-up cell as it was before it named a repository."""
    return re.sub(re.escape(CLONE).replace(r"\{\}", NAME), lambda _: ASK, text)


def bundle(root, folder):
    """Zip library and data, byte for byte the same each time; return the archive's path."""
    files = [root / name for name in ("LICENSE", "pyproject.toml", "requirements.txt")]
    files += [path for name in ("reslib", "data") for path in (root / name).rglob("*")]
    archive = folder / "reslib-course.zip"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for path in sorted(files):
            if path.is_file() and "__pycache__" not in path.parts:
                entry = zipfile.ZipInfo(path.relative_to(root).as_posix())  # dated 1980, always
                entry.external_attr = 0o644 << 16
                target.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return archive.relative_to(Path.cwd()) if archive.is_relative_to(Path.cwd()) else archive


if __name__ == "__main__":
    main()
