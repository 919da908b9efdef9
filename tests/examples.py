"""How many random examples a costly test tries."""

import os


def examples(number: int) -> int:
    """So many in `make test`, ten times as many in `make fuzz`."""
    return number * (10 if os.environ.get("HYPOTHESIS_PROFILE") == "fuzz" else 1)
