"""What a person at the command line is told while something works."""

import sys


def say(line: str) -> None:
    """Tell a person something on standard error."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
