"""Grouping keys by a field's argument: one query for each value, and the limit on aliases keeps the values few."""

from collections.abc import Hashable, Sequence
from typing import TypeVar

A = TypeVar("A", bound=Hashable)


def by_argument(keys: Sequence[tuple[int, A]]) -> dict[A, list[int]]:
    """The customers that ask with each value of an argument."""
    groups: dict[A, list[int]] = {}
    for customer_id, argument in keys:
        groups.setdefault(argument, []).append(customer_id)
    return groups
