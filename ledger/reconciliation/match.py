"""The match of one member and one benefit: what a vendor states against what it delivered. Pure.

It is idempotent: pairs stay, decisions are not touched, and everything else is found anew each time.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from ledger.ids import RedemptionId
from ledger.reconciliation.credits import cancels
from ledger.reconciliation.match_values import Delivery, Found, History, Line, Matched, Pair, Rule
from ledger.reconciliation.open_items import OpenItems
from ledger.reconciliation.passes import DELIVERIES_LEFT, PASSES
from ledger.reconciliation.values import FindingKind, Pass


def match(lines: Sequence[Line], deliveries: Sequence[Delivery], history: History, rule: Rule) -> Matched:
    """Pair the free lines of a month with the free deliveries, and find what does not agree.

    `deliveries` may be of any month: of what no line speaks of, only what this month has to find is found.
    """
    unmatched = _unmatched(lines, history, rule)
    parted = {each.line.id for each in unmatched}
    before = [each for each in history.pairs if each.line.id not in parted]
    kept = [_anew(each) for each in before]
    items = OpenItems(
        [*lines, *(each.line for each in unmatched)],
        [*deliveries, *_released(unmatched, kept)],
        kept,
        history,
    )
    for each in PASSES:
        if not items.lines:
            break
        each(items, rule)
    for each in DELIVERIES_LEFT:
        each(items, rule)
    differing = [found for pair in items.pairs() if pair.open for found in _differing(pair)]
    return Matched(
        unmatched=unmatched,
        paired=items.paired,
        changed=[now for now, then in zip(kept, before, strict=True) if now is not then],
        findings=[*differing, *items.findings],
        unfounded=items.payments.unfounded,
    )


def _unmatched(lines: Sequence[Line], history: History, rule: Rule) -> list[Pair]:
    """The pairs that are taken apart, of those that are open and were not made by hand.

    A delivery was reversed, and the line may mean the one that was posted anew; a credit line takes the line back; a
    group adds up no longer. What credit lines take back, and what is billed anew after that, is found anew each time.
    Lines that share a delivery are taken apart together, or not at all.
    """
    credits_: dict[tuple[int, Decimal], list[Line]] = defaultdict(list)
    for each in lines:
        if each.credit:
            credits_[-each.units, -each.amount].append(each)
    sharing: dict[RedemptionId, list[Pair]] = defaultdict(list)
    for pair in history.pairs:
        if pair.shares:
            sharing[pair.delivery.id].append(pair)

    def parts(pair: Pair) -> bool:
        if not pair.open or pair.found_by is Pass.HAND:
            return False
        anew = pair.delivery_part > 0 and not pair.shares
        if anew or any(each.reversed for each in pair.deliveries):
            return True
        opposite = credits_[pair.line.units, pair.line.amount]
        return any(cancels(each, pair.line, rule) for each in opposite) or not _adds_up(pair, sharing)

    unmatched: list[Pair] = []
    for pair in history.pairs:
        together = sharing[pair.delivery.id] if pair.shares else [pair]
        if all(each.open for each in together) and any(parts(each) for each in together):
            unmatched.append(pair)
    return unmatched


def _adds_up(pair: Pair, sharing: Mapping[RedemptionId, Sequence[Pair]]) -> bool:
    """Whether a group still adds up in units and amount."""
    if pair.found_by is not Pass.GROUP:
        return True
    lines = [each.line for each in sharing[pair.delivery.id]] if pair.shares else [pair.line]
    stated = sum(each.units for each in lines), sum(each.amount for each in lines)
    amounts = [each.amount for each in pair.deliveries if each.amount is not None]
    delivered = sum(each.units for each in pair.deliveries), sum(amounts)
    return stated == delivered


def _released(unmatched: Sequence[Pair], kept: Sequence[Pair]) -> list[Delivery]:
    """The deliveries of pairs that are taken apart, each once, unless another line has it still."""
    taken = {each.id for pair in kept for each in pair.deliveries}
    released = {each.id: each for pair in unmatched for each in pair.deliveries}
    return [each for each in released.values() if each.id not in taken]


def _anew(pair: Pair) -> Pair:
    """The pair with what differs now: a price may have come, and what was paired by hand may have been reversed."""
    kind = pair.difference()
    return replace(pair, kind=kind) if pair.open and kind is not pair.kind else pair


def _differing(pair: Pair) -> Iterator[Found]:
    """The finding of a pair: none where it agrees, unless its line was disputed in another month.

    A credit line has one always: it tells of which delivery's payment it takes something back.
    """
    line, kind = pair.line, pair.kind
    if kind is FindingKind.MATCHED and line.carried_from is None and not line.credit:
        return
    counted = pair.counted
    yield Found(
        kind=kind,
        line=line,
        delivery=pair.delivery,
        pair=pair,
        found_by=pair.found_by,
        units=counted.units,
        amount=counted.amount,
        contested=kind is FindingKind.MATCHED and line.agreed_with == pair.delivery.id,
    )
