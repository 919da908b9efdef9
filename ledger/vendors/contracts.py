"""Contract terms: the price of a benefit's unit day by day, and what a new price may change. Pure.

Amounts owed follow from the price on the day of delivery, so the past is never rewritten. Terms are only added: a
later price ends the open one on the day it begins, and a price for some days only interrupts the open one, which goes
on after them. What was delivered keeps its price, today's too, and nothing changes in a month that is closed. A variant
with a price of its own has its own terms; on days without one, the benefit's price holds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from base.months import month_span, month_text
from handbook import Handbook
from ledger.entitlement.terms import Term
from ledger.refusals import Refusal, RefusalCode, invalid

_PLACES = 2
_HIGHEST_PRICE = Decimal(10) ** 12
MOST_TOLERANCE_DAYS = 31
"""A limit of the vendor's contract, no number of the handbook (that one is `backdating_days`): statements are monthly,
and with more than a month a line could match a delivery of two months before. The table has the same constraint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A benefit, in a variant (None: ungraded), was delivered on a day, once or more."""

    benefit: str
    variant: str | None
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of terms: open terms that end, each on its day, and terms to add."""

    closing: dict[Term, date]
    adding: tuple[Term, ...]


def term_of(terms: Iterable[Term], delivery: Delivery) -> Term | None:
    """The term that prices a delivery: its variant's own, else the benefit's; None when there is neither."""
    fitting = [
        term
        for term in terms
        if term.benefit == delivery.benefit
        and term.variant in (None, delivery.variant)
        and term.holds_on(delivery.day)
    ]
    return max(fitting, key=lambda term: term.variant is not None, default=None)


def change(
    terms: Iterable[Term],
    stored: Sequence[Term],
    *,
    delivered: Iterable[Delivery] = (),
    closed: Iterable[date] = (),
) -> Change | Refusal:
    """The change that new terms make to the stored ones, in order of their days.

    `delivered` are the deliveries there are, whose price stays what it was; `closed` the first days of the months
    that are closed. Refused: terms that overlap (INVALID), and a change of the past (INVALID, PERIOD_CLOSED).
    """
    told = sorted(terms, key=lambda each: each.starts_on)
    alone = _standing(told, ())  # terms that contradict each other are refused in any case
    if isinstance(alone, Refusal):
        return alone
    together = _standing(told, stored)
    if isinstance(together, Refusal):
        return together
    standing, new = together
    refusal = _in_closed_month(new, stored, closed) or _of_deliveries(stored, standing, delivered, closed)
    if refusal is not None:
        return refusal
    ends = {
        old: now.ends_on for old, now in zip(stored, standing, strict=False) if now.ends_on != old.ends_on
    }
    return Change(
        closing={old: ends_on for old, ends_on in ends.items() if ends_on is not None},
        adding=tuple(standing[len(stored) :]),
    )


def _standing(told: Sequence[Term], stored: Sequence[Term]) -> tuple[list[Term], list[Term]] | Refusal:
    """The stored terms, some of them now with an end, then those to add; and which of `told` are new.

    `told` are in the order of their days.
    """
    standing = list(stored)
    new: list[Term] = []
    resumed: set[int] = set()  # positions of open prices that go on after an interruption
    for term in told:
        if _is_redundant(term, standing):
            continue
        new.append(term)
        met = next((index for index, old in enumerate(standing) if term.overlaps(old)), None)
        if met is None:
            standing.append(term)
            continue
        old = standing[met]
        if met in resumed and old.starts_on == term.starts_on:
            standing[met] = term  # the price that would go on is succeeded at once
            resumed.remove(met)
        elif old.ends_on is not None or term.starts_on <= old.starts_on:
            return _overlap(term, old)
        else:
            standing[met] = replace(old, ends_on=term.starts_on)
            standing.append(term)
        if term.ends_on is not None:
            resumed.add(len(standing))
            standing.append(replace(old, starts_on=term.ends_on))
    return standing, new


def _is_redundant(term: Term, standing: Sequence[Term]) -> bool:
    """Whether the standing terms say the same already: a repetition, or the price that is in force anyway."""
    priced = (term.benefit, term.variant, term.unit_price)
    for old in standing:
        if (old.benefit, old.variant, old.unit_price) != priced:
            continue
        if old.starts_on == term.starts_on and old.ends_on == term.ends_on:
            return True
        if term.ends_on is not None:
            continue
        still_open = old.ends_on is None and old.starts_on <= term.starts_on
        # It was open when it was registered, and a later price has ended it since.
        succeeded = old.starts_on == term.starts_on and any(
            (later.benefit, later.variant) == (old.benefit, old.variant) and later.starts_on == old.ends_on
            for later in standing
        )
        if still_open or succeeded:
            return True
    return False


