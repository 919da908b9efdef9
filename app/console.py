"""Messages for a person at the command line."""

import sys


def say(line: str) -> None:
    """Print a message on standard error."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
