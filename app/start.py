"""Where `entitlements` begins: from its first moment on, Ctrl-C ends it without a traceback.

Bringing in the program takes a good part of a second, so that happens here, where an interruption is expected.
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
