"""Python reads this at its start, where the folder is in PYTHONPATH: the service's clock is off by what a file says.

So the clock can leap while the service runs, and nothing in the service itself can move it.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

if "CHAOS_CLOCK" in os.environ:
    from app.clock import Clock

    _OFFSET_S = Path(os.environ["CHAOS_CLOCK"])

    def _moved(_: Clock) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(_OFFSET_S.read_text(encoding="utf-8")))

    Clock.__call__ = _moved
