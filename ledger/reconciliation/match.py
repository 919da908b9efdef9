"""The match of one member and one benefit: what a vendor states against what it delivered. Pure.

It is idempotent: pairs stay, decisions are not touched, and everything else is found anew each time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ledger.reconciliation.match_values import (
    Delivery,
    Found,
    History,
    Line,
    Matched,
    Pair,
    Rule,
    difference,
)
from ledger.reconciliation.open_items import OpenItems
from ledger.reconciliation.passes import DELIVERIES_LEFT, PASSES
from ledger.reconciliation.values import FindingKind, Pass


def match(lines: Sequence[Line], deliveries: Sequence[Delivery], history: History, rule: Rule) -> Matched:
    """Pair the free lines of a month with the free deliveries, and find what does not agree.

    `deliveries` may be of any month: of what no line speaks of, only what this month has to find is found.
    """
    unmatched = [each for each in history.pairs if _is_unmatched(each)]
    before = [each for each in history.pairs if not _is_unmatched(each)]
    kept = [_anew(each) for each in before]
    items = OpenItems(
        [*lines, *(each.line for each in unmatched)],
        [*deliveries, *(each.delivery for each in unmatched)],
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
    )


def _is_unmatched(pair: Pair) -> bool:
    """Whether a pair is taken apart: its delivery was reversed, and the line may mean the one that was posted anew."""
    return pair.open and pair.delivery.reversed and pair.found_by is not Pass.HAND


def _anew(pair: Pair) -> Pair:
    """The pair with what differs now: a price may have come, and what was paired by hand may have been reversed."""
    kind = difference(pair.line, pair.delivery)
    return replace(pair, kind=kind) if pair.open and kind is not pair.kind else pair


def _differing(pair: Pair) -> Iterator[Found]:
    """The finding of a pair: none where it agrees, unless its line was disputed in another month."""
    line, delivery, kind = pair.line, pair.delivery, pair.kind
    if kind is FindingKind.MATCHED and line.carried_from is None:
        return
    was_reversed = kind is FindingKind.REVERSED
    yield Found(
        kind=kind,
        line=line,
        delivery=delivery,
        found_by=pair.found_by,
        units=0 if was_reversed else delivery.units,
        amount=line.amount * 0 if was_reversed else delivery.amount,
        contested=kind is FindingKind.MATCHED and line.agreed_with == delivery.id,
    )
