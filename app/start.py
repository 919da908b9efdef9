"""The entry point of `entitlements`: from the start, Ctrl-C ends it without a traceback.

Importing the program takes a good part of a second, so it happens here, where an interrupt is handled.
"""

import sys

INTERRUPTED = 130


def main() -> None:
    """Run the command line."""
    try:
        from app.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
