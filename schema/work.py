"""An operation as a unit of work: its class, its cost, its viewer.

Each class has connections and a queue of its own, so that none of them starves another: `app.capacity.admission`
implements `Admission`. A document that mixes classes belongs to the one with the longest work.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum

from asyncpg import Pool

from schema.viewer import Viewer


class WorkClass(StrEnum):
    """The classes of work; files are not operations, but share the database with them."""

    READS = "reads"
    REDEMPTIONS = "redemptions"
    EVENTS = "events"
    FINANCE = "finance"
    FILES = "files"


_REDEMPTIONS = frozenset(
    f"Mutation.{name}"
    for name in (
        "redeem",
        "redeemMany",
        "hold",
        "confirm",
        "release",
        "noShow",
        "respond",
        "arrange",
        "reverse",
    )
)
_EVENTS = frozenset({"Mutation.recordPolicyEvents", "Mutation.registerVendor"})
_FINANCE = frozenset(
    f"Query.{name}"
    for name in (
        "statement",
        "statements",
        "period",
        "settlement",
        "settlements",
        "usage",
        "liability",
        "editionDiff",
        "editionWhatIf",
    )
) | frozenset(
    f"Mutation.{name}"
    for name in (
        "submitStatement",
        "withdrawStatement",
        "resolveFinding",
        "resolveFindings",
        "replyToFinding",
        "reconcilePeriod",
        "closePeriod",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """An operation that may run as far as its viewer's role goes. `cost` is in the units of `schema.analysis`."""

    kind: WorkClass
    cost: int
    operation: str | None
    viewer: Viewer


Admission = Callable[[Work], AbstractAsyncContextManager[Pool]]
"""Lets work begin, or raises UnavailableError; while the block runs the work has its place, and reads by the pool."""


def class_of(fields: frozenset[str]) -> WorkClass:
    """The class of an operation by the fields that it uses ("Type.field")."""
    for kind, names in (
        (WorkClass.FINANCE, _FINANCE),
        (WorkClass.EVENTS, _EVENTS),
        (WorkClass.REDEMPTIONS, _REDEMPTIONS),
    ):
        if fields & names:
            return kind
    return WorkClass.READS
