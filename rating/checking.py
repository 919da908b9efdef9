"""Checking what is stored of customers, batch by batch, in one snapshot, by one process or several.

A check of a batch is a function of a module that reads on the connection that it is given, so each process decodes the
rows that it checks. Results come in the order of the batches, and memory is bounded by a few batches.
"""

from collections.abc import AsyncIterable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, fields, replace
from typing import TypeAlias, TypeVar

from base.connected import Helpers, Work, export_snapshot, on_connections
from base.database import Connection
from base.words import counted
from rating.customers import count_customers

G = TypeVar("G")
T = TypeVar("T")

CUSTOMERS_A_BATCH = 400

Progress: TypeAlias = Callable[[int, int], None]
"""Gets the number of customers done, and of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault in what is stored of a customer: the place (an event, an entry, …), and what is wrong."""

    customer_id: int
    member_no: str
    place: str
    problem: str

    def __str__(self) -> str:
        """One line, exact."""
        return f"customer {self.member_no} (id {self.customer_id}), {self.place}: {self.problem}"


@dataclass(slots=True, kw_only=True)
class Checked:
    """How much was looked at, counted as it was."""

    customers: int = 0
    events: int = 0
    ratings: int = 0
    entries: int = 0
    settlements: int = 0

    def add(self, other: "Checked") -> None:
        """Count what another one counted, too."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))

    def words(self) -> str:
        """What was checked, in English."""
        parts = (
            counted(self.customers, "customer", form=","),
            counted(self.events, "event", form=","),
            counted(self.entries, "entry", "entries", form=","),
            counted(self.ratings, "rating", form=","),
            counted(self.settlements, "settled month", form=","),
        )
        return f"checked {', '.join(parts)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What a check of `size` customers found, and how much it looked at."""

    size: int
    faults: list[Fault] = field(default_factory=list)
    checked: Checked = field(default_factory=Checked)


async def check_customers(
    conn: Connection,
    check: Work[G, T, Batch],
    given: G,
    batches: AsyncIterable[T],
    *,
    helpers: Helpers,
    progress: Progress | None,
    checked: Checked | None,
) -> list[Fault]:
    """Return the faults of all batches, in order; `conn` is in the transaction whose snapshot is checked.

    The `helpers` see the same snapshot; without them all is done here, on `conn`. Raises WorkerDiedError.
    """
    total = await count_customers(conn)
    if helpers.processes > 1:
        helpers = replace(helpers, snapshot=await export_snapshot(conn))
    found: list[Fault] = []
    done = 0
    async with aclosing(on_connections(check, given, batches, conn, helpers)) as results:
        async for each in results:
            found += each.faults
            done += each.size
            if checked is not None:
                checked.add(each.checked)
            if progress is not None:
                progress(min(done, total), total)
    return found
