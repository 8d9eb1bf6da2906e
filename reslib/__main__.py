"""`python -m reslib`: what the library does from the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from reslib.experiments import reproduce


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command, and return the exit status.

    Args:
        argv: The words behind `python -m reslib`, by default those of the command line.
    """
    parser = argparse.ArgumentParser(
        prog="python -m reslib", description="The library of the course on residual networks."
    )
    reproduce.add_command(parser.add_subparsers(title="commands", metavar=""))
    arguments = parser.parse_args(argv)
    if not hasattr(arguments, "command"):
        parser.print_help()
        return 0
    return arguments.command(arguments)


if __name__ == "__main__":
    sys.exit(main())
