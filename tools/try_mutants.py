"""Change each exercise's own solution a little, and see that its check no longer ticks it.

A mutant is the code of a solution notebook in which one thing is changed: an operator, a number, a
keyword, the order of two arguments; or a line, an argument, a `return` is missing. Each is put to
the check in a process of its own, which has so many seconds and no more. Ticked may be only those
that are listed in tools/equivalent_mutants.toml, with the reason why they are right as well; and
what is refused must be told in a sentence, without Python's own words. All else makes the command
fail.
"""

import argparse
import ast
import collections
import contextlib
import dis
import functools
import multiprocessing
import os
import re
import sys
import tempfile
import tomllib
import types
from pathlib import Path

import nbformat
from mutants import mutants

ROOT = Path(__file__).parents[1]
EQUIVALENTS = Path(__file__).with_name("equivalent_mutants.toml")
RAW = re.compile(  # Python's own words, an address, seventeen digits, the net under all checks
    r"Traceback|0x[0-9a-fA-F]{4,}|<locals>|\d\.\d{8,}|<(?:class|function|bound|built-in|module|generator)\b"
    r"|cannot make sense"
)
FAULTS = ("ticked", "raw", "stopped", "crashed")
Trial = collections.namedtuple("Trial", "number change state text")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("numbers", nargs="*", help="exercises, such as 04.1 or 04 (default: all)")
    parser.add_argument("--seconds", type=float, default=120, help="limit of each mutant")
    parser.add_argument("--verbose", action="store_true", help="print what each is told")
    arguments = parser.parse_args()

    known, table = equivalents(), {}
    chosen = {
        number: solution
        for number, solution in solutions().items()
        if number.startswith(tuple(arguments.numbers) or "")
    }
    with Judge(arguments.seconds) as judge:
        for number, solution in chosen.items():
            table[number] = collections.Counter()
            for trial in attempts(number, solution, judge, known.get(number, {})):
                table[number][trial.state] += 1
                if arguments.verbose or trial.state in FAULTS:
                    print(f"  {trial.state:10} {trial.change}\n{'':13}{trial.text}", flush=True)
            print(number, *(f"{n} {state}" for state, n in table[number].items()), flush=True)
    whole = sum(table.values(), collections.Counter())
    print(f"{len(table)} exercises:", *(f"{n} {state}" for state, n in whole.items()))
    sys.exit(any(whole[fault] for fault in FAULTS))


def equivalents():
    """The mutants that are right as well: exercise → reason → their changes."""
    return tomllib.loads(EQUIVALENTS.read_text(encoding="utf-8"))


def attempts(number, solution, judge, known):
    """Put a solution and all its mutants to the check.

    Args:
        number: Of the exercise.
        solution: A `Solution`.
        judge: A `Judge`.
        known: The equivalent ones among them: reason → their changes.

    Yields:
        A `Trial` for each mutant. Its state is "refused", "equivalent", "unanswered", "stuck" where
        it had no end, "no answer" where it failed before the check; or it is a fault: "ticked",
        "raw" for a refusal in Python's words, "crashed" for a check that fails itself, and
        "stopped" where the solution is not right, or a listed equivalent is none.
    """
    state, text = judge(solution.code())
    if state != "right":
        yield Trial(number, "the solution itself", "stopped", text)
        return
    listed = {change for changes in known.values() for change in changes}
    missing = set(listed)
    for change, code in solution.mutants():
        state, text = judge(code)
        if state == "right" and change in listed:
            missing.discard(change)
            state = "equivalent"
        elif state == "right":
            state = "ticked"
        elif state == "wrong":
            state = "raw" if RAW.search(text) else "refused"
        yield Trial(number, change, state, text)
    for change in sorted(missing):
        yield Trial(
            number, change, "stopped", "is listed as equivalent, and is no mutant or wrong."
        )


class Solution:
    """What a solution notebook holds for one exercise: the code up to its check.

    Args:
        before: Statements above the exercise's section.
        own: Statements of the section, each with whether it is the reader's, and so mutated.
        check: The call of `check`.
    """

    def __init__(self, before, own, check):
        everything = [(statement, False) for statement in before] + own
        self.statements, self.check = needed(everything, check), check

    def code(self):
        return self._text([statement for statement, _ in self.statements])

    def mutants(self):
        """Give what each mutant changes, and the whole code of it."""
        lines = [statement for statement, _ in self.statements]
        for i, (statement, is_readers) in enumerate(self.statements):
            for change, mutant in mutants(statement) if is_readers else ():
                yield change, self._text([*lines[:i], mutant, *lines[i + 1 :]])

    def _text(self, lines):
        return "\n".join([*lines, self.check])


