"""What `make bench` measures, in this order: reads before writes, for writes change what reads answer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bench.comparison import redeeming, tiny_reads
from bench.comparison.stage import Stage
from bench.comparison.values import Effort, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A name for the command line, and the function that measures."""

    name: str
    measure: Callable[[Stage, Effort], Awaitable[Result]]


MEASUREMENTS = (
    Measurement(name="tiny-reads", measure=tiny_reads.measure),
    Measurement(name="redeeming", measure=redeeming.measure),
)
