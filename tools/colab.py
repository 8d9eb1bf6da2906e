"""Build the file that brings `reslib` to Colab; with REPO=owner/name, stamp where the course lives.

Three things carry the stamp, and each can be stamped again with another name:
- a line that ends in `<!-- colab -->` (an unstamped one holds nothing else) becomes the badge;
- a link from one notebook to another, `[...](04_name.ipynb)`, gets its twin on Colab behind it;
- where the set-up cell would ask Colab's user for the bundle, it clones the repository instead;
  the README's `git clone https://github.com/...` names it too.
"""

import argparse
import re
import zipfile
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[1]
COLAB = "https://colab.research.google.com"
BADGE = f"[![Open in Colab]({COLAB}/assets/colab-badge.svg)]"
ASK = 'sys.modules["google.colab"].files.upload()  # asks for reslib-course.zip'
CLONE = "!test -d reslib-course || git clone -q --depth 1 https://github.com/{} reslib-course"
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
    """Stamp the README and every notebook of a checkout."""
    readme = root / "README.md"
    text = stamp(readme.read_text(encoding="utf-8"), repo, "")
    readme.write_text(text, encoding="utf-8", newline="\n")
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
    folder = place.rpartition("/")[0]
    text = re.sub(r"^.*<!-- colab -->$", f"{BADGE}({place}) <!-- colab -->", text, flags=re.M)
    if path:
        text = re.sub(
            r"\]\(([\w./]+\.ipynb)\)(?: \(\[on Colab\]\(\S+?\)\))?",
            rf"](\1) ([on Colab]({folder}/\1))",
            text,
        )
    text = unstamped(text).replace(ASK, CLONE.format(repo))
    return re.sub(rf"(git clone https://github\.com/){NAME}", rf"\g<1>{repo}", text)


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
