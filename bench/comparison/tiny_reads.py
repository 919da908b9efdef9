"""Small reads from 8 clients of one process: how far the slowest hundredth is from the median."""

import itertools

from bench.comparison.loads import Closed
from bench.comparison.racing import details, race, tail_line
from bench.comparison.stage import OURS, Stage
from bench.comparison.values import Effort, Goal, Result
from bench.documents import body

STAR = (
    "query Star($memberNo: String!) { customer(memberNo: $memberNo) { memberNo tier { star ratedPremium } } }"
)
_WORK = "one customer's star"
_LOAD = Closed(clients=8)


async def measure(stage: Stage, effort: Effort) -> Result:
    """Measure."""
    asked = [body(STAR, memberNo=member) for member in stage.members]
    runs = await race([stage.ours(itertools.cycle(asked))], _LOAD, effort)
    return Result(
        lines=[tail_line(_WORK, _LOAD, runs[OURS], Goal(at_most=4))], details=details(_WORK, _LOAD, runs)
    )