def solutions():
    """The solution of each exercise, by its number."""
    found = {}
    for path in sorted((ROOT / "notebooks/solutions").glob("*.ipynb")):
        before, own = [], []
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown" and cell.source.startswith("## "):
                before, own = before + [statement for statement, _ in own], []
            if cell.cell_type == "code":
                readers = "SOLUTION" in cell.source or "solution" in cell.metadata.get("tags", [])
                for statement in map(ast.unparse, ast.parse(cell.source).body):
                    if asked := re.match(r"check\('([\d.]+)', ", statement):
                        found[asked[1]] = Solution(before, list(own), statement)
                    else:
                        own.append((statement, readers and "import " not in statement))
    return found


def needed(statements, last):
    """Those of some statements on which the last one depends, in order.

    Args:
        statements: Pairs of a statement's text and something else.
        last: Text of a statement.
    """
    kept, names = [], used(last)
    for statement in reversed(statements):
        if changed_by(statement[0]) & names:
            kept.insert(0, statement)
            names |= used(statement[0])
    return kept


def used(code):
    """Names that a statement takes from around it, functions and comprehensions included."""
    return _names(compile(code, "<statement>", "exec"), ("LOAD_NAME", "LOAD_GLOBAL"))


def changed_by(code):
    """Names that a statement binds or changes, as in `y = 1`, `rows.append(1)` and `d["k"] = 1`."""
    changed = set()
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name)))):
                changed.add(name)
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store()):
                changed.add(name)
    return changed & used(code) | _names(compile(code, "<statement>", "exec"), ("STORE_NAME",))


def _names(code, operations):
    found = {step.argval for step in dis.get_instructions(code) if step.opname in operations}
    inner = [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return found.union(*(_names(one, operations) for one in inner))


class Judge:
    """A process that judges code; one that takes too long is ended, and another takes its place."""

    def __init__(self, seconds):
        self.seconds, self.process = seconds, None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.kill()
            self.process.join()
            self.process = None

    def __call__(self, code):
        """Say what comes of code that ends in a check: a state, and a sentence."""
        if self.process is None:
            context = multiprocessing.get_context("spawn")
            self.pipe, theirs = context.Pipe()
            self.process = context.Process(target=_serve, args=(theirs,))
            self.process.start()
            theirs.close()
            self.pipe.recv()  # it has imported all that is slow to import
        self.pipe.send(code)
        try:
            if self.pipe.poll(self.seconds):
                return self.pipe.recv()
            said = "stuck", f"has no end within {self.seconds:g} s."
        except EOFError:
            said = "crashed", "the process is gone."
        self.__exit__()
        return said


def _serve(pipe):
    """Judge what comes through a pipe, quietly."""
    with (
        open(os.devnull, "w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
        tempfile.TemporaryDirectory() as own,
    ):
        os.environ["RESLIB_PROGRESS"] = f"{own}/progress.json"
        from reslib import exercises, experiments

        exercises.check("00.0", ...)
        experiments.sweep = functools.partial(untrained, experiments.sweep)
        pipe.send("ready")
        while True:
            pipe.send(judged(pipe.recv()))


@functools.cache
def built(model, dataset):
    """Build a network, which fails where its settings make no sense."""
    from reslib.experiments.recipe import build

    build(model, dataset)


def untrained(sweep, runs, keep_weights=False):
    """What a sweep gives, without the hours that training all mutants takes.

    A check of an experiment judges its design. So the errors are made up, as of a network that
    overfits a little; but who asks for a model gets one that is trained.
    """
    from reslib.experiments import Result, Results

    class Untrained(Result):
        def model(self):
            return sweep([self.run], keep_weights=True)[0].model()

    for run in runs:
        built(run.model, run.dataset)
    measures = {"train_loss": 0.2, "train_error": 0.1, "test_loss": 0.6, "test_error": 0.2}
    return Results(
        Untrained(run, {name: [value] * run.epochs for name, value in measures.items()}, 1.0)
        for run in runs
    )


def judged(code):
    """Run code that ends in a check; return the state and the text of its verdict."""
    *statements, last = ast.parse(code).body
    number, answer = last.value.args
    namespace = {}
    try:
        exec(compile(ast.Module(statements, []), "<mutant>", "exec"), namespace)
        answer = eval(compile(ast.Expression(answer), "<mutant>", "eval"), namespace)
    except Exception as error:
        return "no answer", f"{type(error).__name__}: {error}"
    try:
        verdict = namespace["check"](number.value, answer)
    except Exception as error:
        return "crashed", f"{type(error).__name__}: {error}"
    return verdict.state, verdict.text


if __name__ == "__main__":
    main()
