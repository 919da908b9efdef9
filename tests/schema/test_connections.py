"""Cursors: opaque, exact, and each of its own list."""

from datetime import UTC, datetime

import pytest

from ledger.reports.filters import Position
from schema.connections import (
    member_cursor,
    position_cursor,
    read_member_cursor,
    read_position_cursor,
    read_sequence_cursor,
    sequence_cursor,
)
from schema.errors import BadInputError


@pytest.mark.parametrize("member_no", ["M1", "M:1", "会" * 64, "\U0001f600" * 64, "a" * 64])
def test_a_cursor_leads_back_to_every_member_number(member_no: str) -> None:
    assert read_member_cursor(member_cursor(member_no)) == member_no


def test_a_place_is_kept_to_the_microsecond() -> None:
    position = Position(
        recorded_at=datetime(2026, 10, 20, 1, 2, 3, 456789, tzinfo=UTC), customer_id=2**62, sequence=7
    )
    assert read_position_cursor(position_cursor(position)) == position
    assert read_sequence_cursor(sequence_cursor(7)) == 7


def test_a_cursor_of_one_list_is_none_of_another() -> None:
    all_customers = position_cursor(
        Position(recorded_at=datetime(2026, 1, 1, tzinfo=UTC), customer_id=1, sequence=1)
    )
    for read, cursor in (
        (read_member_cursor, all_customers),
        (read_position_cursor, sequence_cursor(1)),
        (read_sequence_cursor, member_cursor("1")),
    ):
        with pytest.raises(BadInputError, match="after"):
            read(cursor)
