"""Rounds in which contestants take turns, so that whatever else the machine does falls on all of them alike."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from bench.comparison.loads import Arrivals, Closed, Load
from bench.comparison.values import Detail, Effort, Goal, Line, Run, Spread, figure

_WARM_UP_S = 1.5
"""At least: V8 compiles what runs often, connections prepare their statements."""
_SHARE = 0.5
"""The fixed arrival rate, as a share of what the slowest contestant sustains in the closed loop."""
Runs = Mapping[str, Sequence[Run]]


class Contestant(Protocol):
    """What can be put under load."""

    @property
    def name(self) -> str:
        """Who it is, in the table."""
        ...

    async def run(self, load: Load, seconds: float) -> Run:
        """Load it for so long."""
        ...


async def race(contestants: Sequence[Contestant], load: Load, effort: Effort, *, warm: bool = True) -> Runs:
    """Let each run in each round; the order turns from round to round. What each did, by its name."""
    if warm:
        for each in contestants:
            await each.run(load, max(_WARM_UP_S, effort.seconds / 2))
    runs: dict[str, list[Run]] = {each.name: [] for each in contestants}
    for number in range(effort.rounds):
        turn = number % len(contestants)
        for each in (*contestants[turn:], *contestants[:turn]):
            await asyncio.sleep(0.2)  # connections of the one before close
            runs[each.name].append(await each.run(load, effort.seconds))
    return runs


def arrivals(closed: Runs) -> Arrivals:
    """A rate that all sustain."""
    slowest = min(Spread.of(run.rate for run in runs).median for runs in closed.values())
    return Arrivals(per_s=max(1.0, _SHARE * slowest))


def details(work: str, load: Load, runs: Runs) -> list[Detail]:
    """What each contestant did."""
    return [Detail(work=work, who=who, load=str(load), runs=each) for who, each in runs.items()]


def ratios(ours: Sequence[Run], theirs: Sequence[Run], of: Callable[[Run], float]) -> Spread:
    """Our figure by theirs, round by round."""
    return Spread.of(of(one) / of(other) for one, other in zip(ours, theirs, strict=True))


def rate_line(work: str, against: str, runs: Runs, ours: str, theirs: str, goal: Goal, unit: str) -> Line:
    """A line about throughput: how many times theirs ours is, and what each unit of work takes of processor time."""
    mine, other = runs[ours], runs[theirs]

    def told(each: Sequence[Run]) -> str:
        rate, cpu_s = Spread.of(run.rate for run in each), Spread.of(run.cpu_s for run in each)
        return f"{figure(rate.median)} {unit}/s, {figure(1000 * cpu_s.median)} ms CPU"

    return Line(
        work=work,
        against=against,
        ratio=ratios(mine, other, lambda run: run.rate),
        cpu=ratios(other, mine, lambda run: run.cpu_s),
        goal=goal,
        ours=told(mine),
        theirs=told(other),
    )


def tail_line(work: str, load: Closed, runs: Sequence[Run], goal: Goal) -> Line:
    """A line about the slowest hundredth of requests, against the median request of the same run."""
    return Line(
        work=f"{work}, {load}: p99",
        against="its own p50",
        ratio=Spread.of(run.percentile_s(99) / run.percentile_s(50) for run in runs),
        goal=goal,
        ours=f"{figure(1000 * Spread.of(run.percentile_s(99) for run in runs).median)} ms",
        theirs=f"{figure(1000 * Spread.of(run.percentile_s(50) for run in runs).median)} ms",
    )
