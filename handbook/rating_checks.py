"""What must hold of tiers and the conversion table within one edition; each rule as in `handbook.checks`."""

from collections.abc import Callable, Iterator
from itertools import pairwise, product

from handbook.coefficients import (
    ONE_YEAR,
    PAYMENT_TERM,
    Category,
    Coefficient,
    Coverage,
    Design,
    Mode,
    PremiumBase,
)
from handbook.faults import Fault
from handbook.values import Edition


def tiers_join(edition: Edition) -> Iterator[Fault]:
    """Tiers ascend from above 0, each beginning where the one below ends; only the last is open."""
    if not edition.tiers:
        yield Fault(path="tiers", reason="there is no tier; write at least star 1")
        return
    if edition.tiers[0].from_ <= 0:
        yield Fault(path="tiers.1.from", reason="the first tier must begin above 0: nothing paid is no star")
    for tier in edition.tiers:
        if tier.to is not None and tier.to <= tier.from_:
            reason = (
                f"the tier ends at {tier.to}, not above its beginning {tier.from_}; correct one of the two"
            )
            yield Fault(path=f"tiers.{tier.star}.to", reason=reason)
    for lower, upper in pairwise(edition.tiers):
        if lower.to is None:
            reason = (
                f"only the last tier is without limit; write {upper.from_}, where star {upper.star} begins"
            )
            yield Fault(path=f"tiers.{lower.star}.to", reason=reason)
        elif upper.from_ != lower.to:
            fault = "overlaps" if upper.from_ < lower.to else "leaves a gap above"
            reason = f"the tier {fault} star {lower.star}, which ends at {lower.to}; begin it there"
            yield Fault(path=f"tiers.{upper.star}.from", reason=reason)
    if edition.tiers[-1].to is not None:
        reason = "the last tier must be without limit, or the highest premiums have no star; write null"
        yield Fault(path=f"tiers.{edition.tiers[-1].star}.to", reason=reason)


def rows_are_obeyed(edition: Edition) -> Iterator[Fault]:
    """No row decides what rating does not take from rows: which policies count, how long one-year policies do."""
    for number, row in enumerate(edition.coefficients, start=1):
        if row.coverage == Coverage.UNDER_ONE_YEAR:
            reason = "policies of less than one year never count (不含一年期以下保单), whatever a row says; remove it"
            yield Fault(path=f"coefficients.{number}.coverage", reason=reason)
        if row.coverage == Coverage.ONE_YEAR and row.validity != ONE_YEAR:
            reason = "a one-year policy counts for the year that it covers, then for each renewed one"
            yield Fault(path=f"coefficients.{number}.validity", reason=f"{reason}; write {ONE_YEAR}")


def rows_can_be_computed(edition: Edition) -> Iterator[Fault]:
    """A single premium has no payment term, and each base belongs to its modes."""
    for number, row in enumerate(edition.coefficients, start=1):
        needs_term = row.coefficient.startswith("Y/") or row.validity == PAYMENT_TERM or row.min_term_years
        if row.mode in (None, Mode.SINGLE) and needs_term:
            reason = (
                "a single premium has no payment term; name a regular mode, or use a fixed rate and validity"
            )
            yield Fault(path=f"coefficients.{number}.mode", reason=reason)
        if (row.base == PremiumBase.SINGLE_PREMIUM) != (row.mode == Mode.SINGLE) and row.mode is not None:
            reason = f"mode {row.mode} does not go with base {row.base}; correct one of the two"
            yield Fault(path=f"coefficients.{number}.base", reason=reason)
        if row.mode is None and row.base == PremiumBase.SINGLE_PREMIUM:
            reason = "only mode single has a single premium; name the mode"
            yield Fault(path=f"coefficients.{number}.mode", reason=reason)


Kind = tuple[Coverage, Design, Category, Mode, int | None]


def _kinds(rows: tuple[Coefficient, ...]) -> Iterator[Kind]:
    """Yield every kind of component that the rows could distinguish; terms only where a row begins."""
    terms = sorted({1, *(row.min_term_years for row in rows if row.min_term_years is not None)})
    for coverage, design, category, mode in product(Coverage, Design, Category, Mode):
        for term in (None,) if mode == Mode.SINGLE else terms:
            yield coverage, design, category, mode, term


def rows_cover_and_are_reached(edition: Edition) -> Iterator[Fault]:
    """Every long and one-year component has a row, and no row is unreachable behind earlier ones."""
    reached: set[int] = set()
    uncovered: Kind | None = None
    for kind in _kinds(edition.coefficients):
        rows = enumerate(edition.coefficients, start=1)
        number = next((number for number, row in rows if row.matches(*kind)), None)
        if number is not None:
            reached.add(number)
        elif kind[0] != Coverage.UNDER_ONE_YEAR and uncovered is None:
            uncovered = kind
    for number in range(1, len(edition.coefficients) + 1):
        if number not in reached:
            reason = (
                "no component ever comes to this row: earlier rows take them all; move it up or remove it"
            )
            yield Fault(path=f"coefficients.{number}", reason=reason)
    if uncovered is not None:
        *words, term = uncovered
        kind_words = ", ".join([*words, *([] if term is None else [f"payment term {term}"])])
        reason = (
            f"no row covers: {kind_words}; add one, with coefficient 0 if such a component shall not count"
        )
        yield Fault(path="coefficients", reason=reason)


RATING_CHECKS: tuple[Callable[[Edition], Iterator[Fault]], ...] = (
    tiers_join,
    rows_are_obeyed,
    rows_can_be_computed,
    rows_cover_and_are_reached,
)
