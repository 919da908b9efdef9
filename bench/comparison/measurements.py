"""What `make bench` measures, in this order: reads before writes, for writes change what reads answer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bench.comparison import growth, importing, members, one_customer, redeeming, tiny_reads
from bench.comparison.stage import Stage
from bench.comparison.values import Effort, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A name for the command line, and the function that measures."""

    name: str
    measure: Callable[[Stage, Effort], Awaitable[Result]]


MEASUREMENTS = (
    Measurement(name="members", measure=members.measure),
    Measurement(name="one-customer", measure=one_customer.measure),
    Measurement(name="tiny-reads", measure=tiny_reads.measure),
    Measurement(name="redeeming", measure=redeeming.measure),
    Measurement(name="growth", measure=growth.measure),
    Measurement(name="importing", measure=importing.measure),
)
