"""How much longer reads and redemptions take with a larger portfolio: only when it is asked for, for that one is large.

Both portfolios are made alike (`bench.large`): the larger one is the smaller one and copies of it.
"""

import itertools
from collections.abc import Sequence
from dataclasses import replace

from bench.comparison.loads import Closed, HttpContestant
from bench.comparison.racing import details, race, ratios
from bench.comparison.redeeming import DONE, REDEEM, inputs
from bench.comparison.stage import Stage, grown_stage
from bench.comparison.tiny_reads import STAR
from bench.comparison.values import Detail, Effort, Goal, Line, Result, Spread, figure
from bench.documents import body, document
from bench.large import ORIGINALS

_READS, _WRITES = Closed(clients=8), Closed(clients=64)
_WORKS = (
    ("members, first: 100", _READS),
    ("one customer's star", _READS),
    ("member card", _READS),
    ("activity, first: 50", _READS),
    ("single redemption", _WRITES),
)


async def measure(stage: Stage, effort: Effort) -> Result:
    """Measure."""
    if effort.growth is None:
        return Result(lines=[])
    folder = effort.grown or stage.folder
    fewer, more = min(ORIGINALS, effort.growth), effort.growth
    smaller, larger = [
        await grown_stage(stage, folder / f"of_{each}", each, effort) for each in (fewer, more)
    ]
    small, large = f"{fewer:,} customers", f"{more:,} customers"
    lines: list[Line] = []
    told: list[Detail] = []
    for (work, load), mine, theirs in zip(_WORKS, _contestants(smaller), _contestants(larger), strict=True):
        runs = await race([replace(mine, name=small), replace(theirs, name=large)], load, effort)
        lines.append(
            Line(
                work=f"{work}, {large}",
                against=f"the time at {small}",
                ratio=ratios(runs[small], runs[large], lambda run: run.rate),
                cpu=ratios(runs[large], runs[small], lambda run: run.cpu_s),
                goal=Goal(at_most=1.3),
                ours=f"{figure(Spread.of(run.rate for run in runs[large]).median)} a second",
                theirs=f"{figure(Spread.of(run.rate for run in runs[small]).median)} a second",
            )
        )
        told += details(work, load, runs)
    return Result(lines=lines, details=told)


def _contestants(stage: Stage) -> Sequence[HttpContestant]:
    page = itertools.repeat(body(document("members"), first=100))
    star = itertools.cycle([body(STAR, memberNo=each) for each in stage.members])
    card = itertools.cycle([body(document("member_card"), memberNo=each) for each in stage.members])
    activity = itertools.cycle(
        [body(document("activity"), memberNo=each, first=50) for each in stage.members]
    )
    redeem = (body(REDEEM, input=each) for each in inputs(stage.members))
    return (
        stage.ours(page),
        stage.ours(star),
        stage.ours(card),
        stage.ours(activity),
        stage.ours(redeem, vendor=True, proof=DONE),
    )
