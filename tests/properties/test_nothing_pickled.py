"""No object is ever unpickled from a file: a stranger's file must not be able to run code."""

import ast
import pathlib

import nbformat
import pytest

ROOT = pathlib.Path(__file__).parents[2]
FILES = [
    path
    for folder in ("reslib", "tools", "notebooks")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in (".py", ".ipynb") and "checkpoint" not in path.parent.name
]
MODULES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "shelve", "marshal"}
CALLS = {"read_pickle", "enable_unsafe_deserialization", "Unpickler"}
LOADERS = {"joblib", "torch"}  # whose load() unpickles; NumPy's does only where it is allowed


def source(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return text
    cells = nbformat.reads(text, as_version=4).cells
    lines = "\n".join(cell.source for cell in cells if cell.cell_type == "code").splitlines()
    return "\n".join("pass" if line.lstrip().startswith(("%", "!")) else line for line in lines)


def faults(text):
    """What in a source could unpickle something."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Import(names=names):
                yield from (one.name for one in names if one.name.split(".")[0] in MODULES)
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] in MODULES:
                yield module
            case ast.keyword(arg="allow_pickle" | "safe_mode" | "weights_only" as name) if (
                not isinstance(node.value, ast.Constant)
                or node.value.value is not (name != "allow_pickle")
            ):
                yield ast.unparse(node)
            case ast.Attribute(attr=name) | ast.Name(id=name) if name in CALLS:
                yield name
            case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr="load")) if (
                module in LOADERS
            ):
                yield ast.unparse(node)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_is_unpickled(path):
    assert not list(faults(source(path)))


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from pickle import load",
        "np.load(file, allow_pickle=True)",
        "numpy.load(file, allow_pickle=value)",
        "keras.saving.load_model(file, safe_mode=False)",
        "keras.config.enable_unsafe_deserialization()",
        "pd.read_pickle(file)",
        "joblib.load(file)",
        "torch.load(file, weights_only=True)",
    ],
)
def test_the_law_knows_a_fault(text):
    assert list(faults(text))


def test_the_law_lets_plain_arrays_pass():
    assert not list(
        faults("np.load(file); np.load(file, allow_pickle=False); load_model(file, safe_mode=True)")
    )
