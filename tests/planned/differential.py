"""The differential test: random operations, answered by graphql-core and by plans, must have the same answers.

`python -m tests.planned.differential 100000` compares so many over the service's schema; a first seed may follow.
"""

import asyncio
import sys
import time
import warnings
from collections.abc import Iterable
from random import Random

from graphql import GraphQLSchema

from tests.planned.comparing import Comparison
from tests.planned.made_up import Chances, MadeUp, World
from tests.planned.random_operations import RandomOperations

_TOLD_EVERY = 1_000


class Differential:
    """Compares both executions of a schema, operation by operation; each follows from its seed."""

    def __init__(self, schema: GraphQLSchema, *, fields: int = 25) -> None:
        self._made_up = MadeUp(schema)
        self._operations = RandomOperations(schema, fields=fields)
        self.comparison = Comparison(schema, self._made_up)

    async def differences(self, seeds: Iterable[int]) -> list[str]:
        """What differs."""
        found = []
        with self._made_up.functions():
            for seed in seeds:
                random = Random(seed)
                operation, chances = self._operations.drawn(random), Chances.drawn(random)
                differs = await self.comparison.differs(operation, World(seed, chances))
                if differs is not None:
                    found.append(f"seed {seed}\n{operation.text}\n{operation.variables}\n{differs}")
        return found


async def _main(count: int, first: int) -> int:
    from schema.build import build_schema

    differential, found = Differential(build_schema().core), 0
    for start in range(first, first + count, _TOLD_EVERY):
        differences = await differential.differences(range(start, min(start + _TOLD_EVERY, first + count)))
        found += len(differences)
        print(*differences, sep="\n\n", end="\n" if differences else "")
        print(
            f"{start + _TOLD_EVERY - first} operations, {found} differences, {time.process_time():.0f} s",
            flush=True,
        )
    return 1 if found else 0


if __name__ == "__main__":
    warnings.simplefilter("ignore", RuntimeWarning)  # graphql-core abandons coroutines after some errors
    sys.exit(asyncio.run(_main(int(sys.argv[1]), int(sys.argv[2]) if sys.argv[2:] else 0)))
