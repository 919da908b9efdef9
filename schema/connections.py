"""Keyset pagination: a cursor is the position of a row in the order, so that new rows do not shift pages.

Cursors are opaque and valid only for their own list. `first` is required and bounded: so a page's cost is known before
it is read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

import strawberry

from ledger.ids import opaque_id, parse_numbers, parse_opaque
from ledger.reports.filters import Position
from schema.errors import BadInputError

LARGEST_PAGE = 100
LARGEST_LEDGER_PAGE = 500

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MEMBER = "MemberCursor"
_POSITION = "PlaceCursor"
_SEQUENCE = "SequenceCursor"

T = TypeVar("T")
R = TypeVar("R")


@strawberry.type(description="Where a page of a list begins and ends, and whether there is more.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether rows follow this page.")
    has_previous_page: bool = strawberry.field(description="Whether the page was asked for with `after`.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first row; null on an empty page.")
    end_cursor: str | None = strawberry.field(
        description="Cursor of the last row: pass it as `after` to get the next page. Null on an empty page."
    )


@strawberry.type(description="A row of a page.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(description="The row's position in this list. Opaque.")
    node: T = strawberry.field(description="The row itself.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    page_info: PageInfo = strawberry.field(description="Where the page ends and whether there is more.")
    edges: list[Edge[T]] = strawberry.field(description="The rows of the page, in the order of the list.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[R]):
    """Rows in order, and whether more follow."""

    rows: Sequence[R]
    more: bool

    @classmethod
    def of(cls, rows: Sequence[R], first: int) -> "Page[R]":
        """The page of `first` rows out of `first` + 1 that were read."""
        return cls(rows=rows[:first], more=len(rows) > first)


def connection(
    page: Page[R], *, cursor: Callable[[R], str], node: Callable[[R], T], after: str | None
) -> Connection[T]:
    """The page as a connection."""
    edges = [Edge(cursor=cursor(row), node=node(row)) for row in page.rows]
    return Connection(
        page_info=PageInfo(
            has_next_page=page.more,
            has_previous_page=after is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
        edges=edges,
    )


def checked_first(first: int, largest: int = LARGEST_PAGE) -> int:
    """`first` itself; BAD_USER_INPUT unless it is from 1 to the largest page."""
    if not 1 <= first <= largest:
        raise BadInputError(f"first: expected a number from 1 to {largest}; got {first}.")
    return first


def member_cursor(member_no: str) -> str:
    """The position of a customer in the order of member numbers."""
    return opaque_id(_MEMBER, member_no)


def read_member_cursor(after: str | None) -> str | None:
    """The member number after which to go on."""
    if after is None:
        return None
    parsed = parse_opaque(after)
    if parsed is None or parsed[0] != _MEMBER:
        raise bad_cursor()
    return ":".join(parsed[1])


def position_cursor(position: Position) -> str:
    """The position of a row in a list of all customers, newest first."""
    return opaque_id(
        _POSITION, microseconds_of(position.recorded_at), position.customer_id, position.sequence
    )


def read_position_cursor(after: str | None) -> Position | None:
    """The position after which to go on."""
    if after is None:
        return None
    numbers = parse_numbers(after, _POSITION, 3)
    if numbers is None:
        raise bad_cursor()
    return Position(recorded_at=moment_of(numbers[0]), customer_id=numbers[1], sequence=numbers[2])


def sequence_cursor(sequence: int) -> str:
    """The position of an entry in the ledger of one customer, newest first."""
    return opaque_id(_SEQUENCE, sequence)


def read_sequence_cursor(after: str | None) -> int | None:
    """The sequence before which to go on."""
    if after is None:
        return None
    numbers = parse_numbers(after, _SEQUENCE, 1)
    if numbers is None:
        raise bad_cursor()
    return numbers[0]


def microseconds_of(moment: datetime) -> int:
    """A moment as a number, for a cursor."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment_of(microseconds: int) -> datetime:
    """The moment in a cursor; BAD_USER_INPUT for a number that is out of range."""
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        raise bad_cursor() from None


def bad_cursor() -> BadInputError:
    """The error for a text that is no cursor of the list it was passed to."""
    return BadInputError(
        "after: this is no cursor of this list. Pass the endCursor of the page before, unchanged."
    )
