"""Contract terms: the price of a benefit's unit day by day, and what a new price may change. Pure.

Terms are kept as they were registered and only added, so that their order never matters. The price of a day is that of
the bounded term for it, else that of the open term which began last: a later price succeeds an open one, and a price
for some days only interrupts it. `price_on` in SQL says the same. A variant with a price of its own has its own terms;
on days without one, the benefit's price holds. Amounts owed follow from the price on the day of delivery, so what was
delivered keeps its price, today's too, and nothing changes in a month that is closed.
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
    """A change of terms: those to add, which are not stored yet."""

    adding: tuple[Term, ...]


def term_of(terms: Iterable[Term], delivery: Delivery) -> Term | None:
    """The term that prices a delivery: its variant's own, else the benefit's; None when there is neither."""
    fitting = (
        term
        for term in terms
        if term.benefit == delivery.benefit
        and term.variant in (None, delivery.variant)
        and term.holds_on(delivery.day)
    )
    return max(fitting, key=_precedence, default=None)


def _precedence(term: Term) -> tuple[bool, bool, date, date]:
    """Of the terms that hold on a day, the one with the highest precedence tells the price."""
    return term.variant is not None, term.ends_on is not None, term.starts_on, term.ends_on or date.max


def price_spans(terms: Iterable[Term]) -> tuple[Term, ...]:
    """The prices that the terms come to, one after the other, for each benefit and variant; earliest first."""
    keyed: dict[tuple[str, str | None], list[Term]] = {}
    for term in terms:
        keyed.setdefault((term.benefit, term.variant), []).append(term)
    spans = [span for own in keyed.values() for span in _spans(own)]
    return tuple(sorted(spans, key=lambda each: (each.starts_on, each.benefit, each.variant or "")))


def _spans(own: Sequence[Term]) -> list[Term]:
    """The spans of the terms of one benefit and variant; an open price that is told again makes no new span."""
    starts = {term.starts_on for term in own}
    edges = sorted(starts | {term.ends_on for term in own if term.ends_on is not None})
    spans: list[Term] = []
    last: Term | None = None
    for place, day in enumerate(edges):
        until = edges[place + 1] if place + 1 < len(edges) else None
        term = max((each for each in own if each.holds_on(day)), key=_precedence, default=None)
        if term is not None and last is not None and _goes_on(last, term):
            spans[-1] = replace(spans[-1], ends_on=until)
        elif term is not None:
            spans.append(replace(term, starts_on=day, ends_on=until))
        last = term
    return spans


def _goes_on(last: Term, term: Term) -> bool:
    """Whether a term of the days that follow is the same, or tells an open price again."""
    told_again = last.unit_price == term.unit_price and last.ends_on is None and term.ends_on is None
    return last == term or told_again


def change(
    terms: Iterable[Term],
    stored: Sequence[Term],
    *,
    delivered: Iterable[Delivery] = (),
    closed: Iterable[date] = (),
) -> Change | Refusal:
    """The change that new terms make to the stored ones; none where all are stored already.

    `delivered` are the deliveries there are, whose price stays what it was; `closed` the first days of the months
    that are closed. Refused: terms that contradict each other (INVALID), and a change of the past (INVALID,
    PERIOD_CLOSED). Which terms contradict each other does not depend on the order or the calls in which they come.
    """
    standing = list(stored)
    for term in terms:
        if term in standing:
            continue
        other = next((each for each in standing if term.contradicts(each)), None)
        if other is not None:
            return _contradiction(term, other)
        standing.append(term)
    adding = tuple(standing[len(stored) :])
    refusal = _in_closed_month(adding, stored, closed) or _of_deliveries(stored, standing, delivered, closed)
    return refusal or Change(adding=adding)


def _in_closed_month(new: Sequence[Term], stored: Sequence[Term], closed: Iterable[date]) -> Refusal | None:
    """A closed month keeps its prices, with or without deliveries; and no other price begins in it."""
    months = sorted(closed)
    for term in new:
        before = [each for each in stored if each.benefit == term.benefit]
        after = [*before, *(each for each in new if each.benefit == term.benefit)]
        edges = {each.starts_on for each in after} | {each.ends_on for each in after if each.ends_on}
        for month in months:
            start, end = month_span(month)
            for day in {start, *(edge for edge in edges if start <= edge < end)}:
                at = Delivery(benefit=term.benefit, variant=term.variant, day=day)
                old, now = term_of(before, at), term_of(after, at)
                begins = day == term.starts_on and old is None
                if begins or (old is not None and now is not None and old.unit_price != now.unit_price):
                    return _closed(month)
    return None


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


def _contradiction(term: Term, other: Term) -> Refusal:
    named = term.benefit if term.variant is None else f"{term.benefit}/{term.variant}"
    return invalid(
        f"「{named}」自 {term.starts_on} 起的合同价 {term.unit_price} 与自 {other.starts_on} "
        f"起的 {other.unit_price} 重叠",
        f"{named}: the price {term.unit_price} from {term.starts_on} overlaps with {other.unit_price} from "
        f"{other.starts_on}",
    )


def _closed(day: date) -> Refusal:
    return Refusal(code=RefusalCode.PERIOD_CLOSED, facts={"period": month_text(day)})
