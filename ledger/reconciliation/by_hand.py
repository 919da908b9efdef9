"""A match by hand: the pair that a person makes of a line and deliveries, and why it may not be. Pure."""

from collections.abc import Sequence

from asyncpg import Record

from ledger.ids import RedemptionId
from ledger.posting.entries import RedemptionStatus
from ledger.reconciliation.match_values import Delivery, Line, Pair
from ledger.reconciliation.paying import Sides
from ledger.reconciliation.periods import RefusedError
from ledger.reconciliation.values import Pass
from ledger.refusals import invalid


def pair_by_hand(finding: Record, deliveries: Sequence[Record]) -> Pair:
    """The pair of a finding's line and the deliveries that a person names for it.

    Refused: the same delivery twice, deliveries of several members or benefits, and one of another benefit than the
    line's for which the vendor has no contract.
    """
    named = sorted(map(_delivery, deliveries), key=lambda each: each.id)
    pair = Pair(line=_line(finding), deliveries=tuple(named), found_by=Pass.HAND)
    if len({each.id for each in named}) < len(named):
        raise wrong("redemptions 有重复", "redemptions: the same one twice")
    if len({(each.id.customer_id, each.benefit) for each in named}) > 1:
        raise wrong(
            "redemptions 须属同一会员、同一项目",
            "redemptions: expected deliveries of one member and one benefit",
        )
    for each in named:
        if each.amount is None and each.benefit != pair.line.benefit:
            raise wrong(
                f"该次服务是 {each.benefit}，与该行不同，且合同在 {each.day} 没有其价格",
                f"redemption: it is of {each.benefit}, not what the line says, and the vendor has no contract "
                f"for that on {each.day}",
            )
    return pair


def sides_of(pair: Pair) -> Sides:
    """The sides of a pair by hand."""
    counted = pair.counted
    return Sides(
        kind=pair.difference(),
        stated_units=pair.line.units,
        stated_amount=pair.line.amount,
        ledger_units=counted.units,
        ledger_amount=counted.amount,
    )


def wrong(words_zh: str, words_en: str) -> RefusedError:
    """What a decision is refused for."""
    return RefusedError(invalid(words_zh, words_en))


def _line(row: Record) -> Line:
    return Line(
        statement=row["statement"],
        line_no=row["line_no"],
        reference=row["reference"],
        member_no=row["member_no"],
        benefit=row["stated_benefit"],
        units=row["stated_units"],
        amount=row["stated_amount"],
        day=row["stated_on"],
    )


def _delivery(row: Record) -> Delivery:
    return Delivery(
        id=RedemptionId(row["customer_id"], row["sequence"]),
        reference=row["reference"],
        benefit=row["benefit"],
        units=row["units"],
        amount=row["amount"],
        day=row["delivered_on"],
        reversed=row["status"] == RedemptionStatus.REVERSED,
    )