def _in_closed_month(new: Iterable[Term], stored: Sequence[Term], closed: Iterable[date]) -> Refusal | None:
    """A closed month keeps its prices, with or without deliveries; and no price begins in it."""
    months = sorted(closed)
    for term in new:
        for month in months:
            start, end = month_span(month)
            days = Term(benefit=term.benefit, unit_price=Decimal(0), starts_on=start, ends_on=end)
            replaced = (
                old
                for old in stored
                if old.benefit == term.benefit
                and old.variant in (None, term.variant)
                and old.unit_price != term.unit_price
            )
            if start <= term.starts_on < end or any(_share_a_day(days, term, old) for old in replaced):
                return _closed(month)
    return None


def _share_a_day(*terms: Term) -> bool:
    """Whether some day lies in all of the terms."""
    start = max(term.starts_on for term in terms)
    return all(term.ends_on is None or start < term.ends_on for term in terms)


def _of_deliveries(
    stored: Sequence[Term],
    standing: Sequence[Term],
    delivered: Iterable[Delivery],
    closed: Iterable[date],
) -> Refusal | None:
    """A delivery keeps its price; one without a price may be given one, unless its month is closed."""
    months = frozenset(closed)
    last: Delivery | None = None
    for each in delivered:
        old, now = term_of(stored, each), term_of(standing, each)
        if now is None or (old is not None and old.unit_price == now.unit_price):
            continue
        if each.day.replace(day=1) in months:
            return _closed(each.day)
        if old is not None and (last is None or last.day < each.day):
            last = each
    if last is None:
        return None
    return invalid(
        f"「{last.benefit}」在 {last.day} 已按原合同价提供过服务，新价格须自其后一日起生效",
        f"{last.benefit} was delivered on {last.day} at the price there is: a new one begins after that day",
    )


def malformed_term(place: str, term: Term, handbook: Handbook) -> Refusal | None:
    """What is wrong with a term by itself, with its `place` in the request; None when nothing is."""
    if term.benefit not in handbook.benefit_codes:
        known = ", ".join(sorted(handbook.benefit_codes))
        shown = term.benefit[:64]
        return invalid(
            f"{place}.benefit：没有代码为「{shown}」的服务项目；可用的代码：{known}",
            f"{place}.benefit: there is no benefit {shown}; the codes are: {known}",
        )
    variants = _variants(handbook, term.benefit)
    if term.variant is not None and term.variant not in variants:
        known = ", ".join(variants) or "-"
        shown = term.variant[:64]
        return invalid(
            f"{place}.variant：「{term.benefit}」没有名为「{shown}」的等级；可用的等级：{known}",
            f"{place}.variant: {term.benefit} has no variant {shown}; the variants are: {known}",
        )
    price = term.unit_price
    exponent = price.as_tuple().exponent
    if (
        not price.is_finite()
        or not 0 <= price < _HIGHEST_PRICE
        or not isinstance(exponent, int)
        or exponent < -_PLACES
    ):
        return invalid(
            f"{place}.unitPrice 须为不小于 0、小于 10^12 的金额，最多两位小数",
            f"{place}.unitPrice: expected an amount from 0 and below 10^12, with at most {_PLACES} places",
        )
    if term.ends_on is not None and term.ends_on <= term.starts_on:
        return invalid(f"{place}.to 须晚于 from", f"{place}.to: expected a day after from")
    return None


def _variants(handbook: Handbook, benefit: str) -> tuple[str, ...]:
    """The variants that any edition has of a benefit, in the order of their stars."""
    known = (edition.benefit(benefit) for edition in handbook.editions)
    names = (grade.variant for each in known if each is not None for grade in each.grid)
    return tuple(dict.fromkeys(name for name in names if name is not None))


def _overlap(term: Term, other: Term) -> Refusal:
    named = term.benefit if term.variant is None else f"{term.benefit}/{term.variant}"
    return invalid(
        f"「{named}」自 {term.starts_on} 起的合同价与自 {other.starts_on} 起的重叠",
        f"{named}: the price from {term.starts_on} overlaps with the one from {other.starts_on}",
    )


def _closed(day: date) -> Refusal:
    return Refusal(code=RefusalCode.PERIOD_CLOSED, facts={"period": month_text(day)})
