"""The random numbers of the fault tests: from one seed, which the head of the run shows and `SEED` gives again."""

import os
import random
import secrets

SEED = int(os.environ.get("CHAOS_SEED") or secrets.randbelow(2**32))
"""Of this run: `make chaos SEED=…` repeats one, as far as the machine's own timing lets it."""


def chance(name: str) -> random.Random:
    """The random numbers of one test, which do not depend on what ran before it."""
    return random.Random(f"{SEED} {name}")


def rounds(default: int) -> int:
    """How many faults a test tries: `make chaos ROUNDS=…`, otherwise what takes a minute or less."""
    return int(os.environ.get("CHAOS_ROUNDS") or default)
