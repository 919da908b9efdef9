"""The entry point of `entitlements`: from the start, Ctrl-C ends it without a traceback.

Importing the program takes a good part of a second, so it happens here, where an interrupt is handled.
"""

import signal
import sys

INTERRUPTED = 130


def main() -> None:
    """Run the command line."""
    try:
        from app.cli import main as run

        try:
            run()
        finally:
            # From here on Python ends, and an interrupt of that has nothing to tidy up.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
