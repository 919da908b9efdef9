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
    """How many faults the running service meets: `make chaos ROUNDS=…`, by default what takes minutes."""
    return int(os.environ.get("CHAOS_ROUNDS") or default)


def kills(default: int) -> int:
    """How often each long command is killed: `make chaos KILLS=…`, by default what takes seconds."""
    return int(os.environ.get("CHAOS_KILLS") or default)
