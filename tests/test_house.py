"""The laws of the house: who may import whom, how long a file may be, what notebooks may use."""

import ast
import json
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import reslib

ROOT = Path(__file__).parents[1]
FLOORS = [  # a room may import from those above it in this list, and from its own floor
    (
        "seeding",
        "arguments",
        "framework",
        "environment",
        "smoke",
        "terminal",
        "language",
        "verdicts",
    ),
    ("layers",),
    ("models", "datasets"),
    ("probes", "detection"),
    ("experiments",),
    ("claims", "figures", "exercises"),
    ("reslib", "registration", "lab", "__main__"),  # these hand out the others
]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
LONGEST = 400  # lines; the aim is 300


def modules_of(package):
    """Each module's dotted name, and its file."""
    names = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return names


def imports_of(module, path, modules):
    """The modules of the package that a file names in its imports, wherever these stand in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = module if path.name == "__init__.py" else module.rpartition(".")[0]
            above = package.split(".")[: len(package.split(".")) + 1 - node.level]
            source = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            # `from a import b` imports the module `a.b` where there is one, and else `a`.
            found = [f"{source}.{alias.name}" for alias in node.names]
            found = [name if name in modules else source for name in found]
        elif isinstance(node, ast.Call) and "import" in ast.unparse(node.func):
            # import_module("a.b")
            found = [one.value for one in node.args if isinstance(one, ast.Constant)]
        else:
            continue
        for name in found:
            if name in modules and name != module:
                yield node.lineno, name


def room_of(module):
    package, *inside = module.split(".")
    return inside[0] if inside else package


def faults_of(package):
    """Imports that run upwards, and circles of files and of rooms, each in a sentence."""
    modules = modules_of(package)
    files, rooms, faults = {}, {}, []
    for module, path in modules.items():
        here = room_of(module)
        for line, other in imports_of(module, path, modules):
            there = room_of(other)
            files.setdefault(module, {})[other] = True
            if here != there:
                rooms.setdefault(here, {})[there] = True
            if FLOOR[here] < FLOOR[there]:
                faults.append(f"{module}, line {line}: {here} imports {other}, which is above it")
    circles = [*circles_in(files), *circles_in(rooms)]
    return faults + [f"a circle of imports: {' → '.join(circle)}" for circle in circles]


def circles_in(graph):
    """As many circles as imports must go until there is none; each begins with such an import."""
    while True:
        try:
            return TopologicalSorter(graph).prepare()
        except CycleError as error:
            circle = error.args[1][::-1]  # it is listed against the direction of the imports
            yield circle
            del graph[circle[0]][circle[1]]


def test_imports_run_one_way():
    """None runs upwards or in a circle; those in functions and for type checkers count too."""
    faults = faults_of(ROOT / "reslib")
    assert not faults, "\n".join(faults)


def test_every_room_has_its_floor():
    assert {room_of(module) for module in modules_of(ROOT / "reslib")} <= set(FLOOR)


def test_the_drawn_house_is_this_one():
    """The picture in CONTRIBUTING names the rooms of each floor, from the roof down."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    drawn = re.findall(r'--> (?:\w+\["(.*)"\]|(\w+))', page.split("```mermaid")[1])
    *floors, ground, keras = [set("".join(floor).split(" · ")) for floor in drawn]
    assert floors == [set(floor) for floor in FLOORS[-2:0:-1]]
    assert ground <= set(FLOORS[0]) and keras == {"keras"}


@pytest.mark.parametrize(
    "files, fault",
    [
        ({"layers/block.py": "def f():\n    from reslib.models import mlp"}, "layers imports"),
        ({"layers/block.py": "from reslib import models"}, "which is above it"),
        ({"layers/block.py": "from .. import models"}, "which is above it"),
        ({"layers/block.py": "import reslib"}, "which is above it"),
        ({"layers/block.py": "from ..models import mlp"}, "which is above it"),
        ({"layers/block.py": "import_module('reslib.models')"}, "which is above it"),
        (
            {"layers/a.py": "from reslib.layers.b import B", "layers/b.py": "from . import a"},
            "a circle of imports: reslib.layers.a → reslib.layers.b → reslib.layers.a",
        ),
        ({"layers/a.py": "from reslib.layers import X", "layers/__init__.py": "from . import a"},
         "a circle of imports: reslib.layers"),
        ({"models/a.py": "import reslib.datasets", "datasets/a.py": "import reslib.models.b",
          "models/b.py": ""}, "a circle of imports: datasets → models → datasets"),
        ({"models/a.py": "from reslib.layers import X", "layers/a.py": ""}, None),
        ({"models/a.py": "from reslib.models import b", "models/b.py": "", "models/__init__.py":
          "from reslib.models.a import A\nfrom reslib.models.b import B"}, None),
    ],
)  # fmt: skip
def test_a_wrong_import_would_be_found(tmp_path, files, fault):
    for name in ("__init__.py", "layers/__init__.py", "models/__init__.py", "datasets/__init__.py"):
        path = tmp_path / "reslib" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.touch()
    for name, text in files.items():
        (tmp_path / "reslib" / name).write_text(text)
    faults = "\n".join(faults_of(tmp_path / "reslib"))
    assert fault in faults if fault else not faults


def test_no_file_is_too_long():
    lengths = {
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8").count("\n")
        for path in (ROOT / "reslib").rglob("*.py")
    }
    assert not {name: lines for name, lines in lengths.items() if lines > LONGEST}


def handed_out(room):
    """The names that a room hands out."""
    module = getattr(reslib, room)
    return getattr(module, "__all__", [name for name in vars(module) if name[0] != "_"])


def wrong_imports(source, is_exercise=False):
    """Imports of what no room hands out.

    An exercise may also take its material from a file of `reslib.exercises`.
    """
    lines = [line for line in source.splitlines() if line[:1] not in ("%", "!")]
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
            yield from (f"import {name}" for name in names if name.startswith("reslib."))
        elif isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "reslib":
            names = [alias.name for alias in node.names]
            match node.module.split("."):
                case ["reslib"]:
                    known = reslib.__all__
                case ["reslib", room]:
                    known = handed_out(room)
                case ["reslib", "exercises", _] if is_exercise:
                    known = [name for name in names if name[0] != "_"]
                case _:
                    known = []
            yield from (f"from {node.module} import {n}" for n in names if n not in known)


NOTEBOOKS = [
    path for path in sorted((ROOT / "notebooks").rglob("*.ipynb")) if path.parent.name[0] != "."
]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_notebooks_import_what_rooms_hand_out(path):
    """`from reslib import room` or `from reslib.room import name`, and no file inside a room."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    is_exercise = path.parent.name != "notebooks"
    assert not [wrong for source in sources for wrong in wrong_imports(source, is_exercise)]


def test_what_no_room_hands_out_would_be_found():
    right = "import reslib\nfrom reslib import models\nfrom reslib.models import mlp\n%magic"
    assert not list(wrong_imports(right))
    for wrong in (
        "import reslib.models.mlp",
        "from reslib import arguments",
        "from reslib.models.mlp import mlp",
        "from reslib.datasets import fashion_mnist",
        "from reslib.exercises.riddle import riddle",
    ):
        assert list(wrong_imports(f"if True:\n    {wrong}")) == [wrong]
    assert not list(wrong_imports(wrong, is_exercise=True))


def test_every_tool_that_a_page_names_is_there():
    records = [path for path in (ROOT / "data").iterdir() if path.suffix != ".npz"]
    pages = [*ROOT.glob("*.md"), *NOTEBOOKS, *records, ROOT / "Makefile"]
    named = {
        (path.name, tool)
        for path in pages
        for tool in re.findall(r"(?:tools|benchmarks)/\w+\.py", path.read_text(encoding="utf-8"))
    }
    assert len({tool for _, tool in named}) > 5
    assert not sorted(one for one in named if not (ROOT / one[1]).is_file())
