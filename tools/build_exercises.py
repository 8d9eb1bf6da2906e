"""Make the notebooks in notebooks/exercises out of those in notebooks/solutions.

A solution notebook is the one source. What an exercise must not show is marked in it:

- a line that ends in `# SOLUTION` loses its right side: `layer = ...  # your answer`, and likewise
  `return ...  # your answer`;
- a line that ends in `# SOLUTION: other code` becomes the other code: a bug to find;
- the lines between `# BEGIN SOLUTION` and `# END SOLUTION` become `...  # your answer`;
- a cell with the tag `solution` is left out.

The title's word "Solutions" becomes "Exercises", and nothing that was executed remains.
"""

import argparse
import re
from pathlib import Path

import nbformat

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
ANSWER = "...  # your answer"
REGION = re.compile(r"^( *)# BEGIN SOLUTION\n.*?^ *# END SOLUTION$", re.M | re.S)
OTHER = re.compile(r"^( *).*  # SOLUTION: (.*)$", re.M)
LINE = re.compile(r"^( *)(return |[\w, ]+ = ).*  # SOLUTION$", re.M)
MARK = re.compile(r"# (?:BEGIN |END )?SOLUTION")


def main():
    argparse.ArgumentParser(description=__doc__.partition("\n")[0]).parse_args()
    for source in sorted((NOTEBOOKS / "solutions").glob("*.ipynb")):
        target = exercise_path(source)
        target.parent.mkdir(exist_ok=True)
        nbformat.write(exercise_of(nbformat.read(source, as_version=4)), target)
        print(target.relative_to(NOTEBOOKS.parent))


def exercise_path(source):
    """Where the exercise notebook of a solution notebook lies: tabs shall tell the two apart."""
    name = source.name.replace("_solutions", "_exercises")
    return source.parents[1] / "exercises" / name


def exercise_of(solution):
    """The exercise notebook made of a solution notebook."""
    cells = []
    for cell in solution.cells:
        if "solution" in cell.metadata.get("tags", []):
            continue
        if cell.cell_type == "code":
            made = nbformat.v4.new_code_cell(without_solution(cell.source), id=cell.id)
        else:
            text = cell.source if cells else cell.source.replace("Solutions", "Exercises", 1)
            made = nbformat.v4.new_markdown_cell(text, id=cell.id)
        cells.append(made)
    made = nbformat.v4.new_notebook(cells=cells, metadata=solution.metadata)
    nbformat.validate(made)
    return made


def without_solution(code):
    """The code of a cell with each marked answer taken out."""
    code = REGION.sub(rf"\1{ANSWER}", code)
    code = OTHER.sub(r"\1\2", code)
    code = LINE.sub(rf"\1\2{ANSWER}", code)
    if MARK.search(code):
        raise ValueError(f"a mark was not understood in the cell\n{code}")
    return code


if __name__ == "__main__":
    main()
