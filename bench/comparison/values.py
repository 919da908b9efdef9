"""What a measurement says: lines of the table, and beside them what each contestant did."""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is measured: customers, rounds, seconds of load in each, workers of our service.

    `imported`: customers of the stream that is imported. `growth`: customers of the larger portfolio of the lines
    about growth; None leaves them out. `grown`: a folder where portfolios of that size are kept.
    """

    customers: int
    imported: int
    rounds: int
    seconds: float
    workers: int
    growth: int | None
    grown: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one contestant did in one round. `count` is of units of work: pages, redemptions.

    `waited_s` are the latencies, ascending. Memory is that of the contestant's processes after the load, without the
    database; 0 where there are none.
    """

    count: int
    took_s: float
    waited_s: Sequence[float]
    service_cpu_s: float
    database_cpu_s: float
    memory_mib: float

    @property
    def rate(self) -> float:
        """Units of work a second."""
        return self.count / self.took_s

    @property
    def cpu_s(self) -> float:
        """Processor time of service and database for one unit of work."""
        return (self.service_cpu_s + self.database_cpu_s) / max(1, self.count)

    def percentile_s(self, percent: float) -> float:
        """The latency that so many percent of the requests do not exceed; NaN without any."""
        if not self.waited_s:
            return math.nan
        return self.waited_s[min(len(self.waited_s) - 1, math.ceil(len(self.waited_s) * percent / 100) - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The median of some rounds, the lowest and the highest of them."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        """The spread of at least one value."""
        known = list(values)
        return cls(median=statistics.median(known), low=min(known), high=max(known))


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What a ratio shall be: at least, or at most, so much."""

    at_least: float | None = None
    at_most: float | None = None

    def reached(self, value: float) -> bool:
        """Whether the value is so."""
        return (self.at_least is None or value >= self.at_least) and (
            self.at_most is None or value <= self.at_most
        )

    def __str__(self) -> str:
        if self.at_least is not None:
            return f"≥ {self.at_least:,.10g}"
        return f"≤ {self.at_most:,.10g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the table: a piece of work, against what, the ratio, and what it shall be.

    `cpu` is the same ratio of processor time (above 1: we need less; of times: below 1), where both were measured.
    `ours` and `theirs` say the figures behind the ratio.
    """

    work: str
    against: str
    ratio: Spread
    goal: Goal
    ours: str
    theirs: str
    cpu: Spread | None = None

    @property
    def reached(self) -> bool:
        """Whether the median reaches the goal."""
        return self.goal.reached(self.ratio.median)


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """What one contestant did at one piece of work under one load, in all rounds."""

    work: str
    who: str
    load: str
    runs: Sequence[Run]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a measurement found. `notes` say what the contestants' answers leave out."""

    lines: Sequence[Line]
    details: Sequence[Detail] = ()
    notes: Sequence[str] = field(default=())


def figure(value: float) -> str:
    """A figure with three digits, or with all before the point."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
