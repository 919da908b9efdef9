"""Benefits by code, for rows that carry only the code.

Old rows may name a benefit that today's edition no longer has: then its name comes from the latest edition that had it.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Protocol

import strawberry

from handbook import Benefit, Handbook
from schema.context import Info


class Graded(Protocol):
    """A row of a report or contract: its benefit, if it is about one, and the grade, where it is graded."""

    @property
    def benefit(self) -> Benefit | None: ...
    @property
    def variant(self) -> str | None: ...


@lru_cache(maxsize=4096)
def benefit_of(handbook: Handbook, code: str, edition: str | None = None) -> Benefit:
    """The benefit of a code, as the edition has it (None, or not in it: the latest edition that has it).

    KeyError for a code that no edition has: no row can have it.
    """
    for benefit in _benefits(handbook, code, edition):
        return benefit
    raise KeyError(code)


@lru_cache(maxsize=4096)
def variant_in_english(
    handbook: Handbook, code: str, variant: str | None, edition: str | None = None
) -> str | None:
    """The English name of a grade of a benefit, as the edition has it, else the latest one that has the grade.

    None without a grade, and for one that no edition has.
    """
    names = (variant_of(benefit, variant) for benefit in _benefits(handbook, code, edition))
    return next((name for name in names if name is not None), None)


def english_variant(row: strawberry.Parent[Graded], info: Info) -> str | None:
    """The resolver of a row's grade in English, by the latest edition that has it."""
    code = row.benefit.code if row.benefit is not None else ""
    return variant_in_english(info.context.handbook, code, row.variant)


def _benefits(handbook: Handbook, code: str, edition: str | None) -> Iterator[Benefit]:
    """The benefit of a code in every edition that has it: first the one named, then the latest."""
    named = handbook.edition(edition) if edition is not None else None
    for each in (named, *reversed(handbook.editions)):
        benefit = each.benefit(code) if each is not None else None
        if benefit is not None:
            yield benefit


def in_printed_order(handbook: Handbook, codes: Iterable[str]) -> list[Benefit]:
    """The benefits of these codes in the order of the latest edition, those that it lacks at the end."""
    order = {benefit.code: index for index, benefit in enumerate(handbook.latest.benefits)}
    return [
        benefit_of(handbook, code)
        for code in sorted(codes, key=lambda code: (order.get(code, len(order)), code))
    ]


def variant_of(benefit: Benefit, variant: str | None) -> str | None:
    """The English name of a grade of a benefit; None without a grade, and for one that the benefit does not know."""
    grades = benefit.grid if variant is not None else ()
    return next((grade.variant_en for grade in grades if grade.variant == variant), None)
