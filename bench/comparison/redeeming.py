"""Redemptions, one or a hundred in a request; each is durable before it is answered.

Against Strawberry doing nothing, and against what PostgreSQL commits of the same rows.
"""

import itertools
import random
import time
from collections.abc import Iterator
from dataclasses import replace

from bench.comparison.loads import Closed
from bench.comparison.peers import NOTHING, peer
from bench.comparison.racing import arrivals, details, race, rate_line, tail_line
from bench.comparison.stage import ON_ALL, OURS, OURS_ON_ALL, Stage
from bench.comparison.values import Effort, Goal, Result
from bench.documents import batched, body, operation
from bench.peers.pgbench import PGBENCH, Pgbench
from bench.served import BENEFIT

REDEEM, REDEEM_MANY = operation("redeem", "Redeem"), operation("redeem", "RedeemMany")
DONE = b'"__typename":"Redemption"'
_SINGLE, _BULK = "single redemption", "redeemMany of 100"
_MANY, _ONE = Closed(clients=64), Closed(clients=1)
_IN_BULK = 100
_NOTES = (
    f"{_SINGLE}: pgbench writes the rows of one (entry, balance, redemption, outcome, head) and decides nothing.",
    f"{_SINGLE}: the processor time of pgbench is that of the database alone.",
)


def inputs(members: list[str]) -> Iterator[dict[str, str]]:
    """Endless redemptions, each of another unit, of members at random."""
    chance = random.Random(0)  # noqa: S311 (a benchmark, no secret)
    run = time.time_ns()
    for number in itertools.count():
        yield {"memberNo": chance.choice(members), "benefit": BENEFIT, "idempotencyKey": f"{run}-{number}"}


async def measure(stage: Stage, effort: Effort) -> Result:
    """Measure."""
    asked = inputs(stage.members)
    singles = (body(REDEEM, input=each) for each in asked)
    single = stage.ours(singles, vendor=True, proof=DONE)
    on_all = replace(stage.on_all_processors.ours(singles, vendor=True, proof=DONE), name=OURS_ON_ALL)
    bulk = stage.ours(
        (body(REDEEM_MANY, inputs=some) for some in batched(asked, _IN_BULK)),
        vendor=True,
        proof=DONE,
        units=_IN_BULK,
    )
    nothing = await peer(stage, NOTHING, (body(REDEEM, input=each) for each in asked), proof=b'"Redemption"')
    bare = await Pgbench.on(stage, effort.customers)
    many = await race([single, nothing, bare, on_all], _MANY, effort)
    one = await race([single, bare], _ONE, effort)
    in_bulk = await race([bulk, bare], _ONE, effort)
    steady = arrivals({OURS: many[OURS]})
    steadily = await race([single, nothing], steady, effort, warm=False)
    unit = "redemptions"
    single_one, bulk_one = f"{_SINGLE}, {_ONE}", f"{_BULK}, {_ONE}"
    return Result(
        lines=[
            rate_line(f"{_SINGLE}, {_MANY}", NOTHING, many, OURS, NOTHING, Goal(at_least=0.6), unit),
            rate_line(
                f"{_SINGLE}, {_MANY}", f"{PGBENCH}, {_MANY}", many, OURS, PGBENCH, Goal(at_least=1), unit
            ),
            rate_line(
                f"{_SINGLE}, {_MANY}, {ON_ALL}",
                f"{PGBENCH}, {_MANY}",
                many,
                OURS_ON_ALL,
                PGBENCH,
                Goal(at_least=1),
                unit,
            ),
            rate_line(single_one, f"{PGBENCH}, {_ONE}", one, OURS, PGBENCH, Goal(at_least=0.4), unit),
            rate_line(bulk_one, f"{PGBENCH}, {_ONE}", in_bulk, OURS, PGBENCH, Goal(at_least=2), unit),
            tail_line(_SINGLE, _MANY, many[OURS], Goal(at_most=4)),
        ],
        details=[
            *details(_SINGLE, _MANY, many),
            *details(_SINGLE, _ONE, one),
            *details(_BULK, _ONE, in_bulk),
            *details(_SINGLE, steady, steadily),
        ],
        notes=_NOTES,
    )
