"""Single redemptions, and a hundred in one request, each durable before it is answered."""

import itertools
import random
import time
from collections.abc import Iterator

from bench.comparison.loads import Closed
from bench.comparison.racing import arrivals, details, race, tail_line
from bench.comparison.stage import OURS, Stage
from bench.comparison.values import Effort, Goal, Result
from bench.documents import body, operation
from bench.served import BENEFIT

REDEEM = operation("redeem", "Redeem")
_DONE = b'"__typename":"Redemption"'
_WORK = "single redemption"
_MANY = Closed(clients=64)
_ONE = Closed(clients=1)


def inputs(members: list[str]) -> Iterator[dict[str, str]]:
    """Endless redemptions, each of another unit, of members at random."""
    chance = random.Random(0)  # noqa: S311 (a benchmark, no secret)
    run = time.time_ns()
    for number in itertools.count():
        yield {"memberNo": chance.choice(members), "benefit": BENEFIT, "idempotencyKey": f"{run}-{number}"}


async def measure(stage: Stage, effort: Effort) -> Result:
    """Measure."""
    bodies = (body(REDEEM, input=each) for each in inputs(stage.members))
    ours = stage.ours(bodies, vendor=True, proof=_DONE)
    many = await race([ours], _MANY, effort)
    one = await race([ours], _ONE, effort)
    steady = arrivals(many)
    steadily = await race([ours], steady, effort, warm=False)
    return Result(
        lines=[tail_line(_WORK, _MANY, many[OURS], Goal(at_most=4))],
        details=[
            *details(_WORK, _MANY, many),
            *details(_WORK, _ONE, one),
            *details(_WORK, steady, steadily),
        ],
    )
