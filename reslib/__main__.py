"""`python -m reslib`: what the library does from the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from reslib import lab
from reslib.experiments import reproduce


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command, and return the exit status.

    Args:
        argv: The words behind `python -m reslib`, by default those of the command line.
    """
    parser = argparse.ArgumentParser(
        prog="python -m reslib", description="The library of the course on residual networks."
    )
    commands = parser.add_subparsers(title="commands", metavar="")
    lab.add_command(commands)
    reproduce.add_command(commands)
    arguments, others = parser.parse_known_args(argv)
    if not hasattr(arguments, "command"):
        parser.print_help()
        return 0
    if arguments.command is lab.run:  # JupyterLab's own options
        return lab.run(arguments, others)
    if others:
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    return arguments.command(arguments)


if __name__ == "__main__":
    sys.exit(main())
